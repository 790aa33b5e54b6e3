package sweep

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/scaling"
)

// recorded is a sweep over Llama-3.1-8B on two H100 (engine torch): TP, batch, prompt; tokens/s, TTFT and TPOT in ms.
var recorded = []struct {
	tp, batch, prompt      int
	throughput, ttft, tpot float64
}{
	{1, 1, 2048, 3769.8, 53.261, 8.045}, {1, 1, 512, 1109.7, 19.068, 7.937}, {1, 16, 2048, 23003.8, 857.218, 9.713},
	{1, 16, 512, 12344.8, 205.872, 8.582}, {1, 4, 2048, 11297.9, 211.381, 8.504}, {1, 4, 512, 4036.7, 51.631, 8.235},
	{1, 4, 8192, 21098.2, 958.815, 9.642}, {1, 64, 2048, 30891.4, 3476.71, 14.268}, {1, 64, 512, 25034.9, 835.097, 10.119},
	{2, 1, 2048, 4986.5, 34.599, 6.174}, {2, 1, 512, 1355.7, 41.067, 6.092}, {2, 16, 2048, 35414.9, 493.075, 7.32},
	{2, 16, 512, 16680.6, 122.027, 6.839}, {2, 4, 2048, 15541.9, 125.156, 6.633}, {2, 4, 512, 5266.2, 34.297, 6.405},
	{2, 4, 8192, 33398.8, 539.484, 7.127}, {2, 64, 2048, 51534.8, 2009.19, 9.732}, {2, 64, 512, 38463.9, 480.221, 7.589},
}

// recordedPlan is that sweep with noise of 2 %, no point done, in an order of chance.
func recordedPlan(r *rand.Rand, g *Goal) (Plan, map[string]*metric.Analysis) {
	p, results := Plan{Sweep: Sweep{Goal: g}}, map[string]*metric.Analysis{}
	for _, i := range r.Perm(len(recorded)) {
		c := recorded[i]
		e := model.Defaults()
		e.Layout.TP, e.Data = c.tp, model.Workload{BatchSize: c.batch, SeqLen: c.prompt, MaxTokens: 64}
		id := fmt.Sprintf("tp%d-b%d-s%d", c.tp, c.batch, c.prompt)
		noisy := func(v float64) float64 { return v * (1 + 0.02*r.NormFloat64()) }
		tput, tpot := noisy(c.throughput), noisy(c.tpot)
		x := measured(id, 1, map[string]float64{"throughput_tokens_sec": tput, "ttft": noisy(c.ttft), "tpot": tpot,
			scaling.PerGPU: tput / float64(c.tp), scaling.PerUser: 1000 / tpot})
		results[id], x.Analysis, x.Run, x.State, x.Experiment = x.Analysis, nil, nil, Ready, e
		p.Points = append(p.Points, x)
	}
	return p, results
}

// measure makes a point of a plan done, with its result.
func (p *Plan) measure(id string, results map[string]*metric.Analysis) {
	for i := range p.Points {
		if x := &p.Points[i]; x.ID == id {
			x.State, x.Analysis, x.Run = Done, results[id], &model.Run{}
		}
	}
}

// nextOf is the point that a job of some GPUs measures next; 0: of any; empty: none of it can change the answer.
func (p Plan) nextOf(gpus int) string {
	x := model.First(p.Open(), func(x Status) bool { return gpus == 0 || x.Experiment.Layout.TP == gpus })
	if x == nil {
		return ""
	}
	return x.ID
}

// The jobs of a sweep: one for all points, that of TP 1 and then that of TP 2 as they are submitted, or side by side, where neither
// knows what the other is at.
var jobsOf = map[string]func(p *Plan, results map[string]*metric.Analysis){
	"one job":    func(p *Plan, results map[string]*metric.Analysis) { p.inTurn(results, 0) },
	"TP 1, TP 2": func(p *Plan, results map[string]*metric.Analysis) { p.inTurn(results, 1, 2) },
	"side by side": func(p *Plan, results map[string]*metric.Analysis) {
		for one, two := p.nextOf(1), p.nextOf(2); one != "" || two != ""; {
			p.measure(one, results)
			one = p.nextOf(1)
			p.measure(two, results)
			two = p.nextOf(2)
		}
	},
}

func (p *Plan) inTurn(results map[string]*metric.Analysis, jobs ...int) {
	for _, gpus := range jobs {
		for id := p.nextOf(gpus); id != ""; id = p.nextOf(gpus) {
			p.measure(id, results)
		}
	}
}

// With a goal the true best is found within 5 % of its value, in at most half of the points, whatever the order, the noise and
// the jobs.
func TestEarlyAnswer(t *testing.T) {
	for name, goal := range map[string]Goal{
		"throughput":              {Metric: "throughput_tokens_sec", Highest: true},
		"a GPU's throughput":      {Metric: scaling.PerGPU, Highest: true},
		"latency":                 {Metric: "tpot"},
		"first token":             {Metric: "ttft"},
		"throughput with a limit": {Metric: "throughput_tokens_sec", Highest: true, Constraints: where("ttft <= 200")},
		"of a user":               {Metric: scaling.PerUser, Highest: true, Constraints: where("ttft <= 100")},
	} {
		for jobs, run := range jobsOf {
			ran := 0
			for seed := range uint64(20) {
				p, results := recordedPlan(rand.New(rand.NewPCG(seed, 7)), &goal)
				whole := Plan{Sweep: p.Sweep, Points: slices.Clone(p.Points)}
				for _, x := range p.Points {
					whole.measure(x.ID, results)
				}
				run(&p, results)
				found, best, n := *p.Best().Value(goal.Metric), *whole.Best().Value(goal.Metric), p.Count(Done)
				if r := found / best; r < 0.95 || r > 1.05 || !p.Decided() {
					t.Errorf("%s, %s, seed %d: found %s with %.1f, the best is %s with %.1f", name, jobs, seed, p.Best().ID, found, whole.Best().ID, best)
				}
				if n > len(recorded)/2 {
					t.Errorf("%s, %s, seed %d: %d of %d points", name, jobs, seed, n, len(recorded))
				}
				ran += n
			}
			t.Logf("%s, %s: %.1f of %d points", name, jobs, float64(ran)/20, len(recorded))
		}
	}
}

// Of all repeats those of the best are run, and last: they tell how sure it is.
func TestRepeatsOfTheBestAreRun(t *testing.T) {
	goal := &Goal{Metric: "throughput_tokens_sec", Highest: true}
	p, results := recordedPlan(rand.New(rand.NewPCG(3, 7)), goal)
	for _, x := range slices.Clone(p.Points) {
		for repeat := 2; repeat <= 3; repeat++ {
			y := x
			y.ID, y.Repeat = fmt.Sprintf("%s-r%d", x.ID, repeat), repeat
			results[y.ID] = results[x.ID]
			p.Points = append(p.Points, y)
		}
	}
	var ran []string
	for id := p.nextOf(0); id != ""; id = p.nextOf(0) {
		ran = append(ran, id)
		p.measure(id, results)
	}
	best := p.Best().ID
	if n := len(ran); n < 3 || n > len(recorded)/2+2 || !slices.Equal(ran[n-2:], []string{best + "-r2", best + "-r3"}) || !p.Decided() {
		t.Errorf("ran %v; the best is %s", ran, best)
	}
	if judge := p.Judge(); slices.ContainsFunc(p.Points, func(x Status) bool { return x.State == Ready && judge(x) == nil }) {
		t.Error("a point that can change nothing is not judged so")
	}
}

// Nothing is said of points that differ in more than laws are about.
func TestNoBound(t *testing.T) {
	p, results := recordedPlan(rand.New(rand.NewPCG(1, 1)), &Goal{Metric: "throughput_tokens_sec", Highest: true})
	for i := range p.Points {
		p.Points[i].State, p.Points[i].Analysis, p.Points[i].Run = Done, results[p.Points[i].ID], &model.Run{}
	}
	for name, change := range map[string]func(*model.Experiment){
		"two layouts":       func(e *model.Experiment) { e.Layout.TP, e.Layout.DPShard = 4, 2 },
		"another model":     func(e *model.Experiment) { e.Model.Name = "x/y" },
		"another backend":   func(e *model.Experiment) { e.Comm.AllReduce = "nccl" },
		"another output":    func(e *model.Experiment) { e.Data.MaxTokens = 128 },
		"more of the batch": func(e *model.Experiment) { e.Data.BatchSize = 4096 },
	} {
		x := p.Points[0]
		x.State, x.Analysis, x.Run = Ready, nil, nil
		change(&x.Experiment)
		if !p.search().canWin(spotOf(x.Experiment)) {
			t.Errorf("%s cannot win", name)
		}
	}
	if !p.Decided() {
		t.Error("not decided when all is done")
	}
}

// A server's rates: what misses a limit at one rate misses it at higher ones, and loads of another kind say nothing of it.
func TestLoads(t *testing.T) {
	p := Plan{Sweep: Sweep{Goal: &Goal{Metric: "throughput_tokens_sec", Highest: true, Constraints: where("ttft_p99 <= 200")}}}
	for rate, ttft := range map[float64]float64{1: 40, 2: 60, 4: 120, 8: 900, 16: 4000} {
		x := measured(fmt.Sprintf("r%g", rate), 1, map[string]float64{"throughput_tokens_sec": 500 * min(rate, 6), "ttft": ttft / 2})
		i := slices.IndexFunc(x.Analysis.Metrics, func(m metric.Metric) bool { return m.Name == "ttft" })
		x.Analysis.Metrics[i].By.Stats = map[metric.Stat]float64{metric.P99: ttft}
		x.Experiment = model.Defaults()
		x.Experiment.Load.Rate = rate
		x.State = map[bool]State{true: Done, false: Ready}[rate == 2 || rate == 8]
		p.Points = append(p.Points, x)
	}
	slices.SortFunc(p.Points, func(a, b Status) int { return cmp.Compare(a.Experiment.Load.Rate, b.Experiment.Load.Rate) })
	if open := p.Open(); len(open) != 1 || open[0].ID != "r4" {
		t.Errorf("open are %v, want r4: r1 has less throughput than r2, r16 queues longer than r8",
			model.Each(open, func(x Status) string { return x.ID }))
	}
	for _, other := range []model.Load{{Concurrency: 8}, {Rate: 16, Shape: "constant"}, {Rate: 16, Concurrency: 4}, {}} {
		e := model.Defaults()
		if e.Load = other; !p.search().canWin(spotOf(e)) {
			t.Errorf("%+v cannot win", other)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	p, results := recordedPlan(rand.New(rand.NewPCG(1, 1)),
		&Goal{Metric: "throughput_tokens_sec", Highest: true, Constraints: where("ttft <= 200")})
	all := p.Points
	for len(p.Points) < 1000 {
		for _, x := range all {
			if len(p.Points)%2 == 0 {
				x.State, x.Analysis, x.Run = Done, results[x.ID], &model.Run{}
			}
			x.Experiment.Data.MaxTokens = 64 + len(p.Points)
			p.Points = append(p.Points, x)
		}
	}
	for b.Loop() {
		p.Open()
	}
}
