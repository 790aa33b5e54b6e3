#!/bin/bash
# Nsight Systems around the runner, one report a node: nsys_<node>.nsys-rep.
# TP4 PP1 DP1 EP1: 4 GPUs on 1 node, as E1.3 needs.
#
# From the workspace: mkdir -p logs && sbatch experiments/slurm_scripts/run_with_nsys.sh
# Another config: CONFIG=E1.2_llama8b_tp2.yaml sbatch experiments/slurm_scripts/run_with_nsys.sh
# If its layout differs, give sbatch the nodes and GPUs too, or let shardeck write the
# right header: shardeck submit ID --nsys
#
# The torch profiler is off in this run: both it and nsys need CUPTI, which serves one.
# So the results have a directory of their own, <output_dir>-nsys, and their times
# hold the cost of nsys: compare times with those of the plain run only.
#
#SBATCH -J E1.3_nsys
#SBATCH -A m1234_g
#SBATCH -C gpu
#SBATCH -q regular
#SBATCH -t 00:30:00
#SBATCH -N 1
#SBATCH --ntasks-per-node=1
#SBATCH -c 128
#SBATCH --gpus-per-node=4
#SBATCH -o logs/E1.3_nsys_%j.out
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

CONFIG=${CONFIG:-E1.3_llama8b_tp4.yaml}
case $CONFIG in */*) ;; *) CONFIG=experiments/configs/$CONFIG ;; esac
if [ ! -f "$CONFIG" ]; then
  echo "shardeck: no config $CONFIG in $WORKSPACE: see experiments/configs" >&2
  exit 2
fi
OUTPUT_DIR=$(sed -n "s/^output_dir: *['\"]\{0,1\}\([A-Za-z0-9._+=,/-]*\).*/\1/p" "$CONFIG" | head -n 1)
if [ -z "$OUTPUT_DIR" ]; then
  echo "shardeck: $CONFIG names no output_dir on a line of its own: add it" >&2
  exit 2
fi
OUTPUT_DIR=$OUTPUT_DIR-nsys

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

# Forked workers gave empty reports; spawned ones are traced.
export VLLM_WORKER_MULTIPROC_METHOD=spawn
if ! command -v nsys >/dev/null 2>&1; then
  echo "shardeck: nsys is not on PATH: load the module that holds it (module spider nsight)" >&2
  exit 4
fi

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
KEPT=$CACHES/$(printf %s "$WORKSPACE" | cksum | cut -d ' ' -f 1)-E1.3
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

# stop_attend: a TERM for the attend of this task, which nsys may just be starting.
stop_attend() {
  local file=$OUT/.attend-${SLURM_PROCID:-0} tries=0
  until [ -s "$file" ] || [ "$tries" -ge 100 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -TERM "$(cat "$file")" 2>/dev/null || true
}

# profiled COMMAND…: attend with nsys around it, one report a task, named by the task.
# An nsys that is told to end makes its report and goes at once, with 0, whatever the
# runner still writes (seen with 2023.4): so a signal is passed to attend past it,
# attend's word counts, and nothing is over before attend is.
profiled() {
  local task=${SLURM_PROCID:-0} nsys pid='' code=0
  # Workers are children of children, and decode runs in CUDA graphs: without the two
  # options both would be missing. The runner opens and closes the capture range around
  # the traced pass; "stop", as nsys would else end the run with the range.
  ( trap '' USR1
    exec nsys profile --trace=cuda,nvtx --sample=none --cpuctxsw=none \
      --trace-fork-before-exec=true --cuda-graph-trace=node \
      --capture-range=cudaProfilerApi --capture-range-end=stop \
      --force-overwrite=true -o "$OUT/nsys_$task" \
      bash -c "echo \$\$ >\"\$OUT/.attend-$task\"; $(declare -f attend); attend \"\$@\"" attend "$@" ) &
  nsys=$!
  trap 'stop_attend' TERM INT
  trap 'echo "shardeck: the time limit is near: the runner is told to stop"; stop_attend' USR1
  wait "$nsys" || code=$?
  while kill -0 "$nsys" 2>/dev/null; do
    code=0
    wait "$nsys" || code=$?
  done
  if [ -s "$OUT/.attend-$task" ]; then read -r pid <"$OUT/.attend-$task"; fi
  # Its last act is the word; a process that nobody has buried is no longer alive.
  until [ -s "$OUT/.exit-$task" ] || ! grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$pid/status"; do sleep 0.2; done
  trap - USR1 TERM INT
  rm -f -- "$OUT/.attend-$task"
  if [ -s "$OUT/.exit-$task" ]; then
    read -r code <"$OUT/.exit-$task"
  elif [ "$code" -eq 0 ]; then
    code=1 # killed before it could say a word
  fi
  case $code in 3 | 10) return 0 ;; esac
  return "$code"
}

# everywhere COMMAND…: one task a node through srun, or here where there is no Slurm.
everywhere() {
  local step code=0
  if [ -z "${SLURM_JOB_ID:-}" ] || ! command -v srun >/dev/null 2>&1; then
    profiled "$@"
    return
  fi
  # As many as the job has: CONFIG may name another layout than the header is for.
  srun --nodes="${SLURM_JOB_NUM_NODES:-1}" --ntasks="${SLURM_JOB_NUM_NODES:-1}" --ntasks-per-node=1 --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" \
    --kill-on-bad-exit=1 bash -c "$(declare -f attend stop_attend profiled); profiled \"\$@\"" attend "$@" &
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

# export_reports CODE: SQLite and CSV beside each report. Node-local first: SQLite needs
# file locks, which some parallel file systems lack. Returns CODE, or that of missing
# traces where all is well but for a report.
export_reports() {
  local report base tmp found=0 nodes=1
  if [ -n "${SLURM_JOB_ID:-}" ] && command -v srun >/dev/null 2>&1; then nodes=${SLURM_JOB_NUM_NODES:-1}; fi
  tmp=$(mktemp -d)
  for report in "$OUT"/nsys_*.nsys-rep; do
    [ -e "$report" ] || continue
    found=$((found + 1))
    base=$(basename "$report" .nsys-rep)
    if nsys export --type sqlite --lazy=false --force-overwrite=true -o "$tmp/$base.sqlite" "$report"; then
      nsys stats --report cuda_gpu_trace --format csv --force-overwrite=true -o "$tmp/$base" "$tmp/$base.sqlite" || true
      mv -- "$tmp/$base"* "$OUT/"
    else
      echo "shardeck: $report was not exported; it can be opened in Nsight Systems all the same" >&2
    fi
  done
  rm -rf -- "$tmp"
  if [ "$found" -ge "$nodes" ]; then return "$1"; fi
  case $1 in 0 | 3 | 10) ;; *) return "$1" ;; esac # no wonder
  for report in "$OUT"/nsys_*.qdstrm; do
    [ -e "$report" ] || continue
    echo "shardeck: nsys recorded $(basename "$report") but could not make a report of it: its importer did not start, or was stopped" >&2
  done
  echo "shardeck: nsys left $found of $nodes reports" >&2
  if [ "$1" -eq 0 ]; then return 10; fi
  return "$1"
}

code=0
everywhere python experiments/vllm_profiler.py --config "$CONFIG" --output-dir "$OUT" --nsys || code=$?
verdict "$code" || code=$?
export_reports "$code" || code=$?
case $code in 1 | 9) rm -rf -- "$KEPT" ;; esac
publish "$code"
