// Package local runs jobs on this machine, for those who have a workstation, an
// allocation or a recording instead of a Slurm queue.
//
// There is no daemon. Each job is a directory below the state directory, named by its id (L1, L2, …), and a
// small bash script of ours, the keeper (keeper.sh), detached from whoever submitted it: it waits for its turn,
// takes as many GPU slots as the job has GPUs, runs the job in a process group of its own, ends it at its time
// limit or when asked, and writes down how it ended. All there is to know is in files, each renamed into place,
// so any number of shardecks may come, go and be killed. Processes are named by pid, start time and machine
// (package process): a pid that was used again, or a reboot, is noticed and never signalled. GPUs are shared out among
// the jobs of one state directory by the order of their ids, and among all of a user by claims in a pool.
package local

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"shardeck/backend/process"
	"shardeck/backend/scheduler"
	"shardeck/model"
)

// Name of this scheduler, as jobs carry it.
const Name = "local"

// remembered is how long Jobs lists a job that has ended, as Slurm's MinJobAge.
const remembered = 5 * time.Minute

// Options of a local scheduler.
type Options struct {
	Dir   string // state directory, such as .shardeck/local of the workspace; made when first needed
	GPUs  int    // slots on a machine where no GPU is found; 0: 4, enough for any replay of one node
	Pool  string // folder of this user where the jobs of all workspaces note which GPUs they have; empty: each workspace for itself
	Grace int    // seconds between asking a job to end and killing it; 0: 5
}

// Local is the scheduler of this machine.
type Local struct {
	dir   string
	pool  string
	grace int
	here  process.Host
	slots func() slots
	ended sync.Map // id → model.Job that will not change again
}

var _ scheduler.Scheduler = (*Local)(nil)

// New makes a local scheduler. It touches nothing until it is asked for something.
func New(o Options) *Local {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		dir = o.Dir
	}
	return &Local{dir: dir, pool: o.Pool, grace: cmp.Or(o.Grace, 5), here: process.Here(),
		slots: sync.OnceValue(func() slots { return findSlots(cmp.Or(o.GPUs, 4)) })}
}

// Name is local.
func (l *Local) Name() string { return Name }

// Jobs lists the jobs that wait or run, and those that ended minutes ago.
func (l *Local) Jobs(ctx context.Context) ([]model.Job, error) {
	return l.filter(ctx, func(j model.Job) bool {
		return j.State.Active() || j.State == model.JobUnknown || time.Since(j.End) < remembered
	})
}

// History lists the jobs that ended since a time.
func (l *Local) History(ctx context.Context, since time.Time) ([]model.Job, error) {
	return l.filter(ctx, func(j model.Job) bool { return !j.State.Active() && !j.End.Before(since) })
}

// Find looks for the job submitted with a tag.
func (l *Local) Find(ctx context.Context, tag string) (model.Job, bool, error) {
	jobs, err := l.filter(ctx, func(j model.Job) bool { return tag != "" && j.Tag == tag })
	if err != nil || len(jobs) == 0 {
		return model.Job{}, false, err
	}
	return jobs[0], true, nil
}

// Limits tells the slots, and whether they are real.
func (l *Local) Limits(context.Context) (scheduler.Limits, error) {
	s := l.slots()
	return scheduler.Limits{Version: "local, on " + process.HostName(), GPUs: len(s.ids), History: true, Note: s.note}, nil
}

// filter reads all jobs and keeps some, in the order of their ids.
func (l *Local) filter(ctx context.Context, keep func(model.Job) bool) ([]model.Job, error) {
	ids, err := l.ids()
	if err != nil {
		return nil, err
	}
	var jobs []model.Job
	first := true // the first waiting job waits for GPUs, others for it
	for _, id := range ids {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		j, err := l.job(id)
		if err != nil {
			return nil, err
		}
		if j.State == model.JobPending && j.Reason == "" {
			j.Reason = map[bool]string{true: "Resources", false: "Priority"}[first]
			first = false
		}
		if keep(j) {
			jobs = append(jobs, j)
		}
	}
	return jobs, nil
}

// job reads one job, from memory if it has ended.
func (l *Local) job(id string) (model.Job, error) {
	if j, ok := l.ended.Load(id); ok {
		return j.(model.Job), nil
	}
	j, err := l.read(id)
	if err == nil && !j.State.Active() && j.State != model.JobUnknown {
		l.ended.Store(id, j)
	}
	return j, err
}

// idPattern is that of a job's id: no number that Slurm could mean.
var idPattern = regexp.MustCompile(`^L[1-9][0-9]{0,8}$`)

// ids lists the jobs there are, oldest first.
func (l *Local) ids() ([]string, error) {
	entries, err := os.ReadDir(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, model.Failed("cannot read the local scheduler's jobs", err, "make "+l.dir+" readable")
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() && idPattern.MatchString(e.Name()) {
			out = append(out, e.Name())
		}
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	return out, nil
}

//go:embed keeper.sh
var keeper string

// jobRecord is what job.json holds: the request, less what other files hold.
type jobRecord struct {
	Name   string        `json:"name"`
	Tag    string        `json:"tag"`
	GPUs   int           `json:"gpus"`
	Dir    string        `json:"dir"`
	Log    string        `json:"log"` // %j not yet expanded
	Limit  time.Duration `json:"limit"`
	Submit time.Time     `json:"submit"`
}

// Submit makes the job's directory whole under a temporary name, takes the next id by
// renaming it, and launches its keeper. A tag that is there is not submitted twice.
func (l *Local) Submit(ctx context.Context, r scheduler.Request) (string, error) {
	if err := l.check(r); err != nil {
		return "", err
	}
	if j, ok, err := l.Find(ctx, r.Tag); ok || err != nil {
		return j.ID, err
	}
	draft, err := l.draft(r)
	if err != nil {
		return "", unwritable(l.dir, err)
	}
	id, err := l.claim(draft)
	if err != nil {
		_ = os.RemoveAll(draft)
		return "", unwritable(l.dir, err)
	}
	if err := l.launch(ctx, id, r); err != nil {
		_ = os.RemoveAll(filepath.Join(l.dir, id))
		return "", err
	}
	return id, nil
}

func (l *Local) check(r scheduler.Request) error {
	if err := r.Check(); err != nil {
		return err
	}
	if s := l.slots(); r.GPUs > len(s.ids) {
		return &scheduler.Fault{Text: fmt.Sprintf("the job needs %d GPUs, this machine has %d (%s)", r.GPUs, len(s.ids), s.note),
			ToDo: "choose a smaller layout, or a cluster"}
	}
	return nil
}

func (l *Local) draft(r scheduler.Request) (string, error) {
	if err := os.MkdirAll(l.dir, 0o755); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(l.dir, "new-")
	if err != nil {
		return "", err
	}
	text, err := json.MarshalIndent(jobRecord{r.Name, r.Tag, r.GPUs, r.Dir, r.Log, r.Limit, time.Now().Truncate(time.Second)}, "", "  ")
	for name, content := range map[string]string{
		"job.json": string(text) + "\n", "script.sh": r.Script, "keeper.sh": keeper, "submitter": l.here.Self().String() + "\n",
	} {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600)
		}
	}
	if err != nil {
		_ = os.RemoveAll(dir)
	}
	return dir, err
}

// claim gives a draft the next free id. A rename onto a directory that is not empty fails: no two get the same.
func (l *Local) claim(draft string) (string, error) {
	for {
		ids, err := l.ids()
		if err != nil {
			return "", err
		}
		last := 0
		if len(ids) > 0 {
			last, _ = strconv.Atoi(ids[len(ids)-1][1:])
		}
		id := "L" + strconv.Itoa(last+1)
		err = os.Rename(draft, filepath.Join(l.dir, id))
		if err == nil || !errors.Is(err, fs.ErrExist) && !errors.Is(err, syscall.ENOTEMPTY) {
			return id, err
		}
	}
}

// launch starts the keeper in a session of its own, to outlive us and the terminal, and returns when it is on disk.
func (l *Local) launch(ctx context.Context, id string, r scheduler.Request) error {
	dir := filepath.Join(l.dir, id)
	s := l.slots()
	limit := int((r.Limit + time.Second - 1) / time.Second)
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", filepath.Join(dir, "keeper.sh"), "launch", dir,
		strings.Join(s.ids, ","), strconv.Itoa(r.GPUs), strconv.Itoa(limit), strconv.Itoa(l.grace),
		scheduler.ExpandLog(r.Log, model.Job{ID: id, Name: r.Name}), r.Dir, string(l.here), strconv.FormatBool(s.real), l.poolFor(s), r.After)
	cmd.Env = append(os.Environ(), r.Env...)
	cmd.Dir = r.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.WaitDelay = time.Second
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil {
		return model.Failed("the local job could not be started", fmt.Errorf("%w %.200s", err, model.Printable(errs.String())),
			"see that bash is installed and the disk has room")
	}
	return nil
}

func unwritable(dir string, err error) error {
	var f *scheduler.Fault
	switch {
	case errors.As(err, &f):
		return err
	case diskFull(err):
		return model.Failed("the disk is full, so no job can be recorded", err, "make room, then submit again")
	}
	return model.Failed("cannot record the job in "+dir, err, "make the directory writable, or use another workspace")
}

// slots are the GPUs that jobs share out, or stand-ins for them.
type slots struct {
	ids  []string // as CUDA_VISIBLE_DEVICES names them
	real bool
	note string // where they come from
}

// findSlots counts the GPUs: those this process may see, else those of this machine, else stand-ins as configured.
func findSlots(fallback int) slots {
	if v := os.Getenv("CUDA_VISIBLE_DEVICES"); v != "" && v != "-1" {
		return slots{ids: strings.Split(v, ","), real: true, note: "GPUs from CUDA_VISIBLE_DEVICES"}
	}
	if cards, from, _ := Cards(context.Background()); len(cards) > 0 {
		return slots{ids: model.Each(cards, func(c Card) string { return c.ID }), real: true, note: "GPUs from " + from}
	}
	return slots{ids: upTo(fallback), note: fmt.Sprintf("no GPU was found here: %d slots are assumed, enough for replays", fallback)}
}

// poolFor is the folder where jobs note that they have GPUs of this machine, or of this
// allocation, which numbers them anew. It is empty, and each workspace keeps to itself,
// for stand-ins and where no folder takes hard links.
func (l *Local) poolFor(s slots) string {
	if l.pool == "" || !s.real {
		return ""
	}
	name := process.HostName()
	if job := os.Getenv("SLURM_JOB_ID"); job != "" {
		name += "-job" + job
	}
	dir := filepath.Join(l.pool, name)
	if err := os.MkdirAll(dir, 0o700); err != nil || !takesHardLinks(dir) {
		return ""
	}
	return dir
}

// takesHardLinks reports whether a folder's file system knows hard links; a full disk may.
func takesHardLinks(dir string) bool {
	f, err := os.CreateTemp(dir, ".try-")
	if err != nil {
		return diskFull(err)
	}
	_ = f.Close()
	defer func() { _ = os.Remove(f.Name()) }()
	err = os.Link(f.Name(), f.Name()+"-2")
	_ = os.Remove(f.Name() + "-2")
	return err == nil || diskFull(err)
}

func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// upTo is 0, 1, … n-1 as text.
func upTo(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = strconv.Itoa(i)
	}
	return ids
}
