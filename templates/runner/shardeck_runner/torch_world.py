"""The ranks of the reference engine: coordinates, groups, and a barrier without a collective."""

from __future__ import annotations

import os
import platform
import socket
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from shardeck_runner.contract import Exit, Failure
from shardeck_runner.experiment import Experiment
from shardeck_runner.files import write_text
from shardeck_runner.rendezvous import Rendezvous

DEVICE = os.environ.get("SHARDECK_DEVICE", "cuda")  # cpu: gloo, for tests
TIMEOUT = timedelta(minutes=10)  # for ranks that do not come


@dataclass(frozen=True)
class Group:
    """Ranks that talk; `handle` is None where that is the whole world."""

    ranks: tuple[int, ...]
    handle: Any = None

    @property
    def size(self) -> int:
        return len(self.ranks)


def open_store(where: Rendezvous, rank: int, size: int, notice: Path) -> Any:
    """The store where ranks meet, held by rank 0. On one node rank 0 takes a port that is free
    and puts it on the notice, a file: a port chosen before could be taken by the time it is used.
    Several nodes have an agreed one."""
    if where.nodes > 1:
        return dist.TCPStore(where.master, where.port, size, rank == 0, timeout=TIMEOUT)
    if rank == 0:
        store = dist.TCPStore("127.0.0.1", 0, size, True, timeout=TIMEOUT, wait_for_workers=False)
        write_text(notice, str(store.port))
        return store
    deadline = time.monotonic() + TIMEOUT.total_seconds()
    while not notice.exists():
        if time.monotonic() > deadline:
            raise Failure(Exit.COMM, f"rank 0 did not open the meeting point in {TIMEOUT}: see its part of the log")
        time.sleep(0.02)
    return dist.TCPStore("127.0.0.1", int(notice.read_text()), size, False, timeout=TIMEOUT)


class World:
    """This rank among the others: coordinates, groups, device, and the point where all meet."""

    def __init__(self, e: Experiment, rank: int, where: Rendezvous, notice: Path, device: str = DEVICE) -> None:
        self.rank, self.size, self.nodes = rank, e.ranks, where.nodes
        self.tp, self.pp, self.dp = rank % e.tp, rank // e.tp % e.pp, rank // (e.tp * e.pp)
        self.device = torch.device(device, rank % (e.ranks // where.nodes)) if device == "cuda" else torch.device(device)
        if device == "cuda":
            if not torch.cuda.is_available():
                raise Failure(Exit.GPUS, "PyTorch sees no GPU: is this a CUDA build of it, and the driver loaded?")
            torch.cuda.set_device(self.device)
        self.backend = "nccl" if device == "cuda" else "gloo"
        self.barriers = 0
        self.store = open_store(where, rank, e.ranks, notice)
        more: dict[str, Any] = {"device_id": self.device} if device == "cuda" else {}
        dist.init_process_group(self.backend, store=dist.PrefixStore("world", self.store), rank=rank,
                                world_size=e.ranks, timeout=TIMEOUT, **more)
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

    def barrier(self) -> None:
        """Returns when every rank has come here. It uses the store: no collective, no kernel."""
        self.barriers += 1
        name = f"barrier/{self.barriers}"
        if self.store.add(name, 1) == self.size:
            self.store.set(f"{name}/all", "here")
        self.store.wait([f"{name}/all"])

    def leave_store(self) -> None:
        """The last thing a rank does: rank 0 has the store, and leaves after all who need it."""
        if self.rank:
            self.store.add("gone", 1)
            return
        while self.store.add("gone", 0) < self.size - 1:
            time.sleep(0.01)

    def wait_for_device(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def versions(world: World) -> dict[str, str]:
    told = {"torch": torch.__version__, "python": platform.python_version()}
    if world.device.type == "cuda":
        told |= {"cuda": torch.version.cuda or "", "nccl": ".".join(map(str, torch.cuda.nccl.version()))}
    return told


def description(world: World) -> dict[str, Any]:
    cuda = world.device.type == "cuda"
    return {"rank": world.rank, "host": socket.gethostname(), "gpu": torch.cuda.get_device_name() if cuda else "",
            "peak": int(torch.cuda.max_memory_allocated()) if cuda else 0}
