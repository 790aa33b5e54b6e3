package slurm

import (
	"errors"
	"strings"
	"testing"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// TestIllness: what Slurm's commands write when Slurm is ill, word for word.
func TestIllness(t *testing.T) {
	const munge = `squeue: error: If munged is up, restart with --num-threads=10
squeue: error: Munge encode failed: Failed to access "/run/munge/socket": No such file or directory (Did you start munged?)
slurm_load_jobs error: Protocol authentication error`
	for says, want := range map[string]struct {
		text string
		kind error
	}{
		"slurm_load_jobs error: Unable to contact slurm controller (connect failure)": {"controller is not running", scheduler.ErrUnreachable},
		"slurm_load_jobs error: Socket timed out on send/recv operation":              {"does not answer in time", scheduler.ErrUnreachable},
		"scancel: error: Kill job error on job id 4: Socket timed out":                {"does not answer in time", scheduler.ErrUnreachable},
		munge: {"munge service", scheduler.ErrUnreachable},
		"sacct: error: Problem talking to the database: Connection refused": {"accounting database",
			scheduler.ErrUnreachable},
		"slurm_load_jobs error: Transport endpoint is not connected": {"connection to Slurm's " +
			"controller broke", scheduler.ErrUnreachable},
		"slurm_load_jobs error: Connection reset by peer": {"connection to Slurm's " +
			"controller broke", scheduler.ErrUnreachable},
		"squeue: fatal: Unable to process configuration file": {"configuration cannot be " +
			"read", scheduler.ErrUnreachable},
		"squeue: fatal: Could not establish a configuration source": {"no Slurm cluster is " +
			"configured", scheduler.ErrUnreachable},
		"Slurm accounting storage is disabled": {"keeps no accounts",
			scheduler.ErrNoHistory},
		"sacct: error: Only 'accounting_storage/slurmdbd' is supported.": {"keeps no accounts",
			scheduler.ErrNoHistory},
		"slurm_load_jobs error: Invalid job id specified":                       {"no such job", scheduler.ErrNoJob},
		"scancel: error: Kill job error on job id 40: Access/permission denied": {"somebody else", nil},
		"sbatch: error: Batch job submission failed: Slurm temporarily unable to accept job, sleeping": {"takes no jobs",
			scheduler.ErrUnreachable},
		"x: error: something new under the sun\x1b[31m": {"something new under the sun", nil},
		"": {"not a word", nil},
	} {
		err := explain("squeue", answer{err: says, code: 1})
		var f *scheduler.Fault
		if !errors.As(err, &f) || !strings.Contains(err.Error(), want.text) || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%q: %v", says, err)
			continue
		}
		if want.kind != nil && !errors.Is(err, want.kind) || want.kind == nil && f.Kind != nil {
			t.Errorf("%q: kind %v", says, f.Kind)
		}
	}
}

// TestOwnWords: the line before the last often has the true cause, so it is kept.
func TestOwnWords(t *testing.T) {
	err := explain("sbatch", answer{code: 1, err: "sbatch: error: QOSMaxWallDurationPerJobLimit\n" +
		"sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)\n"})
	want := "the time limit is longer than the QOS allows (QOSMaxWallDurationPerJobLimit; Job violates accounting/QOS policy (job " +
		"submit limit, user's size and/or time limits))"
	if err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
	long := explain("sbatch", answer{code: 1, err: strings.Repeat(strings.Repeat("x", 500)+"\n", 50)})
	if len(long.Error()) > 800 {
		t.Errorf("%d bytes", len(long.Error()))
	}
}

func TestErrorsAreWhole(t *testing.T) {
	for _, f := range vocabulary().Errors {
		if _, ok := kinds[f.Kind]; f.Says == "" || f.Kind == "" && f.ToDo == "" || f.Kind != "" && !ok {
			t.Errorf("%+v is not whole", f)
		}
	}
	for word, state := range vocabulary().States {
		if !state.Active() && !state.Failed() && state != model.JobCompleted {
			t.Errorf("%s is %s, which is no state of ours", word, state)
		}
	}
}
