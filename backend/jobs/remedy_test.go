package jobs_test

import (
	"testing"

	"shardeck/backend/app/apptest"

	"github.com/google/go-cmp/cmp"
)

func TestRemedies(t *testing.T) {
	b := apptest.New(t)
	for _, c := range []struct {
		fixes, want []string
	}{
		{[]string{"raise parallelism.tp, so that each GPU holds less", "take GPUs of 80 GB: slurm.constraint gpu&hbm80g", "lower data.batch_size or data.seq_len"},
			[]string{"parallelism.tp 1 → 2", "slurm.constraint auto → gpu&hbm80g", "data.batch_size 4 → 2", "data.seq_len 2048 → 1024"}},
		{[]string{"raise slurm.time (debug allows 30 min, regular 48 h)", "lower profile_iterations, or profiling.trace_tokens if it was writing traces"},
			[]string{"slurm.time 00:30:00 → 01:00:00", "profile_iterations 2 → 1"}},
		{[]string{"pip install vllm", "use whole nodes (slurm.qos: regular): a shared job has 55 to 64 GB"}, []string{"slurm.qos auto → regular"}},
		{[]string{"look in the log for the first rank that stopped"}, nil},
	} {
		var got []string
		for _, r := range b.Remedies("E1.1", c.fixes) {
			got = append(got, r.Text)
			d, err := b.Draft("E1.1")
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range r.Edits {
				if err := d.Set(e.Path, e.Value); err != nil {
					t.Errorf("%s cannot be made: %v", r.Text, err)
				}
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", c.fixes, diff)
		}
	}
	if got := b.Remedies("E9.9", []string{"raise slurm.time"}); got != nil {
		t.Errorf("mends what is not there: %v", got)
	}
}
