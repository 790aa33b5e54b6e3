"""The nodes of a job, this one among them, and where their processes meet."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
from dataclasses import dataclass

from shardeck_runner.contract import VLLM, Exit, Failure
from shardeck_runner.experiment import Experiment


@dataclass(frozen=True)
class Rendezvous:
    """Nodes, and the address where their processes meet, as one child process sees them."""

    nodes: int = 1
    node: int = 0  # this one among them
    master: str = "127.0.0.1"  # address of the first
    port: int = 29501
    number: int = 0  # of the child: a data-parallel replica of vLLM, a rank of the reference engine

    def share_of(self, children: int) -> range:
        """The children of this node: all of them on one node, else an equal share."""
        if children == 1:
            return range(1)
        share = children // self.nodes
        return range(self.node * share, (self.node + 1) * share)


def find_rendezvous(a: argparse.Namespace) -> Rendezvous:
    """What the command line says, or else Slurm."""
    nodes = a.nodes or int(os.environ.get("SLURM_NNODES", os.environ.get("SLURM_JOB_NUM_NODES", "1")))
    node = a.node_rank if a.node_rank is not None else int(os.environ.get("SLURM_NODEID", "0"))
    port = a.master_port or int(os.environ.get("MASTER_PORT", "0")) or (port_of_job() if nodes > 1 else free_port())
    master = a.master_addr or os.environ.get("MASTER_ADDR", "") or (first_host() if nodes > 1 else "127.0.0.1")
    return Rendezvous(nodes, node, master, port, a.dp_rank or 0)


def port_of_job() -> int:
    """A port that every node of a job computes alike; another job hardly has the same."""
    return 29501 + 2 * (int(os.environ.get("SLURM_JOB_ID", "0")) % 1000)


def free_port() -> int:
    """A port that nobody uses on this machine now: jobs may share it."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def first_host() -> str:
    """The first node of the job, by Slurm's own tool."""
    hosts = os.environ.get("SLURM_JOB_NODELIST", "")
    try:
        out = subprocess.run(["scontrol", "show", "hostnames", hosts], capture_output=True, text=True, timeout=30, check=True)
        return out.stdout.split()[0]
    except (OSError, subprocess.SubprocessError, IndexError) as e:
        raise Failure(Exit.COMM, f"the first node of the job is not known ({e}): set MASTER_ADDR") from e


def check_nodes(e: Experiment, where: Rendezvous) -> None:
    """Refuses what cannot be laid out on these nodes before anything is loaded."""
    if e.ranks % where.nodes:
        raise Failure(Exit.CONFIG, f"{e.ranks} ranks do not spread evenly over {where.nodes} nodes")
    if e.engine == VLLM and e.dp > 1 and e.dp % where.nodes:
        raise Failure(Exit.CONFIG, f"a replica of {e.replica_ranks} GPUs would cross nodes: with DP, TP x PP must fit one node")
    if os.environ.get("SHARDECK_DEVICE") == "cpu":
        return  # for tests; never chosen by itself
    here, need = count_gpus(), e.ranks // where.nodes
    if here is not None and here < need:
        raise Failure(Exit.GPUS, f"{here} GPUs are visible on {socket.gethostname()}, the layout needs {need} on each node")


def count_gpus() -> int | None:
    """GPUs this job may use here, without making a CUDA context; None if nobody can tell."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([d for d in visible.split(",") if d.strip()])
    try:
        out = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60, check=True)
    except FileNotFoundError:
        return 0
    except (OSError, subprocess.SubprocessError):
        return None
    return sum(line.startswith("GPU ") for line in out.stdout.splitlines())
