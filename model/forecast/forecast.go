package forecast

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/xray"
)

// Config is what a forecast is of: an experiment with all that its numbers depend on.
type Config struct {
	Experiment  model.Experiment // of a replay the engine that was recorded
	Shape       model.Shape      // with the depth of the experiment
	GPU         model.GPU        // Key is empty where it is not known
	Site        string
	GPUsPerNode int  // 0: not known, one node is taken to hold all
	Batched     int  // tokens of a step where the config does not say: vLLM's own choice
	Eager       bool // traces show decode steps without graphs, though the engine is one that has them
	// Faults of the config that keep it from running at all, one sentence each.
	Faults []string
}

// Run is what was measured of a config. Times that were not measured are 0.
type Run struct {
	Name      string
	At        time.Time // that it began
	Config    Config
	TTFT      float64     // ms, as the metric says
	TPOT      float64     // ms
	Iteration float64     // s
	Spread    [2]float64  // of TTFT and TPOT over its iterations: (max − min) / median
	Ragged    bool        // requests reached the engine one by one: their first tokens came in steps that no schedule explains
	Steps     []xray.Step // of its lowest rank; none: not traced
}

// Forecast is what a config is to take.
type Forecast struct {
	ID       string   `json:"id"`
	Refused  string   `json:"refused"` // why there are no metrics; empty: there are
	Metrics  []Metric `json:"metrics"`
	Prior    bool     `json:"prior_only,omitempty"` // it would be refused: asked for all the same, from priors and runs that do not fit
	Notes    []string `json:"notes,omitempty"`      // what a reader must know, a sentence each
	GPU      string   `json:"gpu,omitempty"`        // the kind that it is for, as drivers name it; empty: not known
	Point    string   `json:"-"`                    // PointOf its config
	Measured string   `json:"measured,omitempty"`   // a run of this very config, which the forecast does not know
}

// Metric is the metric of a name; the zero one where it is not forecast.
func (f Forecast) Metric(name string) Metric {
	return *cmp.Or(model.First(f.Metrics, func(m Metric) bool { return m.Name == name }), &Metric{})
}

// Measures are the metrics on some GPUs, with those that follow from them: tokens a second of a user and of a GPU.
func (f Forecast) Measures(gpus int) (all []Metric) {
	for _, m := range f.Metrics {
		switch all = append(all, m); m.Name {
		case "tpot":
			all = append(all, Metric{Name: "tokens_sec_per_user", Value: 1e3 / m.Value, Low: 1e3 / m.High, High: 1e3 / m.Low})
		case "throughput_tokens_sec":
			n := float64(gpus)
			all = append(all, Metric{Name: "tokens_sec_per_gpu", Value: m.Value / n, Low: m.Low / n, High: m.High / n})
		}
	}
	return all
}

// Metric is one forecast number with the interval that holds it at Level.
type Metric struct {
	Name    string             `json:"name"` // as of metric.Definitions
	Unit    string             `json:"unit"`
	Value   float64            `json:"value"`
	Low     float64            `json:"low"`
	High    float64            `json:"high"`
	Level   float64            `json:"level"`
	Parts   map[string]float64 `json:"parts"`    // in the unit, by PartNames; those of a throughput are shares of its time in %
	RestsOn []string           `json:"rests_on"` // runs, then priors

	LaunchBound bool `json:"launch_bound,omitempty"` // the host sets the pace: a value is little more than a guess, the interval is wide
}

// Machines are the constants of every machine of which there are runs, and of others by their priors.
type Machines struct {
	priors   *Priors
	measured []measuredOn
	groups   []*runsOf
}

// measuredOn is the constants of a calibration.
type measuredOn struct {
	gpu       string // as its driver names it; empty: none
	constants []Constant
}

// runsOf is the runs of models of one family, by one engine, in one format of weights, on one kind of GPU.
type runsOf struct {
	of    Config // the first of them
	runs  []Run
	plans []plan
	m     machine
	all   *fitted
}

// tellOf reports whether runs of one config tell of another.
func tellOf(a, b *Config) bool {
	return a.Experiment.Engine == b.Experiment.Engine && a.GPU.Key == b.GPU.Key && format(b) == format(a) && family(a.Shape) == family(b.Shape)
}

// decodesEager marks all of a group whose traces show decode steps launched one kernel at a time, though the engine records such as
// graphs: another version of it ran, and no key of a config says so.
func (g *runsOf) decodesEager() {
	eager, graph := false, false
	for _, r := range g.runs {
		for _, s := range r.Steps {
			told := s.Bound != nil && s.Phase == metric.Decode && g.m.engine.inGraph(r.Config)
			eager, graph = eager || told && !s.Graph, graph || told && s.Graph
		}
	}
	if eager && !graph {
		g.of.Eager = true
		for i := range g.runs {
			g.runs[i].Config.Eager = true
		}
	}
}

// find is the runs that tell of a config; nil: there are none.
func (l *Machines) find(c Config) *runsOf {
	at := slices.IndexFunc(l.groups, func(g *runsOf) bool { return tellOf(&g.of, &c) })
	if at < 0 {
		return nil
	}
	return l.groups[at]
}

// machineKey is what runs must share to tell of one another, whatever the model.
func machineKey(c Config) string {
	return strings.Join([]string{string(c.Experiment.Engine), c.GPU.Key, format(&c)}, "/")
}

// format is how weights are held.
func format(c *Config) string {
	if q := c.Shape.Quant; q != nil {
		return q.Label
	}
	return c.Experiment.Model.Precision
}

// Fit fits the laws of each machine to its runs. Calibrations stand before priors where the GPU is the same; gpu finds one by the
// name that a driver gives it.
func Fit(priors *Priors, calibrations []Calibration, runs []Run) *Machines {
	l := &Machines{priors: priors}
	for _, c := range calibrations {
		l.measured = append(l.measured, measuredOn{c.GPU, c.Constants()})
	}
	for _, r := range runs {
		g := l.find(r.Config)
		if g == nil {
			m, ok := l.machine(r.Config)
			if !ok || r.Config.GPU.Key == "" {
				continue
			}
			g = &runsOf{of: r.Config, m: m}
			l.groups = append(l.groups, g)
		}
		g.runs = append(g.runs, r)
	}
	for _, g := range l.groups {
		g.decodesEager()
		for _, r := range g.runs {
			g.plans = append(g.plans, newWorker(r.Config, &g.m).planOf(r.Ragged))
		}
		g.all = fitRuns(g.m, g.runs, g.plans, nil)
	}
	return l
}

func (l *Machines) machine(c Config) (machine, bool) {
	var constants []Constant
	attention := map[bool]string{true: LatentOperator, false: GroupedOperator}[c.Shape.MLA != nil]
	for _, m := range l.measured {
		for _, k := range m.constants { // of attention that of the model's kind
			if m.gpu != "" && slices.Contains(c.GPU.Names, m.gpu) && (k.Operator == "" || k.Operator == attention) {
				constants = append(constants, k)
			}
		}
	}
	return l.priors.machineOf(string(c.Experiment.Engine), c.Experiment.Model.Precision, c.GPU, c.Site, constants)
}

// samePoint reports whether two configs measure the same.
func samePoint(a, b Config) bool {
	return machineKey(a) == machineKey(b) && a.Experiment.Layout == b.Experiment.Layout && a.Experiment.Data == b.Experiment.Data &&
		a.Shape.Name == b.Shape.Name && a.Shape.Layers == b.Shape.Layers && a.Experiment.Comm == b.Experiment.Comm
}

// without is the laws of a group by all runs but those of a config, and their names.
func (g *runsOf) without(c Config) (*fitted, []string) {
	var runs, own []Run
	var plans []plan
	for i, r := range g.runs {
		if samePoint(r.Config, c) {
			own = append(own, r)
			continue
		}
		runs, plans = append(runs, r), append(plans, g.plans[i])
	}
	if len(own) == 0 {
		return g.all, nil
	}
	return fitRuns(g.m, runs, plans, &g.all.at), names(own)
}

// Forecast says what a config is to take, or why that is not known. Runs of the same point are left out of it. With prior it gives what
// would be refused a wide answer, by priors and whatever runs there are, and says so.
func (l *Machines) Forecast(c Config, prior bool) Forecast {
	out := Forecast{ID: c.Experiment.ID, Metrics: []Metric{}, Point: PointOf(c)}
	if len(c.GPU.Names) > 0 {
		out.GPU = c.GPU.Names[0]
	}
	var f *fitted
	if g := l.find(c); g != nil {
		c.Eager = g.of.Eager
		var own []string
		f, own = g.without(c)
		out.Measured = strings.Join(own, ", ")
	}
	if out.Refused = l.refusal(c, f); out.Refused != "" && (!prior || len(c.Faults) > 0) {
		return out
	}
	if f == nil {
		m, ok := l.machine(c)
		if !ok || c.GPU.Key == "" {
			return out
		}
		f = fitRuns(m, nil, nil, nil)
	}
	if out.Refused != "" {
		out.Prior, out.Notes, out.Refused = true, append(out.Notes, "by priors: "+out.Refused), ""
	}
	f.forecast(c, &out)
	return out
}

// forecast fills in the metrics.
func (f *fitted) forecast(c Config, out *Forecast) {
	w := newWorker(c, &f.machine)
	ragged := slices.ContainsFunc(f.runs, func(r Run) bool { return r.Ragged })
	p := w.planOf(ragged)
	structural, notes := f.distance(c, ragged)
	if out.Prior {
		structural = math.Hypot(structural, priorDoubt)
	}
	out.Notes = append(out.Notes, notes...)
	d := c.Experiment.Data
	tokens := float64(d.BatchSize * (d.SeqLen + d.MaxTokens))
	times, hosted := p.time(&f.at)
	slopes, host, scale := p.slopes(&f.at), f.hostDoubt(&p), f.layoutScale(c)
	if out.Prior {
		scale = 1
	}
	for _, q := range []quantity{ttft, tpot, iteration} {
		if q == tpot && d.MaxTokens <= 1 {
			out.Notes = append(out.Notes, "max_tokens is 1: there is no second token to time")
			continue
		}
		m := f.metric(q, &times[q], slopes[q], doubts{math.Sqrt(f.variance(slopes[q])), structural, scale}, hosted[q], host)
		if m.LaunchBound = hosted[q] > 0.5; m.LaunchBound && q == ttft {
			out.Notes = append(out.Notes, m.Name+" is launch-bound: the host takes longer to launch its kernels than the GPU to run them")
		}
		out.Metrics = append(out.Metrics, m)
		if q == iteration {
			out.Metrics = append(out.Metrics, throughputOf(m, tokens))
		}
	}
}

type quantityUnit struct {
	name, unit string
	scale      float64
}

// units are the names and units of what a plan gives, and µs in each.
var units = [quantities]quantityUnit{{"ttft", "ms", 1e3}, {"tpot", "ms", 1e3}, {"iteration_wall_clock", "s", 1e6}}

// metric is one number with its interval.
func (f *fitted) metric(q quantity, time *shares, slope vector, device doubts, hosted, host float64) Metric {
	u := units[q]
	below, above := f.spread(q, device, hosted, host)
	total := time.sum()
	m := Metric{Name: u.name, Unit: u.unit, Value: total / u.scale, Level: Level, Parts: map[string]float64{}, RestsOn: f.restsOn(slope)}
	m.Low, m.High = total*math.Exp(below)/u.scale, total*math.Exp(above)/u.scale
	for i, v := range time {
		if v > 1e-6*total {
			m.Parts[PartNames[i]] = v / u.scale
		}
	}
	return m
}

// throughputOf is tokens over the time of an iteration.
func throughputOf(m Metric, tokens float64) Metric {
	out := Metric{Name: "throughput_tokens_sec", Unit: "tok/s", Value: tokens / m.Value, Low: tokens / m.High, High: tokens / m.Low,
		Level: Level,
		Parts: map[string]float64{}, RestsOn: m.RestsOn}
	for name, v := range m.Parts {
		out.Parts[name] = 100 * v / m.Value
	}
	return out
}

// restsOn names the runs, and the prior where more than a little of the number depends on constants that are still its.
func (f *fitted) restsOn(slope vector) []string {
	all := model.Each(names(f.runs), func(n string) string { return "run " + n })
	var still []string
	for c, g := range slope {
		if math.Abs(g) > 0.02 && f.priorShare(constant(c)) > 0.7 {
			still = append(still, f.priors[c].Name)
		}
	}
	if len(still) > 0 {
		all = append(all, fmt.Sprintf("prior %s (%s)", cmp.Or(f.gpu.Key, "of no known GPU"), strings.Join(still, ", ")))
	}
	return all
}

// Known is one constant of a machine, before and after its runs.
type Known struct {
	Machine string  `json:"machine"` // engine/GPU/format, and the family of models
	Name    string  `json:"name"`
	Unit    string  `json:"unit"`
	Prior   Prior   `json:"prior"` // value and factor in Unit
	Value   float64 `json:"value"`
	Factor  float64 `json:"factor"` // one standard deviation
	Whose   string  `json:"whose"`  // prior, runs or both: whose knowledge it is
}

// Constants are those of every machine of which there are runs.
func (l *Machines) Constants() (all []Known) {
	for _, g := range l.groups {
		for c, p := range g.all.priors {
			k := Known{machineKey(g.of) + " " + family(g.of.Shape), p.Name, constantNames[c][1], p, g.all.at[c],
				math.Exp(math.Sqrt(g.all.covariance[c][c])), "both"}
			switch share := g.all.priorShare(constant(c)); {
			case share > 0.9:
				k.Whose = "prior"
			case share < 0.4:
				k.Whose = "runs"
			}
			all = append(all, k)
		}
	}
	return all
}
