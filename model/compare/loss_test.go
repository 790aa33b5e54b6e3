package compare

import (
	"math"
	"strings"
	"testing"

	"shardeck/model/metric"
)

func split(ranks, steps int, window, compute, transfer, wait int64) *metric.TraceSummary {
	t := &metric.TraceSummary{WindowNS: window}
	for r := range ranks {
		t.Ranks = append(t.Ranks, metric.RankSplit{Rank: r, WindowNS: window, ComputeNS: compute, TransferNS: &transfer,
			WaitNS: &wait, IdleNS: window - compute - transfer - wait})
		t.Phases = append(t.Phases, metric.Phase{Rank: r, Name: "decode", Steps: steps})
	}
	return t
}

func TestLossOfUnlikeWork(t *testing.T) {
	d := DiffTraces([2]string{"tp1", "pp2"}, [2]*metric.TraceSummary{split(1, 4, 400, 400, 0, 0), split(2, 4, 300, 150, 0, 0)})
	if n := len(d.Notes); d.Loss != nil || n == 0 || !strings.HasPrefix(d.Notes[n-1],
		"no ideal: all ranks of pp2 compute 75 % as long as those of tp1") {
		t.Errorf("%v, %q", d.Loss, d.Notes)
	}
}

func TestLoss(t *testing.T) {
	const ms = 1_000_000
	for _, tt := range []struct {
		name        string
		base, other *metric.TraceSummary
		percent     float64
		words       string
	}{
		{"two ranks", split(1, 4, 400*ms, 380*ms, 0, 0), split(2, 4, 280*ms, 200*ms, 40*ms, 20*ms), 100 * 200. / 280,
			"71.4 % of ideal in the traces: transfer +40.00, wait +20.00, compute +10.00, idle +10.00 ms"},
		{"by the step", split(1, 2, 200*ms, 200*ms, 0, 0), split(4, 4, 200*ms, 100*ms, 60*ms, 40*ms), 50,
			"50.0 % of ideal in the traces: transfer +15.00, wait +10.00 ms"},
		{"better than ideal", split(1, 1, 200*ms, 200*ms, 0, 0), split(2, 1, 98*ms, 97*ms, 0, 0), 100 * 100. / 98,
			"102.0 % of ideal in the traces: idle +1.00, compute -3.00 ms"},
		{"cut", split(1, 4, 400*ms, 380*ms, 0, 0), split(2, 4, 280*ms, 180*ms, 40*ms, 20*ms), 0, ""},
		{"as many ranks", split(2, 4, 400*ms, 1, 0, 0), split(2, 4, 280*ms, 1, 0, 0), 0, ""},
		{"steps not known", split(1, 0, 400*ms, 1, 0, 0), split(2, 4, 280*ms, 1, 0, 0), 0, ""},
		{"no window", split(1, 4, 0, 0, 0, 0), split(2, 4, 0, 0, 0, 0), 0, ""},
		{"no rank", split(0, 4, 0, 0, 0, 0), split(2, 4, 5, 0, 0, 0), 0, ""},
	} {
		l := DiffTraces([2]string{"base", "other"}, [2]*metric.TraceSummary{tt.base, tt.other}).Loss
		if tt.words == "" {
			if l != nil {
				t.Errorf("%s: %+v", tt.name, l)
			}
			continue
		}
		if l == nil {
			t.Errorf("%s: no loss", tt.name)
			continue
		}
		sum := 0.0
		for _, p := range l.Parts {
			sum += p.OverNS
		}
		if math.Abs(sum-(l.WindowNS-l.IdealNS)) > 1 {
			t.Errorf("%s: parts sum to %v, over is %v", tt.name, sum, l.WindowNS-l.IdealNS)
		}
		if math.Abs(l.Percent-tt.percent) > 1e-9 || l.Words() != tt.words {
			t.Errorf("%s: %v, %q", tt.name, l.Percent, l.Words())
		}
	}
}
