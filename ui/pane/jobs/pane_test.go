package jobs

import (
	"context"
	"errors"
	"testing"
	"time"

	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

func drive(t *testing.T, l *panetest.Lab, w, h int) *panetest.Driver {
	t.Helper()
	d := panetest.Drive(t, panetest.OfPane(New(l.Env(context.Background()))), w, h)
	return answer(d, l)
}

// answer brings the scheduler's answer, as the cockpit does.
func answer(d *panetest.Driver, l *panetest.Lab) *panetest.Driver {
	list, err := l.Jobs(context.Background(), false)
	return d.Send(pane.JobsMsg{List: list, Err: err})
}

func TestFrames(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18)
	d.Golden("running-80x18")
	d.Press("down", "down").Golden("failed-80x18")
	drive(t, panetest.New(), 140, 39).Press("down").Golden("waiting-140x39")
}

func TestSizes(t *testing.T) {
	panetest.Sizes(drive(t, panetest.New(), 80, 18))
	d := drive(t, panetest.New(), 80, 18)
	panetest.Sizes(d.Press("down", "down", "w"))
}

func TestFailedJobShowsCauseAndFixes(t *testing.T) {
	d := drive(t, panetest.New(), 80, 20)
	d.Send(pane.OpenMsg{To: pane.Jobs, Experiment: "E1.6"}).Expect("▌ 3141580", "CUDA out of memory while allocating", "try   parallelism.tp 1 → 2", "E1.6_3141580.out:812")
	if m := d.Pane().Message(); m.Text != "E1.6 failed after 1:52: CUDA out of memory while allocating the KV cache" {
		t.Errorf("message %q", m.Text)
	}
}

func TestCancelAsksAndDefaultsToNo(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18)
	d.Press("x").Expect("Cancel job 3141592 of E1.3?", "running and has run for 4:12", "▌ No").Press("enter").Absent("Cancel job")
	if l.Called("Cancel") != 0 {
		t.Fatal("cancelled after No")
	}
	d.Press("x", "y")
	if l.Called("Cancel 3141592") != 1 {
		t.Fatalf("calls: %v", l.Calls)
	}
	answer(d, l).Expect("cancelled")
}

func TestCancelOfAnEndedJobSaysWhyNot(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18)
	d.Press("end", "x").Absent("Cancel job")
	if n, ok := panetest.Last[pane.Note](d); !ok || n.Text != "job 3141560 has ended: there is nothing to cancel" {
		t.Errorf("said %q", n.Text)
	}
}

func TestLogSearch(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18)
	d.Press("enter", "g", "/").Type("iteration").Press("enter").Expect("line 6 of 10").Press("n").Expect("line 8 of 10").Press("N").Expect("line 6 of 10")
	d.Press("/").Type("not there").Press("enter")
	if n, _ := panetest.Last[pane.Note](d); n.Text != "not in the log: not there" {
		t.Errorf("said %q", n.Text)
	}
	d.Press("esc", "down").Expect("▌ 3141593")
}

func TestFilterJobs(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18)
	d.Press("/").Type("state:failed").Expect("3141580").Absent("3141592").Press("enter", "esc").Expect("3141592")
}

func TestCursorStaysOnItsJob(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18)
	d.Press("down", "down").Expect("▌ 3141580")
	l.List.Jobs = append([]model.Job{{ID: "3141999", State: model.JobPending}}, l.List.Jobs...)
	answer(d, l).Expect("3141999", "▌ 3141580")
}

func TestStaleAndErrors(t *testing.T) {
	l := panetest.New()
	l.List.Stale = "slurm_load_jobs error: Unable to contact slurm controller"
	d := drive(t, l, 80, 18)
	if _, right := d.Pane().Title(); right != "as of 14:02:00, stale" {
		t.Errorf("title %q", right)
	}
	if m := d.Pane().Message(); m.Text != "the scheduler did not answer: "+l.List.Stale {
		t.Errorf("message %q", m.Text)
	}
	l = panetest.New()
	l.Err["Jobs"] = errors.New("squeue is not installed")
	drive(t, l, 80, 18).Expect("squeue is not installed", "r tries again")
}

func TestWaitingJobSaysWhatItWaitsFor(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18).Press("down")
	d.Expect("3141593 waits", "waits      other jobs go first (Priority)", "~14:20, as the scheduler estimates", "2 GPUs on 1 node · 30:00 at most · QOS gpu_shared", "submitted  10 min ago")
	l.List.Jobs[1].Reason, l.List.Jobs[1].Start = "DependencyNeverSatisfied", time.Time{}
	answer(d, l).Expect("never, as it stands: x cancels it")
}

func TestMissingLog(t *testing.T) {
	l := panetest.New()
	delete(l.Logs, "3141592")
	drive(t, l, 80, 18).Expect("is not there yet: the job has not started")
}

// longLog gives the failed job so many lines of nothing after its error.
func longLog(l *panetest.Lab, lines int) {
	part := l.Logs["3141580"]
	for range lines {
		part.Lines = append(part.Lines, "INFO  waiting for the other ranks")
	}
	l.Logs["3141580"] = part
}

func TestFirstErrorOfALongLog(t *testing.T) {
	l := panetest.New()
	longLog(l, 5000)
	d := drive(t, l, 80, 18).Press("down", "down").Expect("line 5 · 90 kB in all", "torch.OutOfMemoryError")
	d.Press("enter", "G").Expect("line 5 008 of 5 008")
	d.Press("E").Expect("line 5 ·", "▌ torch.OutOfMemoryError")
	d.Press("/").Type("vLLM 0.11").Press("enter")
	if n, _ := panetest.Last[pane.Note](d); n.Text != "not in the log: vLLM 0.11" {
		t.Errorf("said %q", n.Text)
	}
}

// TestSearchGoesThroughTheWholeLog: from the line under the cursor, though only the end of
// the log is in hand.
func TestSearchGoesThroughTheWholeLog(t *testing.T) {
	l := panetest.New()
	longLog(l, 3000)
	d := drive(t, l, 80, 18).Press("down", "down", "enter", "G", "/").Type("8192 tokens").Press("enter")
	d.Expect("line 4 ·", "▌ INFO  profiling run with 8192 tokens").Press("n")
	if l.Called("LogFind 3141580 8192 tokens 3008") != 1 || l.Called("LogFind 3141580 8192 tokens 4") != 1 {
		t.Errorf("calls %v", l.Calls)
	}
}

// TestAPlaceInTheLogIsHeld: a log that grows does not take the reader's place away.
func TestAPlaceInTheLogIsHeld(t *testing.T) {
	l := panetest.New()
	longLog(l, 3000)
	d := drive(t, l, 80, 18).Press("down", "down", "enter", "/").Type("8192 tokens").Press("enter")
	longLog(l, 10)
	answer(d, l).Expect("line 4 ·", "▌ INFO  profiling run with 8192 tokens").Press("G").Expect("line 3 018 of 3 018")
}

// TestJobsAreGlancedAt: what a job does or why it failed is seen without the cursor on it.
func TestJobsAreGlancedAt(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18).Expect("profiling 3 of 5 · nid001042", "CUDA out of memory")
	part := l.Logs["3141592"]
	part.Done = 4
	l.Logs["3141592"] = part
	answer(d.Press("down"), l).Expect("profiling 4 of 5")
	if n := l.Called("Why 3141580"); n != 1 {
		t.Errorf("a cause that is known was looked for %d times", n)
	}
}

func TestWrapKeepsTheCursorInSight(t *testing.T) {
	drive(t, panetest.New(), 60, 18).Press("down", "down", "E", "w").Expect("▌ torch.OutOfMemoryError", "GiB is free").Press("w").Absent("GiB is free")
}

func TestDoneJobLeadsToItsRun(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18)
	l.Rows[1].Run.JobID = "3141570"
	d.Send(pane.BoardMsg{Rows: l.Rows}).Press("down", "down", "down")
	if m := d.Pane().Message(); m.Text != "E1.2 is done: m opens its metrics, t its traces" {
		t.Errorf("message %q", m.Text)
	}
	d.Press("m")
	if got, _ := panetest.Last[pane.OpenMsg](d); got.To != pane.Metrics || got.Run != "llama-8b-tp2" {
		t.Errorf("m opened %+v", got)
	}
	d.Press("up", "up", "up", "t")
	if n, _ := panetest.Last[pane.Note](d); n.Text != "job 3141592 has not ended: its run is not there yet" {
		t.Errorf("said %q", n.Text)
	}
}
