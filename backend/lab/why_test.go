package lab

import (
	"testing"

	"shardeck/model"
)

// TestWhyTellsWhoCancelled: the queue does not know, the history does.
func TestWhyTellsWhoCancelled(t *testing.T) {
	b := newBench(t)
	j := model.Job{ID: "7", Scheduler: "stage", State: model.JobCancelled, Submit: b.clock.now()}
	told := j
	told.Reason = "CANCELLED by fred"
	b.stage.gone = []model.Job{told}
	for want, job := range map[string]model.Job{
		"the job was cancelled by fred": j,
		"the job was cancelled":         {ID: "8", Scheduler: "stage", State: model.JobCancelled, Submit: j.Submit},
	} {
		if c, err := b.Why(t.Context(), job); err != nil || c.Title != want {
			t.Errorf("job %s: %q, %v; want %q", job.ID, c.Title, err, want)
		}
	}
}
