#!/bin/bash
# keeper.sh - keeps one local job: waits for its turn and its GPUs, runs the
# script, ends it at its limit or when asked to, and writes down how it ended.
#
#   keeper.sh launch|keep JOBDIR SLOTS NEED LIMIT GRACE LOG WORKDIR MACHINE REAL POOL AFTER
#
# `launch` starts `keep` in the background and returns once that is on disk.
# Facts are files in JOBDIR, each written whole or not at all; the words in them:
#   keeper   PID BORN MACHINE   this process       started  epoch seconds
#   child    PID BORN MACHINE   the job's leader   gpus     the slots it was given
#   exit     STATE CODE:SIGNAL EPOCH REASON        cancel   (empty) please end
# Works with bash 3.2 and without flock, which some file systems lack.
set -u
mode=$1 dir=$2 slots=$3 need=$4 limit=$5 grace=$6 log=$7 work=$8 machine=$9 real=${10} pool=${11} after=${12-}
id=${dir##*/} jobs=${dir%/*}

# record NAME TEXT: writes a fact
record() { printf '%s\n' "$2" >"$dir/.$1" && mv -f "$dir/.$1" "$dir/$1"; }

# born PID: sets $born to the start time of a living process, which with the pid
# is its name for ever; fails for one that is gone
born() {
  local stat
  born=
  if [ -e /proc/self/stat ]; then
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    # shellcheck disable=SC2086 # fields, after the name in brackets
    set -- ${stat##*) }
    [ "$1" != Z ] && born=${20}
  else
    born=$(ps -o lstart= -p "$1" | tr -s ' ' _)
  fi
  [ -n "$born" ]
}

# alive FILE: is the process named in FILE there, on this machine?
alive() {
  local pid since where
  { read -r pid since where <"$1"; } 2>/dev/null || return 1
  [ "$where" = "$machine" ] && born "$pid" && [ "$born" = "$since" ]
}

# finish STATE CODE [REASON]: the last fact. With a full disk it waits for room.
finish() {
  local n=0
  until record exit "$1 $2 $(date +%s) ${3-}"; do
    n=$((n + 1))
    [ -d "$dir" ] && [ $n -lt 120 ] || exit 1
    sleep 5
  done
  exit 0
}

# The pool is where jobs of all workspaces note which GPUs they have, one numbered file
# a claim: POOL/SLOT.NUMBER, whose lines are this process and the job's directory. The
# highest number counts; whoever finds its owner gone makes the next one, by a hard link,
# which only one can. It is never removed while it is the highest, so that a slow one
# who read an older claim can only make a number that exists or is not the highest.

# last SLOT: sets $last to the number of a slot's newest claim, 0 if there is none
last() {
  local file number
  last=0
  for file in "$pool/$1".*; do
    number=${file##*.}
    case $number in '' | *[!0-9]*) continue ;; esac
    if [ "$number" -gt "$last" ]; then last=$number; fi
  done
}

# held SLOT: has another job that still lives the newest claim? Sets $last.
held() {
  local job
  last "$1"
  { read -r _ && read -r job; } 2>/dev/null <"$pool/$1.$last" || return 1
  [ "$job" != "$dir" ] && [ ! -e "$job/exit" ] && { alive "$pool/$1.$last" || alive "$job/child"; }
}

# claim SLOT: takes it, from whoever is gone; adds it to $claims
claim() {
  local next file
  if held "$1"; then return 1; fi
  next=$((last + 1))
  printf '%s\n%s\n' "$self" "$dir" 2>/dev/null >"$pool/.$$" || return 1
  if ! ln "$pool/.$$" "$pool/$1.$next" 2>/dev/null; then return 1; fi
  last "$1"
  if [ "$last" != "$next" ]; then
    rm -f "$pool/$1.$next"
    return 1
  fi
  for file in "$pool/$1".*; do
    if [ "${file##*.}" -lt $next ]; then rm -f "$file"; fi
  done 2>/dev/null
  claims="$claims $1.$next"
}

# disclaim: gives back what was claimed when it is not enough
disclaim() {
  local name
  for name in $claims; do
    echo free 2>/dev/null >"$pool/.$$" && mv -f "$pool/.$$" "$pool/$name"
  done
  claims=
}

# choose TAKEN: as many free slots as the job needs, all or none; sets $given
choose() {
  local slot n=0 free=0 name
  given='' claims=
  for slot in ${slots//,/ }; do
    case $1 in *",$slot,"*) continue ;; esac
    name=${slot//\//_}
    if [ -z "$pool" ] || ! held "$name"; then free=$((free + 1)); fi
  done
  if [ $free -lt "$need" ]; then return 1; fi
  for slot in ${slots//,/ }; do
    if [ $n -ge "$need" ]; then break; fi
    case $1 in *",$slot,"*) continue ;; esac
    if [ -z "$pool" ] || claim "${slot//\//_}"; then given=$given,$slot n=$((n + 1)); fi
  done
  given=${given#,}
  if [ -n "$pool" ]; then rm -f "$pool/.$$"; fi
  if [ $n -ge "$need" ]; then return 0; fi
  disclaim
  return 1
}

# my_turn: the job it comes after has ended, no older job waits here, and enough slots are free; sets $given. Only the
# oldest waiting job of a workspace can take slots; jobs of others are kept off by the
# pool.
my_turn() {
  local other taken=, slot
  idle=1
  other=$jobs/$after
  if [ -n "$after" ] && [ ! -e "$other/exit" ] && { alive "$other/keeper" || alive "$other/child"; }; then return 1; fi
  for other in "$jobs"/L*; do
    if [ "$other" = "$dir" ] || [ -e "$other/exit" ]; then continue; fi
    if [ -e "$other/started" ]; then
      if alive "$other/keeper" || alive "$other/child"; then
        read -r slot <"$other/gpus" && taken=$taken$slot,
      fi
    elif [ "${other##*/L}" -lt "${id#L}" ]; then
      if alive "$other/keeper"; then return 1; fi
      if [ ! -e "$other/keeper" ] && alive "$other/submitter"; then return 1; fi
    fi
  done
  idle=0.$((3 + RANDOM % 4)) # two that wait for the same do not go on in step
  choose "$taken"
}

# group_lives: has the job's process group any member?
group_lives() { kill -0 -- "-$child" 2>/dev/null; }

# sweep: ends all that is left of the job, kindly, then not
sweep() {
  local n=0
  kill -TERM -- "-$child" 2>/dev/null
  while group_lives && [ $n -lt $((grace * 10)) ]; do
    sleep 0.1
    n=$((n + 1))
  done
  kill -KILL -- "-$child" 2>/dev/null
}

# run: the job from start to end; sets $state and $code
run() {
  local until_s since
  : >>"$log" || finish FAILED 0:53 "cannot write the log"
  cd "$work" || finish FAILED 0:53 "cannot enter the working directory"
  export SHARDECK_JOB_ID=$id SHARDECK_SCHEDULER=local SHARDECK_LOCAL_GPUS=$given
  if [ "$real" = true ] && [ "$need" -gt 0 ]; then export CUDA_VISIBLE_DEVICES=$given; fi
  set -m # a process group of its own
  bash "$dir/script.sh" </dev/null >>"$log" 2>&1 &
  child=$!
  set +m
  since=
  if born $child; then since=$born; fi
  record child "$child $since $machine"
  until_s=$(($(date +%s) + limit)) state=
  while born $child && [ "$born" = "$since" ]; do
    if [ -n "$asked" ] || [ -e "$dir/cancel" ]; then
      state=CANCELLED
    elif [ "$limit" -gt 0 ] && [ "$(date +%s)" -ge $until_s ]; then
      state=TIMEOUT
    fi
    if [ -n "$state" ]; then break; fi
    sleep 0.3
  done
  if [ -n "$state" ]; then sweep; fi
  wait $child 2>/dev/null
  code=$?
  if group_lives; then sweep; fi
}

if [ "$mode" = launch ]; then
  set -m
  bash "$dir/keeper.sh" keep "$dir" "$slots" "$need" "$limit" "$grace" "$log" "$work" "$machine" "$real" "$pool" "$after" \
    </dev/null >"$dir/keeper.log" 2>&1 &
  while [ ! -e "$dir/keeper" ] && kill -0 $! 2>/dev/null; do sleep 0.02; done
  [ -e "$dir/keeper" ]
  exit
fi

if ! { born $$ && self="$$ $born $machine" && record keeper "$self"; }; then exit 1; fi
asked=
trap 'asked=1' TERM INT
trap : HUP
until my_turn; do
  if [ -n "$asked" ] || [ -e "$dir/cancel" ]; then finish CANCELLED 0:0; fi
  [ -d "$dir" ] || exit 1
  sleep $idle
done
if ! { record gpus "$given" && record started "$(date +%s)"; }; then
  finish FAILED 0:53 "cannot write in $dir"
fi
run
if [ -n "$state" ]; then finish "$state" 0:15; fi
# a shell tells an exit code of 137 and a death by signal 9 by the same number
if [ $code -eq 0 ]; then finish COMPLETED 0:0; fi
finish FAILED $code:0
