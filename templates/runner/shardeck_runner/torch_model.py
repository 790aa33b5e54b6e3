"""The transformer of the reference engine: this rank's part of it."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F

from shardeck_runner.experiment import Experiment
from shardeck_runner.models import Shape
from shardeck_runner.torch_layers import Attention, Experts, FeedForward, LatentAttention, Step, Weights, normalize
from shardeck_runner.torch_world import World


class Layer:
    """Attention and feed-forward, each summed over the TP ranks and added to the stream."""

    def __init__(self, s: Shape, e: Experiment, w: Weights, world: World, index: int, batch: int, capacity: int) -> None:
        name = f"layer{index}."
        self.group = world.tensor
        attention = LatentAttention if s.kv_rank else Attention
        self.attention = attention(s, e, w, world, name, batch, capacity)
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

    def __init__(self, s: Shape, e: Experiment, world: World, batch: int, capacity: int) -> None:
        self.s, self.world, self.e, self.capacity = s, world, e, capacity
        self.dtype = getattr(torch, e.precision)
        w = Weights(world.device, self.dtype)
        bounds = [s.layers * i // e.pp for i in range(e.pp + 1)]
        self.at = bounds[world.pp]  # the first layer of this stage
        self.first, self.last = world.pp == 0, world.pp == e.pp - 1
        self.embedding = w.rows("embedding", s.vocab, s.hidden) * s.hidden**0.5 if self.first else None
        self.layers = [Layer(s, e, w, world, i, batch, capacity) for i in range(bounds[world.pp], bounds[world.pp + 1])]
        self.norm = w.ones(s.hidden)
        self.head = w.rows("embedding" if s.tied else "head", s.vocab, s.hidden) if self.last else None
        dim = s.rope_dim or s.head_dim
        angle = torch.arange(capacity).unsqueeze(1) * (10000.0 ** (-torch.arange(0, dim, 2) / dim))
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
            return self.broadcast_token(torch.empty(len(ids), dtype=torch.long, device=ids.device))
        return self.broadcast_token(F.linear(normalize(x[:, -1], self.norm), self.head).argmax(dim=-1))

    def receive(self, ids: Any) -> Any:
        x = torch.empty(*ids.shape, self.s.hidden, device=ids.device, dtype=self.dtype)
        dist.recv(x, self.world.rank - self.e.tp)
        return x

    def broadcast_token(self, token: Any) -> Any:
        """Every rank of the replica takes the token of the last stage's first rank."""
        replica = self.world.replica
        if replica.size > 1:
            dist.broadcast(token, replica.ranks[-self.e.tp], group=replica.handle)
        return token
