package slurm

import (
	"errors"
	"fmt"
	"strings"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// fault is one thing Slurm says on its standard error, and what to tell people.
// Messages are matched by their end part, as their beginnings differ by command.
type fault struct {
	says string // what Slurm writes, or part of it
	text string // what happened; empty: Slurm's own words
	todo string
	kind error
}

// faults, most telling first: a line about a QOS limit comes before the general
// line that follows it.
var faults = []fault{
	// refusals of sbatch
	{"Invalid account or account/partition", "the account is not one that you may charge", "set slurm.account to one of yours: sacctmgr show assoc user=$USER format=account", nil},
	{"Invalid qos specification", "the QOS does not exist, or your account may not use it", "set slurm.qos to auto, or to one of: sacctmgr show assoc user=$USER format=account,qos", nil},
	{"Invalid partition name specified", "the partition does not exist", "remove the partition; here the QOS and constraint pick it", nil},
	{"Invalid feature specification", "no node has what the constraint asks for", "set slurm.constraint to auto", nil},
	{"does not match any supported policy", "the site has no policy for such a job", "give account, QOS, constraint, nodes and time; on Perlmutter the constraint gpu", nil},
	{"QOSMaxWallDurationPerJobLimit", "the time limit is longer than the QOS allows", "shorten slurm.time, or choose another QOS (debug allows 30 min)", nil},
	{"QOSMaxSubmitJobPerUserLimit", "you have as many jobs waiting and running as the QOS allows", "wait for one to end, or choose another QOS", nil},
	{"QOSMaxGRESPerJob", "the job asks for more GPUs than the QOS allows", "set slurm.qos to regular (shared allows 2 GPUs)", nil},
	{"QOSMaxNodePerJobLimit", "the job asks for more nodes than the QOS allows", "set slurm.qos to regular", nil},
	{"AssocGrpBillingMinutes", "the project has no hours left", "charge another account, or ask the project's owner", nil},
	{"Job violates accounting/QOS policy", "the job is larger or longer than your account or QOS allows", "ask for less time or fewer GPUs, or choose another QOS", nil},
	{"Requested time limit is invalid", "the time limit is missing or longer than the partition allows", "shorten slurm.time", nil},
	{"Invalid --time specification", "Slurm cannot read the time limit", "write slurm.time as HH:MM:SS", nil},
	{"Node count specification invalid", "the number of nodes is 0, or more than there are", "choose a smaller layout", nil},
	{"Memory specification can not be satisfied", "no node has that much memory", "remove --mem: whole nodes come with all of it", nil},
	{"Requested node configuration is not available", "no set of nodes has what the job asks for: GPUs of each node, their kind, or the constraint", "set slurm.constraint to auto and check the GPUs", nil},
	{"Invalid generic resource (gres) specification", "Slurm cannot read the request for GPUs", "write --gpus-per-node=4", nil},
	{"Job dependency problem", "the job that this one depends on is not known", "submit it without the dependency", nil},
	{"Invalid job array specification", "the array is too large", "submit fewer tasks", nil},
	{"Batch script is empty", "the job script is empty", "generate it again", nil},
	{"This does not look like a batch script", "the job script does not begin with #!", "make its first line #!/bin/bash", nil},
	{"contains DOS line breaks", "the job script has DOS line ends", "convert it: sed -i 's/\\r$//' on the script", nil},
	{"Pathname of a file, directory or other parameter too long", "the job script is too long (4 MB at most)", "move its data into a file", nil},
	{"unrecognized option", "", "remove this option from the script's #SBATCH lines", nil},
	{"Unable to open file", "", "generate the script again", nil},
	{"Disk quota exceeded", "your disk quota is exceeded", "see showquota, and remove old traces", nil},
	// other commands
	{"Invalid job id specified", "Slurm knows no such job", "take an id from the list of jobs", scheduler.ErrNoJob},
	{"Invalid job id", "Slurm knows no such job", "take an id from the list of jobs", scheduler.ErrNoJob},
	{"Access/permission denied", "the job belongs to somebody else", "ask its owner", nil},
	{"Invalid user id", "the job belongs to somebody else, or your user is not known to Slurm", "ask its owner, or the site", nil},
	{"accounting storage is disabled", "this Slurm keeps no accounts, so finished jobs are forgotten", "", scheduler.ErrNoHistory},
	{"Only 'accounting_storage/slurmdbd' is supported", "this Slurm keeps no accounts, so finished jobs are forgotten", "", scheduler.ErrNoHistory},
	// Slurm is ill
	{"Problem talking to the database", "Slurm's accounting database does not answer", "jobs run on; their history comes back with it", scheduler.ErrUnreachable},
	{"Sending PersistInit msg", "Slurm's accounting database does not answer", "jobs run on; their history comes back with it", scheduler.ErrUnreachable},
	{"Unable to contact slurm controller", "Slurm's controller is not running", "jobs run on; see the site's status page", scheduler.ErrUnreachable},
	{"Socket timed out", "Slurm's controller does not answer in time", "jobs run on; see the site's status page", scheduler.ErrUnreachable},
	{"Connection refused", "Slurm refuses the connection", "see the site's status page", scheduler.ErrUnreachable},
	{"Munge", "the munge service that signs requests to Slurm does not run on this machine", "use another login node, or tell the site", scheduler.ErrUnreachable},
	{"Protocol authentication error", "Slurm does not accept this machine's signature", "use another login node, or tell the site", scheduler.ErrUnreachable},
	{"Unable to process configuration file", "Slurm's configuration cannot be read", "check SLURM_CONF, or use another login node", scheduler.ErrUnreachable},
	{"Could not establish a configuration source", "no Slurm cluster is configured on this machine", "log in to a node that has Slurm, or use the local scheduler", scheduler.ErrUnreachable},
	{"Transport endpoint is not connected", "the connection to Slurm's controller broke", "wait a little", scheduler.ErrUnreachable},
	{"Zero Bytes were transmitted", "the connection to Slurm's controller broke", "wait a little", scheduler.ErrUnreachable},
	{"Slurm temporarily unable to accept job", "Slurm takes no jobs at the moment", "wait a little", scheduler.ErrUnreachable},
	{"Slurm backup controller in standby", "Slurm's controller is changing over", "wait a little", scheduler.ErrUnreachable},
}

// explain turns a command's failure into words. Slurm's own lines are kept: the one
// before the last often has the true cause.
func explain(program string, a answer) error {
	said := lastErrorLines(a.err)
	for _, f := range faults {
		if strings.Contains(a.err, f.says) {
			return f.make(program, said)
		}
	}
	if len(said) == 0 {
		said = []string{fmt.Sprintf("exit code %d and not a word", a.code)}
	}
	return &scheduler.Fault{Text: fmt.Sprintf("%s failed: %s", program, strings.Join(said, "; ")), ToDo: "try it by hand"}
}

// make is the error of a known fault.
func (f fault) make(program string, said []string) error {
	words := strings.Join(said, "; ")
	text := fmt.Sprintf("%s (%s)", f.text, words)
	if f.text == "" {
		text = fmt.Sprintf("%s: %s", program, words)
	}
	return &scheduler.Fault{Text: text, ToDo: f.todo, Kind: f.kind}
}

// headers are what Slurm's messages begin with; they tell a user nothing.
var headers = []string{"Batch job submission failed: ", "slurm_load_jobs error: ", "slurm_load_partitions: "}

// lastErrorLines are the last few lines of a command's errors, cleaned, shortened and
// without their headers.
func lastErrorLines(errs string) []string {
	var out []string
	for _, l := range strings.Split(errs, "\n") {
		l = strings.TrimSpace(model.Printable(l))
		if program, rest, ok := strings.Cut(l, ": error: "); ok && !strings.Contains(program, " ") {
			l = rest
		}
		for _, h := range headers {
			l = strings.TrimPrefix(l, h)
		}
		if l != "" {
			out = append(out, fmt.Sprintf("%.200s", l))
		}
	}
	return out[max(0, len(out)-3):]
}

// isNoJob reports whether an error is that of an unknown id.
func isNoJob(err error) bool { return errors.Is(err, scheduler.ErrNoJob) }
