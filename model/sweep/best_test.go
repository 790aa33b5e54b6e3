package sweep

import (
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/metric"
)

// measured is a point that is done, with some of its metrics.
func measured(id string, repeat int, values map[string]float64) Status {
	a := &metric.Analysis{}
	for name, v := range values {
		a.Metrics = append(a.Metrics, metric.Metric{Name: name, Value: &v})
	}
	run := &model.Run{Name: id}
	return Status{Point: Point{ID: id, Repeat: repeat, Edits: []model.Edit{{Path: "x", Value: strings.TrimRight(id, "'")}}},
		State: Done, Run: run, Analysis: a}
}

func planOf(g *Goal, points ...Status) Plan { return Plan{Sweep: Sweep{Goal: g}, Points: points} }

func TestBest(t *testing.T) {
	fast := measured("fast", 1, map[string]float64{"throughput_tokens_sec": 90, "ttft": 300})
	good := measured("good", 1, map[string]float64{"throughput_tokens_sec": 80, "ttft": 150})
	slow := measured("slow", 1, map[string]float64{"throughput_tokens_sec": 50, "ttft": 90})
	other := measured("other", 1, map[string]float64{"throughput_tokens_sec": 500, "ttft": 1})
	other.Run.Changed = model.Changes{{Path: "data.batch_size", Was: "4", Now: "8"}}
	waits := measured("waits", 1, map[string]float64{"throughput_tokens_sec": 500, "ttft": 1})
	waits.State = Submitted
	for _, c := range []struct {
		name, want string
		goal       *Goal
	}{
		{"without a goal", "", nil},
		{"highest", "fast", &Goal{Metric: "throughput_tokens_sec", Highest: true}},
		{"lowest", "slow", &Goal{Metric: "ttft"}},
		{"with a constraint", "good", &Goal{Metric: "throughput_tokens_sec", Highest: true, Constraints: where("ttft <= 200")}},
		{"that none keeps", "", &Goal{Metric: "throughput_tokens_sec", Highest: true, Constraints: where("ttft <= 2")}},
		{"of what none has", "", &Goal{Metric: "throughput_tokens_sec", Highest: true, Constraints: where("tpot <= 2")}},
		{"of a metric that none has", "", &Goal{Metric: "tpot"}},
	} {
		got := ""
		if best := planOf(c.goal, good, fast, slow, other, waits).Best(); best != nil {
			got = best.ID
		}
		if got != c.want {
			t.Errorf("%s: %q; want %q", c.name, got, c.want)
		}
	}
}

func TestLeaderNeedsNoGoal(t *testing.T) {
	fast, slow := measured("fast", 1, map[string]float64{"throughput_tokens_sec": 90, "ttft": 300}), measured("slow", 1, map[string]float64{"ttft": 90})
	for want, goal := range map[string]*Goal{"fast": nil, "slow": {Metric: "ttft"}} {
		p := planOf(goal, slow, fast)
		if x := p.Leader(); x == nil || x.ID != want || p.Sweep.Goal != goal {
			t.Errorf("%+v leads, want %s; the goal is %v", x, want, p.Sweep.Goal)
		}
	}
	if x := planOf(nil, slow).Leader(); x != nil {
		t.Errorf("%s leads without a value", x.ID)
	}
}

// Of repeats the median counts: one lucky run does not win.
func TestBestOfRepeats(t *testing.T) {
	run := func(id string, repeat int, v float64) Status {
		return measured(id, repeat, map[string]float64{"throughput_tokens_sec": v})
	}
	p := planOf(&Goal{Metric: "throughput_tokens_sec", Highest: true}, run("a", 1, 99), run("b", 1, 80), run("a'", 2, 60), run("b'", 2, 81),
		run("a''", 3, 61), run("b''", 3, 82))
	if best := p.Best(); best == nil || best.ID != "b" {
		t.Errorf("best %+v", best)
	}
}

// Points are places of tables: with their values and states, and without numbers that are not theirs.
func TestEntries(t *testing.T) {
	done := measured("done", 1, map[string]float64{"tpot": 8})
	changed := measured("changed", 1, map[string]float64{"tpot": 9})
	changed.Run.Changed = model.Changes{{Path: "data.batch_size", Was: "4", Now: "8"}}
	foretold := measured("foretold", 1, map[string]float64{"tpot": 7})
	foretold.Run.Forecast = &model.RunForecast{}
	none := Status{Point: Point{ID: "none", Edits: done.Edits}, State: Impossible, Reason: "32 heads"}
	var got []string
	for _, e := range planOf(nil, done, changed, foretold, none).Entries() {
		got = append(got, strings.Join([]string{e.ID, e.Value("x"), string(e.State), e.Reason}, "|"))
	}
	want := "done|done|measured| changed|changed|measured|config changed since this run: batch 4 → 8 " +
		"foretold|foretold|forecast|forecast from recordings: neither measured nor recorded none|done|impossible|32 heads"
	if strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// The contest is between the best by their medians, the best first; against the metric's own direction there is none.
func TestRivals(t *testing.T) {
	run := func(id string, repeat int, v float64) Status {
		return measured(id, repeat, map[string]float64{"throughput_tokens_sec": v})
	}
	p := planOf(&Goal{Metric: "throughput_tokens_sec", Highest: true}, run("a", 1, 99), run("b", 1, 80), run("c", 1, 70),
		run("a'", 2, 60), run("a''", 3, 61))
	if got := strings.Join(p.Rivals().Runs, " "); got != "b c a" {
		t.Errorf("rivals %s", got)
	}
	p.Sweep.Goal.Highest = false
	if got := p.Rivals().Runs; len(got) != 0 {
		t.Errorf("of the slowest: %v", got)
	}
}
