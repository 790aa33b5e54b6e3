package model

import (
	"regexp"
	"strings"
)

// Reason is what a scheduler's word for a job's state means to the person waiting.
type Reason struct {
	Words   string // one short sentence
	Forever bool   // it will not change by waiting: offer to cancel
}

// reasons are Slurm's words, as squeue -o %r and sacct print them. [slurm.md §3, perlmutter.md §3]
var reasons = map[string]Reason{
	"None":                          {"just submitted", false},
	"Priority":                      {"other jobs go first", false},
	"Resources":                     {"next in line, waiting for nodes", false},
	"Dependency":                    {"waiting for another job", false},
	"DependencyNeverSatisfied":      {"the job it waits for failed: it will never start", true},
	"BeginTime":                     {"its start time has not come", false},
	"JobHeldUser":                   {"held: release it with scontrol release", true},
	"JobHeldAdmin":                  {"held by an administrator", true},
	"JobArrayTaskLimit":             {"as many tasks of the array run as may", false},
	"Licenses":                      {"waiting for a licence, such as a file system in maintenance", false},
	"Reservation":                   {"waiting for its reservation", false},
	"ReqNodeNotAvail":               {"the nodes asked for are down or reserved", false},
	"NodeDown":                      {"a node went down", false},
	"REQUEUED":                      {"back in the queue: it starts anew in some minutes", false},
	"job requeued in held state":    {"back in the queue and held: release it with scontrol release", true},
	"Cleaning":                      {"the last run of the job is being cleaned up", false},
	"PartitionTimeLimit":            {"its time limit is more than the partition allows: it will never start", true},
	"PartitionNodeLimit":            {"it asks for more nodes than the partition has: it will never start", true},
	"BadConstraints":                {"no node is as the job asks: it will never start", true},
	"InvalidAccount":                {"the account is not valid: it will never start", true},
	"InvalidQOS":                    {"the QOS is not valid: it will never start", true},
	"AssocGrpBillingMinutes":        {"the project is out of hours", true},
	"AssocGrpCPUMinutesLimit":       {"the project is out of hours", true},
	"AssocMaxJobsLimit":             {"as many jobs of the account run as may", false},
	"QOSMaxJobsPerUserLimit":        {"as many of your jobs run in this QOS as may", false},
	"QOSMaxSubmitJobPerUserLimit":   {"as many of your jobs are submitted in this QOS as may", false},
	"QOSMaxWallDurationPerJobLimit": {"its time limit is more than the QOS allows: it will never start", true},
	"QOSMaxGRESPerJob":              {"it asks for more GPUs than the QOS allows: it will never start", true},
	"QOSMaxNodePerJobLimit":         {"it asks for more nodes than the QOS allows: it will never start", true},
	"QOSGrpNodeLimit":               {"the QOS is full", false},
	"JobLaunchFailure":              {"the node could not start it", false},
	"RaisedSignal:9":                {"killed: by the node's memory limit, or by hand", false},
	"launch failed requeued held":   {"the node could not start it: release it with scontrol release", true},
	"NonZeroExitCode":               {"the script ended with an error", false},
	"RaisedSignal:53":               {"its folder or its log could not be opened", false},
	"TimeLimit":                     {"its time ran out", false},
	"OutOfMemory":                   {"the node's memory ran out", false},
	"SystemFailure":                 {"Slurm or the node failed", false},
	"Preempted":                     {"stopped for a job that goes first", false},
}

// ReasonOf words a reason. A word that is not in the table is shown as it is;
// none at all gives no words.
func ReasonOf(word string) Reason {
	word = strings.TrimSpace(word)
	if r, ok := reasons[word]; ok {
		return r
	}
	if word == "" || word == "(null)" {
		return Reason{}
	}
	// Some carry details behind the word: "ReqNodeNotAvail, UnavailableNodes:nid001",
	// "RaisedSignal:53(Real-time_signal_19)".
	head := word
	if i := strings.IndexAny(word, ",("); i > 0 {
		head = word[:i]
	}
	if r, ok := reasons[head]; ok {
		return r
	}
	if r, ok := limitOf(word); ok {
		return r
	}
	if who, ok := strings.CutPrefix(word, "CANCELLED by "); ok {
		return Reason{Words: "cancelled by " + Printable(who)}
	}
	if strings.HasPrefix(word, "Nodes required for job are DOWN") {
		return reasons["ReqNodeNotAvail"]
	}
	return Reason{Words: Printable(word)}
}

// limits are Slurm's words for limits of an account (Assoc) or a QOS: of all its jobs
// (Grp) or of each (Max), on what, for how long, and for whom.
var limits = regexp.MustCompile(`^(Assoc|QOS)(Grp|Max|Min)(CPU|Cpu|GRES|Gres|Nodes?|SubmitJobs?|Jobs?|Mem(?:ory)?|Billing|WallDuration|Wall|License|Energy|BB)(RunMin(?:ute)?s|Min(?:ute)?s)?(Per(?:Job|Node|User|Account))?(?:Limit)?$`)

// limited are the things limits are set on.
var limited = map[string]string{"CPU": "CPUs", "Cpu": "CPUs", "GRES": "GPUs", "Gres": "GPUs", "Node": "nodes", "Nodes": "nodes",
	"SubmitJob": "submitted jobs", "SubmitJobs": "submitted jobs", "Job": "running jobs", "Jobs": "running jobs", "Mem": "memory", "Memory": "memory",
	"Billing": "node hours", "Wall": "time", "WallDuration": "time", "License": "licences", "Energy": "energy", "BB": "burst buffer"}

// limitOf words a limit that has no entry of its own.
func limitOf(word string) (Reason, bool) {
	m := limits.FindStringSubmatch(word)
	if m == nil {
		return Reason{}, false
	}
	who, thing := map[string]string{"Assoc": "the account", "QOS": "the QOS"}[m[1]], limited[m[3]]
	switch {
	case strings.HasPrefix(m[4], "Run"):
		return Reason{"running jobs hold all the hours that " + who + " has", false}, true
	case m[4] != "" && m[5] == "":
		return Reason{who + " has no hours left", true}, true
	case m[2] == "Min":
		return Reason{"it asks for less (" + thing + ") than " + who + " wants: it will never start", true}, true
	case m[5] == "PerJob" || m[5] == "PerNode" || m[2] == "Max" && m[5] == "" && m[3] != "Jobs" && m[3] != "Job":
		return Reason{"it asks for more (" + thing + ") than " + who + " allows: it will never start", true}, true
	case m[5] == "PerUser":
		return Reason{"your jobs have all that " + who + " allows a user: " + thing, false}, true
	}
	return Reason{"jobs of " + who + " have all that it allows: " + thing, false}, true
}

// Words is the state as the screens show it, in one or two words.
func (s JobState) Words() string {
	if w, ok := stateWords[s]; ok {
		return w
	}
	return strings.ToLower(strings.ReplaceAll(Printable(string(s)), "_", " "))
}

var stateWords = map[JobState]string{
	JobPending: "waiting", JobRunning: "running", JobCompleting: "ending", JobCompleted: "done", JobFailed: "failed",
	JobCancelled: "cancelled", JobTimeout: "out of time", JobNodeFail: "node failed", JobOutOfMemory: "out of memory",
	JobPreempted: "preempted", JobSuspended: "suspended", JobUnknown: "unknown",
}
