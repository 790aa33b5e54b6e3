"""The reference engine: a small transformer over real GPUs, with nothing but PyTorch.

vllm_profiler.py runs it for `engine: torch`; the contract (config, files, log lines, exit codes)
is at the top of that file. It answers one question: is a surprising number vLLM's, or the
machine's? So it does the plain thing everywhere and says here what that is:

  processes    one a rank; rank = (dp * PP + pp) * TP + tp, as vLLM counts them. NCCL, or gloo on
               a CPU with SHARDECK_DEVICE=cpu (for tests; never chosen by itself).
  weights      random, but a function of their name alone: every layout of a model computes the
               same tokens, up to rounding. Nothing is downloaded.
  TP           attention heads and feed-forward columns are split; each layer has two all-reduces.
               Embedding and output head are whole on every rank, so a step of L layers has 2L
               all-reduces, and the token of the first TP rank is broadcast: one broadcast a step.
               (vLLM splits the vocabulary: 2L+1 all-reduces and an all-gather of logits.)
  PP           layers in equal stages; one batch in flight: a stage waits for the others, so the
               bubble is (PP-1)/PP by construction. send/recv of hidden states, and the same
               broadcast, from the last stage.
  EP           experts are spread over TP x DP ranks; each layer has three all-to-alls (counts,
               tokens there, tokens back), which NCCL runs as SendRecv. Without EP the experts
               of a replica are split over its TP ranks like any feed-forward layer.
  DP           replicas of a dense model, or without EP, never talk.
  prefill      one step for the whole batch, eager. Every request gets its first token then.
  decode       one CUDA graph a step for dense models; eager for mixtures of experts, whose
               shapes depend on the routing, for latent attention, and on a CPU.
  attention    PyTorch's scaled_dot_product_attention: cuDNN, else flash, else what there is.
               Multi-head latent attention keeps the latent cache and, in decode, works in it.

Times: TTFT ends when the GPU has the first token, TPOT is (end - first token) / (tokens - 1);
within the decode phase the host does not wait for the GPU, step by step. All ranks begin an
iteration together, at a meeting point of the rendezvous store that leaves no mark in a trace.
The traced pass marks each step `prefill` or `decode`. The execution trace is a pass of its own:
eager, two tokens.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import platform
import signal
import socket
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import vllm_profiler as runner
from vllm_profiler import EXIT_COMM, EXIT_CONFIG, EXIT_GPUS, EXIT_SOFTWARE, Experiment, Failure, Iteration, Part, Place

DEVICE = os.environ.get("SHARDECK_DEVICE", "cuda")  # cpu: gloo, for tests
EAGER_STEP = 10  # a traced eager MoE layer writes about as much as this many layers of a graph, measured
WAIT = timedelta(minutes=10)  # for ranks that do not come

# Shapes of models: `shardeck generate` writes those of its models.yaml here, as JSON.
SHAPES = r"""[]"""

if importlib.util.find_spec("torch") is not None:
    import torch
    import torch.distributed as dist
    import torch.nn.functional as F


# ---------------------------------------------------------------------------------------------
# Shapes


@dataclass(frozen=True)
class Shape:
    """What a model is made of; the words are those of models.yaml."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocab: int
    tied: bool = False  # the output head is the embedding
    qkv_bias: bool = False
    qk_norm: bool = False
    experts: int = 0  # 0: dense
    top_k: int = 0
    expert_width: int = 0
    shared: int = 0  # experts that see every token
    dense_layers: int = 0  # layers before the first with experts
    kv_rank: int = 0  # 0: no latent attention
    q_rank: int = 0
    rope_dim: int = 0
    nope_dim: int = 0
    v_dim: int = 0


def shape_of(e: Experiment) -> Shape:
    """The shape of the experiment's model, at the depth it asks for."""
    known = json.loads(SHAPES)
    for m in known:
        if e.model in (m["name"], *(m.get("aliases") or ())):
            moe, mla = m.get("moe") or {}, m.get("mla") or {}
            shape = Shape(
                hidden=m["hidden"], layers=m["layers"], heads=m["heads"], kv_heads=m["kv_heads"],
                head_dim=m["head_dim"], intermediate=m["intermediate"], vocab=m["vocab"],
                tied=m.get("tied_embeddings", False), qkv_bias=m.get("qkv_bias", False), qk_norm=m.get("qk_norm", False),
                experts=moe.get("experts", 0), top_k=moe.get("top_k", 0), expert_width=moe.get("intermediate", 0),
                shared=moe.get("shared", 0), dense_layers=moe.get("dense_layers", 0),
                kv_rank=mla.get("kv_lora_rank", 0), q_rank=mla.get("q_lora_rank", 0), rope_dim=mla.get("rope_dim", 0),
                nope_dim=mla.get("nope_dim", 0), v_dim=mla.get("v_dim", 0))
            return replace(shape, layers=e.layers or shape.layers)
    names = ", ".join(m["name"] for m in known) or "none: run shardeck generate again"
    raise Failure(EXIT_CONFIG, f"model.name: engine torch does not know the shape of {e.model}; it knows {names}")


def check_shape(e: Experiment, s: Shape) -> None:
    """Refuses a layout that the shape cannot be cut into; also what this engine does not do."""
    faults = {
        f"{s.heads} attention heads do not divide by TP = {e.tp}": s.heads % e.tp,
        f"{s.kv_heads} KV heads neither divide by TP = {e.tp} nor into it": s.kv_heads % e.tp and e.tp % s.kv_heads,
        f"a feed-forward width of {s.intermediate} does not divide by TP = {e.tp}": s.intermediate % e.tp,
        f"an expert width of {s.expert_width} does not divide by TP = {e.tp}": e.ep == 1 and s.expert_width % e.tp,
        f"{s.layers} layers are fewer than PP = {e.pp} stages": s.layers < e.pp,
        f"{e.model} has no experts for EP = {e.ep}": e.ep > 1 and not s.experts,
        f"{s.experts} experts do not divide by EP = {e.ep}": s.experts % e.ep,
        f"engine torch runs bfloat16, float16 and float32, not {e.precision}":
            e.precision not in ("bfloat16", "float16", "float32"),
        "vllm: its arguments mean nothing to engine torch": bool(e.vllm),
        f"comm.all_reduce: engine torch has NCCL only, not {e.all_reduce}": e.all_reduce not in ("auto", "nccl"),
        f"comm.all2all: engine torch has NCCL only, not {e.all2all}": e.all2all != "auto",
    }
    for fault, broken in faults.items():
        if broken:
            raise Failure(EXIT_CONFIG, fault)


# ---------------------------------------------------------------------------------------------
# The world


@dataclass(frozen=True)
class Group:
    """Ranks that talk; `handle` is None where that is the whole world."""

    ranks: tuple[int, ...]
    handle: Any = None

    @property
    def size(self) -> int:
        return len(self.ranks)


def open_store(place: Place, rank: int, size: int, notice: Path) -> Any:
    """The store where ranks meet, held by rank 0. On one node rank 0 takes a port that is free
    and puts it on the notice, a file: a port chosen before could be taken by the time it is used.
    Several nodes have an agreed one."""
    if place.nodes > 1:
        return dist.TCPStore(place.master, place.port, size, rank == 0, timeout=WAIT)
    if rank == 0:
        store = dist.TCPStore("127.0.0.1", 0, size, True, timeout=WAIT, wait_for_workers=False)
        runner.write_text(notice, str(store.port))
        return store
    deadline = time.monotonic() + WAIT.total_seconds()
    while not notice.exists():
        if time.monotonic() > deadline:
            raise Failure(EXIT_COMM, f"rank 0 did not open the meeting point in {WAIT}: see its part of the log")
        time.sleep(0.02)
    return dist.TCPStore("127.0.0.1", int(notice.read_text()), size, False, timeout=WAIT)


class World:
    """This rank among the others: coordinates, groups, device, and the point where all meet."""

    def __init__(self, e: Experiment, rank: int, place: Place, notice: Path, device: str = DEVICE) -> None:
        self.rank, self.size = rank, e.ranks
        self.tp, self.pp, self.dp = rank % e.tp, rank // e.tp % e.pp, rank // (e.tp * e.pp)
        self.device = torch.device(device, rank % (e.ranks // place.nodes)) if device == "cuda" else torch.device(device)
        if device == "cuda":
            if not torch.cuda.is_available():
                raise Failure(EXIT_GPUS, "PyTorch sees no GPU: is this a CUDA build of it, and the driver loaded?")
            torch.cuda.set_device(self.device)
        self.backend = "nccl" if device == "cuda" else "gloo"
        self.meetings = 0
        self.store = open_store(place, rank, e.ranks, notice)
        more: dict[str, Any] = {"device_id": self.device} if device == "cuda" else {}
        dist.init_process_group(self.backend, store=dist.PrefixStore("world", self.store), rank=rank,
                                world_size=e.ranks, timeout=WAIT, **more)
        each = range(e.ranks)
        self.tensor = self.group([[r for r in each if r // e.tp == first] for first in range(e.ranks // e.tp)])
        self.replica = self.group([[r for r in each if r // (e.tp * e.pp) == d] for d in range(e.dp)])
        stages = [[r for r in each if r // e.tp % e.pp == p] for p in range(e.pp)]
        self.expert = self.group(stages if e.ep > 1 else [[r] for r in each])

    def group(self, parts: list[list[int]]) -> Group:
        """The part that this rank is in; every rank makes every group, in the same order."""
        mine = Group((self.rank,))
        for ranks in parts:
            alone = len(ranks) in (1, self.size)
            handle = None if alone else dist.new_group(ranks)
            if self.rank in ranks:
                mine = Group(tuple(ranks), handle)
        return mine

    def meet(self) -> None:
        """Returns when every rank has come here. It uses the store: no collective, no kernel."""
        self.meetings += 1
        name = f"meeting/{self.meetings}"
        if self.store.add(name, 1) == self.size:
            self.store.set(f"{name}/all", "here")
        self.store.wait([f"{name}/all"])

    def part(self) -> None:
        """The last thing a rank does: rank 0 has the store, and leaves after all who need it."""
        if self.rank:
            self.store.add("gone", 1)
            return
        while self.store.add("gone", 0) < self.size - 1:
            time.sleep(0.01)

    def wait_for_device(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()


# ---------------------------------------------------------------------------------------------
# The model


class Weights:
    """Random matrices, each a function of its name: whoever asks for a part gets that part of the
    same whole. Scaled so that activations keep their size through the layers."""

    def __init__(self, device: Any, dtype: Any) -> None:
        self.device, self.dtype = device, dtype

    def matrix(self, name: str, rows: int, columns: int) -> Any:
        source = torch.Generator(self.device).manual_seed(zlib.crc32(name.encode()))
        whole = torch.empty(rows, columns, device=self.device, dtype=self.dtype)
        return whole.normal_(0.0, columns**-0.5, generator=source)

    def rows(self, name: str, rows: int, columns: int, part: int = 0, parts: int = 1) -> Any:
        """A column-parallel layer's share: some of the output features."""
        return self.matrix(name, rows, columns).chunk(parts)[part].clone()

    def columns(self, name: str, rows: int, columns: int, part: int = 0, parts: int = 1) -> Any:
        """A row-parallel layer's share: some of the input features."""
        return self.matrix(name, rows, columns).chunk(parts, dim=1)[part].clone()

    def ones(self, size: int) -> Any:
        return torch.ones(size, device=self.device, dtype=self.dtype)


@dataclass
class Step:
    """Where a forward step stands. Eager steps know it as a number; a CUDA graph, which must stay
    the same from step to step, reads it from the GPU."""

    at: int  # tokens already in the cache
    cos: Any
    sin: Any
    position: Any = None  # a tensor of one element, inside a CUDA graph


def rotate(x: Any, step: Step) -> Any:
    """Rotary embedding of [batch, tokens, heads, features], halves rotated against each other. It
    comes before heads and tokens change places: on memory in its own order it is twice as fast."""
    (a, b), cos, sin = x.chunk(2, dim=-1), step.cos.unsqueeze(1), step.sin.unsqueeze(1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)


def normalize(x: Any, weight: Any) -> Any:
    return F.rms_norm(x, (x.shape[-1],), weight, 1e-6)


class Attention:
    """Grouped-query attention over this rank's heads, with its KV cache."""

    def __init__(self, s: Shape, e: Experiment, w: Weights, world: World, name: str, batch: int, room: int) -> None:
        self.heads, self.dim, self.world = s.heads // e.tp, s.head_dim, world
        self.kv = max(1, s.kv_heads // e.tp)
        part, parts = (world.tp, e.tp) if s.kv_heads >= e.tp else (world.tp * s.kv_heads // e.tp, s.kv_heads)
        width, kv_width = s.heads * s.head_dim, s.kv_heads * s.head_dim
        self.qkv = torch.cat([w.rows(name + "q", width, s.hidden, world.tp, e.tp),
                              w.rows(name + "k", kv_width, s.hidden, part, parts),
                              w.rows(name + "v", kv_width, s.hidden, part, parts)])
        self.bias = w.ones(len(self.qkv)) * 0.01 if s.qkv_bias else None
        self.norm = w.ones(self.dim) if s.qk_norm else None
        self.out = w.columns(name + "o", s.hidden, width, world.tp, e.tp)
        self.keys = torch.zeros(batch, self.kv, room, self.dim, device=w.device, dtype=w.dtype)
        self.values = torch.zeros_like(self.keys)

    def __call__(self, x: Any, step: Step) -> Any:
        batch, tokens, _ = x.shape
        q, k, v = F.linear(x, self.qkv, self.bias).split([n * self.dim for n in (self.heads, self.kv, self.kv)], dim=-1)
        q, k, v = (t.view(batch, tokens, -1, self.dim) for t in (q, k, v))
        if self.norm is not None:
            q, k = normalize(q, self.norm), normalize(k, self.norm)
        q, k, v = (t.transpose(1, 2) for t in (rotate(q, step), rotate(k, step), v))
        y = self.attend(q, k, v, step).transpose(1, 2).reshape(batch, tokens, -1)
        return F.linear(y, self.out)

    def attend(self, q: Any, k: Any, v: Any, step: Step) -> Any:
        if step.position is not None:
            self.keys.index_copy_(2, step.position, k)
            self.values.index_copy_(2, step.position, v)
            seen = torch.arange(self.keys.shape[2], device=q.device) <= step.position
            return F.scaled_dot_product_attention(q, self.keys, self.values, attn_mask=seen.view(1, 1, 1, -1), enable_gqa=True)
        end = step.at + q.shape[2]
        self.keys[:, :, step.at:end] = k
        self.values[:, :, step.at:end] = v
        causal = step.at == 0 and q.shape[2] > 1
        k, v = self.keys[:, :, :end], self.values[:, :, :end]
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal, enable_gqa=True)


class LatentAttention:
    """Multi-head latent attention (DeepSeek-V2): the cache holds one latent and one rotary key a
    token, on every TP rank. A prefill expands them to heads; a decode step moves the query into
    the latent space instead, so that it reads the small cache only."""

    def __init__(self, s: Shape, e: Experiment, w: Weights, world: World, name: str, batch: int, room: int) -> None:
        self.s, self.heads = s, s.heads // e.tp
        wide = s.nope_dim + s.rope_dim
        self.q_down = w.rows(name + "q_a", s.q_rank, s.hidden) if s.q_rank else None
        self.q = w.rows(name + "q", s.heads * wide, s.q_rank or s.hidden, world.tp, e.tp)
        self.down = w.rows(name + "kv_a", s.kv_rank + s.rope_dim, s.hidden)
        self.up = w.rows(name + "kv_b", s.heads * (s.nope_dim + s.v_dim), s.kv_rank, world.tp, e.tp)
        self.out = w.columns(name + "o", s.hidden, s.heads * s.v_dim, world.tp, e.tp)
        self.norm = w.ones(s.kv_rank)
        self.q_norm = w.ones(s.q_rank) if s.q_rank else None
        self.scale = wide**-0.5
        self.latent = torch.zeros(batch, room, s.kv_rank, device=w.device, dtype=w.dtype)
        self.key = torch.zeros(batch, room, s.rope_dim, device=w.device, dtype=w.dtype)

    def __call__(self, x: Any, step: Step) -> Any:
        batch, tokens, _ = x.shape
        query = x if self.q_down is None else normalize(F.linear(x, self.q_down), self.q_norm)
        q = F.linear(query, self.q)
        q_nope, q_rope = q.view(batch, tokens, self.heads, -1).split([self.s.nope_dim, self.s.rope_dim], dim=-1)
        latent, key = F.linear(x, self.down).split([self.s.kv_rank, self.s.rope_dim], dim=-1)
        end = step.at + tokens
        self.latent[:, step.at:end] = normalize(latent, self.norm)
        self.key[:, step.at:end] = rotate(key.unsqueeze(2), step).squeeze(2)
        attend = self.expanded if step.at == 0 else self.absorbed
        y = attend(q_nope, rotate(q_rope, step), self.latent[:, :end], self.key[:, :end])
        return F.linear(y.reshape(batch, tokens, -1), self.out)

    def expanded(self, q_nope: Any, q_rope: Any, latent: Any, key: Any) -> Any:
        """All tokens of a prompt at once; in and out [batch, tokens, heads, ...]."""
        batch, tokens, _ = latent.shape
        kv = F.linear(latent, self.up).view(batch, tokens, self.heads, -1)
        k, v = kv.split([self.s.nope_dim, self.s.v_dim], dim=-1)
        k = torch.cat((k, key.unsqueeze(2).expand(-1, -1, self.heads, -1)), dim=-1)
        q, k, v = (t.transpose(1, 2) for t in (torch.cat((q_nope, q_rope), dim=-1), k, v))
        return F.scaled_dot_product_attention(q, k, v, is_causal=tokens > 1, scale=self.scale).transpose(1, 2)

    def absorbed(self, q_nope: Any, q_rope: Any, latent: Any, key: Any) -> Any:
        """One token a request, against the latents of all before it."""
        up_k, up_v = self.up.view(self.heads, -1, self.s.kv_rank).split([self.s.nope_dim, self.s.v_dim], dim=1)
        q = torch.einsum("bhn,hnr->bhr", q_nope.squeeze(1), up_k)
        scores = q @ latent.transpose(1, 2) + q_rope.squeeze(1) @ key.transpose(1, 2)
        weights = torch.softmax(scores.float() * self.scale, dim=-1).to(q.dtype)
        return torch.einsum("bhr,hvr->bhv", weights @ latent, up_v).unsqueeze(1)


class FeedForward:
    """A gated feed-forward layer, split over TP; its output is a part of the sum over the ranks."""

    def __init__(self, hidden: int, width: int, w: Weights, name: str, part: int, parts: int) -> None:
        self.inward = torch.cat([w.rows(name + half, width, hidden, part, parts) for half in ("gate", "up")])
        self.outward = w.columns(name + "down", hidden, width, part, parts)

    def __call__(self, x: Any) -> Any:
        gate, up = F.linear(x, self.inward).chunk(2, dim=-1)
        return F.linear(F.silu(gate) * up, self.outward)


class Experts:
    """A mixture of experts. With EP each rank routes its share of the replica's tokens to the
    experts' owners and back; without, every rank has a slice of every expert. Like a feed-forward
    layer it returns a part of the sum over the TP ranks."""

    def __init__(self, s: Shape, e: Experiment, w: Weights, world: World, name: str) -> None:
        self.s, self.world, self.tp, self.spread = s, world, e.tp, e.ep > 1
        self.router = w.rows(name + "router", s.experts, s.hidden)
        here = s.experts // world.expert.size
        first = world.expert.ranks.index(world.rank) * here
        part, parts = (0, 1) if self.spread else (world.tp, e.tp)
        self.mine = [FeedForward(s.hidden, s.expert_width, w, f"{name}{i}.", part, parts) for i in range(first, first + here)]
        self.shared = FeedForward(s.hidden, s.expert_width * s.shared, w, name + "shared.", world.tp, e.tp) if s.shared else None

    def __call__(self, x: Any) -> Any:
        flat = x.reshape(-1, x.shape[-1])
        if self.spread and self.tp > 1:
            share = -(-len(flat) // self.tp)  # the TP ranks have the same tokens: each routes some
            low, high = (min(len(flat), n * share) for n in (self.world.tp, self.world.tp + 1))
            y = torch.zeros_like(flat)
            y[low:high] = self.routed(flat[low:high])
        else:
            y = self.routed(flat)
        if self.shared is not None:
            y = y + self.shared(flat)
        return y.view_as(x)

    def routed(self, x: Any) -> Any:
        weight, chosen = torch.softmax(F.linear(x, self.router).float(), dim=-1).topk(self.s.top_k, dim=-1)
        chosen = chosen.flatten()
        order = torch.argsort(chosen, stable=True)
        sent = x[order // self.s.top_k]
        counts = torch.bincount(chosen, minlength=self.s.experts)
        done = self.exchange(sent, counts) if self.spread else self.compute(sent, counts.tolist())
        back = torch.empty_like(done)
        back[order] = done
        return (back.view(len(x), self.s.top_k, -1) * weight.to(x.dtype).unsqueeze(-1)).sum(dim=1)

    def compute(self, x: Any, counts: Sequence[int]) -> Any:
        """Each expert on its run of rows."""
        return torch.cat([expert(rows) for expert, rows in zip(self.mine, x.split(list(counts))) if len(rows)] or [x])

    def exchange(self, x: Any, counts: Any) -> Any:
        """To the ranks that have the experts, through them, and back."""
        group = self.world.expert
        coming = torch.empty_like(counts)
        dist.all_to_all_single(coming, counts, group=group.handle)
        coming = coming.view(group.size, -1)  # by sender and my expert
        out, into = counts.view(group.size, -1).sum(dim=1).tolist(), coming.sum(dim=1).tolist()
        inbox = x.new_empty(sum(into), x.shape[-1])
        dist.all_to_all_single(inbox, x, into, out, group=group.handle)
        owner = torch.arange(len(self.mine), device=x.device).repeat(group.size)
        order = torch.argsort(owner.repeat_interleave(coming.flatten()), stable=True)
        done = self.compute(inbox[order], coming.sum(dim=0).tolist())
        back = torch.empty_like(inbox)
        back[order] = done
        returned = torch.empty_like(x)
        dist.all_to_all_single(returned, back, out, into, group=group.handle)
        return returned


class Layer:
    """Attention and feed-forward, each summed over the TP ranks and added to the stream."""

    def __init__(self, s: Shape, e: Experiment, w: Weights, world: World, index: int, batch: int, room: int) -> None:
        name = f"layer{index}."
        self.group = world.tensor
        attention = LatentAttention if s.kv_rank else Attention
        self.attention = attention(s, e, w, world, name, batch, room)
        self.mixture: Any = Experts(s, e, w, world, name) if s.experts and index >= s.dense_layers else \
            FeedForward(s.hidden, s.intermediate, w, name, world.tp, e.tp)
        self.norms = w.ones(s.hidden), w.ones(s.hidden)

    def __call__(self, x: Any, step: Step) -> Any:
        x = x + self.summed(self.attention(normalize(x, self.norms[0]), step))
        return x + self.summed(self.mixture(normalize(x, self.norms[1])))

    def summed(self, part: Any) -> Any:
        if self.group.size > 1:
            dist.all_reduce(part, group=self.group.handle)
        return part


class Model:
    """This rank's part of the model: its stage's layers, its share of each."""

    def __init__(self, s: Shape, e: Experiment, world: World, batch: int, room: int) -> None:
        self.s, self.world, self.e, self.room = s, world, e, room
        self.dtype = getattr(torch, e.precision)
        w = Weights(world.device, self.dtype)
        bounds = [s.layers * i // e.pp for i in range(e.pp + 1)]
        self.first, self.last = world.pp == 0, world.pp == e.pp - 1
        self.embedding = w.rows("embedding", s.vocab, s.hidden) * s.hidden**0.5 if self.first else None
        self.layers = [Layer(s, e, w, world, i, batch, room) for i in range(bounds[world.pp], bounds[world.pp + 1])]
        self.norm = w.ones(s.hidden)
        self.head = w.rows("embedding" if s.tied else "head", s.vocab, s.hidden) if self.last else None
        dim = s.rope_dim or s.head_dim
        angle = torch.arange(room).unsqueeze(1) * (10000.0 ** (-torch.arange(0, dim, 2) / dim))
        self.cos, self.sin = (f(angle).to(world.device, self.dtype) for f in (torch.cos, torch.sin))

    def eager(self, ids: Any, at: int) -> Any:
        """The next token of each request after `ids`, [batch, tokens], that follow `at` cached ones."""
        end = at + ids.shape[1]
        return self.forward(ids, Step(at, self.cos[at:end], self.sin[at:end]))

    def fixed(self, ids: Any, position: Any) -> Any:
        """One decode step at a position that only the GPU knows: what a CUDA graph can hold."""
        return self.forward(ids, Step(-1, self.cos[position], self.sin[position], position))

    def forward(self, ids: Any, step: Step) -> Any:
        x = F.embedding(ids, self.embedding) if self.first else self.receive(ids)
        for layer in self.layers:
            x = layer(x, step)
        if not self.last:
            dist.send(x, self.world.rank + self.e.tp)
            return self.agree(torch.empty(len(ids), dtype=torch.long, device=ids.device))
        return self.agree(F.linear(normalize(x[:, -1], self.norm), self.head).argmax(dim=-1))

    def receive(self, ids: Any) -> Any:
        x = torch.empty(*ids.shape, self.s.hidden, device=ids.device, dtype=self.dtype)
        dist.recv(x, self.world.rank - self.e.tp)
        return x

    def agree(self, token: Any) -> Any:
        """Every rank of the replica takes the token of the last stage's first rank."""
        replica = self.world.replica
        if replica.size > 1:
            dist.broadcast(token, replica.ranks[-self.e.tp], group=replica.handle)
        return token


# ---------------------------------------------------------------------------------------------
# The engine


def best_attention() -> contextlib.AbstractContextManager[Any]:
    """Attention kernels in order of preference, where this PyTorch lets us say so."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    names = ("CUDNN_ATTENTION", "FLASH_ATTENTION", "EFFICIENT_ATTENTION", "MATH")
    order = [getattr(SDPBackend, n) for n in names if hasattr(SDPBackend, n)]
    try:
        return sdpa_kernel(order, set_priority=True)
    except TypeError:  # PyTorch before 2.6
        return sdpa_kernel(order)


class Engine:
    """A model that generates, and takes the time."""

    token: Any  # what the graph reads and writes: the last token of each request
    position: Any  # and where it goes in the cache

    def __init__(self, e: Experiment, world: World) -> None:
        self.e, self.world, self.shape = e, world, shape_of(e)
        self.batch = e.requests(world.dp)
        self.model = Model(self.shape, e, world, self.batch, e.seq_len + e.max_tokens)
        self.graph: Any = None

    @property
    def graphs(self) -> bool:
        """Whether decode runs as a CUDA graph: its shapes must not depend on what is computed."""
        return self.world.device.type == "cuda" and not self.shape.experts and not self.shape.kv_rank

    def capture(self) -> None:
        """Records one decode step, after two on the side: NCCL connects and cuBLAS chooses before."""
        self.token = torch.zeros(self.batch, 1, dtype=torch.long, device=self.world.device)
        self.position = torch.full((1,), self.e.seq_len, dtype=torch.long, device=self.world.device)
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(2):
                self.model.fixed(self.token, self.position)
        torch.cuda.current_stream().wait_stream(side)
        self.world.wait_for_device()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            self.token.copy_(self.model.fixed(self.token, self.position).unsqueeze(1))
        self.graph = graph

    def decode(self, token: Any, at: int, eager: bool) -> Any:
        """The token after `token`, which is number `at` of its request."""
        if eager or self.graph is None:
            return self.model.eager(token.unsqueeze(1), at)
        if token.data_ptr() != self.token.data_ptr():
            self.token.copy_(token.unsqueeze(1))
        self.position.fill_(at)
        self.graph.replay()
        return self.token.squeeze(1)

    def mark(self, step: str) -> contextlib.AbstractContextManager[Any]:
        """Names a step in the trace: for nsys by an NVTX range, which is all that it can see."""
        if self.e.nsys and self.world.device.type == "cuda":
            return torch.cuda.nvtx.range(step)
        return torch.profiler.record_function(step)

    def generate(self, prompts: Sequence[Sequence[int]], tokens: int, eager: bool = False,
                 keep: list[Any] | None = None, clock: Callable[[], float] = time.perf_counter) -> Iteration:
        """Runs one batch to its last token. `keep` collects the tokens of each step."""
        ids = torch.tensor(prompts, dtype=torch.long)
        length = ids.shape[1]
        self.world.wait_for_device()
        self.world.meet()
        begin = clock()
        with self.mark("prefill"):
            token = self.model.eager(ids.to(self.world.device), 0)
        self.world.wait_for_device()
        first = clock()
        for n in range(tokens - 1):
            if keep is not None:
                keep.append(token.clone())
            with self.mark("decode"):
                token = self.decode(token, length + n, eager)
        self.world.wait_for_device()
        end = clock()
        if keep is not None:
            keep.append(token.clone())
        count = len(prompts)
        tpot = (end - first) / (tokens - 1) if tokens > 1 else None
        return Iteration(end - begin, [first - begin] * count, [tpot] * count, [length] * count, [tokens] * count)


# ---------------------------------------------------------------------------------------------
# One rank of a run


class Rank:
    """The passes of one rank: warm-up, timed, traced, execution trace."""

    def __init__(self, e: Experiment, world: World, out: Path, part: Part) -> None:
        self.e, self.world, self.out, self.part = e, world, out, part
        self.used = 0
        self.engine: Engine

    def batch(self, tokens: int, eager: bool = False) -> Iteration:
        """One iteration, with prompts that no other has; TP and PP ranks have the same."""
        prompts = runner.make_prompts(self.world.dp, self.used, self.engine.batch, self.e.seq_len, self.engine.shape.vocab)
        self.used += 1
        return self.engine.generate(prompts, tokens, eager)

    def build(self) -> None:
        runner.stage("weights")
        self.engine = Engine(self.e, self.world)
        self.part.arguments = {"model": self.e.model, "layers": self.engine.shape.layers, "weights": "random",
                               "tp": self.e.tp, "pp": self.e.pp, "dp": self.e.dp, "ep": self.e.ep}
        self.describe()
        if self.engine.graphs and self.e.max_tokens > 1:
            runner.stage("compile")
            self.engine.capture()

    def describe(self) -> None:
        """What run.json says of this rank."""
        cuda = self.world.device.type == "cuda"
        self.part.versions = {"torch": torch.__version__, "python": platform.python_version()}
        if cuda:
            self.part.versions |= {"cuda": torch.version.cuda or "", "nccl": ".".join(map(str, torch.cuda.nccl.version()))}
        self.part.ranks = [{
            "rank": self.world.rank, "host": socket.gethostname(),
            "gpu": torch.cuda.get_device_name() if cuda else "",
            "peak": int(torch.cuda.max_memory_allocated()) if cuda else 0,
            "engine": {"backend": self.world.backend, "cuda_graphs": self.engine.graphs, "precision": self.e.precision,
                       "tensor_ranks": list(self.world.tensor.ranks), "expert_ranks": list(self.world.expert.ranks),
                       "stage": self.world.pp, "layers_here": len(self.engine.model.layers)},
        }]

    def measure(self) -> None:
        if self.e.warmup:
            runner.stage("warm-up")
        for i in range(self.e.warmup):
            self.batch(self.e.max_tokens)
            runner.iteration_done(i + 1, self.e.warmup, "warm-up")
        if self.world.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        runner.stage("timing")
        for i in range(self.e.iterations):
            self.part.timed.append(self.batch(self.e.max_tokens))
            self.part.save()
            runner.iteration_done(i + 1, self.e.iterations, "timing")
        self.describe()

    def trace(self) -> None:
        """The traced pass: bounded, under the profiler or between the marks that nsys waits for."""
        if not (self.e.kineto or self.e.nsys):
            self.part.missing.append("traces: profiling.kineto is off")
            return
        layers = self.engine.shape.layers * (1 if self.engine.graphs else EAGER_STEP)
        plan = self.part.plan = runner.plan_trace(self.e, layers, self.e.requests(0) * self.e.seq_len)
        runner.stage("profiling")
        runner.say_plan(plan, self.e)
        with self.nsys_range() if self.e.nsys else self.kineto():
            for i in range(plan.iterations):
                self.part.traced.append(self.batch(plan.tokens))
                runner.iteration_done(i + 1, plan.iterations, "profiling")

    @contextlib.contextmanager
    def nsys_range(self) -> Iterator[None]:
        torch.cuda.profiler.start()
        yield
        torch.cuda.profiler.stop()
        self.part.notes.append("traced by nsys: its report is written by the job script")

    @contextlib.contextmanager
    def kineto(self) -> Iterator[None]:
        """Profiles what is inside. Once around nothing much before, since the first window of a
        process loses kernels while CUPTI wakes up; all ranks have their profiler on before any goes on."""
        from torch.profiler import ProfilerActivity, profile

        kinds = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if self.world.device.type == "cuda" else [])
        with profile(activities=kinds):
            torch.ones(1, device=self.world.device).add_(1)
            self.world.wait_for_device()
        p = profile(activities=kinds)
        p.start()
        yield
        self.world.wait_for_device()
        self.world.meet()  # or the first to stop would slow the others' last steps
        p.stop()
        runner.stage("writing traces")
        raw = self.out / f".kineto_{self.world.rank}.json"
        p.export_chrome_trace(str(raw))
        runner.pack(raw, self.out / f"kineto_trace_{self.world.rank}.json.gz")

    def trace_execution(self) -> None:
        """PyTorch's execution trace of a short eager iteration: CUDA graphs would hide the operators."""
        if not self.e.execution_trace or self.e.nsys:
            return  # the supervisor says so
        from torch.profiler import ExecutionTraceObserver

        raw, target = self.out / f".et_{self.world.rank}.json", self.out / f"torch_et_{self.world.rank}.json.gz"
        tokens = min(2, self.e.max_tokens)
        observer = ExecutionTraceObserver()
        observer.register_callback(str(raw))
        observer.start()
        self.batch(tokens, eager=True)
        observer.stop()
        observer.unregister_callback()
        if not runner.sound(raw):
            self.part.missing.append(f"{target.name}: PyTorch wrote half of one")
        runner.pack(raw, target)
        self.part.notes.append(f"execution trace: eager, {tokens} output tokens of one iteration")


def run_rank(e: Experiment, rank: int, place: Place, out: Path, part: Part) -> None:
    """Everything one rank does. Raises what went wrong; what was measured is in `part`."""
    if importlib.util.find_spec("torch") is None:
        raise Failure(EXIT_SOFTWARE, "PyTorch is not installed in this environment: see runtime in shardeck.yaml")
    check_shape(e, shape_of(e))
    os.environ.update(e.env)
    r = Rank(e, World(e, rank, place, part.path.parent / "meeting_point"), out, part)
    with torch.inference_mode(), best_attention():
        r.build()
        r.measure()
        try:
            r.trace()
            r.trace_execution()
        except Exception as x:  # the numbers are there: a profiler that fails must not take them along
            part.missing.append(f"traced pass: {runner.one_line(f'{type(x).__name__}: {x}')}")
    part.save()
    r.world.part()
    if e.nsys:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        runner.leave_in_time()
        r.engine.graph = None  # its collectives hold the communicator, which would wait for them for ever
        dist.destroy_process_group()  # nsys wants an orderly end
