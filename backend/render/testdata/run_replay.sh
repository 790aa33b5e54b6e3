#!/bin/bash
# E1.2: Llama-8B tensor parallelism TP=2 on 2 GPUs
# TP2 PP1 DP1 EP1: 2 GPUs on 1 node.
#
# A REPLAY: it plays a recording of the same layout and load back, at its pace, or where
# there is none a forecast from recordings. What it writes was measured on another machine,
# or nowhere; use engine: vllm to measure this one.
#
# Submit it with: shardeck submit E1.2
# or by hand, from the workspace: mkdir -p logs && sbatch experiments/slurm_scripts/run_E1.2.sh
# (Slurm opens the log before the script runs, so logs/ must be there.)
#
#SBATCH -J E1.2
# No account is set: sbatch takes your default one. Another: sbatch -A ACCOUNT, or
# account: ACCOUNT in shardeck.yaml (a project name that ends in _g, such as m1234_g)
#SBATCH -C gpu
#SBATCH -q shared
#SBATCH -t 00:30:00
#SBATCH -N 1
#SBATCH --ntasks-per-node=1
#SBATCH -c 64
#SBATCH --gpus-per-node=2
#SBATCH -o logs/E1.2_%j.out
#SBATCH --signal=B:USR1@120

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

CONFIG=experiments/configs/E1.2_llama8b_tp2.yaml
OUTPUT_DIR=trace_collection/llama-8b-tp2
if [ ! -f "$CONFIG" ]; then
  echo "shardeck: $WORKSPACE/$CONFIG is missing: shardeck generate writes it" >&2
  exit 2
fi

echo "shardeck: this is a replay of a recording, or of a forecast, not a measurement of this machine"
echo 'shardeck: stage environment'

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
# One player is enough for all ranks; the binary is the one that wrote this script.
attend /opt/shardeck replay --config "$CONFIG" --output-dir "$OUT" || code=$?
verdict "$code" || code=$?
publish "$code"
