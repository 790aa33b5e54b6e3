package scaling

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/metric"
)

// entry is an experiment with one value of tpot over n iterations; NaN: it has none.
func entry(id string, tp, batch int, state State, tpot float64, more ...model.Edit) Entry {
	e := Entry{ID: id, State: state, Values: append([]model.Edit{{Path: "parallelism.tp", Value: fmt.Sprint(tp)},
		{Path: "data.batch_size", Value: fmt.Sprint(batch)}}, more...)}
	e.Experiment.Layout, e.Experiment.Data.BatchSize = model.Layout{TP: tp, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}, batch
	if state == IsMeasured {
		e.Analysis = &metric.Analysis{}
		if tpot == tpot {
			e.Analysis.Metrics = []metric.Metric{{Name: "tpot", Value: &tpot, N: 5, Spread: new(0.5),
				By: metric.Parts{Stats: map[metric.Stat]float64{"p99": 2 * tpot}}}}
		}
	}
	return e
}

func none(id string, tp, batch int, state State, why string) Entry {
	e := entry(id, tp, batch, state, math.NaN())
	e.Reason = why
	return e
}

// draw writes a grid as text: rows by lines, places between bars.
func draw(g Grid) string {
	var b strings.Builder
	for _, m := range g.Multiples {
		for _, v := range m.Of {
			fmt.Fprintf(&b, "[%s %s]", v.Path, v.Value)
		}
		for i, row := range m.Cells {
			fmt.Fprintf(&b, "%s:", g.Rows[i])
			for _, c := range row {
				text := string(c.State)
				if c.Value != nil {
					text = fmt.Sprintf("%.4g n%d/%d %.2f", *c.Value, c.N, c.Runs, c.Level)
				}
				if c.Best {
					text += "*"
				}
				b.WriteString(" " + text + " |")
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

func TestGrid(t *testing.T) {
	nccl := func(v string) model.Edit { return model.Edit{Path: "comm.all_reduce", Value: v} }
	full := []Entry{entry("a", 1, 16, IsMeasured, 10), entry("b", 1, 4, IsMeasured, 8), none("c", 2, 16, IsFailed, "out of memory"),
		none("d", 2, 4, IsWaiting, ""), none("e", 3, 4, IsImpossible, "32 heads"), none("f", 3, 16, IsLeftOut, "where: x")}
	repeats := []Entry{entry("a", 1, 4, IsMeasured, 10), entry("a-r2", 1, 4, IsMeasured, 12), entry("a-r3", 1, 4, IsMeasured, 11),
		entry("b", 2, 4, IsMeasured, 6), none("b-r2", 2, 4, IsFailed, "x")}
	for _, c := range []struct {
		name, metric, by, want string
		all                    []Entry
	}{
		{"places without a value say why, numbers are by size", "tpot", "parallelism.tp data.batch_size", "1: 8 n5/1 0.00* | 10 n5/1 1.00 |\n" +
			"2: waiting | failed |\n3: impossible | left out |\n", full},
		{"a combination that no experiment has", "tpot", "parallelism.tp data.batch_size",
			"1: 8 n5/1 1.00 | missing |\n2: missing | 6 n5/1 0.00* |\n",
			[]Entry{entry("a", 1, 4, IsMeasured, 8), entry("b", 2, 16, IsMeasured, 6)}},
		{"of repeats the median, and n is runs", "tpot", "parallelism.tp", "1: 11 n3/3 1.00 |\n2: 6 n5/1 0.00* |\n", repeats},
		{"a statistic", "tpot_p99", "parallelism.tp", "1: 22 n3/3 1.00 |\n2: 12 n5/1 0.00* |\n", repeats},
		{"no direction has no best", "coll_bytes", "parallelism.tp", "1: measured |\n2: measured |\n", repeats},
		{"a third field makes small multiples", "tpot", "parallelism.tp", "[comm.all_reduce nccl]1: 8 n5/1 0.67 |\n2: 6 n5/1 0.00* |\n" +
			"[comm.all_reduce custom]1: 9 n5/1 1.00 |\n2: failed |\n",
			[]Entry{entry("a", 1, 4, IsMeasured, 8, nccl("nccl")), entry("b", 2, 4, IsMeasured, 6, nccl("nccl")),
				entry("c", 1, 4, IsMeasured, 9, nccl("custom")), entry("d", 2, 4, IsFailed, 0, nccl("custom"))}},
		{"gpus takes the best of the layouts", "tpot", "gpus", "1: 9 n5/1 1.00 |\n2: 6 n5/1 0.00* |\n",
			[]Entry{entry("a", 1, 4, IsMeasured, 9), entry("b", 2, 4, IsMeasured, 7), pp2(6)}},
	} {
		g, err := GridOf(c.all, c.metric, strings.Fields(c.by))
		if err != nil {
			t.Fatal(err)
		}
		if got := draw(g); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
	if _, err := GridOf(full, "no_such", []string{"gpus"}); err == nil {
		t.Error("a metric that is none made a grid")
	}
}

// pp2 is the same work as batch 4, on two GPUs by pipeline.
func pp2(tpot float64) Entry {
	e := entry("pp2", 1, 4, IsMeasured, tpot, model.Edit{Path: "parallelism.pp", Value: "2"})
	e.Experiment.Layout.PP = 2
	return e
}

// A config that differs from all others in more than rows and columns tell is in no table, and is named.
func TestGridAlone(t *testing.T) {
	out := func(v string) model.Edit { return model.Edit{Path: "data.max_tokens", Value: v} }
	engine := model.Edit{Path: "engine", Value: "vllm"}
	g, err := GridOf([]Entry{entry("a", 1, 4, IsMeasured, 8, out("64"), engine), entry("b", 2, 4, IsMeasured, 6, out("64"), engine),
		entry("odd", 1, 4, IsMeasured, 7, out("8"), engine)}, "tpot", []string{"parallelism.tp"})
	if err != nil || len(g.Multiples) != 1 || strings.Join(g.Alone, " ") != "odd" || len(g.Common) != 1 || g.Common[0].Value != "64" {
		t.Errorf("%+v, %v", g, err)
	}
}

func TestFieldOf(t *testing.T) {
	all := []Entry{entry("a", 1, 4, IsMeasured, 8, model.Edit{Path: "data.seq_len", Value: "512"}, model.Edit{Path: "engine", Value: "vllm"}),
		entry("b", 2, 16, IsMeasured, 6, model.Edit{Path: "data.seq_len", Value: "2048"}, model.Edit{Path: "engine", Value: "vllm"},
			model.Edit{Path: "vllm.seed", Value: "1"})}
	for word, want := range map[string]string{"tp": "parallelism.tp", "batch": "data.batch_size",
		"data.batch_size": "data.batch_size", "gpus": "gpus",
		"se": "may be data.seq_len or vllm.seed", "seed": "vllm.seed", "engine": "no field \"engine\" varies", "": "no field is named"} {
		got, err := FieldOf(all, word)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
	if got := strings.Join(Varied(all), " "); got != "parallelism.tp data.batch_size data.seq_len vllm.seed" {
		t.Errorf("varied %s", got)
	}
}

// served is a config with what a GPU gives and what a user sees.
func served(id, modelName string, gpu, user, spread float64) Entry {
	e := Entry{ID: id, State: IsMeasured, Values: []model.Edit{{Path: "x", Value: strings.TrimRight(id, "'")}}, Analysis: &metric.Analysis{}}
	e.Experiment.Model.Name, e.Experiment.Data.BatchSize = modelName, 16
	for name, v := range map[string]float64{PerGPU: gpu, PerUser: user} {
		e.Analysis.Metrics = append(e.Analysis.Metrics, metric.Metric{Name: name, Value: &v, N: 5, Spread: &spread})
	}
	return e
}

func TestFrontier(t *testing.T) {
	half := served("half", "m", 0, 0, 0)
	half.Analysis.Metrics = half.Analysis.Metrics[:1]
	fronts := FrontiersOf([]Entry{served("middle", "m", 50, 50, 1), served("user", "m", 10, 90, 1), served("beaten", "m", 40, 50, 1),
		served("gpu", "m", 90, 10, 1),
		served("near", "m", 49.9, 49.9, 1), served("twin", "m", 50, 50, 1), half, served("other", "n", 1, 1, 1), served("gpu'", "m", 80, 12, 1)})
	var got []string
	for _, f := range fronts {
		for _, p := range f.Points {
			got = append(got, fmt.Sprintf("%s %s %v %v %s %v", p.ID, p.Concurrency, p.On, p.Near, p.BeatenBy, *p.PerGPU.Value))
		}
	}
	want := []string{"user batch 16 true false  10", "middle batch 16 true false  50", "twin batch 16 true false  50",
		"beaten batch 16 false false middle 40",
		"near batch 16 false true middle 49.9", "gpu batch 16 true false  85", "other batch 16 true false  1"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Loads of one server are one frontier, each by its load, apart from batches, whose numbers no client has seen.
func TestFrontierOfLoads(t *testing.T) {
	slow, fast := served("slow", "m", 10, 90, 1), served("fast", "m", 90, 10, 1)
	slow.Experiment.Load.Rate, fast.Experiment.Load.Concurrency = 2, 8
	fronts := FrontiersOf([]Entry{slow, fast, served("batch", "m", 50, 50, 1)})
	if len(fronts) != 2 || len(fronts[0].Points) != 2 || !strings.HasSuffix(fronts[0].Of, "under load") ||
		fronts[0].Points[0].Concurrency != "2/s" {
		t.Errorf("%+v", fronts)
	}
}

// TestPlane: a heat map is over a field of the layout and one of the load, where both vary.
func TestPlane(t *testing.T) {
	engine := func(name string) model.Edit { return model.Edit{Path: "engine", Value: name} }
	for want, all := range map[string][]Entry{
		"parallelism.tp data.batch_size": {entry("a", 1, 4, IsMeasured, 8, engine("vllm")), entry("b", 2, 16, IsMeasured, 6, engine("torch"))},
		"parallelism.tp engine":          {entry("a", 1, 4, IsMeasured, 8, engine("vllm")), entry("b", 2, 4, IsMeasured, 6, engine("torch"))},
		"data.batch_size":                {entry("a", 1, 4, IsMeasured, 8), entry("b", 1, 16, IsMeasured, 6)},
	} {
		if got := strings.Join(Plane(all), " "); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
