package slurm

// scene is one state of a job: shell lines that bring it about and print the job's
// id last, and what squeue then says, STATE REASON.
type scene struct {
	name, until, lines string
	after              string // shell lines that undo what was done to the cluster
}

// full takes all nodes; hog is its id.
const full = `hog=$(sb -N4 --wrap 'sleep 600'); until_state $hog RUNNING; `

// scenes are every state and reason that users of a cluster meet; the cluster has
// four nodes of four GPUs.
var scenes = []scene{
	{name: "running", until: "RUNNING ", lines: `sb -N2 --wrap 'sleep 600'`},
	{name: "resources", until: "PENDING Resources", lines: full + `sb -N4 --wrap true`},
	{name: "priority", until: "PENDING Priority", lines: full + `sb -N4 --wrap true; sb -N4 --wrap true`},
	{name: "dependency", until: "PENDING Dependency", lines: full + `sb -N1 -d afterok:$hog --wrap true`},
	{name: "dependency-never", until: "PENDING DependencyNeverSatisfied",
		lines: `a=$(sb -N1 --wrap 'sleep 1; exit 1'); sb -N1 -d afterok:$a --wrap true`},
	{name: "qos-jobs", until: "PENDING QOSMaxJobsPerUserLimit",
		lines: `for i in 1 2 3; do sb -N1 -q debug --wrap 'sleep 600'; done`},
	{name: "qos-time", until: "PENDING QOSMaxWallDurationPerJobLimit",
		lines: `sacctmgr -iQ modify qos gpu_debug set Flags=-1; sleep 1; sb -N1 -q debug -t 60 --wrap true`,
		after: `sacctmgr -iQ modify qos gpu_debug set Flags=DenyOnLimit`},
	{name: "account-jobs", until: "PENDING AssocMaxJobsLimit",
		lines: `sacctmgr -iQ modify user root where account=m5678_g set MaxJobs=1; sleep 1; sb -N1 -A m5678 --wrap 'sleep 600'; sb -N1 -A m5678 --wrap true`,
		after: `sacctmgr -iQ modify user root where account=m5678_g set MaxJobs=-1`},
	{name: "account-nodes", until: "PENDING AssocGrpNodeLimit",
		lines: `sacctmgr -iQ modify account m5678_g set GrpTRES=node=1; sleep 1; sb -N1 -A m5678 --wrap 'sleep 600'; sb -N1 -A m5678 --wrap true`,
		after: `sacctmgr -iQ modify account m5678_g set GrpTRES=node=-1`},
	{name: "account-hours", until: "PENDING AssocGrpBillingMinutes",
		lines: `sacctmgr -iQ modify qos gpu_regular set Flags=-1; sacctmgr -iQ modify account m5678_g set GrpTRESMins=billing=0; sleep 1; sb -N1 -A m5678 --wrap true`,
		after: `sacctmgr -iQ modify qos gpu_regular set Flags=DenyOnLimit; sacctmgr -iQ modify account m5678_g set GrpTRESMins=billing=-1`},
	{name: "begin-time", until: "PENDING BeginTime", lines: `sb -N1 --begin=now+1hour --wrap true`},
	{name: "held", until: "PENDING JobHeldUser", lines: `sb -N1 -H --wrap true`},
	{name: "held-admin", until: "PENDING JobHeldAdmin", lines: `j=$(sb -N1 --begin=now+1hour --wrap true); scontrol hold $j; echo $j`},
	{name: "licenses", until: "PENDING Licenses",
		lines: `a=$(sb -N1 -L scratch --wrap 'sleep 600'); until_state $a RUNNING; sb -N1 -L scratch --wrap true`},
	{name: "reservation", until: "PENDING Reservation",
		lines: `scontrol create reservation ReservationName=r1 StartTime=now+1hour Duration=60 Users=root Nodes=nid001000 >/dev/null; sb -N1 --reservation=r1 --wrap true`,
		after: `scontrol delete ReservationName=r1`},
	{name: "maintenance", until: "PENDING ReqNodeNotAvail, Reserved for maintenance",
		lines: `scontrol create reservation ReservationName=m1 StartTime=now+20minutes Duration=60 Flags=maint,ignore_jobs Users=root Nodes=ALL >/dev/null; sb -N1 -t 30 --wrap true`,
		after: `scontrol delete ReservationName=m1`},
	{name: "heterogeneous", until: "RUNNING ",
		lines: `printf '%s\n' '#!/bin/bash' '#SBATCH hetjob' '#SBATCH -C gpu -q regular -A m1234 -N2 -t 10 --gpus-per-node=4 --comment=sd-heterogeneous' 'sleep 600' >"$W/het.sh"
sb -N1 "$W/het.sh"`},
	{name: "nodes-down", until: "PENDING Nodes required.*",
		lines: `scontrol update nodename=nid[001000-001003] state=drain reason=x; sb -N1 --wrap true`,
		after: `scontrol update nodename=nid[001000-001003] state=resume 2>/dev/null || :`},
	{name: "node-down", until: "PENDING ReqNodeNotAvail.*",
		lines: `scontrol update nodename=nid001000 state=drain reason=x; sb -N1 -w nid001000 --wrap true`,
		after: `scontrol update nodename=nid001000 state=resume 2>/dev/null || :`},
	{name: "suspended", until: "SUSPENDED ", lines: `j=$(sb -N1 --wrap 'sleep 600'); until_state $j RUNNING; scontrol suspend $j; echo $j`,
		after: `scontrol resume $(squeue -h -t S -o %i) 2>/dev/null || :; scancel -u root`},
	{name: "completing", until: "COMPLETING ",
		lines: `j=$(sb -N1 --wrap "trap '' TERM; while :; do sleep 1; done"); until_state $j RUNNING; sleep 1; scancel $j; echo $j`},
	{name: "completed", until: "COMPLETED ", lines: `sb -N1 --wrap true`},
	{name: "failed", until: "FAILED NonZeroExitCode", lines: `sb -N1 --wrap 'exit 3'`},
	{name: "failed-signal", until: "FAILED .*", lines: `sb -N1 --wrap 'kill -9 $$'`},
	{name: "no-log-folder", until: "FAILED .*|COMPLETED ", // from 23.11 on Slurm makes the folder
		lines: `sb -N1 -o "$W/absent/%j.out" --wrap true`},
	{name: "timeout", until: "TIMEOUT TimeLimit", lines: `sb -N1 -t 1 --wrap 'sleep 600'`},
	{name: "cancelled-waiting", until: "CANCELLED .*", lines: `j=$(sb -N1 -H --wrap true); scancel $j; echo $j`},
	{name: "cancelled-running", until: "CANCELLED .*", lines: `j=$(sb -N1 --wrap 'sleep 600'); until_state $j RUNNING; scancel $j; echo $j`},
	{name: "node-fail", until: "NODE_FAIL .*",
		lines: `j=$(sb -N1 -w nid001000 --wrap 'sleep 600'); until_state $j RUNNING; scontrol update nodename=nid001000 state=down reason=x; echo $j`,
		after: `scontrol update nodename=nid001000 state=resume 2>/dev/null || :`},
	{name: "node-fail-requeue", until: "PENDING .+",
		lines: `j=$(sb -N1 --requeue -w nid001000 --wrap 'sleep 600'); until_state $j RUNNING; scontrol update nodename=nid001000 state=down reason=x; echo $j`,
		after: `scontrol update nodename=nid001000 state=resume 2>/dev/null || :`},
	{name: "preempted", until: "PREEMPTED .*",
		lines: `j=$(sb -N4 -q preempt --no-requeue --wrap 'sleep 600'); until_state $j RUNNING; sb -N4 --wrap 'sleep 600'; echo $j`},
	{name: "preempted-requeue", until: "PENDING REQUEUED",
		lines: `j=$(sb -N4 -q preempt --requeue --wrap 'sleep 600'); until_state $j RUNNING; sb -N4 --wrap 'sleep 600'; echo $j`},
	{name: "requeued", until: "PENDING REQUEUED",
		lines: `j=$(sb -N1 --requeue --wrap 'sleep 600'); until_state $j RUNNING; scontrol requeue $j; echo $j`},
	{name: "requeued-held", until: "PENDING job requeued in held state",
		lines: `j=$(sb -N1 --requeue --wrap 'sleep 600'); until_state $j RUNNING; scontrol requeuehold $j; echo $j`},
	{name: "array-waiting", until: "PENDING JobHeldUser", lines: `sb -N1 -H --array=0-19%2 --wrap true`},
	{name: "array", until: "PENDING JobArrayTaskLimit",
		lines: `j=$(sb -N1 --array=0-19%2 --wrap '[ $SLURM_ARRAY_TASK_ID -lt 2 ] || sleep 600'); until squeue -h -r -t R -j $j -o %K | grep -qx 3; do sleep 0.1; done; echo $j`},
	{name: "array-failed", until: "FAILED NonZeroExitCode",
		lines: `j=$(sb -N1 --gpus-per-node=1 -q shared -n1 --mem=1G --array=0-19 --wrap 'exit $((SLURM_ARRAY_TASK_ID == 7 ? 4 : 0))')
until [ -z "$(squeue -h -t PD,R,CG -j $j)" ]; do sleep 0.2; done; echo $j`},
}

// memoryScenes need the memory cgroup.
var memoryScenes = []scene{
	{name: "out-of-memory", until: "OUT_OF_MEMORY .*",
		lines: `sb -N1 -q shared --gpus-per-node=1 --mem=60M --wrap 'python3 -c "b = bytearray(400 << 20)" & x=$(head -c 300M /dev/zero | tr "\0" x); wait'`},
	{name: "out-of-memory-step", until: "FAILED .*|OUT_OF_MEMORY .*", // of the job as well, up to 20.11
		lines: `sb -N1 -q shared --gpus-per-node=1 --mem=60M --wrap 'srun python3 -c "b = bytearray(400 << 20)"'`},
}

// answers are jobs of every kind at once, of which whole answers are kept, with all of what a priority is made of.
const answers = `printf 'Priority%s\n' MaxAge=2 CalcPeriod=1 WeightJobSize=300 WeightPartition=50 WeightAssoc=10 >>"$SLURM_CONF"
kill $(cat "$(dirname "$SLURM_CONF")/run/slurmctld.pid"); sleep 2; slurmctld >/dev/null 2>&1
until sinfo -h >/dev/null 2>&1; do sleep 0.2; done
odd=$(sb -N2 -q debug -t 30 -J "$(printf 'we|ird\nna me é')" -o "$W/%j-%x.out" -e "$W/%j.err" --wrap 'sleep 600'); until_state $odd RUNNING
ended=$(sb -N1 -q debug --wrap 'sleep 1; exit 3'); until [ -z "$(squeue -h -j $ended)" ]; do sleep 0.2; done
tasks=$(sb -N1 --array=0-3%1 --wrap 'sleep 600'); until squeue -h -r -t R -j $tasks -o %K | grep -qx 0; do sleep 0.1; done
held=$(sb -N2 -H --wrap true); scancel $held
sb -N99 --wrap true || :
hog=$(sb -N1 --wrap 'sleep 600'); until_state $hog RUNNING
sb -N4 --wrap true; sb -N1 -q premium --wrap true; sb -N1 --wrap true; sb -N1 --nice=30 --wrap true
sb -q shared -N1 --gpus-per-node=1 --wrap true; sb -N1 -p gpu_ss11,shared_gpu_ss11 --wrap true
until sprio -h -o %A | grep -q '[1-9]'; do sleep 1; done; sleep 2`
