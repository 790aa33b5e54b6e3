// Package slurm runs jobs through Slurm's own commands: sbatch, squeue, sacct,
// scancel, and sacctmgr, scontrol and sinfo for what is allowed.
//
// Every call (command.go) has a deadline of its own, a clean environment and no twin: at most one of a kind is
// under way. Answers are asked field by field (records.go), with the ASCII unit and record separators between
// fields and jobs, since names may hold anything else; each field is cleaned where it enters (values.go). What
// Slurm's words mean is data (templates/slurm.yaml). A reply that is not wholly good is an error, never an
// empty list.
package slurm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"shardeck/backend/process"
	"shardeck/backend/scheduler"
	"shardeck/model"
)

// Name of this scheduler, as jobs carry it.
const Name = "slurm"

// Options of a Slurm; the zero value is right outside tests.
type Options struct {
	Env     []string       // KEY=value over the process's environment, such as SLURM_CONF=…
	Timeout time.Duration  // for each query; 0: 15 s, longer than Slurm's own 10 s
	Submit  time.Duration  // for sbatch; 0: 30 s
	Local   *time.Location // zone of the times that Slurm prints; nil: this machine's
}

// Slurm is the scheduler of this machine's cluster, for this user.
type Slurm struct {
	commands *commands
	zone     *time.Location
	query    time.Duration
	submit   time.Duration
	patience time.Duration // with a cancelled job that does not end
	unknown  sync.Map      // fields that this sacct does not know
}

var _ scheduler.Scheduler = (*Slurm)(nil)

// New makes a Slurm. It starts nothing: whether the commands exist shows at the first call.
func New(o Options) *Slurm {
	return &Slurm{commands: newCommands(o.Env), zone: cmp.Or(o.Local, time.Local), query: cmp.Or(o.Timeout, 15*time.Second),
		submit: cmp.Or(o.Submit, 30*time.Second), patience: 8 * time.Second}
}

// Name is slurm.
func (s *Slurm) Name() string { return Name }

// Jobs lists this user's jobs that Slurm's controller still knows, also those that
// ended in the last minutes (MinJobAge), by one squeue. An array is one job.
func (s *Slurm) Jobs(ctx context.Context) ([]model.Job, error) {
	return s.queued(ctx, "--me")
}

// queued asks squeue for some jobs.
func (s *Slurm) queued(ctx context.Context, which string) ([]model.Job, error) {
	text, err := s.ask(ctx, "squeue", squeueArgs(which)...)
	if err != nil {
		return nil, err
	}
	jobs, err := parseSqueue(text, s.zone)
	return foldArrays(jobs), err
}

// Find looks in squeue, then in sacct, for the job submitted with a tag.
func (s *Slurm) Find(ctx context.Context, tag string) (model.Job, bool, error) {
	jobs, err := s.Jobs(ctx)
	if err != nil {
		return model.Job{}, false, err
	}
	tagged := func(j model.Job) bool { return tag != "" && j.Tag == tag }
	found := model.First(jobs, tagged)
	if found == nil {
		jobs, err = s.accounted(ctx, s.mineSince(time.Now().Add(-findBack))...)
		found = model.First(jobs, tagged)
	}
	if errors.Is(err, scheduler.ErrNoHistory) {
		err = nil
	}
	if found == nil {
		return model.Job{}, false, err
	}
	return *found, true, err
}

// findBack is how far Find looks into the history: a submission is looked for
// when shardeck next runs, which may be after a holiday.
const findBack = 30 * 24 * time.Hour

// ask runs one query and returns its output, or the fault in words.
func (s *Slurm) ask(ctx context.Context, program string, args ...string) (string, error) {
	a, err := s.commands.run(ctx, call{program: program, args: args, limit: s.query})
	if err != nil {
		return "", err
	}
	if a.code != 0 {
		return "", explain(program, a)
	}
	return a.out, nil
}

// Limits asks for the version, whether accounts are kept, and which accounts and QOS this user has. Only an
// absent or unreachable Slurm is an error: what the rest does not tell stays empty, and Note says why.
func (s *Slurm) Limits(ctx context.Context) (scheduler.Limits, error) {
	version, err := s.ask(ctx, "sinfo", "--version")
	if err != nil {
		return scheduler.Limits{}, err
	}
	l := scheduler.Limits{Version: cleanValue(version)}
	config, err := s.ask(ctx, "scontrol", "show", "config")
	if err != nil {
		return l, err
	}
	l.History = strings.Contains(configValue(config, "AccountingStorageType"), "slurmdbd")
	if !l.History {
		l.Note = "this Slurm keeps no accounts: account and QOS are not checked, finished jobs are soon forgotten"
		return l, nil
	}
	assoc, err := s.ask(ctx, "sacctmgr", "--noheader", "--parsable2", "show", "assoc", "user="+process.User(), "format=account,qos")
	if err != nil {
		l.Note = "accounts and QOS are not known: " + err.Error()
		return l, nil
	}
	l.Accounts, l.QOS = parseAssoc(assoc)
	return l, nil
}

func configValue(config, key string) string {
	for line := range strings.Lines(config) {
		if k, v, ok := strings.Cut(line, "="); ok && strings.TrimSpace(k) == key {
			return cleanValue(v)
		}
	}
	return ""
}

// parseAssoc reads lines of account|qos,qos into two sorted lists.
func parseAssoc(text string) (accounts, qos []string) {
	for line := range strings.Lines(text) {
		account, list, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "|")
		accounts = append(accounts, model.Printable(account))
		qos = append(qos, strings.Split(model.Printable(list), ",")...)
	}
	return sorted(accounts), sorted(qos)
}

// sorted is a list in order, each word once, without empty ones.
func sorted(words []string) []string {
	slices.Sort(words)
	return slices.DeleteFunc(slices.Compact(words), func(w string) bool { return w == "" })
}

// submitted is the reply of sbatch --parsable: an id, and a cluster's name where there are several.
var submitted = regexp.MustCompile(`^([0-9]+)(?:;[^\s]*)?$`)

// Submit hands the script to sbatch on its standard input: what was checked and recorded
// is what runs, whatever happens to the file meanwhile.
func (s *Slurm) Submit(ctx context.Context, r scheduler.Request) (string, error) {
	if err := r.Check(); err != nil {
		return "", err
	}
	a, err := s.sbatch(ctx, r, s.submit)
	if errors.Is(err, errLate) || errors.Is(err, context.Canceled) || err != nil && (a.code < 0 || mayHaveSubmitted(a.err)) {
		return "", replyLost(err)
	}
	if err != nil {
		return "", err
	}
	if m := submitted.FindStringSubmatch(strings.TrimSpace(a.out)); m != nil {
		return m[1], nil
	}
	return "", replyLost(fmt.Errorf("sbatch gave no job id but %.60q", a.out))
}

// sbatch runs it with options that beat the script's own, in the job's folder: --chdir sets where the job runs,
// but SLURM_SUBMIT_DIR, by which a script finds its workspace, is where sbatch was.
func (s *Slurm) sbatch(ctx context.Context, r scheduler.Request, limit time.Duration, more ...string) (answer, error) {
	args := []string{"--parsable", "--comment=" + r.Tag, "--chdir=" + r.Dir, "--output=" + r.Log}
	if r.Name != "" {
		args = append(args, "--job-name="+r.Name)
	}
	if r.After != "" {
		args = append(args, "--dependency=afterany:"+r.After)
	}
	a, err := s.commands.run(ctx, call{program: "sbatch", args: append(args, more...), stdin: r.Script, env: r.Env, dir: r.Dir, limit: limit})
	if err == nil && a.code != 0 {
		err = explain("sbatch", a)
	}
	return a, err
}

// mayHaveSubmitted: the request left, the reply did not come. A controller that was never reached took nothing; a sbatch that a signal
// ended (its code is -1) does not say.
func mayHaveSubmitted(errors string) bool {
	signs := []string{"Socket timed out", "Zero Bytes were transmitted", "Transport endpoint", "Unexpected message received", "Unable to receive",
		"Unable to send", "Connection reset", "Broken pipe", "Header lengths are longer", "Communication shutdown", "Insane message length"}
	return slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(errors, sign) })
}

// replyLost marks an error after which the job may exist.
func replyLost(cause error) error {
	return &scheduler.Fault{Text: "the reply to this submission was lost, so the job may or may not exist",
		ToDo:  "do not submit again: shardeck looks for it at the next refresh, by its tag",
		Kind:  scheduler.ErrMaybe,
		Cause: cause}
}

// jobID is what scancel may be given: a job or a whole array, a part of a
// heterogeneous job, a task of an array, or the waiting rest of an array.
var jobID = regexp.MustCompile(`^([0-9]+)(\+[0-9]+|_[0-9]+|_\[[0-9,:-]+(?:%[0-9]+)?\])?$`)

// cancelID turns an id as squeue prints it into one that scancel takes.
func cancelID(id string) (string, bool) {
	if !jobID.MatchString(id) {
		return "", false
	}
	before, _, limited := strings.Cut(id, "%")
	if limited {
		before += "]"
	}
	return before, true
}

// Cancel runs scancel, which is silent for ids it does not know, and then looks whether the job ends.
func (s *Slurm) Cancel(ctx context.Context, id string) error {
	target, ok := cancelID(id)
	if !ok {
		return &scheduler.Fault{Text: fmt.Sprintf("%.40q is no job id", id), ToDo: "take one from the list of jobs", Kind: scheduler.ErrNoJob}
	}
	if _, err := s.ask(ctx, "scancel", target); err != nil {
		return err
	}
	end := time.Now().Add(s.patience)
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		active, err := s.active(ctx, target)
		if err != nil || !active {
			return err
		}
		if time.Now().After(end) {
			return &scheduler.Fault{Text: fmt.Sprintf("job %s did not end within seconds of scancel", id),
				ToDo: "look again in a minute; a node that does not answer can hold it"}
		}
		if err := scheduler.Pause(ctx, wait); err != nil {
			return err
		}
	}
}

// active asks for one job's state, or that of an array's tasks; what is ending counts as ended.
func (s *Slurm) active(ctx context.Context, id string) (bool, error) {
	whole, _, rest := strings.Cut(id, "_[")
	out, err := s.ask(ctx, "squeue", "--noheader", "--jobs="+whole, "--states=all", "--Format=State:"+record)
	if errors.Is(err, scheduler.ErrNoJob) && s.isKnown(ctx, whole) {
		return false, nil
	}
	if err != nil || rest { // of an array whose rest is cancelled, running tasks go on
		return false, err
	}
	for word := range strings.SplitSeq(out, record) {
		var j model.Job
		setState(&j, strings.TrimSpace(word))
		if j.State.Active() && j.State != model.JobCompleting {
			return true, nil
		}
	}
	return false, nil
}

var _ scheduler.Estimator = (*Slurm)(nil)

// wouldStart is what sbatch --test-only says, on its standard error.
var wouldStart = regexp.MustCompile(`Job [0-9]+ to start at ([0-9T:-]+) using [0-9]+ processors on nodes (\S+)`)

// Estimate asks sbatch --test-only when the job would start, and where. Nothing is
// submitted, though Slurm uses up an id.
func (s *Slurm) Estimate(ctx context.Context, r scheduler.Request) (scheduler.Estimate, error) {
	if err := r.Check(); err != nil {
		return scheduler.Estimate{}, err
	}
	a, err := s.sbatch(ctx, r, s.query, "--test-only")
	if err != nil {
		return scheduler.Estimate{}, err
	}
	m := wouldStart.FindStringSubmatch(a.err)
	if m == nil {
		return scheduler.Estimate{}, badAnswer("sbatch --test-only", a.err)
	}
	e := scheduler.Estimate{Start: parseTime(m[1], s.zone), Nodes: model.Printable(m[2])}
	if e.Start.After(time.Now().Add(farthest)) {
		e.Start = time.Time{}
	}
	return e, nil
}

// farthest is the horizon beyond which Slurm's estimate is its word for never: it says a year from now.
const farthest = 360 * 24 * time.Hour
