package experiments

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

const scanFile = "experiments/sweeps/scan.yaml"

func swept(t testing.TB, text string) *panetest.Workspace {
	w := panetest.Open(t)
	w.Write(scanFile, text)
	return w
}

// TestSweepFolds: one row with counts, opened and folded, its impossible point struck out with the reason.
func TestSweepFolds(t *testing.T) {
	w := swept(t, "base: E1.1\nvary:\n  parallelism.tp: [1, 2, 3]\n")
	d := drive(t, w, 100, 24).Expect("▸ scan", "2 not run, 1 impossible · tp 1, 2, 3").Absent("scan-tp1")
	d.Send(pane.OpenMsg{Experiment: "scan-tp1"}).Expect("▾ scan", "  tp1  ").Press("left").Expect("▸ scan").Absent("  tp1  ")
	d.Expect("▌ ▸ scan", "2 of 3 points · 1 impossible").Press("enter").Expect("× tp3", "impossible")
	d.Press("down", "down", "down")
	if m := d.Pane().Message(); m.Text != "scan-tp3 is impossible: TP=3 is not possible: 32 heads do not divide by 3" {
		t.Errorf("the footer says %q", m.Text)
	}
	d.Press("space", "s", "e", "enter").Absent("•")
	if got := w.Scheduler.Did("submit"); len(got) > 0 {
		t.Errorf("submitted %v", got)
	}
}

// TestPassedOver: a point that its job passed over is shown as such, not as the job, with the reason.
func TestPassedOver(t *testing.T) {
	w := panetest.Analysed(t)
	w.Write(scanFile, "base: E1.1\nvary:\n  data.batch_size: [1, 4]\ngoal: {metric: throughput_tokens_sec}\n")
	p, err := w.PlanSweep(t.Context(), "scan")
	if err == nil {
		_, err = w.SubmitSweep(t.Context(), p)
	}
	if p, err2 := w.PlanSweep(t.Context(), "scan"); err == nil && err2 == nil {
		job := p.Points[0].Job.ID
		w.Move("trace_collection/llama-8b-tp1", "trace_collection/scan-b4")
		w.Write("trace_collection/scan-b4/.job", job+"\n")
		w.Write(".shardeck/sweeps/job-"+job+"/passed-scan-b1.json", `{"goal": "max throughput_tokens_sec", "reason": "at most 3"}`)
		w.Analysis("scan-b4")
	} else {
		t.Fatal(err, err2)
	}
	d := drive(t, w, 100, 24).Expect("▸ scan", "1 done, 1 passed over")
	d.Send(pane.OpenMsg{Experiment: "scan-b1"}).Expect("passed over")
	if m := d.Pane().Message(); m.Text != "scan-b1 is passed over: at most 3" {
		t.Errorf("the footer says %q", m.Text)
	}
}

// TestSweepThatCannotBeRead says why on its line; e opens its file, and what it made stays an experiment.
func TestSweepThatCannotBeRead(t *testing.T) {
	w := swept(t, "base: E1.1\nvary:\n  parallelism.tp: [1, 2\n")
	w.Write("experiments/sweeps/other.yaml", "base: E7\nvary:\n  parallelism.tp: [1]\n")
	d := drive(t, w, 100, 24).Expect("▸ other  base E7: no experiment", "▸ scan  line ")
	d.Send(pane.OpenMsg{To: pane.Experiments, Sweep: "scan"})
	d.Press("enter", "s", "v", "e")
	if edit, _ := panetest.Last[pane.EditMsg](d); edit.Path != w.Path(scanFile) {
		t.Errorf("opened %q", edit.Path)
	}
}

// TestSweepFilterAndMarks: a filter finds points in a folded sweep, an order keeps them together, a mark on its row is one on each
// point that is an experiment.
func TestSweepFilterAndMarks(t *testing.T) {
	w := swept(t, "base: E1.1\nvary:\n  parallelism.tp: [1, 2, 3]\n")
	p, err := w.PlanSweep(t.Context(), "scan")
	if err == nil {
		_, err = w.WritePoints(t.Context(), p)
	}
	if err != nil {
		t.Fatal(err)
	}
	d := drive(t, w, 100, 24)
	d.Press("/").Type("state:impossible").Expect("× tp3", "▸ scan").Absent("  tp2", "E1.2").Press("esc").Absent("× tp3")
	d.Press("/").Type("sweep:scan tp:2").Expect("  tp2").Absent("  tp1").Press("esc")
	d.Send(pane.OpenMsg{Experiment: "scan-tp1"}).Press("left", "space", "enter").Expect("•▾ scan", "•  tp1", "•  tp2")
	if left, right := d.Pane().Title(); right != "2 marked" {
		t.Errorf("%q, %q", left, right)
	}
}

// TestSweepIsSubmittedAndStopped: nothing before it is asked; its jobs with their price; then progress, and the way to stop it.
func TestSweepIsSubmittedAndStopped(t *testing.T) {
	w := swept(t, "base: E1.1\nvary:\n  parallelism.tp: [1, 2, 3]\n  data.batch_size: [1, 4]\n")
	d := drive(t, w, 100, 24)
	d.Send(pane.OpenMsg{Experiment: "scan-tp1-b1"}).Press("left", "s")
	ask, ok := panetest.Last[*pane.Ask](d)
	if !ok || ask.Popup.Title != "Submit 2 jobs of scan?" || ask.Popup.Choice != 1 {
		t.Fatalf("asked %+v", ask)
	}
	for _, want := range []string{"4 of 6 points · 2 impossible · at most 0.38 node-hours", "the first would start ~14:20"} {
		if !slices.Contains(ask.Popup.Body, want) {
			t.Errorf("the question lacks %q: %q", want, ask.Popup.Body)
		}
	}
	submitted(t, w)
	d.Send(ask.Do(0)())
	if got := w.Scheduler.Did("submit"); len(got) != 2 {
		t.Errorf("submitted %v", got)
	}
	d.Send(w.JobList()).Expect("4 waiting, 2 impossible").Press("x")
	stop, _ := panetest.Last[*pane.Ask](d)
	d.Send(stop.Yes()())
	if got := w.Scheduler.Did("cancel"); len(got) != 2 {
		t.Errorf("cancelled %v", got)
	}
}

// BenchmarkKeyThousandPoints is how long the board takes to answer a key over an open sweep of 1,000 points.
func BenchmarkKeyThousandPoints(b *testing.B) {
	w := swept(b, "base: E1.1\nvary:\n  parallelism.tp: [1, 2]\n  data.batch_size: 1..25\n  data.seq_len: 128..2560+128\n")
	d := panetest.Drive(b, panetest.OfPane(New(w.Env())), 140, 45)
	d.Send(pane.OpenMsg{Experiment: "scan-tp1-b1-s128"})
	for _, keys := range [][]string{{"down"}, {"left", "enter"}, {"r"}, {"/", "b", "1", "esc"}, {">"}} {
		b.Run(fmt.Sprint(keys), func(b *testing.B) {
			worst := time.Duration(0)
			for b.Loop() {
				for _, k := range keys {
					began := time.Now()
					d.Press(k)
					worst = max(worst, time.Since(began))
				}
			}
			b.ReportMetric(worst.Seconds()*1e3, "ms-worst")
		})
	}
}
