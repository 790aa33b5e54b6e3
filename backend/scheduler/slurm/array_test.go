package slurm

import (
	"fmt"
	"slices"
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

// TestFold: an array is one job under its own id, in the place of its first record, and a heterogeneous job too.
func TestFold(t *testing.T) {
	at := func(min int) time.Time { return time.Date(2026, 11, 23, 9, min, 0, 0, time.UTC) }
	array := []model.Job{
		{ID: "5_0", State: model.JobCompleted, GPUs: 4, Nodes: 1, Start: at(1), End: at(3), ExitCode: "0:0", Log: "0"},
		{ID: "5_1", State: model.JobFailed, GPUs: 4, Nodes: 1, Start: at(2), End: at(9), ExitCode: "4:0", Log: "1", Errors: "1e"},
		{ID: "5_2", State: model.JobRunning, GPUs: 4, Nodes: 1, Start: at(4), NodeList: "nid1", Log: "2"},
		{ID: "5_3", State: model.JobRunning, GPUs: 4, Nodes: 1, Start: at(5), Elapsed: time.Minute, Log: "3"},
		{ID: "5_[4-19%2]", State: model.JobPending, GPUs: 4, Reason: "JobArrayTaskLimit", Tasks: model.Tasks{Waiting: 16}},
	}
	parts := []model.Job{
		{ID: "7+0", RawID: "7", State: model.JobRunning, GPUs: 8, Nodes: 2, NodeList: "nid[4-5]", Log: "a"},
		{ID: "7+1", RawID: "8", State: model.JobRunning, GPUs: 4, Nodes: 1, NodeList: "nid6", Log: "b"},
	}
	jobs := slices.Concat([]model.Job{{ID: "9", State: model.JobPending}}, array[:3], parts, array[3:])
	want := []model.Job{
		{ID: "9", State: model.JobPending},
		{ID: "5", State: model.JobRunning, GPUs: 8, Nodes: 2, Start: at(1), NodeList: "nid1", Elapsed: time.Minute, Log: "1", Errors: "1e",
			Tasks: model.Tasks{Waiting: 16, Running: 2, Done: 1, Failed: 1, Which: "1"}, Parts: slices.Clone(array)},
		{ID: "7", State: model.JobRunning, GPUs: 12, Nodes: 3, NodeList: "nid[4-5],nid6", Log: "a", Parts: parts},
	}
	want[2].Parts = slices.Clone(parts)
	want[2].Parts[1].Log = "a" // the first alone runs the script
	if d := cmp.Diff(want, foldArrays(jobs)); d != "" {
		t.Error(d)
	}
	ended := foldArrays(array[:2])
	if len(ended) != 1 || ended[0].State != model.JobFailed || ended[0].ExitCode != "4:0" || !ended[0].End.Equal(at(9)) ||
		ended[0].Tasks.Words() != "1 of 2 done, 1 failed (1)" {
		t.Errorf("ended: %+v", ended)
	}
	plain := []model.Job{{ID: "9"}}
	if got := foldArrays(plain); len(got) != 1 || &got[0] != &plain[0] {
		t.Errorf("without arrays: %+v", got)
	}
}

// TestWorst: what an array is told by.
func TestWorst(t *testing.T) {
	begun := func(n int) time.Time { return time.Unix(int64(n), 0) }
	done, newer := model.Job{ID: "5_0", State: model.JobCompleted, Start: begun(1)},
		model.Job{ID: "5_1", State: model.JobCompleted, Start: begun(2)}
	runs, waits := model.Job{ID: "5_2", State: model.JobRunning}, model.Job{ID: "5_[7-9]", State: model.JobPending}
	cancelled, failed := model.Job{ID: "5_3", State: model.JobCancelled}, model.Job{ID: "5_4", State: model.JobTimeout}
	for want, parts := range map[string][]model.Job{
		"5_0": {waits, done}, "5_1": {done, newer}, "5_2": {newer, waits, runs}, "5_3": {runs, cancelled}, "5_4": {cancelled, runs, failed},
	} {
		if got := (model.Job{ID: "5", Parts: parts}).Worst().ID; got != want {
			t.Errorf("%s, want %s", got, want)
		}
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

// Of an array whose first tasks Slurm has forgotten the rest is counted, and from which task on is said.
func TestForgottenTasks(t *testing.T) {
	all := model.Job{ID: "5", Parts: []model.Job{{ID: "5_3", State: model.JobCompleted},
		{ID: "5_[7-9]", State: model.JobPending, Tasks: model.Tasks{Waiting: 3}}}}
	countTasks(&all)
	if got := all.Tasks.Words(); got != "1 of 4 done from task 3 on, 3 waiting" {
		t.Error(got)
	}
}
