package sweep

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"shardeck/model"
	"shardeck/model/check"
)

// engineOf is an engine of some GPUs whose points take minutes each.
func engineOf(gpus int, minutes ...int) Engine {
	e := model.Defaults()
	e.Layout.TP = gpus
	g := Engine{Size: e}
	for _, m := range minutes {
		e.ProfileIterations = m
		g.Points = append(g.Points, Member{Experiment: e})
	}
	return g
}

func packing() Packing {
	return Packing{
		Place: func(g Engine) check.Placement { return check.Placement{Nodes: 1, GPUsPerNode: g.Size.Layout.GPUs()} },
		Cost: func(m Member) Cost {
			return Cost{Start: 2 * time.Minute, Point: time.Duration(m.Experiment.ProfileIterations) * time.Minute}
		},
		Limit: 30 * time.Minute, PerNode: 4, Whole: func(p check.Placement) bool { return !p.Shared },
	}
}

// told is jobs as lanes: [8+5 | 10] [30].
func told(jobs []*Job) string {
	var all []string
	for _, j := range jobs {
		var lanes []string
		for _, l := range j.Lanes {
			var engines []string
			for _, g := range l.Engines {
				engines = append(engines, fmt.Sprint(packing().time(g).Minutes()))
			}
			lanes = append(lanes, strings.Join(engines, "+"))
		}
		all = append(all, "["+strings.Join(lanes, " | ")+"]")
	}
	return strings.Join(all, " ")
}

func TestPack(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(*Packing)
		engines    []Engine
	}{
		{"side by side, long ones first", "[20 | 18 | 14 | 12+10]", nil,
			[]Engine{engineOf(1, 8), engineOf(1, 12), engineOf(1, 18), engineOf(1, 10), engineOf(1, 16)}},
		{"two lanes of two GPUs", "[12 | 10+7]", nil, []Engine{engineOf(2, 5), engineOf(2, 10), engineOf(2, 8)}},
		{"whole nodes one after the other", "[20] [12+7]", nil, []Engine{engineOf(4, 18), engineOf(4, 10), engineOf(4, 5)}},
		{"layouts do not mix in a job", "[22] [12 | 7]", nil, []Engine{engineOf(2, 10), engineOf(2, 5), engineOf(4, 20)}},
		{"no neighbours", "[12+10+7]", func(p *Packing) {
			p.Whole = func(check.Placement) bool { return false }
		}, []Engine{engineOf(1, 5), engineOf(1, 10), engineOf(1, 8)}},
		{"a part of a node has none", "[12+10+7]", func(p *Packing) {
			p.Place = func(Engine) check.Placement { return check.Placement{Nodes: 1, GPUsPerNode: 1, Shared: true} }
		}, []Engine{engineOf(1, 5), engineOf(1, 10), engineOf(1, 8)}},
		{"an engine over the limit starts again", "[22 | 22]", nil, []Engine{engineOf(2, 10, 10, 10, 10)}},
		{"a point over the limit stands alone", "[42 | 3]", nil, []Engine{engineOf(2, 40, 1)}},
	} {
		p := packing()
		if c.change != nil {
			c.change(&p)
		}
		if got := told(p.Pack(c.engines)); got != c.want {
			t.Errorf("%s: %s; want %s", c.name, got, c.want)
		}
	}
}

// No point is lost or doubled, no lane passes the limit, and the GPUs of lanes are disjoint.
func TestPackKeepsAllPoints(t *testing.T) {
	var engines []Engine
	for i := range 60 {
		engines = append(engines, engineOf(1+i%4, 1+i%13, 1+i%7, 1+i%25))
	}
	n := 0
	for _, j := range packing().Pack(engines) {
		for i, l := range j.Lanes {
			if l.Time > 30*time.Minute || l.First != i*l.GPUs || l.First+l.GPUs > 4 {
				t.Errorf("lane %+v", l)
			}
		}
		for _, g := range j.Engines() {
			n += len(g.Points)
		}
		if j.Time() <= 0 {
			t.Error("a job without work")
		}
	}
	if n != 180 {
		t.Errorf("%d points of 180", n)
	}
}

func TestEstimate(t *testing.T) {
	shape := &model.Shape{Hidden: 4096, Layers: 32, Heads: 32, KVHeads: 8, HeadDim: 128, Intermediate: 14336, Vocab: 128256}
	gpu := &model.GPU{HBM: 1555, Peak: map[string]float64{"bfloat16": 312}}
	e := model.Defaults()
	e.Data = model.Workload{BatchSize: 16, SeqLen: 2048, MaxTokens: 512}
	one := Estimate(e, shape, gpu)
	e.Layout.TP = 4
	four := Estimate(e, shape, gpu)
	if one.Start <= four.Start || one.Point <= four.Point || one.Point > time.Hour {
		t.Errorf("TP1 %+v, TP4 %+v", one, four)
	}
	// An iteration of 16 × 2048 + 512 tokens takes an A100 some 14 s at the least: weights read 512 times.
	if e.Layout.TP = 1; iteration(e, *shape, *gpu) < 6*time.Second {
		t.Errorf("an iteration of %v", iteration(e, *shape, *gpu))
	}
	e.Load = model.Load{Rate: 2, Requests: 120}
	if c := Estimate(e, shape, gpu); c.Start != one.Start || c.Point < 2*time.Minute || c.Point > 3*time.Minute {
		t.Errorf("a minute of requests, and a client: %+v", c)
	}
	e.Load = model.Load{Concurrency: 8, Requests: 80}
	if c := Estimate(e, shape, gpu); c.Point < benchStart+60*time.Second {
		t.Errorf("ten rounds of eight: %+v", c)
	}
	e.Load = model.Load{}
	e.Engine = model.EngineReplay
	if c := Estimate(e, nil, nil); c.Start+c.Point > time.Minute {
		t.Errorf("a replay of %+v", c)
	}
	e.Engine = model.EngineVLLM
	if c := Estimate(e, nil, nil); c.Point < unknownStep {
		t.Errorf("of an unknown model %+v", c)
	}
}

// What runs of the same engine took here stands in place of what was estimated; those of others tell nothing.
func TestLearn(t *testing.T) {
	e := model.Defaults()
	e.Profiling.Kineto = false
	guess := Cost{Start: 150 * time.Second, Point: 40 * time.Second}
	other, large := e, e
	other.Layout.TP, large.Data.BatchSize = 2, 64
	first := Past{Experiment: e, Whole: 200 * time.Second, First: true, Timed: 50 * time.Second} // of 5 iterations, with 2 of warm-up
	for name, tt := range map[string]struct {
		past []Past
		want Cost
	}{
		"nothing":        {nil, guess},
		"another layout": {[]Past{{Experiment: other, Whole: time.Hour, First: true, Timed: time.Minute}}, guess},
		"the same":       {[]Past{first}, Cost{130 * time.Second, 70 * time.Second, 1}},
		"a later point": {[]Past{{Experiment: e, Whole: 90 * time.Second, Timed: 50 * time.Second}},
			Cost{150 * time.Second, 90 * time.Second, 1}},
		"another workload": {[]Past{{Experiment: large, Whole: 300 * time.Second, First: true, Timed: 150 * time.Second}},
			Cost{90 * time.Second, 40 * time.Second, 1}},
		"two, the longest":    {[]Past{first, {Experiment: e, Whole: 90 * time.Second}}, Cost{130 * time.Second, 90 * time.Second, 2}},
		"no times of its own": {[]Past{{Experiment: e, Whole: 200 * time.Second, First: true}}, Cost{150 * time.Second, 200 * time.Second, 1}},
	} {
		past := Pasts{}
		for _, p := range tt.past {
			past.Add(p)
		}
		if got := guess.Learn(e, past); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}
