"""Ranks of the reference engine on a CPU, for test_torch.py, forked from a process that has
imported PyTorch: an import takes two seconds of a processor, and these are many ranks."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import traceback
from pathlib import Path

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["torch", "torch.distributed", "torch.nn.attention", "torch.profiler"])


def run(work, config, count, notice, outputs):
    """Calls work(engine, experiment) in `count` ranks; returns what it returned in each."""
    ranks = [SERVER.Process(target=rank_main, args=(work, str(config), r, str(notice), str(o))) for r, o in enumerate(outputs)]
    for p in ranks:
        p.start()
    for p in ranks:
        p.join(120)
        p.kill()
    found = [json.loads(o.read_text()) if o.exists() else {"error": "nothing written in 120 s"} for o in outputs]
    errors = [f"rank {r}: {f['error']}" for r, f in enumerate(found) if "error" in f]
    assert not errors, "\n".join(errors)
    return found


def rank_main(work, config, rank, notice, output):
    """One rank. It ends at once, as the runner's do: gloo's threads need not be taken apart."""
    try:
        result = rank_work(work, config, rank, Path(notice))
    except BaseException:
        result = {"error": traceback.format_exc()}
    temporary = Path(f"{output}.tmp")
    temporary.write_text(json.dumps(result), encoding="utf-8")
    temporary.rename(output)
    os._exit("error" in result)


def rank_work(work, config, rank, notice):
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(Path(config).parent))
    import torch
    from shardeck_runner.experiment import read_config  # beside the config, with shapes of the test's own
    from shardeck_runner.models import check_shape, shape_of
    from shardeck_runner.rendezvous import Rendezvous
    from shardeck_runner.torch_engine import Engine
    from shardeck_runner.torch_world import World

    experiment = read_config(config)
    torch.set_num_threads(1)
    check_shape(experiment, shape_of(experiment))
    with torch.inference_mode():
        world = World(experiment, rank, Rendezvous(), notice, "cpu")
        result = work(Engine(experiment, world), experiment)
    world.leave_store()
    return result


def tokens(engine, e):
    """What the rank generates for its replica's requests."""
    import torch
    from shardeck_runner.prompts import make_prompts

    steps: list[torch.Tensor] = []
    prompts = make_prompts(0, 0, e.batch_size, e.seq_len, engine.shape.vocab)
    first = sum(e.requests(d) for d in range(engine.world.dp))
    engine.generate(prompts[first:first + engine.batch], e.max_tokens, token_log=steps)
    return {"dp": engine.world.dp, "tokens": torch.stack(steps, dim=1).tolist()}


def cached(engine, e):
    """The token behind a prompt and the one after it: with a decode step, with one prefill of both,
    and with the step that a CUDA graph would hold, where the model has one."""
    import torch
    from shardeck_runner.prompts import make_prompts

    model = engine.model
    prompts = torch.tensor(make_prompts(0, 0, e.batch_size, e.seq_len, engine.shape.vocab))
    token = model.eager(prompts, 0)
    stepped = model.eager(token.unsqueeze(1), e.seq_len)
    whole = model.eager(torch.cat((prompts, token.unsqueeze(1)), dim=1), 0)
    model.eager(prompts, 0)
    graph = not engine.shape.experts and not engine.shape.kv_rank
    fixed = model.fixed(token.unsqueeze(1), torch.tensor([e.seq_len])) if graph else stepped
    return {"stepped": stepped.tolist(), "whole": whole.tolist(), "fixed": fixed.tolist()}


def calibrated(engine, e):
    """What a calibration of small sizes measures, for an expert model with latent attention and a dense one."""
    from shardeck_runner import torch_calibration as t
    from shardeck_runner.models import find_shape

    t.BIGGEST["cpu"], t.ROWS, t.CUTS, t.DECODE, t.MIDDLE, t.PREFILL = 2048, 2, (1, 2), (1, 4), (8,), (16,)
    t.CONTEXTS, t.PROMPTS = ((2, 16),), ((1, 16),)
    c = t.Calibration(e, engine.world)
    for name in ("tiny/dense", "tiny/deepseek"):
        c.alone(name, c.model_sizes(name, find_shape(name)))
    list(c.collectives(e.ranks))
    c.deadline = 0.0
    c.alone("the machine", c.machine())
    return c.contents()
