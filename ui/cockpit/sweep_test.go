package cockpit

import (
	"slices"
	"strings"
	"testing"
	"time"

	"shardeck/model"
	"shardeck/ui/panetest"
)

// TestSweepStory: made in the form, its price read, submitted, watched filling, its frontier read, by keys that the screen names.
func TestSweepStory(t *testing.T) {
	for _, size := range twoSizes {
		w := panetest.Analysed(t)
		before := w.Digest()
		d := start(t, w, size.w, size.h).Absent("7 Sweep").Press("e", "enter", "ctrl+u").Type("1,2,3").Press("enter")
		d.Expect("2 of 3 points").Golden("sweep-form-" + size.name)
		d.Press("w", "enter").Expect("Write experiments/sweeps/scan1.yaml?", "E1.1 stays as it is").Press("s")
		d.Expect("▌ ▸ scan1", "the sweep scan1 is saved", "2 not run")
		made := slices.DeleteFunc(w.Changed(before), func(p string) bool { return strings.HasPrefix(p, ".shardeck") })
		if !slices.Equal(made, []string{"experiments/sweeps/scan1.yaml"}) {
			t.Fatalf("wrote %v", made)
		}
		d.Press("s").Expect("Submit 2 jobs of scan1?", "at most 0.38 node-hours", "the first would start", "TP=3 is not possible")
		d.Golden("sweep-ask-" + size.name)
		d.Press("esc")
		unchanged(t, w)
		d.Press("s", "s").Expect("Submit 2 jobs").Press("y").Expect("2 waiting, 1 impossible").Press("enter").Expect("× tp3").Golden("sweep-board-" + size.name)
		w.Move("trace_collection/llama-8b-tp1", "trace_collection/scan1-tp1")
		w.Move("trace_collection/llama-8b-tp2", "trace_collection/scan1-tp2")
		for _, job := range slices.Clone(w.Scheduler.Queue) {
			if job.Name == "scan1" {
				w.Scheduler.End(job.ID, model.JobCompleted, true)
			}
		}
		w.Pass(time.Minute)
		w.Analysis("scan1-tp1")
		w.Analysis("scan1-tp2")
		d.Send(w.JobList()).Expect("2 done").Press("v").Expect("Sweep · scan1 · frontier", "scan1-tp2", "on it")
		d.Golden("sweep-frontier-" + size.name)
		d.Press(":").Type("swe").Expect("sweep").Press("enter").Press("esc").Expect("▌ ▾ scan1")
	}
}
