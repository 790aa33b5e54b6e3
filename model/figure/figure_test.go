package figure

import (
	"slices"
	"strings"
	"testing"

	"shardeck/model/explain"
	"shardeck/model/metric"
	"shardeck/model/scaling"
	"shardeck/model/xray"
)

func pointsOf(n int, xy ...float64) (out []scaling.Point) {
	for i := 0; i < len(xy); i += 2 {
		out = append(out, scaling.Point{Run: "r", X: xy[i], Y: xy[i+1], N: n, Spread: 4, Speedup: xy[i+1] / xy[1], Efficiency: 90})
	}
	return out
}

// TestScaling marks the full node where points lie beyond it, says n and spread, and leaves single points out of lines.
func TestScaling(t *testing.T) {
	all := []scaling.Series{{Name: "L · TP", Points: pointsOf(3, 1, 100, 4, 300, 8, 500)},
		{Name: "L · PP", Points: pointsOf(5, 1, 90, 2, 150)}, {Name: "L · alone", Points: pointsOf(1, 2, 7)}}
	f := Scaling(all, 4)
	if got := Names(f.Panels); len(got) != 2 || got[0] != "PP" || f.Panels[0].Nodes[0] != 4 || f.Panels[1].Nodes[0] != 4 {
		t.Errorf("series %q, nodes %v", got, f.Panels[0].Nodes)
	}
	for _, want := range []string{"n = 3 to 5", "at most 4.0 %", "a node has 4 GPUs"} {
		if !strings.Contains(f.Caption, want) {
			t.Errorf("the caption lacks %q: %s", want, f.Caption)
		}
	}
	if f := Scaling(all[1:2], 4); f.Panels[0].Nodes != nil || !strings.Contains(f.Caption, "n = 5 each") {
		t.Errorf("no point is beyond a node: %+v, %s", f.Panels[0].Nodes, f.Caption)
	}
	if records := f.Records(); len(records) != 1+5+5 || strings.Join(records[3], ",") != "Throughput,TP,r,1,100,98,102,3,false" {
		t.Errorf("%q", records)
	}
}

// TestForecastsHaveTheirInterval stand in the records as forecasts, and are told in the caption.
func TestForecastsHaveTheirInterval(t *testing.T) {
	p := Panel{Series: []scaling.ChartSeries{{Name: "a",
		Points: []scaling.ChartPoint{{Point: scaling.Point{Run: "E9", X: 4, Y: 20, Foretold: true, Low: 16, High: 26}, Value: 10}}}}}
	if got := strings.Join(Figure{Name: "f", Panels: []Panel{p}}.Records()[1], ","); got != "f,a,E9,4,10,8,13,0,true" {
		t.Error(got)
	}
	if got := sampled(p); !strings.Contains(got, "Hollow marks are forecasts") {
		t.Error(got)
	}
}

// TestBarsAddUp: the steps of a waterfall lead from one measured value to the other; the parts of a rank fill its window.
func TestBarsAddUp(t *testing.T) {
	m := explain.Metric{Name: "tpot", Unit: "ms", Before: 10, After: 7,
		Parts: []explain.Part{{Name: "mlp", Group: explain.Operator, Before: 8, After: 4},
			{Name: "all_reduce", Group: explain.Transfer, After: 1}}}
	bars := Waterfall(explain.Waterfall{}, m).Panels[0].Bars
	if last := bars[len(bars)-2].Parts[0]; last.To != 7 || bars[1].Parts[0].Name != "less" || bars[2].Parts[0].Name != "more" {
		t.Errorf("%+v", bars)
	}
	ns := func(v int64) *int64 { return &v }
	parts := Ranks("r", &metric.TraceSummary{Ranks: []metric.RankSplit{{WindowNS: 10e6, ComputeNS: 6e6, TransferNS: ns(1e6),
		WaitNS: ns(2e6), IdleNS: 1e6}}}).Panels[0].Bars[0].Parts
	if len(parts) != 4 || parts[3].To != 10 || parts[3].Name != "idle" || parts[2].Text != "20.0 %" {
		t.Errorf("%+v", parts)
	}
	floor := int64(40e3)
	f := Layers("r", 0, xray.Kind{Steps: 1, Median: &xray.Step{Operators: []xray.Operator{{Name: "qkv", Layers: 2, LayerNS: 50e3,
		DurNS: 100e3, FloorNS: &floor}, {Name: "head", NS: 9}}}})
	if got := f.Panels[0].Bars; len(got) != 1 || got[0].Parts[0].To != 20 || got[0].Parts[1].To != 50 {
		t.Errorf("%+v", got)
	}
}

// TestCaption: notes become sentences, and names that people type stay as they are.
func TestCaption(t *testing.T) {
	for want, notes := range map[string][]string{
		"Darker is more. Not shown: a.": {"darker is more", "", "not shown: a."},
		"tpot is a median.":             {"tpot is a median"},
		"E1.1 was not run.":             {"E1.1 was not run"},
	} {
		if got := caption(notes...); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestFullest: tables of a single value give way to those that compare some, and the caption says how many are not shown.
func TestFullest(t *testing.T) {
	table := func(n int) (m scaling.Multiple) {
		value := 1.0
		for range n {
			m.Cells = append(m.Cells, []scaling.GridCell{{Reading: scaling.Reading{Value: &value}}})
		}
		return m
	}
	shown, note := fullest([]scaling.Multiple{table(1), table(4), table(2)})
	if len(shown) != 2 || len(shown[0].Cells) != 4 || note != "Of 3 combinations of the other fields 2 are shown, those with most values." {
		t.Errorf("%d tables, %q", len(shown), note)
	}
	if shown, note = fullest([]scaling.Multiple{table(1), table(1)}); len(shown) != 2 || note != "" {
		t.Errorf("%d tables, %q", len(shown), note)
	}
}

// TestSampled has grammar for one point and for several.
func TestSampled(t *testing.T) {
	one := scaling.Series{Name: "L · one", Points: pointsOf(3, 1, 100)}
	if f := Scaling([]scaling.Series{one}, 0); !strings.Contains(f.Caption, "The point is a median, n = 3;") || f.Panels[1].Empty == noTimings {
		t.Error(f.Caption)
	}
	two := scaling.Series{Name: "L · two", Points: pointsOf(3, 1, 100, 2, 180)}
	if f := Scaling([]scaling.Series{two, one}, 0); !strings.Contains(f.Caption, "1 run that no other is comparable with left out.") {
		t.Error(f.Caption)
	}
	told := scaling.Series{Name: "L · told", Points: []scaling.Point{{Run: "E9", X: 4, Y: 9, Foretold: true}}}
	if got := Names(Scaling([]scaling.Series{two, told}, 0).Panels); len(got) != 2 {
		t.Errorf("%q: want the forecast drawn, although it stands alone", got)
	}
}

// TestRanksSayWhatTheyShow: signs are explained where they are drawn, and so is that ranks are left out.
func TestRanksSayWhatTheyShow(t *testing.T) {
	wait := int64(2e6)
	split := metric.RankSplit{WindowNS: 10e6, ComputeNS: 8e6, WaitNS: &wait}
	many := Ranks("r", &metric.TraceSummary{Ranks: slices.Repeat([]metric.RankSplit{split}, 64)})
	if !strings.Contains(many.Caption, "16 of 64 ranks") || !strings.Contains(many.Caption, "Wait is for") || strings.Contains(many.Caption, "Unmatched") ||
		len(many.Panels[0].Bars) != 16 {
		t.Error(many.Caption)
	}
}
