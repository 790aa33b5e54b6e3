package metrics

import (
	"errors"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
	"shardeck/ui/theme"
)

func TestBaseline(t *testing.T) {
	d := at(t, panetest.Open(t), "llama-8b-tp1").Press("b").Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp2"})
	d.Expect("diff %", "+31.7", "-22.0", "13 377", "•llama-8b-tp1").Absent("▲")
	has(t, title(d), "diff % from llama-8b-tp1")
	column(t, d, "tpot")
	has(t, message(d), "tpot 6.64 (n 5, spread 0.2 %) against 8.51 (n 5, spread 0.4 %) of llama-8b-tp1, within one run a side")
	column(t, d, "comm_overhead")
	has(t, message(d), "llama-8b-tp1 has none: TP=1: no collective to measure")
	column(t, d, "gpu_busy")
	has(t, message(d), "gpu_busy 93.4 % against 93.9 % of llama-8b-tp1")
	d.Press("esc").Expect("93.4").Absent("diff %")
}

func TestBaselineOfAnotherModelIsNotLikeWithLike(t *testing.T) {
	d := at(t, panetest.Open(t), "llama-8b-tp1").Press("b").Send(pane.OpenMsg{To: pane.Metrics, Run: "deepseek-v2-lite-ep2"})
	has(t, message(d), "not like with like, model differs")
	if d.Pane().Message().Tone != theme.Warn {
		t.Error("such a comparison must warn")
	}
}

func TestBestOfComparableRuns(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 18).Press("a")
	d.Expect("▲28 226", "▲13 377", "▲41.0").Absent("▲17 618", "▲95.4", "▲8 321", "▲1 112")
}

// A best value that chance alone could make is no best value: both runs are marked so.
func TestTieForTheBest(t *testing.T) {
	w := panetest.Open(t)
	w.Measure("twin", "E1.3", panetest.Timing{TTFT: 40, TPOT: 4.102, Spread: 0.8})
	d, l := listen(t, w, 80, 18)
	d.Press("a").Expect("~28 226", "~28 309", "▲40.0").Absent("▲28 309")
	d.Send(pane.OpenMsg{To: pane.Metrics, Run: "twin"})
	column(t, d, "throughput_tokens_sec")
	has(t, message(d), "~ shares the best throughput_tokens_sec with llama-8b-tp4-old: chance alone makes")
	d.Press("b").Absent("~28 309")
	d.Press("esc").Expect("~28 309")
	n := l.ties
	d.Press("left", "right", "down", "up")
	if l.ties != n {
		t.Error("the backend was asked again for what it had judged")
	}
	w.Measure("twin", "E1.3", panetest.Timing{TTFT: 40, TPOT: 4.102, Spread: 0.8, Iterations: 3})
	w.Measure("llama-8b-tp4-old", "", panetest.Timing{TTFT: 41, TPOT: 4.1, Spread: 0.8, Iterations: 3})
	d = drive(t, w, 80, 18).Press("a").Absent("▲28 309", "~28 309").Send(pane.OpenMsg{To: pane.Metrics, Run: "twin"})
	column(t, d, "throughput_tokens_sec")
	has(t, message(d), "the best throughput_tokens_sec so far, but n too small")
	d, l = listen(t, w, 80, 18)
	l.err = errors.New("timing_stats_0.json: permission denied")
	d.Press("a").Absent("▲", "~28 309")
}

func TestWhyComparesWithTheBaseline(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 18).Press("a", "w")
	has(t, said(d), "b makes a run the baseline")
	d.Press("b", "down", "w")
	if got, _ := panetest.Last[pane.OpenMsg](d); got.To != pane.Traces || got.Base != "llama-8b-tp2" || got.Run != "llama-8b-tp1" {
		t.Errorf("opened %+v", got)
	}
}

func TestContestOfTheBest(t *testing.T) {
	group := func(values ...float64) (all []scaling.Measured) {
		for i, v := range values {
			metrics := []metric.Metric{{Name: "tpot", Value: &v}, {Name: "throughput_tokens_sec", Value: &v}}
			all = append(all, scaling.Measured{Run: model.Run{Name: string(rune('a' + i))}, Analysis: &metric.Analysis{Metrics: metrics}})
		}
		return all
	}
	for _, tt := range []struct {
		metric string
		values []float64
		want   string
	}{
		{"tpot", []float64{3, 1, 2}, "b c a"}, {"throughput_tokens_sec", []float64{3, 1, 2}, "a c b"},
		{"tpot", []float64{5}, ""}, {"tpot", nil, ""},
		{"tpot", []float64{1, 1, 2}, ""}, {"tpot", []float64{2, 2, 1}, "c a b"}, {"tpot", []float64{9, 8, 7, 6, 5, 4, 3, 2, 1}, "i h g f e d"},
	} {
		d, _ := metric.Define(tt.metric)
		if got := strings.Join(contestOf(group(tt.values...), d).Runs, " "); got != tt.want {
			t.Errorf("%s of %v: %q, want %q", tt.metric, tt.values, got, tt.want)
		}
	}
}
