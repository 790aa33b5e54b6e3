"""One rank of the reference engine on a CPU: writes the tokens it generates, for test_torch.py.

    python torch_tokens.py CONFIG RANK NOTICE OUTPUT
"""

import json
import os
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(sys.argv[1]).parent))

import torch  # noqa: E402
import torch_engine  # noqa: E402  beside the config, with shapes of the test's own
import vllm_profiler as runner  # noqa: E402

experiment = runner.read_config(sys.argv[1])
torch.set_num_threads(1)
torch_engine.check_shape(experiment, torch_engine.shape_of(experiment))
with torch.inference_mode():
    world = torch_engine.World(experiment, int(sys.argv[2]), runner.Place(), Path(sys.argv[3]), "cpu")
    engine = torch_engine.Engine(experiment, world)
    steps: list[torch.Tensor] = []
    total = experiment.batch_size
    prompts = runner.make_prompts(0, 0, total, experiment.seq_len, engine.shape.vocab)
    first = sum(experiment.requests(d) for d in range(engine.world.dp))
    engine.generate(prompts[first:first + engine.batch], experiment.max_tokens, keep=steps)
tokens = torch.stack(steps, dim=1).tolist()
Path(sys.argv[4]).write_text(json.dumps({"dp": world.dp, "tokens": tokens}), encoding="utf-8")
world.part()
os._exit(0)  # as the runner does: gloo's threads need not be taken apart
