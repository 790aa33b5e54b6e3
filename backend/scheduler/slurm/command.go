package slurm

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// How much of an answer is taken: 5,000 jobs in squeue are some 2 MB.
const (
	maxOutput = 32 << 20
	maxErrors = 64 << 10
)

type call struct {
	program string
	args    []string
	stdin   string
	env     []string      // over the common environment
	dir     string        // to run it in; empty: ours
	limit   time.Duration // its deadline
}

type answer struct {
	out, err string
	code     int
}

// commands runs Slurm's programs, one of a kind at a time.
type commands struct {
	env   []string
	gates sync.Map // program → scheduler.Turn
}

// newCommands cleans the environment, and keeps Slurm from cutting the list of an array's waiting tasks short.
func newCommands(env []string) *commands {
	return &commands{env: slices.Concat(cleanEnv(os.Environ()), []string{"SLURM_BITSTR_LEN=0"}, env)}
}

// foreignVariable would change what Slurm's commands do or print: options of an outer job, a user's own formats.
var foreignVariable = regexp.MustCompile(`^(?:SLURM|SBATCH|SALLOC|SRUN|SQUEUE|SACCT|SCANCEL|SINFO|SSTAT|SPANK)_`)

// keptVariable is one among them that says which cluster this is; an empty one would have Slurm look for no file for a minute.
var keptVariable = regexp.MustCompile(`^SLURM_(?:CONF|CONF_SERVER|JWT)=.`)

func cleanEnv(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(e string) bool { return foreignVariable.MatchString(e) && !keptVariable.MatchString(e) })
}

var errLate = errors.New("no answer in time")

// run runs one command to its end, its deadline or that of the context, whichever comes first; then its whole
// process group is killed. A command that cannot even be killed (its file system hangs) does not hold the
// caller, but keeps its gate, so that no second one piles up behind it.
func (c *commands) run(ctx context.Context, k call) (answer, error) {
	all, _ := c.gates.LoadOrStore(k.program, scheduler.NewTurn())
	gate := all.(scheduler.Turn)
	if !gate.Take(ctx) {
		return answer{}, endOf(ctx, k, time.Now(), ctx.Err())
	}
	start := time.Now()
	limited, cancel := context.WithTimeout(ctx, k.limit)
	defer cancel()
	var a answer
	var err error
	done := make(chan struct{})
	go func() {
		defer gate.Leave()
		a, err = c.start(limited, k)
		close(done)
	}()
	select {
	case <-done:
		return a, endOf(ctx, k, start, err)
	case <-limited.Done():
	}
	select { // killed a moment ago: let it go, so that none is left when we return
	case <-done:
	case <-time.After(time.Second):
	}
	return answer{}, endOf(ctx, k, start, limited.Err())
}

// endOf puts the end of a command that gave no answer into words.
func endOf(ctx context.Context, k call, start time.Time, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return &scheduler.Fault{Text: fmt.Sprintf("%s gave no answer within %v", k.program, time.Since(start).Round(100*time.Millisecond)),
			ToDo: "wait a little; `scontrol ping` and the site's status page tell more",
			Kind: fmt.Errorf("%w: %w", scheduler.ErrUnreachable, errLate)}
	case errors.Is(err, exec.ErrNotFound):
		return &scheduler.Fault{Text: fmt.Sprintf("%s is not installed here", k.program), Kind: scheduler.ErrAbsent,
			ToDo: "log in to a node that has Slurm, or use the local scheduler"}
	}
	return &scheduler.Fault{Text: "cannot run " + k.program, Cause: err, ToDo: "see whether it runs by hand"}
}

// start runs the process in a group of its own.
func (c *commands) start(ctx context.Context, k call) (answer, error) {
	cmd := exec.CommandContext(ctx, k.program, k.args...)
	cmd.Env, cmd.Dir = slices.Concat(c.env, k.env), k.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 500 * time.Millisecond
	out, errs := &capped{limit: maxOutput, fatal: true}, &capped{limit: maxErrors}
	cmd.Stdout, cmd.Stderr, cmd.Stdin = out, errs, strings.NewReader(k.stdin)
	err := cmd.Run()
	a := answer{out: out.kept.String(), err: errs.kept.String()}
	if cmd.ProcessState != nil {
		a.code = cmd.ProcessState.ExitCode()
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return a, ctx.Err()
	case out.lost:
		return a, fmt.Errorf("its answer has more than %d MiB", maxOutput>>20)
	case errors.As(err, &exit):
		return a, nil
	}
	return a, err
}

// capped keeps the first bytes written to it. More are dropped, or, where they matter, end the program.
type capped struct {
	kept  bytes.Buffer // not embedded: its ReadFrom would pass Write by
	limit int
	fatal bool
	lost  bool
}

var errLong = errors.New("too long an answer")

func (c *capped) Write(p []byte) (int, error) {
	room := c.limit - c.kept.Len()
	if room >= len(p) {
		return c.kept.Write(p)
	}
	c.lost = true
	c.kept.Write(p[:max(room, 0)])
	if c.fatal {
		return 0, errLong
	}
	return len(p), nil
}

// fault is one thing Slurm says on its standard error, and what to tell people.
type fault struct {
	Says string `yaml:"says"` // what Slurm writes, or part of it
	Text string `yaml:"text"` // what happened; empty: Slurm's own words
	ToDo string `yaml:"todo"`
	Kind string `yaml:"kind"`
}

var kinds = map[string]error{"no-job": scheduler.ErrNoJob, "no-history": scheduler.ErrNoHistory, "absent": scheduler.ErrAbsent, "unreachable": scheduler.ErrUnreachable}

// vocabulary is what Slurm's words mean, of templates/slurm.yaml.
var vocabulary = strictyaml.Embedded[struct {
	Errors []fault                   `yaml:"errors"` // most telling first
	States map[string]model.JobState `yaml:"states"`
}]("slurm.yaml")

// explain puts a failure into words and Slurm's own lines: the one before the last often has the true cause.
func explain(program string, a answer) error {
	said := strings.Join(lastErrorLines(a.err), "; ")
	for _, f := range vocabulary().Errors {
		if !strings.Contains(a.err, f.Says) {
			continue
		}
		text := fmt.Sprintf("%s (%s)", f.Text, said)
		if f.Text == "" {
			text = program + ": " + said
		}
		return &scheduler.Fault{Text: text, ToDo: f.ToDo, Kind: kinds[f.Kind]}
	}
	said = cmp.Or(said, fmt.Sprintf("exit code %d and not a word", a.code))
	return &scheduler.Fault{Text: fmt.Sprintf("%s failed: %s", program, said), ToDo: "try it by hand"}
}

// headers are what Slurm's messages begin with; they tell a user nothing.
var headers = []string{"Batch job submission failed: ", "slurm_load_jobs error: ", "slurm_load_partitions: "}

// lastErrorLines are the last few lines of a command's errors, cleaned, shortened and without their headers.
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
