package slurm

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
)

func TestTasksIn(t *testing.T) {
	for id, want := range map[string]int{"5": 1, "5_3": 1, "5_[3]": 1, "5_[0-19%2]": 20, "5_[2,7-19:2%4]": 8, "5_[0-9,20-29]": 20,
		"5_[": 1, "5_[a-b]": 1, "5_[9-1]": 1, "5_[1-99999999]": 1, "5_[1,...]": 1} {
		if got := tasksIn(id); got != want {
			t.Errorf("%s: %d, want %d", id, got, want)
		}
	}
}

// TestFold: an array is one job under its own id, in the place of its first record.
func TestFold(t *testing.T) {
	at := func(min int) time.Time { return time.Date(2026, 11, 23, 9, min, 0, 0, time.UTC) }
	jobs := []model.Job{
		{ID: "9", State: model.JobPending},
		{ID: "5_0", State: model.JobCompleted, GPUs: 4, Nodes: 1, Start: at(1), End: at(3), ExitCode: "0:0"},
		{ID: "5_1", State: model.JobFailed, GPUs: 4, Nodes: 1, Start: at(2), End: at(9), ExitCode: "4:0"},
		{ID: "5_2", State: model.JobRunning, GPUs: 4, Nodes: 1, Start: at(4), NodeList: "nid1"},
		{ID: "7", State: model.JobRunning, GPUs: 8},
		{ID: "5_3", State: model.JobRunning, GPUs: 4, Nodes: 1, Start: at(5), Elapsed: time.Minute},
		{ID: "5_[4-19%2]", State: model.JobPending, GPUs: 4, Reason: "JobArrayTaskLimit"},
	}
	want := []model.Job{
		{ID: "9", State: model.JobPending},
		{ID: "5", State: model.JobRunning, GPUs: 8, Nodes: 2, Start: at(1), NodeList: "nid1", Elapsed: time.Minute,
			Tasks: model.Tasks{Waiting: 16, Running: 2, Done: 1, Failed: 1}},
		{ID: "7", State: model.JobRunning, GPUs: 8},
	}
	if d := cmp.Diff(want, foldArrays(jobs)); d != "" {
		t.Error(d)
	}
	ended := foldArrays(jobs[1:3])
	if len(ended) != 1 || ended[0].State != model.JobFailed || ended[0].ExitCode != "4:0" || !ended[0].End.Equal(at(9)) || ended[0].Tasks.Words() != "1 of 2 done, 1 failed" {
		t.Errorf("ended: %+v", ended)
	}
	plain := jobs[:1]
	if got := foldArrays(plain); len(got) != 1 || &got[0] != &plain[0] {
		t.Errorf("without arrays: %+v", got)
	}
}

// TestFoldMany: 500 arrays of 10 are 500 rows.
func TestFoldMany(t *testing.T) {
	var jobs []model.Job
	for a := range 500 {
		for i := range 10 {
			jobs = append(jobs, model.Job{ID: fmt.Sprintf("%d_%d", a, i), State: model.JobRunning, GPUs: 1})
		}
	}
	got := foldArrays(jobs)
	if len(got) != 500 || got[499].Tasks.Running != 10 || got[499].GPUs != 10 {
		t.Errorf("%d rows, the last %+v", len(got), got[len(got)-1])
	}
}

func FuzzTasksIn(f *testing.F) {
	f.Add("5_[2,7-19:2%4]")
	f.Fuzz(func(t *testing.T, id string) {
		if n := tasksIn(id); n < 1 {
			t.Fatalf("%q stands for %d tasks", id, n)
		}
	})
}
