// Package slurm runs jobs through Slurm's own commands: sbatch, squeue, sacct,
// scancel, and sacctmgr, scontrol and sinfo for what is allowed.
//
// Every call (command.go) has a deadline of its own, a clean environment and no
// twin: at most one of a kind is under way. Answers are asked field by field
// (records.go), with the ASCII unit and record separators between fields and jobs,
// since names may hold anything else; each field is cleaned where it enters
// (values.go). What Slurm's words mean is data (templates/slurm.yaml). A reply that is
// not wholly good is an error, never an empty list.
package slurm

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

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
	plainer  oldSacct
}

var _ scheduler.Scheduler = (*Slurm)(nil)

// New makes a Slurm. It starts nothing: whether the commands exist shows at the
// first call.
func New(o Options) *Slurm {
	s := &Slurm{commands: newCommands(o.Env), zone: o.Local, query: cmp.Or(o.Timeout, 15*time.Second),
		submit: cmp.Or(o.Submit, 30*time.Second), patience: 8 * time.Second}
	if s.zone == nil {
		s.zone = time.Local
	}
	return s
}

// Name is slurm.
func (s *Slurm) Name() string { return Name }

// Jobs lists this user's jobs that Slurm's controller still knows, also those that
// ended in the last minutes (MinJobAge), by one squeue. An array is one job.
func (s *Slurm) Jobs(ctx context.Context) ([]model.Job, error) {
	text, err := s.ask(ctx, "squeue", squeueArgs()...)
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
	if j, ok := tagged(jobs, tag); ok {
		return j, true, nil
	}
	jobs, err = s.accounted(ctx, time.Now().Add(-findBack))
	if errors.Is(err, scheduler.ErrNoHistory) {
		return model.Job{}, false, nil
	}
	j, ok := tagged(jobs, tag)
	return j, ok, err
}

// findBack is how far Find looks into the history: a submission is looked for
// when shardeck next runs, which may be after a holiday.
const findBack = 30 * 24 * time.Hour

// tagged picks the job that carries a tag.
func tagged(jobs []model.Job, tag string) (model.Job, bool) {
	i := slices.IndexFunc(jobs, func(j model.Job) bool { return tag != "" && j.Tag == tag })
	if i < 0 {
		return model.Job{}, false
	}
	return jobs[i], true
}

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

// Limits asks for the version, whether accounts are kept, and which accounts and
// QOS this user has. Only an absent or unreachable Slurm is an error: what the
// rest does not tell stays empty, and Note says why.
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
	assoc, err := s.ask(ctx, "sacctmgr", "--noheader", "--parsable2", "show", "assoc", "user="+userName(), "format=account,qos")
	if err != nil {
		l.Note = "accounts and QOS are not known: " + err.Error()
		return l, nil
	}
	l.Accounts, l.QOS = parseAssoc(assoc)
	return l, nil
}

// userName is this user's name, which sacctmgr wants where squeue takes --me.
func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}

// configValue picks a value of `scontrol show config`.
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
