package sweep

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/metric"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// swept is a sweep of which two points are measured, one is impossible and one has not run.
func swept(t testing.TB) *panetest.Workspace {
	w := panetest.Analysed(t)
	w.Write("experiments/sweeps/scan.yaml", "base: E1.1\nvary:\n  parallelism.tp: [1, 2, 3, 8]\n")
	p, err := w.PlanSweep(t.Context(), "scan")
	if err == nil {
		_, err = w.WritePoints(t.Context(), p)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.Move("trace_collection/llama-8b-tp1", "trace_collection/scan-tp1")
	w.Move("trace_collection/llama-8b-tp2", "trace_collection/scan-tp2")
	w.Analysis("scan-tp1")
	w.Analysis("scan-tp2")
	return w
}

// TestViews: the frontier with its concurrency labels, the table with what is missing and why, the points; a key goes on.
func TestViews(t *testing.T) {
	d := panetest.Drive(t, panetest.OfPane(New(swept(t).Env())), 80, 20)
	d.Send(pane.OpenMsg{To: pane.Sweep, Sweep: "scan"}).Golden("frontier-80x20")
	d.Press("y").Expect("13 377", "impossible", "32 heads do not divide by 3")
	if left, right := d.Pane().Title(); left != "Sweep · scan · tok/s by tp" || right != "2 done, 1 not run, 1 impossible" {
		t.Errorf("%q, %q", left, right)
	}
	d.Press("y").Expect("8.51", "6.64").Press("Y").Expect("13 377").Press("x").Expect("gpus")
	d.Press("v").Expect("scan-tp8", "state").Press("up", "enter")
	if open, _ := panetest.Last[pane.OpenMsg](d); open.To != pane.Metrics || open.Run != "scan-tp1" {
		t.Errorf("opened %+v", open)
	}
	d.Press("/").Type("tp:8").Expect("scan-tp8").Absent("scan-tp1").Press("esc").Press("v").Expect("on it")
}

// TestNothingMeasured: before a point is done its points are shown, and the other views say what they wait for.
func TestNothingMeasured(t *testing.T) {
	w := panetest.Open(t)
	w.Write("experiments/sweeps/scan.yaml", "base: E1.1\nvary:\n  parallelism.tp: [1, 2]\n  data.batch_size: [1, 4]\n")
	p := New(w.Env())
	d := panetest.Drive(t, panetest.OfPane(p), 80, 20).Expect("No sweep is chosen")
	if d.Send(pane.BoardMsg{}); !p.Hidden() {
		t.Error("a tab without a sweep")
	}
	d.Send(pane.BoardMsg{Sweeps: []string{"scan"}}).Send(pane.SelectMsg{Entered: pane.Sweep}).Expect("scan-tp1-b1", "ready")
	d.Press("v").Expect("No point has both").Press("v").Expect("waiting", "batch_size 4")
	d.Send(pane.OpenMsg{To: pane.Sweep, Sweep: "gone"}).Expect("no sweep \"gone\"")
	panetest.Sizes(d.Send(pane.OpenMsg{To: pane.Sweep, Sweep: "scan"}))
}

// TestSubmitFromThePane: what is left of the sweep is asked about, and nothing else.
func TestSubmitFromThePane(t *testing.T) {
	w := swept(t)
	d := panetest.Drive(t, panetest.OfPane(New(w.Env())), 80, 20)
	d.Send(pane.OpenMsg{To: pane.Sweep, Sweep: "scan"}).Press("s")
	if ask, ok := panetest.Last[*pane.Ask](d); !ok || ask.Popup.Title != "Submit 1 job of scan?" {
		t.Errorf("asked %+v", ask)
	}
}

// TestHeatMap: a metric over two fields is a map over its table, the row under the cursor bright; a filter and another metric follow.
func TestHeatMap(t *testing.T) {
	w := panetest.Analysed(t)
	w.Write("experiments/sweeps/grid.yaml", "base: E1.1\nvary:\n  parallelism.tp: [1, 2]\n  data.batch_size: [4, 16]\n")
	for name, tpot := range map[string]float64{"grid-tp1-b4": 8.5, "grid-tp2-b4": 6.6, "grid-tp1-b16": 9.4} {
		tp, batch := name[7:8], name[10:]
		w.Measure(name, "E1.1", panetest.Timing{TTFT: 60, TPOT: tpot}, "batch_size: 4", "batch_size: "+batch, "tp: 1", "tp: "+tp)
	}
	d := panetest.Drive(t, panetest.OfPane(New(w.Env())), 80, 20)
	d.Send(pane.OpenMsg{To: pane.Sweep, Sweep: "grid"}).Press("v", "down").Golden("heat-80x20")
	panetest.Sizes(d.Press("y").Expect("9.40"))
}

// foretelling has a forecast of the point that has not run.
type foretelling struct{ Backend }

func (f foretelling) Foretold(_ context.Context, rows []board.Row) (all []scaling.Measured, err error) {
	user, gpu := 300.0, 5000.0
	for _, r := range rows {
		if r.Run == nil && r.Experiment.Layout.TP == 8 {
			all = append(all, scaling.Measured{Run: model.Run{Name: r.Experiment.ID, Experiment: &r.Experiment},
				Analysis: &metric.Analysis{Metrics: []metric.Metric{
					{Name: scaling.PerUser, Value: &user}, {Name: scaling.PerGPU, Value: &gpu}}}})
		}
	}
	return all, nil
}

// TestForecastsOnTheFrontier are hollow, and in no table.
func TestForecastsOnTheFrontier(t *testing.T) {
	env, b := swept(t).Env()
	d := panetest.Drive(t, panetest.OfPane(New(env, foretelling{b})), 80, 20)
	d.Send(pane.OpenMsg{To: pane.Sweep, Sweep: "scan"}).Expect("△ forecast", "△ TP8 batch 4").Absent("scan-tp8")
}
