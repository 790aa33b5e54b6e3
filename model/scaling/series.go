package scaling

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
)

// Series is one line of a chart: runs that may be compared, by rising X.
type Series struct {
	Kin    string  `json:"kin"`  // series with the same differ in nothing but the layout; empty: a second run of one
	Name   string  `json:"name"` // "Llama-3.1-8B · batch 4 · 2048+512 · vllm · A100-40GB"
	Points []Point `json:"points"`
}

// Axis of a chart: what X counts.
type Axis string

// Axes.
const (
	AxisGPUs  Axis = "gpus"
	AxisTP    Axis = "tp"
	AxisPP    Axis = "pp"
	AxisEP    Axis = "ep"
	AxisBatch Axis = "batch"
	AxisSeq   Axis = "seq"
)

// Check refuses an axis that no chart has.
func (x Axis) Check() error {
	if _, ok := axes[x]; !ok {
		return model.Invalid(fmt.Sprintf("a chart cannot have the axis %q", x), "axes are gpus, tp, pp, ep, batch and seq")
	}
	return nil
}

// Measured is a run with what a chart needs of it.
type Measured struct {
	Run      model.Run // its Experiment is known
	Analysis *metric.Analysis
	GPU      string       // short name; empty: not known
	Shape    *model.Shape // of its model; nil: not known
}

func (m Measured) at(x Axis) int { return axes[x].at(*m.Run.Experiment) }

// key is that of the run as it was made: by the engine that ran, whatever its config says.
func (m Measured) key() ScalingKey {
	k := KeyOf(*m.Run.Experiment, m.Shape, m.GPU)
	k.Replay = k.Replay || m.Run.Replay
	if m.Run.Engine != "" && !k.Replay {
		k.Engine = m.Run.Engine
	}
	return k
}

// Unlike names what differs, besides the layout, between two runs; empty: nothing that is known.
func (m Measured) Unlike(base Measured) string {
	if base.Run.Experiment == nil || m.Run.Experiment == nil {
		return "the config of one of them is not known"
	}
	one, other := base.key(), m.key()
	if one.GPU == "" || other.GPU == "" {
		one.GPU, other.GPU = "", ""
	}
	_, why := one.Equal(other)
	return why
}

// Alike are runs in groups that may be compared, each in their order.
func Alike(all []Measured) [][]Measured {
	groups := model.Grouped(assumeGPUs(all), Measured.key)
	return model.Each(groups, func(g model.Group[ScalingKey, Measured]) []Measured { return g.All })
}

func (m Measured) layout() model.Layout { return m.Run.Experiment.Layout }

// InSeries picks the runs that stand in charts: with an analysis and a layout, and of an experiment only the newest.
func InSeries(m Measured) bool {
	return m.Run.Experiment != nil && m.Analysis != nil && !strings.Contains(m.Run.Name, model.OldMark)
}

// assumeGPUs gives runs whose traces nobody has read yet, which tell the GPU, that of the
// other runs of their model where those agree: reading a trace parts no series.
func assumeGPUs(all []Measured) []Measured {
	known := map[ScalingKey][]string{}
	key := func(m Measured) ScalingKey {
		k := m.key()
		k.GPU, k.Load, k.BatchSize, k.SeqLen, k.MaxTokens = "", "", 0, 0, 0
		return k
	}
	for _, m := range all {
		if k := key(m); m.GPU != "" && !slices.Contains(known[k], m.GPU) {
			known[k] = append(known[k], m.GPU)
		}
	}
	all = slices.Clone(all)
	for i, m := range all {
		if gpus := known[key(m)]; m.GPU == "" && len(gpus) == 1 {
			all[i].GPU = gpus[0]
		}
	}
	return all
}

// axis says where a run lies on an axis and what the series then leaves open.
type axis struct {
	at   func(model.Experiment) int
	free func(*ScalingKey, *model.Layout) // clears what the axis counts
	gpus bool                             // more of it means more GPUs: speed-up has a meaning
}

var axes = map[Axis]axis{
	AxisGPUs: {func(e model.Experiment) int { return e.Layout.GPUs() }, func(_ *ScalingKey, l *model.Layout) { *l = model.Layout{} }, true},
	AxisTP:   {func(e model.Experiment) int { return e.Layout.TP }, func(_ *ScalingKey, l *model.Layout) { l.TP = 0 }, true},
	AxisPP:   {func(e model.Experiment) int { return e.Layout.PP }, func(_ *ScalingKey, l *model.Layout) { l.PP = 0 }, true},
	AxisEP: {func(e model.Experiment) int { return e.Layout.EP }, // EP re-uses the TP × DP ranks, so they go with it
		func(_ *ScalingKey, l *model.Layout) { l.EP, l.TP, l.DPReplicate, l.DPShard = 0, 0, 0, 0 }, true},
	AxisBatch: {func(e model.Experiment) int { return e.Data.BatchSize }, func(k *ScalingKey, _ *model.Layout) { k.BatchSize = 0 }, false},
	AxisSeq:   {func(e model.Experiment) int { return e.Data.SeqLen }, func(k *ScalingKey, _ *model.Layout) { k.SeqLen = 0 }, false},
}

// group is what all points of a series have in common.
type group struct {
	key     ScalingKey
	layout  model.Layout
	changed string // of the config since, where key and layout do not tell: no run of the config as it is now
}

// keyed are the keys of a config that the key and the layout tell.
var keyed = []string{"model.name", "model.layers", "model.precision", "data.", "engine", "parallelism."}

// changedBesides is what of a config has changed since a run, where all that the key and the layout tell is the same.
func changedBesides(all model.Changes) string {
	if slices.ContainsFunc(all, func(c model.Change) bool {
		return slices.ContainsFunc(keyed, func(key string) bool { return strings.HasPrefix(c.Path, key) })
	}) {
		return ""
	}
	return all.String()
}

// SeriesOf groups runs into comparable series by an axis, named, by falling number of points, then by first run; y is a metric.
func SeriesOf(all []Measured, x Axis, y string) []Series {
	all = slices.DeleteFunc(assumeGPUs(all), func(m Measured) bool { // only a model with experts stands on the axis of EP
		return x == AxisEP && m.layout().EP <= 1 && (m.Shape == nil || m.Shape.MoE == nil)
	})
	var out []Series
	for _, g := range model.Grouped(all, func(m Measured) group { return groupOf(m, x) }) {
		for _, line := range linesOf(g.All, x) {
			if points := pointsOf(line.runs, x, y); len(points) > 0 {
				out = append(out, Series{Kin: g.Key.kin(line), Name: g.Key.name(x) + line.suffix, Points: points})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Series) int { return cmp.Compare(len(b.Points), len(a.Points)) })
	return out
}

func groupOf(m Measured, x Axis) group {
	g := group{key: m.key(), layout: m.layout(), changed: changedBesides(m.Run.Changed)}
	axes[x].free(&g.key, &g.layout)
	return g
}

// name is that of the key, with what the axis leaves of the layout, and without what an axis of the workload counts.
func (g group) name(x Axis) string {
	parts := strings.Split(g.key.String(), NameSign)
	switch x {
	case AxisBatch:
		parts = slices.DeleteFunc(parts, func(p string) bool { return p == "batch 0" })
	case AxisSeq:
		for i, p := range parts {
			if rest, ok := strings.CutPrefix(p, "0+"); ok {
				parts[i] = "output " + rest
			}
		}
	}
	if text := g.layout.Short(); x == AxisBatch || x == AxisSeq || text != model.OneGPU {
		parts = append(parts, text)
	}
	if g.key.Replay && g.key.Engine != model.EngineReplay {
		parts = append(parts, "replay")
	}
	if g.changed != "" {
		parts = append(parts, "before "+g.changed)
	}
	return strings.Join(parts, NameSign)
}

// kin is what a line has in common with those of other layouts; empty for a second run of a layout.
func (g group) kin(l line) string {
	if l.again {
		return ""
	}
	g.layout = model.Layout{}
	return fmt.Sprint(g)
}

// line is the runs that one line of a chart joins.
type line struct {
	suffix string
	runs   []Measured
	again  bool // of a run at a place that another run of its kind has
}

// linesOf divides comparable runs so that a line never joins unlike things: on the axis of GPUs each way of using them
// (TP, PP …) has its line from the common base; a second experiment at one place has a line of its own, named for its run.
func linesOf(runs []Measured, x Axis) []line {
	slices.SortStableFunc(runs, func(a, b Measured) int {
		return cmp.Or(cmp.Compare(a.at(x), b.at(x)), cmp.Compare(a.Run.Name, b.Run.Name))
	})
	kinds := kindsOf(runs, x)
	var out []line
	for _, kind := range kinds {
		joined, others := line{}, []line(nil)
		if len(kinds) > 1 {
			joined.suffix = NameSign + kind
		}
		for _, m := range runs {
			n := len(joined.runs)
			switch k := kindOf(m.layout(), x); {
			case k != kind && k != "": // one GPU is the base of every kind
			case n == 0 || joined.runs[n-1].at(x) != m.at(x):
				joined.runs = append(joined.runs, m)
			case n == 1: // a second run at the base
				others = append(others, line{NameSign + m.Run.Name, []Measured{m}, true})
			default:
				others = append(others, line{NameSign + m.Run.Name, []Measured{joined.runs[0], m}, true})
			}
		}
		out = append(append(out, joined), others...)
	}
	return out
}

// kindsOf are the ways of using GPUs among runs, in order of size; one word where only the base or one way is there.
func kindsOf(runs []Measured, x Axis) []string {
	var kinds []string
	for _, g := range model.Grouped(runs, func(m Measured) string { return kindOf(m.layout(), x) }) {
		if g.Key != "" {
			kinds = append(kinds, g.Key)
		}
	}
	if len(kinds) == 0 {
		return []string{""}
	}
	return kinds
}

// kindOf is the parts of a layout that exceed one: "TP", "TP+PP"; empty for one GPU, and on every axis but that of GPUs.
func kindOf(l model.Layout, x Axis) string {
	if x != AxisGPUs {
		return ""
	}
	return l.Kind()
}

// Quantity is what a chart can show of points.
type Quantity struct {
	Title, Unit string
	Metric      string // that the series are asked for
	Decimals    int
	of          func(Point) float64 // nil: the value measured; 0: none
	ideal       func(Point) float64 // the value if all scaled perfectly; nil: nothing is ideal
}

// Quantities are those a chart can show.
var Quantities = []Quantity{
	{"throughput", "tok/s", ThroughputMetric, 0, nil, func(p Point) float64 { return p.Y * 100 / p.Efficiency }},
	{"iteration time", "s", "iteration_wall_clock", 3, nil, func(p Point) float64 { return p.Y * p.Efficiency / 100 }},
	{"TTFT", "ms", "ttft", 1, nil, nil},
	{"TPOT", "ms", "tpot", 2, nil, nil},
	{"speed-up", "×", ThroughputMetric, 2, func(p Point) float64 { return p.Speedup },
		func(p Point) float64 { return p.Speedup * 100 / p.Efficiency }},
	{"efficiency", "%", ThroughputMetric, 1, func(p Point) float64 { return p.Efficiency }, func(Point) float64 { return 100 }},
	{"communication share", "%", "comm_overhead", 1, nil, nil},
}

// QuantityOf finds a quantity by its title, which must be one of Quantities.
func QuantityOf(title string) Quantity {
	return Quantities[slices.IndexFunc(Quantities, func(q Quantity) bool { return q.Title == title })]
}

// HasIdeal reports whether perfect scaling means something for the quantity.
func (q Quantity) HasIdeal() bool { return q.ideal != nil }

// Draw gives the points of a series their values; those without one are left out.
func (q Quantity) Draw(s Series) ChartSeries {
	line := ChartSeries{Name: s.Name}
	for _, p := range s.Points {
		drawn := ChartPoint{Point: p, Value: p.Y, Spread: p.Spread}
		if q.of != nil {
			drawn.Value, drawn.Spread = q.of(p), 0 // of what is computed from two values no spread is known
		}
		if q.of != nil && drawn.Value <= 0 {
			continue
		}
		if q.ideal != nil && p.Efficiency > 0 {
			drawn.Ideal = q.ideal(p)
		}
		line.Points = append(line.Points, drawn)
	}
	return line
}

// Chart is one chart as it is drawn, listed and written to files.
type Chart struct {
	Quantity, Unit string // throughput, tok/s
	Axis           Axis
	Across         string // what the axis counts, as its title says: GPUs
	Of             string // what is shown of several series: the one, or what the few have in common; empty: all
	Note           string // what all series have in common
	Series         []ChartSeries
	Ideal          bool // the ideal line is drawn
	Log            bool // both axes are logarithmic
	Nodes          []float64
}

// HasIdeal reports whether some point has an ideal: on an axis of the workload none has.
func (c Chart) HasIdeal() bool {
	return slices.ContainsFunc(c.Series, func(s ChartSeries) bool {
		return slices.ContainsFunc(s.Points, func(p ChartPoint) bool { return p.Ideal > 0 })
	})
}

// ChartSeries is one line of a chart: the same Name has the same colour and mark everywhere.
type ChartSeries struct {
	Name   string       `json:"name"`
	Points []ChartPoint `json:"points"`          // by rising X; X is positive
	Loose  bool         `json:"loose,omitempty"` // no line joins them
}

// ChartPoint is a run with the value that is drawn of it.
type ChartPoint struct {
	Point
	Value  float64 `json:"value"`
	Spread float64 `json:"value_spread"` // of Value: (max − min) / median, %; 0: not known
	Ideal  float64 `json:"ideal"`        // Value if the run scaled perfectly from the base of its series; 0: nothing to compare with

	Label string `json:"label,omitempty"` // stands beside the mark
}

// HalfRange is half of max − min, in the unit of the value: a bar goes so far up and down.
func (p ChartPoint) HalfRange() float64 { return p.Value * p.Spread / 200 }

// Range is where the bar of a point ends, below and above.
func (p ChartPoint) Range() (low, high float64) {
	if p.Foretold && p.Y > 0 {
		return p.Low * p.Value / p.Y, p.High * p.Value / p.Y
	}
	return p.Value - p.HalfRange(), p.Value + p.HalfRange()
}

// Forecast puts a point that was not measured into a series of throughputs, beside the fewest GPUs of it.
func (s *Series) Forecast(p Point) {
	p.Foretold, p.Serial = true, -1
	if len(s.Points) > 0 {
		if scale, ok := ScaleOf(p.Y, int(p.X), s.Points[0].Y, int(s.Points[0].X)); ok {
			p.Speedup, p.Efficiency = scale.Speedup, scale.Efficiency
		}
	}
	s.Points = append(s.Points, p)
	slices.SortStableFunc(s.Points, func(a, b Point) int { return cmp.Compare(a.X, b.X) })
}

// ChartStatistic says what the points and bars of a chart are.
const ChartStatistic = "median over iterations, bars: max − min"

// NameSign stands between the parts of a series' name.
const NameSign = " · "

// CommonName is what the names of series have in common.
func CommonName(names []string) string {
	if len(names) == 0 {
		return ""
	}
	shared := strings.Split(names[0], NameSign)
	for _, name := range names[1:] {
		parts := strings.Split(name, NameSign)
		shared = slices.DeleteFunc(shared, func(part string) bool { return !slices.Contains(parts, part) })
	}
	return strings.Join(shared, NameSign)
}

// OwnName is a series' name without what is common; empty where nothing is left.
func OwnName(name, common string) string {
	shared := strings.Split(common, NameSign)
	own := slices.DeleteFunc(strings.Split(name, NameSign), func(part string) bool { return slices.Contains(shared, part) })
	return strings.Join(own, NameSign)
}
