#!/bin/bash
# E4.1: Llama-70B tensor parallelism TP=8 on 8 GPUs (2 nodes)
# TP8 PP1 DP1 EP1: 8 GPUs on 2 nodes.
#
# Submit it with: shardeck submit E4.1
# or by hand, from the workspace: mkdir -p logs && sbatch experiments/slurm_scripts/run_E4.1.sh
# (Slurm opens the log before the script runs, so logs/ must be there.)
#
#SBATCH -J E4.1
#SBATCH -A m1234_g
#SBATCH -C gpu
#SBATCH -q regular
#SBATCH -t 00:30:00
#SBATCH -N 2
#SBATCH --ntasks-per-node=1
#SBATCH -c 128
#SBATCH --gpus-per-node=4
#SBATCH -o logs/E4.1_%j.out
#SBATCH --signal=USR1@120

set -euo pipefail

# The workspace: the folder that holds experiments/, at or above where the job was
# submitted or runs; else the one this script lies in, of which Slurm runs a copy.
find_workspace() {
  local at
  for at in "${SLURM_SUBMIT_DIR:-$PWD}" "$PWD" "$(dirname "${BASH_SOURCE[0]}")" original; do
    if [ "$at" = original ]; then
      at=$(scontrol show job "${SLURM_JOB_ID:-0}" 2>/dev/null | sed -n 's/^ *Command=\([^ ]*\).*/\1/p' | head -n 1)
      at=$(dirname "${at:-/}")
    fi
    at=$(cd "$at" && pwd) || continue
    while [ ! -d "$at/experiments/configs" ] && [ "$at" != / ]; do at=$(dirname "$at"); done
    if [ "$at" != / ]; then
      printf '%s\n' "$at"
      return
    fi
  done
  echo "shardeck: no experiments/configs here or above: submit from the workspace" >&2
  return 2
}
WORKSPACE=$(find_workspace) || exit 2
cd "$WORKSPACE"
mkdir -p logs

CONFIG=experiments/configs/E4.1_llama70b_tp8.yaml
OUTPUT_DIR=trace_collection/llama-70b-tp8
if [ ! -f "$CONFIG" ]; then
  echo "shardeck: $WORKSPACE/$CONFIG is missing: shardeck generate writes it" >&2
  exit 2
fi

echo 'shardeck: stage environment'
# Packages of pip install --user must not hide those of the environment.
export PYTHONNOUSERSITE=1
# Modules and activation scripts read variables that are not set, hence +u.
set +u
if ! command -v conda >/dev/null 2>&1; then module load conda; fi
eval "$(conda shell.bash hook)"
conda activate vllm-profiling || {
  echo 'shardeck: cannot enter the conda environment vllm-profiling: see conda env list' >&2
  exit 4
}
set -u
export HF_HOME="${SCRATCH:?is not set, and a path of the settings needs it}"/huggingface
# What NCCL chose at the start, and over which network. Not COLL: that writes a line
# for every collective of every rank, which slows what is being measured.
export NCCL_DEBUG=INFO NCCL_DEBUG_SUBSYS=INIT,NET
# Several nodes: the first one is where the ranks meet.
if [ -n "${SLURM_JOB_NODELIST:-}" ]; then
  MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
  MASTER_PORT=$((20000 + ${SLURM_JOB_ID:-0} % 12000))
  export MASTER_ADDR MASTER_PORT
fi
export FI_CXI_DISABLE_HOST_REGISTER=1
export FI_MR_CACHE_MONITOR=userfaultfd
export GLOO_SOCKET_IFNAME=hsn0
export NCCL_CROSS_NIC=1
export NCCL_NET='AWS Libfabric'
export NCCL_NET_GDR_LEVEL=PHB
export NCCL_SOCKET_IFNAME=hsn
# Gloo wants the whole name of an interface where NCCL takes the beginning of one.
nic=${NCCL_SOCKET_IFNAME:-}
nic=${nic#=}
nic=${nic%%,*}
case $nic in '' | ^*) ;; *)
  for nic in /sys/class/net/"$nic"*; do
    if [ -e "$nic" ]; then export GLOO_SOCKET_IFNAME="${GLOO_SOCKET_IFNAME:-${nic##*/}}"; fi
  done
  ;;
esac
# plugin_found: whether NCCL will find a network plugin, by the loader's path or in the environment.
plugin_found() {
  local dir file dirs
  case ${NCCL_NET_PLUGIN:-} in */*) [ -e "$NCCL_NET_PLUGIN" ] && return ;; esac
  IFS=: read -r -a dirs <<<"${LD_LIBRARY_PATH:-}:${CONDA_PREFIX:-}/lib:${VIRTUAL_ENV:-}/lib"
  for dir in "${dirs[@]}"; do
    for file in "$dir"/lib[nr]ccl-net*.so*; do
      if [ -n "$dir" ] && [ -e "$file" ]; then return 0; fi
    done
  done
  PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | grep 'lib[nr]ccl-net' >/dev/null
}
# A network that NCCL does not bring itself comes from a plugin; without it every rank would load, and fail then.
net=${NCCL_NET:-socket}
case ${net,,} in socket | ib) ;; *)
  set +u
  plugin_found || ! command -v module >/dev/null || module load nccl || true
  set -u
  plugin_found || {
    echo "shardeck: NCCL_NET is $NCCL_NET, and no libnccl-net.so that brings it is on LD_LIBRARY_PATH: name the module that has it, runtime: {modules: [nccl]} in shardeck.yaml" >&2
    exit 4
  }
  ;;
esac

# Results go to a directory of this job's own, and get their name when they are whole.
# The local scheduler's id comes first: inside an allocation both are set.
JOB=${SHARDECK_JOB_ID:-${SLURM_JOB_ID:-manual-$$}}
OUT="$OUTPUT_DIR.tmp-$JOB"
# holds_run DIR: whether a folder may be moved aside: it is empty, or a run left its files there.
holds_run() {
  local file
  [ -z "$(ls -A -- "$1" 2>&1)" ] && return
  for file in "$1"/.job "$1"/run.json "$1"/config.yaml "$1"/bench_serve.json "$1"/{timing_stats,kineto_trace,torch_et,nsys}_*; do
    if [ -e "$file" ]; then return 0; fi
  done
  return 1
}
if [ -e "$OUTPUT_DIR" ] && ! holds_run "$OUTPUT_DIR"; then
  echo "shardeck: $OUTPUT_DIR holds other things than a run: they stay, and nothing is run; set output_dir to a path of its own" >&2
  exit 2
fi
if [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ]; then rm -rf -- "$OUT"; fi # requeued: start anew
mkdir -p -- "$OUT"
printf '%s\n' "$JOB" >"$OUT/.job"
export OUT

# What compilers keep goes to scratch: a home folder is small, slow from a node, and shared by all jobs. Those of
# this job go with it. vLLM's and FlashInfer's take minutes of a node to make and are filed by model, settings and
# versions: they are kept for the next job of this experiment, unless this one fails, which half a cache may be why of.
CACHES=${SCRATCH:-$WORKSPACE/.shardeck}/shardeck-caches
mkdir -p -- "$CACHES" 2>/dev/null || CACHES=$WORKSPACE/.shardeck/shardeck-caches
KEPT=$CACHES/$(printf %s "$WORKSPACE" | cksum | cut -d ' ' -f 1)-E4.1
SCRAPS=$CACHES/job-$JOB
mkdir -p -- "$KEPT" "$SCRAPS"
export CACHES
trap 'rm -rf -- "$SCRAPS"' EXIT
export TRITON_CACHE_DIR="${TRITON_CACHE_DIR:-$SCRAPS/triton}" TORCHINDUCTOR_CACHE_DIR="${TORCHINDUCTOR_CACHE_DIR:-$SCRAPS/inductor}"
export TORCH_EXTENSIONS_DIR="${TORCH_EXTENSIONS_DIR:-$SCRAPS/extensions}" CUDA_CACHE_PATH="${CUDA_CACHE_PATH:-$SCRAPS/cuda}"
export VLLM_CACHE_ROOT="${VLLM_CACHE_ROOT:-$KEPT/vllm}" FLASHINFER_WORKSPACE_BASE="${FLASHINFER_WORKSPACE_BASE:-$KEPT}"

# attend COMMAND…: runs the runner of one node. Slurm's USR1 shortly before the time
# limit, and a TERM or INT, become one TERM for the runner alone, so that it stops and
# writes what it has; its own children ignore USR1. How it ended goes to a file: a
# task that stopped early must not make srun kill the others while they still write.
attend() {
  local child code=0 again=0
  ( trap '' USR1; exec "$@" ) &
  child=$!
  trap 'kill -TERM "$child" 2>/dev/null' TERM INT
  trap 'echo "shardeck: the time limit is near: the runner is told to stop"; kill -TERM "$child" 2>/dev/null' USR1
  wait "$child" || code=$?
  while kill -0 "$child" 2>/dev/null; do # a signal ended the wait, not the runner
    code=0
    wait "$child" || code=$?
  done
  if [ "$code" -gt 128 ]; then # that of the signal, or the runner's own?
    wait "$child" || again=$?
    if [ "$again" -ne 127 ]; then code=$again; fi
  fi
  trap - USR1 TERM INT
  printf '%s\n' "$code" >"$OUT/.exit-${SLURM_PROCID:-0}"
  case $code in 3 | 10) return 0 ;; esac
  return "$code"
}

# everywhere COMMAND…: one task a node through srun, or here where there is no Slurm.
everywhere() {
  local step code=0
  if [ -z "${SLURM_JOB_ID:-}" ] || ! command -v srun >/dev/null 2>&1; then
    echo "shardeck: this layout needs 2 nodes: submit it with sbatch" >&2
    return 2
  fi
  srun --nodes=2 --ntasks=2 --ntasks-per-node=1 --cpus-per-task=128 --gpus-per-node=4 \
    --kill-on-bad-exit=1 bash -c "$(declare -f attend); attend \"\$@\"" attend "$@" &
  step=$!
  trap : TERM INT # Slurm tells the tasks itself; stay, to keep what they write
  wait "$step" || code=$?
  while kill -0 "$step" 2>/dev/null; do
    code=0
    wait "$step" || code=$?
  done
  trap - TERM INT
  return "$code"
}

# verdict CODE: the exit code of the run, the tasks' own where srun had none to tell.
verdict() {
  local code=$1 file said
  for file in "$OUT"/.exit-*; do
    [ -e "$file" ] || continue
    read -r said <"$file"
    if [ "$code" -eq 0 ]; then code=$said; fi
    rm -f -- "$file"
  done
  return "$code"
}

# move_aside DIR: an earlier result keeps its files, under DIR@<its job>.
move_aside() {
  local id old n=1
  [ -e "$1" ] || return 0
  holds_run "$1" || return 0 # the rename then finds its name taken
  id=$(head -n 1 "$1/.job" 2>/dev/null) || id=
  case $id in '' | *[!A-Za-z0-9_.-]*) id=before-$JOB ;; esac
  old=$1@$id
  while [ -e "$old" ]; do
    n=$((n + 1))
    old=$1@$id-$n
  done
  mv -- "$1" "$old"
  echo "shardeck: the earlier result is now $old"
}

# rename FROM TO: never into TO, should another job have taken that name just now.
rename() { mv -T -- "$1" "$2" 2>/dev/null || { [ ! -e "$2" ] && mv -- "$1" "$2"; }; }

# publish CODE: gives the results their name, by how the runner ended.
#   0, 10   all measured (with 10 traces are missing): they become $OUTPUT_DIR
#   3       stopped early, something measured: they become $OUTPUT_DIR if that name
#           is free, else $OUTPUT_DIR@<job>, so that a part never hides a whole
#   other   nothing to rely on: they stay in $OUT, which shardeck lists as unfinished
publish() {
  local file found=
  for file in "$OUT"/timing_stats_* "$OUT"/bench_serve.json "$OUT"/kineto_trace_* "$OUT"/nsys_*; do
    if [ -e "$file" ]; then found=1; fi
  done
  case $1:$found in
    0:1 | 10:1) move_aside "$OUTPUT_DIR" ;;
    3:1) if [ -e "$OUTPUT_DIR" ]; then OUTPUT_DIR=$OUTPUT_DIR@$JOB; fi ;;
    *)
      echo "shardeck: exit code $1; what was written stays in $OUT" >&2
      return "$1"
      ;;
  esac
  if ! rename "$OUT" "$OUTPUT_DIR"; then
    OUTPUT_DIR=$OUTPUT_DIR@$JOB
    rename "$OUT" "$OUTPUT_DIR"
  fi
  echo "shardeck: results are in $OUTPUT_DIR"
  return "$1"
}

code=0
everywhere python experiments/vllm_profiler.py --config "$CONFIG" --output-dir "$OUT" || code=$?
verdict "$code" || code=$?
case $code in 1 | 9) rm -rf -- "$KEPT" ;; esac
publish "$code"
