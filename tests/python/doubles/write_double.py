"""Writes a folder that, on PYTHONPATH, imports as `vllm` and `torch`: doubles of one generation."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent

COMMON_ARGUMENTS = (
    "model tensor_parallel_size pipeline_parallel_size dtype quantization seed load_format hf_overrides max_model_len "
    "enable_prefix_caching skip_tokenizer_init distributed_executor_backend disable_custom_all_reduce enforce_eager "
    "enable_expert_parallel worker_extension_cls gpu_memory_utilization max_num_batched_tokens max_num_seqs"
).split()
COMMON_VARIABLES = (
    "VLLM_WORKER_MULTIPROC_METHOD VLLM_RPC_TIMEOUT VLLM_DP_RANK VLLM_DP_RANK_LOCAL VLLM_DP_SIZE VLLM_DP_MASTER_IP"
).split()
PROFILER_VARIABLES = tuple(
    f"VLLM_TORCH_PROFILER_{name}" for name in "DIR RECORD_SHAPES WITH_PROFILE_MEMORY WITH_STACK WITH_FLOPS".split()
)
PROFILER_FIELDS = tuple((
    "profiler torch_profiler_dir torch_profiler_with_stack torch_profiler_with_flops torch_profiler_use_gzip "
    "torch_profiler_dump_cuda_time_total torch_profiler_record_shapes torch_profiler_with_memory "
    "ignore_frontend delay_iterations max_iterations"
).split())
NODES = ("nnodes", "node_rank", "master_addr", "master_port")


@dataclass(frozen=True)
class Generation:
    """The outline of one generation of vLLM's interface."""

    arguments: tuple[str, ...]
    variables: tuple[str, ...]
    profiler: tuple[str, ...]
    trace_name: str  # of a worker's file, before .<time>.pt.trace.json.gz
    tokenizer: bool = False  # loaded whatever skip_tokenizer_init says
    holds: bool = False  # LLM.sleep has modes, and a level 0 that pauses the scheduler


# Arguments, variables and file names as 0.9.2, 0.10.2, 0.11.1, 0.13.0, 0.32.0 and 0.33.0 have them.
GENERATIONS = {
    # 0.8 and 0.9: nobody can tell the profiler to leave stacks out, and a tokenizer is needed.
    "stacks": Generation((), ("VLLM_TORCH_PROFILER_DIR",), (), "{host}_{pid}", tokenizer=True),
    # 0.10 to 0.11.0: the profiler is a matter of the environment, trace names hold no rank.
    "environment": Generation(
        (), (*PROFILER_VARIABLES, "VLLM_ALL2ALL_BACKEND", "VLLM_ALLREDUCE_USE_SYMM_MEM"), (), "{host}_{pid}",
    ),
    # 0.11.1 to 0.12: trace names hold the rank, all-to-all and nodes are options.
    "nodes": Generation(
        ("all2all_backend", *NODES), (*PROFILER_VARIABLES, "VLLM_ALL2ALL_BACKEND", "VLLM_ALLREDUCE_USE_SYMM_MEM"), (),
        "instance7-rank-{rank}",
    ),
    # 0.13 to 0.15: profiler_config, and the variables still.
    "profiler_config": Generation(
        ("profiler_config", "all2all_backend", *NODES),
        (*PROFILER_VARIABLES, "VLLM_ALL2ALL_BACKEND", "VLLM_ALLREDUCE_USE_SYMM_MEM"),
        PROFILER_FIELDS, "instance7-rank-{rank}",
    ),
    # 0.16 and later: the variables are gone, names hold every coordinate.
    "coordinates": Generation(
        ("profiler_config", "all2all_backend", *NODES), ("VLLM_ALLREDUCE_USE_SYMM_MEM", "VLLM_ALLREDUCE_USE_FLASHINFER"),
        (*PROFILER_FIELDS, "warmup_iterations", "active_iterations", "wait_iterations"),
        "dp0_pp0_tp{rank}_dcp0_ep{rank}_rank{rank}", holds=True,
    ),
    # 0.33: the profiler's activities, traces of the capture of graphs (0.26), and routed experts kept beside the cache of
    # prefixes. After the documentation: nobody has run it here.
    "activities": Generation(
        ("profiler_config", "all2all_backend", "enable_return_routed_experts", "aux_output_config", *NODES),
        ("VLLM_ALLREDUCE_USE_SYMM_MEM", "VLLM_ALLREDUCE_USE_FLASHINFER"),
        (*PROFILER_FIELDS, "warmup_iterations", "active_iterations", "wait_iterations", "capture_torch_profiler",
         "torch_profiler_activities"),
        "dp0_pp0_tp{rank}_dcp0_ep{rank}_rank{rank}", holds=True,
    ),
}


def write_double(folder: Path, name: str) -> Path:
    """Lays the doubles of a generation out in folder and returns it."""
    g = GENERATIONS[name]
    arguments = [*COMMON_ARGUMENTS, *g.arguments]
    files = {
        "vllm/__init__.py": "from vllm_double import LLM, SamplingParams\n",
        "vllm/engine/__init__.py": "",
        "vllm/engine/arg_utils.py": outline("EngineArgs", arguments),
        "vllm/benchmarks/__init__.py": "",
        "vllm/benchmarks/serve.py": "import os\nif os.environ.get('DOUBLE_BENCH') == 'none':\n"
                                    "    raise ImportError('no datasets')\nfrom serve_double import add_cli_args\n",
        "vllm/entrypoints/__init__.py": "",
        "vllm/entrypoints/cli/__init__.py": "",
        "vllm/entrypoints/cli/main.py": "from serve_double import main\n\nmain()\n",
        "vllm/envs.py": f"environment_variables = dict.fromkeys({[*COMMON_VARIABLES, *g.variables]!r})\n",
        "vllm/config/__init__.py": "",
        "vllm/v1/__init__.py": "",
        "vllm/v1/engine/__init__.py": "",
        "vllm/v1/engine/llm_engine.py": "",
        "vllm_double_generation.py": f"TRACE_NAME = {g.trace_name!r}\nARGUMENTS = {arguments!r}\n"
                                     f"VARIABLES = {g.variables!r}\nTOKENIZER = {g.tokenizer!r}\nHOLDS = {g.holds!r}\n",
    }
    if g.profiler:
        files["vllm/config/profiler.py"] = outline("ProfilerConfig", g.profiler)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    shutil.copy(HERE / "vllm_double.py", folder)
    shutil.copy(HERE / "serve_double.py", folder)
    shutil.copytree(HERE / "torch_double", folder / "torch", dirs_exist_ok=True)
    return folder


def outline(name: str, fields: list[str] | tuple[str, ...]) -> str:
    body = "".join(f"    {f}: object = None\n" for f in fields)
    return f"from dataclasses import dataclass\n\n\n@dataclass\nclass {name}:\n{body}"
