package suggest

import (
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/forecast"
)

func layout(tp, pp int) model.Layout {
	return model.Layout{TP: tp, PP: pp, DPReplicate: 1, DPShard: 1, EP: 1}
}

// guess is a forecast of an iteration in seconds, ttft a tenth of it, the rest decode of 10 tokens.
func guess(s, within float64) forecast.Forecast {
	return forecast.Forecast{Metrics: []forecast.Metric{{Name: "ttft", Value: 100 * s, Low: 100 * s * (1 - within),
		High: 100 * s * (1 + within)}, {Name: "tpot", Value: 100 * s},
		{Name: "iteration_wall_clock", Value: s, Low: s * (1 - within), High: s * (1 + within)}}}
}

func names(all []Candidate) string {
	return strings.Join(model.Each(all, func(c Candidate) string { return c.Layout.Short() }), ", ")
}

func TestDecide(t *testing.T) {
	price := new(0.5)
	measured := func(q Question, l model.Layout, s float64) Candidate {
		return q.Candidate(l, forecast.Forecast{Refused: "no run"}, []forecast.Run{{Name: "r", TTFT: 100 * s, TPOT: 100 * s, Iteration: s}})
	}
	forecasted := func(q Question, l model.Layout, s, within float64) Candidate {
		c := q.Candidate(l, guess(s, within), nil)
		c.Price = price
		return c
	}
	base := Question{Goal: Latency, Data: model.Workload{BatchSize: 4, SeqLen: 90, MaxTokens: 10}, PerNode: 4}
	with := func(change func(*Question)) Question { q := base; change(&q); return q }
	for name, c := range map[string]struct {
		q                         Question
		one, two, four            float64 // seconds of 1 GPU and TP2, measured, and of TP4 and TP2 PP2, forecast
		within                    float64
		best, rivals, runs, order string
		left                      int
	}{
		"measured, and sure": {base, 1, 0.5, 0.8, 0.1, "TP2", "", "", "TP2, 1 GPU, TP4, TP2 PP2", 0},
		"forecast, and sure": {base, 1, 0.5, 0.3, 0.01, "TP4", "", "TP4", "TP2, 1 GPU, TP4, TP2 PP2", 0},
		"two cannot be told": {base, 1, 0.5, 0.3, 0.2, "TP4", "TP2 PP2", "TP4, TP2 PP2", "TP2, 1 GPU, TP4, TP2 PP2", 0},
		"one is paid for": {with(func(q *Question) { q.NodeHours = 0.6 }), 1, 0.5, 0.3, 0.2, "TP4", "TP2 PP2", "TP4",
			"TP2, 1 GPU, TP4, TP2 PP2", 1},
		"a forecast may be better": {base, 1, 0.5, 0.52, 0.1, "TP2", "TP4", "TP4", "TP2, 1 GPU, TP4, TP2 PP2", 0},
		"a limit":                  {with(func(q *Question) { q.TTFT = 40 }), 1, 0.5, 0.3, 0.01, "TP4", "", "TP4", "TP2, 1 GPU, TP4, TP2 PP2", 0},
		"no one keeps it":          {with(func(q *Question) { q.TTFT = 1 }), 1, 0.5, 0.3, 0.01, "", "", "", "TP2, 1 GPU, TP4, TP2 PP2", 0},
		"throughput": {with(func(q *Question) { q.Goal = Throughput }), 1, 0.5, 0.3, 0.01, "TP4", "", "TP4",
			"TP2, 1 GPU, TP4, TP2 PP2", 0},
		"node hours": {with(func(q *Question) { q.Goal = NodeHours }), 1, 0.6, 0.3, 0.01, "1 GPU", "", "",
			"1 GPU, TP2, TP4, TP2 PP2", 0},
	} {
		a := c.q.Decide([]Candidate{measured(c.q, layout(1, 1), c.one), measured(c.q, layout(2, 1), c.two), forecasted(c.q,
			layout(4, 1), c.four, c.within),
			forecasted(c.q, layout(2, 2), 1.1*c.four, c.within)})
		best := ""
		if a.Best != nil {
			best = a.Best.Layout.Short()
		}
		if best != c.best || names(a.Rivals) != c.rivals || names(a.Runs) != c.runs || names(a.Candidates) != c.order || a.Left != c.left {
			t.Errorf("%s: best %q, rivals %q, runs %q, order %q, %d left", name, best, names(a.Rivals), names(a.Runs), names(a.Candidates), a.Left)
		}
	}
}

func TestNothingKnown(t *testing.T) {
	q := Question{Goal: Latency}
	a := q.Decide([]Candidate{q.Candidate(layout(1, 1), forecast.Forecast{Refused: "no run of it"}, nil)})
	if a.Best != nil || len(a.Runs) != 0 || a.Candidates[0].Refused != "no run of it" {
		t.Errorf("of nothing known: %+v", a)
	}
}

func TestLayouts(t *testing.T) {
	if got := len(Layouts(4, false)); got != 10 {
		t.Errorf("%d layouts of up to 4 GPUs, want 10", got)
	}
	for _, l := range Layouts(8, true) {
		if l.GPUs() > 8 || l.EP != 1 && l.EP != l.TP*l.DP() {
			t.Errorf("%v cannot be", l)
		}
	}
}
