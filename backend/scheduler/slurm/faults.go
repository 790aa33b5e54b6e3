package slurm

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"shardeck/backend/scheduler"
	"shardeck/backend/strictyaml"
	"shardeck/model"
	"shardeck/templates"
)

// fault is one thing Slurm says on its standard error, and what to tell people.
type fault struct {
	Says string `yaml:"says"` // what Slurm writes, or part of it
	Text string `yaml:"text"` // what happened; empty: Slurm's own words
	ToDo string `yaml:"todo"`
	Kind string `yaml:"kind"`
}

var kinds = map[string]error{"no-job": scheduler.ErrNoJob, "no-history": scheduler.ErrNoHistory, "unreachable": scheduler.ErrUnreachable}

// faults are those of templates/slurm_errors.yaml, most telling first, read once.
var faults = sync.OnceValue(func() []fault {
	var file struct {
		Errors []fault `yaml:"errors"`
	}
	strictyaml.MustDecode(templates.FS, "slurm_errors.yaml", &file)
	return file.Errors
})

// explain turns a command's failure into words. Slurm's own lines are kept: the one
// before the last often has the true cause.
func explain(program string, a answer) error {
	said := lastErrorLines(a.err)
	for _, f := range faults() {
		if strings.Contains(a.err, f.Says) {
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
	text := fmt.Sprintf("%s (%s)", f.Text, words)
	if f.Text == "" {
		text = fmt.Sprintf("%s: %s", program, words)
	}
	return &scheduler.Fault{Text: text, ToDo: f.ToDo, Kind: kinds[f.Kind]}
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
