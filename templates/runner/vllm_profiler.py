#!/usr/bin/env python3
"""Runs one experiment and writes what shardeck reads.

    python experiments/vllm_profiler.py --config experiments/configs/E1.2_llama8b_tp2.yaml \
        --output-dir trace_collection/llama-8b-tp2

The folder shardeck_runner beside this file does the work; the top of its contract.py lists the files
written and the exit codes. `shardeck generate` writes both, and both can be copied elsewhere.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

try:
    from shardeck_runner.main import main
except ModuleNotFoundError as e:
    if (e.name or "").partition(".")[0] != "shardeck_runner":
        raise
    print(f"shardeck: {e.name} is not in {sys.path[0]}: `shardeck generate` writes the folder shardeck_runner", file=sys.stderr)
    sys.exit(4)

if __name__ == "__main__":
    sys.exit(main())
