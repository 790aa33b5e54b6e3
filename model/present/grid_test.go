package present

import (
	"slices"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/compare"
	"shardeck/model/metric"
	"shardeck/model/scaling"
	"shardeck/model/sweep"
)

func gridOf(t *testing.T, by ...string) scaling.Grid {
	t.Helper()
	at := func(id, tp, batch string, state scaling.State, reason string, v float64) scaling.Entry {
		a := &metric.Analysis{Metrics: []metric.Metric{{Name: "tpot", Value: &v, N: 3, Spread: new(0.25)}}}
		return scaling.Entry{ID: id, State: state, Reason: reason, Analysis: a,
			Values: []model.Edit{{Path: "parallelism.tp", Value: tp}, {Path: "data.batch_size", Value: batch}, {Path: "data.seq_len", Value: batch}}}
	}
	g, err := scaling.GridOf([]scaling.Entry{at("a", "1", "4", scaling.IsMeasured, "", 8.514),
		at("a'", "1", "4", scaling.IsMeasured, "", 8.714),
		at("b", "2", "4", scaling.IsMeasured, "", 6.5), at("c", "3", "4", scaling.IsImpossible, "32 heads do not divide by 3", 0)}, "tpot", by)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// A place has its value and spread, else a word that says why; a single column has the points beside it.
func TestGridTable(t *testing.T) {
	for by, want := range map[string]string{
		"parallelism.tp":                 "tp tpot spread n point/1 8.61 2.3 2 a, a'/2 6.50 0.2 3 b/3 impossible  0 c",
		"parallelism.tp data.batch_size": "tp batch_size 4 spread/1 8.61 2.3/2 6.50 0.2/3 impossible ",
	} {
		table := Grid(gridOf(t, strings.Fields(by)...))[0]
		lines := []string{strings.Join(model.Each(table.Columns, func(c Column) string { return c.Title }), " ")}
		for _, r := range table.Rows {
			lines = append(lines, strings.Join(model.Each(r.Cells, func(c Cell) string { return c.Text }), " "))
		}
		if got := strings.Join(lines, "/"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if r := table.Rows; r[1].Cells[1].Role != Good || r[2].Cells[1].Role != Warn {
			t.Errorf("roles %+v", r)
		}
	}
}

func TestGridNotes(t *testing.T) {
	got := strings.Join(GridNotes(gridOf(t, "parallelism.tp", "data.batch_size")), "\n")
	want := "the value of a config with several runs, here 2, is the median over them; the value of one run is the median over its iterations, " +
		"here 3, and its spread is within that run; spread: (max − min) / median, at most 2.3 %\nc: 32 heads do not divide by 3"
	if got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestGridRecords(t *testing.T) {
	got := GridRecords(gridOf(t, "parallelism.tp", "data.batch_size"))
	want := []string{"parallelism.tp,data.batch_size,metric,unit,value,n,runs,spread_pct,state,reason,ids",
		"1,4,tpot,ms,8.614,2,2,2.3218017181332837,measured,,a a'",
		"2,4,tpot,ms,6.5,3,1,0.25,measured,,b", "3,4,tpot,ms,,0,0,,impossible,32 heads do not divide by 3,c"}
	for i, w := range want {
		if line := strings.Join(got[i], ","); line != w {
			t.Errorf("%s, want %s", line, w)
		}
	}
}

// A best point that a test cannot tell from others shares its place, and one of too few samples is so far the best.
func TestBestDoubt(t *testing.T) {
	point := func(id string, v float64) sweep.Status {
		return sweep.Status{Point: sweep.Point{ID: id, Edits: []model.Edit{{Path: "x", Value: id}}}, State: sweep.Done, Run: &model.Run{Name: id},
			Analysis: &metric.Analysis{Metrics: []metric.Metric{{Name: "tpot", Value: &v}}}}
	}
	p := sweep.Plan{Sweep: sweep.Sweep{Goal: &sweep.Goal{Metric: "tpot"}}, Points: []sweep.Status{point("a", 2), point("b", 1)}}
	if got := Leading(p); got != "the best is decided: b" {
		t.Errorf("%q", got)
	}
	last := func() []string {
		return model.Each(Points(p).Rows, func(r Row) string { return r.Cells[len(r.Cells)-1].Text })
	}
	if got := BestDoubt(p); got != "" || strings.Join(last(), ",") != "done,done, the best" {
		t.Errorf("%q, %q", got, last())
	}
	free := p
	if free.Sweep.Goal = nil; Leading(free) != "" { // none has tokens a second
		t.Errorf("%q", Leading(free))
	}
	p.Tie = compare.Tie{Words: "n too small"}
	if got := BestDoubt(p); got != "? b has the best tpot so far · n too small" {
		t.Errorf("%q", got)
	}
	p.Tie = compare.Tie{Runs: []string{"b", "a"}, Words: "chance"}
	if got := BestDoubt(p); got != "~ b, a share the best tpot: chance" ||
		strings.Join(last(), ",") != "done, shares the best ~,done, shares the best ~" {
		t.Errorf("%q, %q", got, last())
	}
}

// TestPointsTold: states are words in the table, and each reason stands once below it, with how many points have it.
// A goal that is one statistic of a metric has a column of its own, with the values of that.
func TestColumnOfAStatistic(t *testing.T) {
	x := sweep.Status{Point: sweep.Point{ID: "a"}, State: sweep.Done, Run: &model.Run{}, Analysis: &metric.Analysis{Metrics: []metric.Metric{
		{Name: "ttft", Value: new(40.0), By: metric.Parts{Stats: map[metric.Stat]float64{metric.P99: 90}}}}}}
	table := Points(sweep.Plan{Sweep: sweep.Sweep{Goal: &sweep.Goal{Metric: "ttft_p99"}}, Points: []sweep.Status{x}})
	at := slices.IndexFunc(table.Columns, func(c Column) bool { return c.Title == "TTFT p99 ms" })
	if at < 0 || table.Rows[0].Cells[at].Text != "90.0" {
		t.Errorf("%+v in %+v", table.Rows, table.Columns)
	}
}

func TestPointsTold(t *testing.T) {
	point := func(id string, s sweep.State, reason string) sweep.Status {
		return sweep.Status{Point: sweep.Point{ID: id}, State: s, Reason: reason}
	}
	p := sweep.Plan{Points: []sweep.Status{point("a", sweep.Impossible, "no"), point("b", sweep.Ready, ""), point("c", sweep.Impossible, "no"),
		point("d", sweep.Failed, "no"), point("e", sweep.Impossible, "other")}}
	table, reasons := PointsTold(p)
	want := []string{"2 impossible (a …): no", "1 failed (d): no", "1 impossible (e): other"}
	if !slices.Equal(reasons, want) {
		t.Errorf("%q, want %q", reasons, want)
	}
	for i, x := range p.Points {
		if cells := table.Rows[i].Cells; cells[len(cells)-1].Text != string(x.State) {
			t.Errorf("%s: %q, want its state alone", x.ID, cells[len(cells)-1].Text)
		}
	}
}
