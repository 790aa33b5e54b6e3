// Package scheduler is the one door to whatever runs jobs. Slurm and the local scheduler
// stand behind it, and both pass the test in conformance/.
package scheduler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"shardeck/backend/process"
	"shardeck/model"
)

// Scheduler submits, lists and ends jobs. Every call keeps to its context's deadline, starts at most one
// process of a kind at a time, and is safe for concurrent use.
type Scheduler interface {
	// Name is slurm or local.
	Name() string
	// Submit hands a script over and returns the job's id. When the reply is lost (a
	// timeout), the error wraps ErrMaybe: the job may exist, and Find tells.
	Submit(ctx context.Context, r Request) (string, error)
	// Jobs lists this user's waiting and running jobs and, where the scheduler still
	// knows them, those that just ended, by one query. It is empty only by its answer.
	Jobs(ctx context.Context) ([]model.Job, error)
	// History lists this user's finished jobs since a time; ErrNoHistory where the site keeps none.
	History(ctx context.Context, since time.Time) ([]model.Job, error)
	// Find looks for the job submitted with a tag, finished ones included. It is false without error only when
	// the scheduler answered; within seconds of a lost submission that may be too early.
	Find(ctx context.Context, tag string) (model.Job, bool, error)
	// Cancel ends one job and looks that it does. Cancelling a job that has ended
	// is not an error; one that never was wraps ErrNoJob.
	Cancel(ctx context.Context, id string) error
	// Limits tells what is allowed here, as far as the scheduler says.
	Limits(ctx context.Context) (Limits, error)
}

// Estimator is a scheduler that can say when a job would start. Planning is dear: for a user who asked, once.
type Estimator interface {
	Estimate(ctx context.Context, r Request) (Estimate, error)
}

// Waiter is a scheduler that tells more of a job that waits, or that was put back into the queue: for a user who asked.
type Waiter interface {
	// Runs lists every run of a job that was put back into the queue, the oldest first.
	Runs(ctx context.Context, id string) ([]model.Job, error)
	// Reservations lists those of the cluster, that are or come.
	Reservations(ctx context.Context) ([]model.Reservation, error)
	// Rank is a job's place among those that wait; false where the site does not show it.
	Rank(ctx context.Context, j model.Job) (model.Rank, bool)
}

// Looker is a scheduler that can look at the GPUs of a job of this user that runs, from within it: for a user who asked, seldom.
type Looker interface {
	GPUs(ctx context.Context, j model.Job) ([]model.GPUUse, error)
}

// Others is a scheduler that tells of jobs by their ids, whoever owns them; one that it does not know is left out.
type Others interface {
	ByID(ctx context.Context, ids []string) ([]model.Job, error)
}

// Estimate of a job that is not submitted.
type Estimate struct {
	Start time.Time // zero: not known, or never
	Nodes string    // where, as the scheduler lists them
}

// Request is one job to submit. Script is complete: its #SBATCH lines hold all that Slurm needs. Name, Log and
// Dir are said to Slurm once more and beat those lines, so that they are the same for both schedulers.
type Request struct {
	Script string   // text; must begin with #!
	Path   string   // where Script also lies, for people
	Dir    string   // working directory: the workspace, absolute
	Name   string   // empty: as the script says
	Tag    string   // unique, carried in the job's comment
	GPUs   int      // used by the local scheduler, to take that many slots
	Log    string   // absolute path, may hold %j; its directory must exist
	Env    []string // KEY=value, added to the job's environment
	Limit  time.Duration
	After  string // a job that must have ended before, however it did; empty: none
}

// Pause waits, or until ctx ends, which is its error.
func Pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	return ctx.Err()
}

// Turn is a lock that is given up waiting for when a context ends.
type Turn chan struct{}

// NewTurn makes one that nobody has.
func NewTurn() Turn { return make(Turn, 1) }

// Take waits for the turn; false: the context ended first.
func (t Turn) Take(ctx context.Context) bool {
	select {
	case t <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// Leave gives the turn to the next.
func (t Turn) Leave() { <-t }

// Limits of this user.
type Limits struct {
	Version  string   `json:"version"` // slurm 22.05.8
	Accounts []string `json:"accounts"`
	QOS      []string `json:"qos"`
	GPUs     int      `json:"gpus"`    // local: slots, of which each job takes as many as it has GPUs
	History  bool     `json:"history"` // finished jobs can be listed
	Note     string   `json:"note"`    // what is assumed rather than known, one line
}

// Errors that callers act upon; the text for people is in the wrapping error.
var (
	// ErrMaybe wraps the error of a submission whose reply was lost.
	ErrMaybe = errors.New("the job may have been submitted")
	// ErrNoHistory is History's answer where no accounting exists.
	ErrNoHistory = errors.New("this scheduler keeps no history")
	// ErrUnreachable wraps errors of a scheduler that does not answer.
	ErrUnreachable = errors.New("the scheduler does not answer")
	// ErrAbsent is that of one that is not there at all: its commands are not installed, or no cluster is configured.
	ErrAbsent = fmt.Errorf("no cluster: %w", ErrUnreachable)
	// ErrNoJob is a job id that the scheduler never heard of.
	ErrNoJob = fmt.Errorf("no such job: %w", model.ErrUnknown)
)

// Fault is a scheduler's error for people, of one of the kinds above or of none.
type Fault = model.Fault

const maxScript = 4 << 20 // bytes that Slurm takes

// tagPattern keeps tags to what every scheduler carries unchanged.
var tagPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Check refuses what a scheduler would refuse, or take and let die without a log, in the same words for both.
func (r Request) Check() error { return cmp.Or(r.checkScript(), r.checkWords(), r.checkPlaces()) }

func (r Request) checkScript() error {
	for _, rule := range []struct {
		broken     bool
		text, todo string
	}{
		{strings.TrimSpace(r.Script) == "", "the job script is empty", "generate it again"},
		{!strings.HasPrefix(r.Script, "#!"), "the job script does not begin with #!", "make its first line #!/bin/bash"},
		{strings.Contains(r.Script, "\r\n"), "the job script has DOS line ends", "convert it: sed -i 's/\\r$//' " + cmp.Or(r.Path, "the script")},
		{strings.ContainsRune(r.Script, 0), "the job script holds a zero byte, so it is no text", "generate it again"},
		{len(r.Script) > maxScript, fmt.Sprintf("the job script has %d bytes, Slurm takes 4 MiB", len(r.Script)), "move its data into a file"},
	} {
		if rule.broken {
			return &Fault{Text: rule.text, ToDo: rule.todo}
		}
	}
	return nil
}

func (r Request) checkWords() error {
	if !tagPattern.MatchString(r.Tag) {
		return &Fault{Text: fmt.Sprintf("%q is no tag for a job", r.Tag), ToDo: "use at most 64 letters, digits, dots and dashes"}
	}
	for what, value := range map[string]string{"name": r.Name, "log path": r.Log, "directory": r.Dir} {
		if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return &Fault{Text: fmt.Sprintf("the job's %s %q holds a control character", what, value), ToDo: "rename it"}
		}
		if strings.Contains(value, `\`) || !utf8.ValidString(value) { // with a backslash Slurm takes no %j
			return &Fault{Text: fmt.Sprintf("the job's %s %q holds a backslash or bytes that are not UTF-8, which Slurm's names of logs cannot", what, value),
				ToDo: "rename the folder, or work in another one with -C"}
		}
	}
	for _, e := range r.Env {
		if i := strings.IndexByte(e, '='); i < 1 || strings.ContainsRune(e, 0) {
			return &Fault{Text: fmt.Sprintf("%q is no environment variable", e), ToDo: "write KEY=value"}
		}
	}
	return nil
}

// checkPlaces refuses directories that do not exist: Slurm takes such a job and fails it later, with no log.
func (r Request) checkPlaces() error {
	for _, path := range []string{r.Dir, r.Log} {
		if !filepath.IsAbs(path) {
			return &Fault{Text: fmt.Sprintf("the path %q of the job is not absolute", path), ToDo: "give the whole path"}
		}
	}
	for _, dir := range []string{r.Dir, filepath.Dir(ExpandLog(r.Log, model.Job{ID: "0"}))} {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return &Fault{Text: fmt.Sprintf("the directory %s does not exist, and the job needs it before it starts", dir), ToDo: "mkdir -p " + dir}
		}
	}
	return nil
}

// logSymbol is a replacement symbol of a pattern for a log's name, with its padding.
var logSymbol = regexp.MustCompile(`%(?:%|([0-9]*)([AajJnrstux]))`)

// ExpandLog makes the name of a job's log of its pattern, as Slurm does for a batch script: a path with a
// backslash is taken as it is without them. What only the node knows (%N) or not every release (%b) stays as it
// is, and so does a symbol that this job has no value for yet. [sbatch(1) "filename pattern"; expand_stdio_fields
// in Slurm's src/common/print_fields.c]
func ExpandLog(pattern string, j model.Job) string {
	if strings.Contains(pattern, `\`) {
		return strings.ReplaceAll(pattern, `\`, "")
	}
	array, task, _ := strings.Cut(j.ID, "_")
	job := cmp.Or(j.RawID, j.ID)
	if strings.Contains(array, "+") {
		array = job // a part of a heterogeneous job is none of an array
	}
	values := map[string]string{"%": "%", "A": array, "a": cmp.Or(task, noTask), "j": job, "J": job, "n": "0", "r": strconv.Itoa(j.Restarts),
		"s": "batch", "t": "0", "u": "", "x": j.Name}
	return logSymbol.ReplaceAllStringFunc(pattern, func(symbol string) string {
		m := logSymbol.FindStringSubmatch(symbol)
		value := values[cmp.Or(m[2], "%")]
		if m[2] == "u" {
			value = process.User()
		}
		width, _ := strconv.Atoi(m[1])
		if _, err := strconv.ParseUint(value, 10, 64); err == nil && m[2] != "x" && m[2] != "u" {
			return strings.Repeat("0", max(min(width, 10)-len(value), 0)) + value
		}
		if strings.HasPrefix(value, "[") { // tasks that wait have a log each
			return symbol
		}
		return value
	})
}

// noTask is what Slurm puts in the place of the task of a job that is no array.
const noTask = "4294967294"
