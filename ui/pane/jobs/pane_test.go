package jobs

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"go.uber.org/goleak"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func drive(t *testing.T, w *panetest.Workspace, width, height int) *panetest.Driver {
	t.Helper()
	d := panetest.Drive(t, panetest.OfPane(New(w.Env())), width, height)
	return d.Send(w.JobList())
}

// answer brings a new answer of the scheduler, as the cockpit does.
func answer(d *panetest.Driver, w *panetest.Workspace) *panetest.Driver {
	w.Pass(time.Minute)
	return d.Send(w.JobList())
}

func TestFrames(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 18)
	d.Golden("running-80x18")
	d.Press("down", "down").Golden("failed-80x18")
	drive(t, panetest.Open(t), 140, 39).Press("down").Golden("waiting-140x39")
}

func TestSizes(t *testing.T) {
	panetest.Sizes(drive(t, panetest.Open(t), 80, 18))
	d := drive(t, panetest.Open(t), 80, 18)
	panetest.Sizes(d.Press("down", "down", "w"))
}

func TestFailedJobShowsCauseAndFixes(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 20)
	d.Send(pane.OpenMsg{To: pane.Jobs, Experiment: "E1.6"})
	d.Expect("▌ 3141580", "CUDA out of memory", "try   raise parallelism.tp", "E1.6_3141580.out:5 ")
	if m := d.Pane().Message(); m.Text != "E1.6 failed after 1:52: CUDA out of memory" {
		t.Errorf("message %q", m.Text)
	}
}

func TestCancelAsksAndDefaultsToNo(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, 80, 18)
	d.Press("x").Expect("Cancel job 3141592 of E1.3?", "running and has run for 4:12", "▌ No").Press("enter").Absent("Cancel job")
	if got := w.Scheduler.Did("cancel"); len(got) > 0 {
		t.Fatalf("cancelled %v after No", got)
	}
	d.Press("x", "y")
	if got := w.Scheduler.Did("cancel"); !slices.Equal(got, []string{"3141592"}) {
		t.Fatalf("cancelled %v", got)
	}
	answer(d, w).Expect("cancelled")
}

func TestCancelOfAnEndedJobSaysWhyNot(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 18)
	d.Press("end", "x").Absent("Cancel job")
	if n, ok := panetest.Last[pane.Note](d); !ok || n.Text != "job 3141560 has ended: there is nothing to cancel" {
		t.Errorf("said %q", n.Text)
	}
}

func TestLogSearch(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 18)
	d.Press("enter", "g", "/").Type("iteration").Press("enter").Expect("line 6 of 10")
	d.Press("n").Expect("line 8 of 10").Press("N").Expect("line 6 of 10")
	d.Press("/").Type("not there").Press("enter")
	if n, _ := panetest.Last[pane.Note](d); n.Text != "not in the log: not there" {
		t.Errorf("said %q", n.Text)
	}
	d.Press("esc", "down").Expect("▌ 3141591")
}

func TestFilterJobs(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 18)
	d.Press("/").Type("state:failed").Expect("3141580").Absent("3141592").Press("enter", "esc").Expect("3141592")
}

func TestCursorStaysOnItsJob(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, 80, 18)
	d.Press("down", "down").Expect("▌ 3141580")
	w.Scheduler.Queue = append(w.Scheduler.Queue, model.Job{ID: "3141999", State: model.JobPending, Submit: w.Now()})
	answer(d, w).Expect("3141999", "▌ 3141580")
}

func TestStaleAndErrors(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, 80, 18)
	w.Scheduler.Down = errors.New("slurm_load_jobs error: Unable to contact slurm controller")
	answer(d, w)
	if _, right := d.Pane().Title(); right != "as of 14:02:11, stale" {
		t.Errorf("title %q", right)
	}
	if m := d.Pane().Message(); m.Text != "the scheduler did not answer: "+w.Scheduler.Down.Error() {
		t.Errorf("message %q", m.Text)
	}
	w = panetest.Open(t)
	w.Remove(".shardeck/submitted")
	w.Scheduler.Down = errors.New("squeue is not installed")
	drive(t, w, 80, 18).Expect("squeue is not installed", "r tries again")
}

func TestWaitingJobSaysWhatItWaitsFor(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, 80, 18).Press("down")
	d.Expect("3141591 waits", "waits      other jobs go first (Priority)")
	d.Expect("~14:20, as the scheduler estimates", "1 GPU on 1 node · 30:00 at most · QOS gpu_shared", "submitted  10 min ago")
	w.Scheduler.Set("3141591", func(j *model.Job) { j.Reason, j.Start = "DependencyNeverSatisfied", time.Time{} })
	answer(d, w).Expect("never, as it stands: x cancels it")
}

func TestMissingLog(t *testing.T) {
	w := panetest.Open(t)
	w.Remove("logs/E1.3_3141592.out")
	drive(t, w, 80, 18).Expect("job 3141592 (RUNNING) has no log")
}

const failedLog = "logs/E1.6_3141580.out"

// longLog gives the failed job so many lines of nothing after its error.
func longLog(w *panetest.Workspace, lines int) {
	w.Write(failedLog, w.Read(failedLog)+strings.Repeat("INFO  waiting for the other ranks\n", lines))
}

func TestFirstErrorOfALongLog(t *testing.T) {
	w := panetest.Open(t)
	longLog(w, 5000)
	d := drive(t, w, 80, 18).Press("down", "down").Expect("line 5 · 170 kB in all", "torch.OutOfMemoryError")
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
	w := panetest.Open(t)
	longLog(w, 1500)
	w.Write(failedLog, w.Read(failedLog)+"INFO  weights are still there\n")
	longLog(w, 3000)
	d := drive(t, w, 80, 18).Press("down", "down", "enter", "G", "/").Type("8192 tokens").Press("enter")
	d.Expect("line 4 ·", "▌ INFO  profiling run with 8192 tokens").Press("n").Expect("line 4 ·")
	d.Press("/").Type("weights").Press("enter").Expect("line 1 509 ·", "▌ INFO  weights are still there")
	d.Press("n").Expect("line 2 ·", "▌ shardeck: stage weights")
}

// TestAPlaceInTheLogIsHeld: a log that grows does not take the reader's place away.
func TestAPlaceInTheLogIsHeld(t *testing.T) {
	w := panetest.Open(t)
	longLog(w, 3000)
	d := drive(t, w, 80, 18).Press("down", "down", "enter", "/").Type("8192 tokens").Press("enter")
	longLog(w, 10)
	answer(d, w).Expect("line 4 ·", "▌ INFO  profiling run with 8192 tokens").Press("G").Expect("line 3 018 of 3 018")
}

// whys counts how often the cause of a job was looked for.
type whys struct {
	Backend
	asked []string
}

func (l *whys) Why(ctx context.Context, j model.Job) (jobs.Cause, error) {
	l.asked = append(l.asked, j.ID)
	return l.Backend.Why(ctx, j)
}

// TestJobsAreGlancedAt: what a job does or why it failed is seen without the cursor on it.
func TestJobsAreGlancedAt(t *testing.T) {
	w := panetest.Open(t)
	env, _ := w.Env()
	counted := &whys{Backend: w.App}
	d := panetest.Drive(t, panetest.OfPane(New(env, counted)), 80, 18).Send(w.JobList())
	d.Expect("profiling 3 of 5 · nid001042", "CUDA out of memory")
	w.Write("logs/E1.3_3141592.out", w.Read("logs/E1.3_3141592.out")+"shardeck: iteration 4 of 5 profiling\n")
	answer(d.Press("down"), w).Expect("profiling 4 of 5")
	if !slices.Equal(counted.asked, []string{"3141580"}) {
		t.Errorf("causes were looked for of %v", counted.asked)
	}
}

func TestWrapKeepsTheCursorInSight(t *testing.T) {
	d := drive(t, panetest.Open(t), 60, 18).Press("down", "down", "E", "w")
	d.Expect("▌ torch.OutOfMemoryError", "GiB is free").Press("w").Absent("GiB is free")
}

func TestDoneJobLeadsToItsRun(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, 80, 18)
	d.Send(pane.BoardMsg{Rows: w.Rows()}).Press("down", "down", "down")
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

// TestSupersededRunOpens: the run of a job stays within reach of a key when a newer job has taken its place.
func TestSupersededRunOpens(t *testing.T) {
	w := panetest.Open(t)
	w.Move("trace_collection/llama-8b-tp2", "trace_collection/llama-8b-tp2@3141570")
	w.Measure("llama-8b-tp2", "E1.2", panetest.Timing{TTFT: 60, TPOT: 6})
	w.Write("trace_collection/llama-8b-tp2/.job", "3141599\n")
	d := drive(t, w, 80, 18).Send(pane.BoardMsg{Rows: w.Rows()}).Send(pane.OpenMsg{To: pane.Jobs, Job: "3141570"}).Press("t")
	if msg, _ := panetest.Last[pane.OpenMsg](d); msg.Run != "llama-8b-tp2@3141570" || msg.To != pane.Traces {
		t.Errorf("opens %+v", msg)
	}
}

// TestRunningJobIsAlive: stages with the time each took and took before, iterations with theirs, the engine's rate, the expected end.
func TestRunningJobIsAlive(t *testing.T) {
	w := panetest.Open(t)
	stamped := func(ago time.Duration, line string) string {
		return line + w.Now().Add(-ago).Local().Format(", 01-02 15:04:05\n")
	}
	log := func(ago time.Duration) string {
		return stamped(ago, "shardeck: stage environment") + stamped(ago-8*time.Second, "shardeck: stage weights") + stamped(ago-70*time.Second, "shardeck: stage timing")
	}
	w.Write("logs/E1.3_3141592.out", log(110*time.Second)+stamped(30*time.Second, "shardeck: iteration 1 of 5 timing")+
		stamped(18*time.Second, "shardeck: iteration 2 of 5 timing")+"Avg generation throughput: 812.5 tokens/s\n"+
		stamped(4*time.Second, "shardeck: iteration 3 of 5 timing"))
	w.Write(w.Config("E1.3"), strings.Replace(w.Read(w.Config("E1.2")), "E1.2", "E1.3", 1)) // of one layout, for once
	w.Write("logs/E1.2_3141570.out", log(time.Hour)+stamped(time.Hour-130*time.Second, "shardeck: stage writing traces")+
		stamped(time.Hour-170*time.Second, "shardeck: stage done"))
	drive(t, w, 80, 20).Golden("alive-80x20")
	d := drive(t, w, 140, 39)
	d.Golden("alive-140x39")
	before := d.S.View()
	w.Write("logs/E1.3_3141592.out", w.Read("logs/E1.3_3141592.out")+stamped(0, "shardeck: iteration 4 of 5 timing"))
	w.Pass(followTime)
	d.Send(tea.FocusMsg{}) // reads the log again
	d.Expect("iteration 4 of 5")
	if n := rewritten(before, d.S.View()); n > 200 {
		t.Errorf("an iteration more rewrites about %d bytes", n)
	}
}

// rewritten is about what a terminal is sent to turn a frame into another: the cells that differ, and the way to each run of them.
func rewritten(before, after string) (bytes int) {
	now := strings.Split(after, "\n")
	for y, line := range strings.Split(before, "\n") {
		a, b, run := []rune(ansi.Strip(line)), []rune(ansi.Strip(now[y])), false
		for x := range max(len(a), len(b)) {
			differs := x >= len(a) || x >= len(b) || a[x] != b[x]
			if differs && !run {
				bytes += 8
			}
			if run = differs; differs && x < len(b) {
				bytes += len(string(b[x]))
			}
		}
	}
	return bytes
}

// TestGPUsAreLookedAtWhenAskedFor: once by a key, never by itself, and no oftener than its floor.
func TestGPUsAreLookedAtWhenAskedFor(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, 80, 22)
	if got := w.Scheduler.Did("gpus"); len(got) > 0 {
		t.Fatalf("looked at %v unasked", got)
	}
	d.Press("u").Expect("GPUs of 1 node at 14:02:11", "nid001042  busy 87 87 87 87 %  memory 31.2 31.2 31.2 31.2 of 40.0 GiB")
	w.Pass(20 * time.Second)
	d.Press("u")
	answer(d, w).Expect("at 14:02:11")
	if got := w.Scheduler.Did("gpus"); len(got) != 1 {
		t.Errorf("looked %d times in 20 s", len(got))
	}
	d.Press("u").Expect("at 14:03:31")
	d.Press("down", "u")
	if n, _ := panetest.Last[pane.Note](d); n.Text != "job 3141591 does not run: it is waiting" {
		t.Errorf("said %q", n.Text)
	}
	d.Absent("GPUs of")
}
