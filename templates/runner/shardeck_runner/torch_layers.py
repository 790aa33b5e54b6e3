"""The parts of a layer of the reference engine: weights, attention with its cache, feed-forward."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F

from shardeck_runner.experiment import Experiment
from shardeck_runner.models import Shape
from shardeck_runner.torch_world import World


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

    def __init__(self, s: Shape, e: Experiment, w: Weights, world: World, name: str, batch: int, capacity: int) -> None:
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
        self.keys = torch.zeros(batch, self.kv, capacity, self.dim, device=w.device, dtype=w.dtype)
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

    def __init__(self, s: Shape, e: Experiment, w: Weights, world: World, name: str, batch: int, capacity: int) -> None:
        self.s, self.heads = s, s.heads // e.tp
        qk_dim = s.nope_dim + s.rope_dim
        self.q_down = w.rows(name + "q_a", s.q_rank, s.hidden) if s.q_rank else None
        self.q = w.rows(name + "q", s.heads * qk_dim, s.q_rank or s.hidden, world.tp, e.tp)
        self.down = w.rows(name + "kv_a", s.kv_rank + s.rope_dim, s.hidden)
        self.up = w.rows(name + "kv_b", s.heads * (s.nope_dim + s.v_dim), s.kv_rank, world.tp, e.tp)
        self.out = w.columns(name + "o", s.hidden, s.heads * s.v_dim, world.tp, e.tp)
        self.norm = w.ones(s.kv_rank)
        self.q_norm = w.ones(s.q_rank) if s.q_rank else None
        self.scale = qk_dim**-0.5
        self.latent = torch.zeros(batch, capacity, s.kv_rank, device=w.device, dtype=w.dtype)
        self.key = torch.zeros(batch, capacity, s.rope_dim, device=w.device, dtype=w.dtype)

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
        self.seen: list[Any] | None = None  # tokens that took each expert, a tensor a step, where somebody asks

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
        if self.seen is not None:
            self.seen.append(counts)
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
