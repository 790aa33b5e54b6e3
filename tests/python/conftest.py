"""Makes the runner importable, without leaving byte code in templates/."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "templates" / "runner"))
sys.path.insert(0, str(Path(__file__).parent))
