package jobs_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/app"
	"shardeck/backend/app/apptest"
	"shardeck/backend/jobs"
	"shardeck/model"
)

// TestWhyTellsWhoCancelled: the queue does not know, the history does.
func TestWhyTellsWhoCancelled(t *testing.T) {
	b := apptest.New(t)
	j := model.Job{ID: "7", Scheduler: "stage", State: model.JobCancelled, Submit: b.Clock.Now()}
	told := j
	told.Reason = "CANCELLED by fred"
	b.Stage.Gone = []model.Job{told}
	for want, job := range map[string]model.Job{
		"the job was cancelled by fred": j,
		"the job was cancelled":         {ID: "8", Scheduler: "stage", State: model.JobCancelled, Submit: j.Submit},
	} {
		if c, err := b.Why(t.Context(), job); err != nil || c.Title != want {
			t.Errorf("job %s: %q, %v; want %q", job.ID, c.Title, err, want)
		}
	}
}

// ended is E1.1 with its job, which ended an hour ago in a state and left a log.
func ended(t *testing.T, state model.JobState, log string) (*apptest.Bench, model.Job) {
	t.Helper()
	b := apptest.New(t)
	s, err := b.Submit(t.Context(), "E1.1", jobs.SubmitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(b.Path("logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.Path(s.Log), []byte(log), 0o644); err != nil {
		t.Fatal(err)
	}
	b.Stage.Queue[0].State = state
	b.Clock.Pass(time.Hour)
	j, err := b.FindJob(t.Context(), "E1.1")
	if err != nil {
		t.Fatal(err)
	}
	return b, j
}

// TestCausesOfAList: of the failed jobs of this workspace alone, the first so many.
func TestCausesOfAList(t *testing.T) {
	b, failed := ended(t, model.JobFailed, "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n")
	others, well := failed, failed
	others.ID, others.Experiment, well.ID, well.State = "7", "", "8", model.JobCompleted
	jobs := []model.Job{others, well, failed}
	if got := b.Causes(t.Context(), jobs, 1); len(got) != 1 || !strings.HasPrefix(got[failed.ID], "CUDA out of memory") {
		t.Errorf("causes: %v", got)
	}
	if got := b.Causes(t.Context(), jobs, 0); len(got) != 0 {
		t.Errorf("none was asked for: %v", got)
	}
}

// TestRemedies: edits that the config takes and that help, and what they cost; the others are left out.
func TestRemedies(t *testing.T) {
	b := apptest.New(t)
	b.Open(t, app.Options{Sets: []string{"site=perlmutter"}, Env: func(string) string { return "" }})
	for _, c := range []struct {
		edits, want []string
	}{
		{[]string{"parallelism.tp up", "slurm.constraint gpu&hbm80g", "data.batch_size half", "data.seq_len half"},
			[]string{"parallelism.tp 1 → 2 (up to 0.12 node-hours more)", "slurm.constraint auto → gpu&hbm80g",
				"data.batch_size 4 → 2", "data.seq_len 2048 → 1024"}},
		{[]string{"slurm.time double", "profile_iterations half"},
			[]string{"slurm.time 00:30:00 → 01:00:00 (up to 0.12 node-hours more)", "profile_iterations 2 → 1"}},
		{[]string{"slurm.time +15m"}, []string{"slurm.time 00:30:00 → 00:45:00 (up to 0.06 node-hours more)"}},
		{[]string{"slurm.qos regular"}, []string{"slurm.qos auto → regular (up to 0.38 node-hours more)"}},
		{[]string{"slurm.qos shared"}, nil}, // that is where it ran
		{[]string{"env.GLOO_SOCKET_IFNAME ifname", "vllm.enforce_eager true", "comm.all_reduce nccl"},
			[]string{"env.GLOO_SOCKET_IFNAME not set → hsn0", "vllm.enforce_eager not set → true", "comm.all_reduce auto → nccl"}},
		{[]string{"parallelism.tp down", "no.key 3", "slurm.time forever"}, nil},
	} {
		var got []string
		for _, r := range b.Remedies("E1.1", c.edits) {
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
			t.Errorf("%q: (-want +got)\n%s", c.edits, diff)
		}
	}
	if got := b.Remedies("E9.9", []string{"slurm.time double"}); got != nil {
		t.Errorf("mends what is not there: %v", got)
	}
}

// TestNetworkBetweenNodesIsNotThatOfOne: what NCCL says of its network matters to a job over nodes alone.
func TestNetworkBetweenNodesIsNotThatOfOne(t *testing.T) {
	b, done := ended(t, model.JobCompleted, "vm:7:7 [0] NCCL INFO Could not find: libnccl-net.so\nvm:7:7 [0] NCCL INFO Using network Socket\n")
	for nodes, said := range map[int]bool{1: false, 2: true} {
		done.Nodes = nodes
		if c, err := b.Why(t.Context(), done); err != nil || strings.Contains(c.Title, "TCP sockets") != said || (len(c.Fixes) > 0) != said {
			t.Errorf("%d nodes: %+v, %v", nodes, c, err)
		}
	}
}

// A job that somebody else's script runs has no keys of ours to change.
func TestFixesOfForeignJobs(t *testing.T) {
	own := []string{"raise slurm.time (debug allows 30 min)", "lower profile_iterations, or profiling.trace_tokens", "lower vllm.max_num_seqs"}
	got := jobs.ForeignFixes(model.Job{State: model.JobTimeout}, own)
	if want := []string{"lower vllm.max_num_seqs", "ask for more time: sbatch --time"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
