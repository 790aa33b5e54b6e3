package forecast

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"shardeck/model"
)

// How far a forecast may be from what was fitted before it is refused.
const farthest = 4

// Deviations of logarithms by what differs from the nearest run: what the laws may have wrong there.
const (
	perTP      = 0.012 // each doubling or halving of TP
	perPP      = 0.05
	perEP      = 0.35 // experts on other ranks: routing and waits that one rank has not
	perDP      = 0.03
	perModel   = 0.04  // another model of the family
	perSize    = 0.004 // each doubling or halving of batch or prompt
	raggedness = 0.07
	priorDoubt = 0.35

	steadySpread = 0.2 // of a run that tells how long the host takes
)

// hostDoubt is how far a time that the host sets may lie off: alone, by the pace of one process; with collectives by that of several,
// which wait for the last of them.
func (f *fitted) hostDoubt(p *plan) float64 {
	if !slices.ContainsFunc(p.terms, func(t term) bool { return t.calls > 0 }) {
		return 0.15
	}
	for i := range f.plans {
		bound := func(t term) bool { _, hosted := t.time(&f.at); return t.calls > 0 && hosted > 0.5 }
		if f.runs[i].Spread[ttft] < steadySpread && slices.ContainsFunc(f.plans[i].terms, bound) {
			return 0.35
		}
	}
	return 0.6
}

// family is what models must share for the trace of one to tell of another.
func family(s model.Shape) string {
	attention, ffn := "grouped-query attention", "dense feed-forward"
	if s.MLA != nil {
		attention = "latent attention"
	}
	mixers, ffns := s.Count()
	for letter := range mixers {
		if strings.IndexByte("as", letter) < 0 {
			attention = "state-space layers"
		}
	}
	if ffns['e'] > 0 {
		ffn = "experts"
	}
	return attention + " and " + ffn
}

// refusal says why there is nothing for a forecast to stand on; empty: there is.
func (l *Machines) refusal(c Config, f *fitted) string {
	if len(c.Faults) > 0 {
		return c.Faults[0]
	}
	if why := c.otherSchedule(); why != "" {
		return why
	}
	if c.GPU.Key == "" {
		return "the GPU is not known: neither the site nor a run says which; choose a site with --set site=NAME"
	}
	if f == nil || len(f.runs) == 0 {
		return l.otherMachine(c)
	}
	if !slices.ContainsFunc(f.runs, func(r Run) bool { return len(r.Steps) > 0 }) {
		return "no trace of a run of " + c.what() + ": timings alone cannot tell the reading of weights from fixed costs; trace one run"
	}
	graph := f.engine.inGraph(c)
	if !slices.ContainsFunc(f.runs, func(r Run) bool { return f.engine.inGraph(r.Config) == graph }) {
		return map[bool]string{true: "it decodes in CUDA graphs, and every run here was eager",
			false: "it runs eager, and every run here decoded in CUDA graphs"}[graph]
	}
	if why := f.tooFar(c); why != "" {
		return why
	}
	if n := newWorker(c, &f.machine).nodes; n > 1 && !f.spans() {
		return fmt.Sprintf("TP=%d lies on %d nodes, and no run or calibration here did: the network is not known", c.Experiment.Layout.TP, n)
	}
	if e := c.Experiment.Layout; c.GPUsPerNode > 0 && e.PP > 1 && e.GPUs() > c.GPUsPerNode && !f.spans() {
		return "the pipeline lies on several nodes, and no run or calibration here did: the network is not known"
	}
	return ""
}

// otherSchedule says which argument of vLLM makes steps that the laws know nothing of; empty: none does.
func (c Config) otherSchedule() string {
	if c.Experiment.Engine != model.EngineVLLM {
		return ""
	}
	at, most := c.Experiment.RequestsPerReplica(), c.Experiment.EngineNumber("max_num_seqs", math.Inf(1))
	if float64(at) > most {
		return fmt.Sprintf("max_num_seqs is %.0f for %d requests: they come in waves, of which these laws know nothing", most, at)
	}
	if n := c.Experiment.EngineNumber("max_num_batched_tokens", 1); n < 1 {
		return fmt.Sprintf("max_num_batched_tokens is %.0f: no step has a token", n)
	}
	for _, key := range []string{"speculative_config", "cpu_offload_gb", "enable_chunked_prefill"} {
		v, set := c.Experiment.VLLM[key]
		if on, yes := v.(bool); set && v != nil && v != 0 && (!yes || on != (key == "enable_chunked_prefill")) {
			return key + " makes steps of a kind that these laws know nothing of"
		}
	}
	return ""
}

// what names an engine and a GPU.
func (c Config) what() string {
	return fmt.Sprintf("engine %s on %s", c.Experiment.Engine, c.GPU.Title)
}

// otherMachine says of what there are runs instead.
func (l *Machines) otherMachine(c Config) string {
	var have, families []string
	for _, g := range l.groups {
		if have = append(have, g.of.what()+" in "+format(&g.of)); machineKey(g.of) == machineKey(c) {
			families = append(families, family(g.of.Shape))
		}
	}
	switch {
	case len(have) == 0:
		return "no run of " + c.what() + ": there are none yet; run and trace one with TP=1"
	case len(families) > 0:
		return fmt.Sprintf("%s has %s, and the runs here are of models with %s: run and trace one of it", c.Shape.Short, family(c.Shape),
			strings.Join(families, "; "))
	}
	slices.Sort(have)
	return fmt.Sprintf("no run of %s in %s: the runs here are of %s", c.what(), format(&c), strings.Join(slices.Compact(have), "; "))
}

// spans reports whether a run, or a calibration, lay on several nodes.
func (f *fitted) spans() bool {
	return slices.ContainsFunc(f.runs, func(r Run) bool {
		return r.Config.GPUsPerNode > 0 && r.Config.Experiment.Layout.GPUs() > r.Config.GPUsPerNode
	}) || slices.ContainsFunc(f.links, func(c Collective) bool { return c.Nodes > 1 && c.Source == "calibration" })
}

// sizes are what the laws are extrapolated in, with their names.
func (c Config) sizes() (all [4]float64) {
	d, widest := c.Experiment.Data, int64(0)
	for _, m := range c.Shape.OnRank(c.Experiment.Layout, 0).Matrices(c.Shape.Quant, 2) {
		widest = max(widest, m.Bytes)
	}
	batch := float64(c.Experiment.RequestsPerReplica())
	step := batch * float64(d.SeqLen)
	if c.Batched > 0 && c.Experiment.Engine == model.EngineVLLM {
		step = min(step, c.Experiment.EngineNumber("max_num_batched_tokens", float64(c.Batched)))
	}
	return [4]float64{batch, float64(d.SeqLen + d.MaxTokens), step, float64(widest)}
}

var sizeNames = [4]string{"requests of a replica", "tokens of a request", "prompt tokens of a step", "bytes of its largest matrix"}

// tooFar says which size is more than four times the largest that was fitted; empty: none is.
func (f *fitted) tooFar(c Config) string {
	for i, v := range c.sizes() {
		if v > farthest*f.most[i] {
			return fmt.Sprintf("%.0f %s are beyond %d times the %.0f of all runs here", v, sizeNames[i], farthest, f.most[i])
		}
	}
	return ""
}

// distance is how far, as a deviation of logarithms, the laws may be wrong so far from the nearest run, and what to say of it.
func (f *fitted) distance(c Config, ragged bool) (deviation float64, notes []string) {
	nearest := math.Inf(1)
	for _, r := range f.runs {
		nearest = min(nearest, distanceOf(r.Config, c))
	}
	if math.IsInf(nearest, 1) {
		nearest = priorDoubt
	}
	if ragged && f.engine.Schedule == "chunked" && c.Experiment.Data.BatchSize > 1 {
		nearest = math.Hypot(nearest, raggedness)
		notes = append(notes, "requests reach the scheduler one at a time here: which of them share the first step varies, and times with it")
	}
	return nearest, notes
}

func distanceOf(a, b Config) float64 {
	doublings := func(x, y int) float64 { return math.Abs(math.Log2(float64(max(x, 1)) / float64(max(y, 1)))) }
	la, lb := a.Experiment.Layout, b.Experiment.Layout
	da, db := a.Experiment.Data, b.Experiment.Data
	sum := 0.0
	for _, d := range []float64{
		perTP * doublings(la.TP, lb.TP), perPP * doublings(la.PP, lb.PP), perEP * min(1, doublings(la.EP, lb.EP)),
		perDP * doublings(la.DP(), lb.DP()),
		perSize * doublings(da.BatchSize, db.BatchSize), perSize * doublings(da.SeqLen, db.SeqLen),
	} {
		sum += d * d
	}
	if a.Shape.Name != b.Shape.Name {
		sum += perModel * perModel
	}
	return math.Sqrt(sum)
}
