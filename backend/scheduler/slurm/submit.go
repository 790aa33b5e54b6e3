package slurm

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"shardeck/backend/scheduler"
)

// submitted is the reply of sbatch --parsable: an id, and a cluster's name where
// there are several.
var submitted = regexp.MustCompile(`^([0-9]+)(?:;[^\s]*)?$`)

// Submit hands the script to sbatch on its standard input, so that what was
// checked and recorded is what runs, whatever happens to the file meanwhile. It is run in
// the job's folder: --chdir sets where the job runs, but SLURM_SUBMIT_DIR, by which a
// script finds its workspace, is where sbatch was.
func (s *Slurm) Submit(ctx context.Context, r scheduler.Request) (string, error) {
	if err := r.Check(); err != nil {
		return "", err
	}
	a, err := s.commands.run(ctx, call{program: "sbatch", args: submitArgs(r), stdin: r.Script, env: r.Env, dir: r.Dir, limit: s.submit})
	if errors.Is(err, errLate) || err != nil && ctx.Err() != nil {
		return "", replyLost(err)
	}
	if err != nil {
		return "", err
	}
	if a.code != 0 {
		err := explain("sbatch", a)
		if mayHaveSubmitted(a.err) {
			return "", replyLost(err)
		}
		return "", err
	}
	if m := submitted.FindStringSubmatch(strings.TrimSpace(a.out)); m != nil {
		return m[1], nil
	}
	return "", replyLost(fmt.Errorf("sbatch gave no job id but %.60q", a.out))
}

// submitArgs are sbatch's options over the script's own.
func submitArgs(r scheduler.Request) []string {
	args := []string{"--parsable", "--comment=" + r.Tag, "--chdir=" + r.Dir, "--output=" + r.Log}
	if r.Name != "" {
		args = append(args, "--job-name="+r.Name)
	}
	return args
}

// mayHaveSubmitted: the request left, the reply did not come. A controller that was
// never reached took nothing.
func mayHaveSubmitted(errors string) bool {
	for _, sign := range []string{"Socket timed out", "Zero Bytes were transmitted", "Transport endpoint", "Unexpected message received"} {
		if strings.Contains(errors, sign) {
			return true
		}
	}
	return false
}

// replyLost marks an error after which the job may exist.
func replyLost(cause error) error {
	return &scheduler.Fault{Text: "the reply to this submission was lost, so the job may or may not exist",
		ToDo:  "do not submit again: shardeck looks for it at the next refresh, by its tag",
		Kind:  scheduler.ErrMaybe,
		Cause: cause}
}
