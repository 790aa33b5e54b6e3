package scaling

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
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

// Axis of a chart: what X counts. Besides these it may be any key of a config whose values are numbers: vllm.max_num_seqs.
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
	if _, ok := axes[x]; !ok && !x.key() {
		return model.Invalid(fmt.Sprintf("a chart cannot have the axis %q", x), "axes are gpus, tp, pp, ep, batch, seq and the keys of a config")
	}
	return nil
}

// key reports that an axis is a key of a config.
func (x Axis) key() bool { return strings.Contains(string(x), ".") }

// Layout reports that an axis counts a part of the layout: the places on it are those of powers of two.
func (x Axis) Layout() bool { return axes[x].gpus }

// Measured is a run with what a chart needs of it.
type Measured struct {
	Run      model.Run // its Experiment is known
	Analysis *metric.Analysis
	GPU      string       // short name; empty: not known
	Shape    *model.Shape // of its model; nil: not known
	Values   []model.Edit // of its config, for axes that are keys of it; nil: not known

	Foretold map[string][2]float64 // metrics of Analysis that are forecasts, with what may as well be; nil: it was measured
}

// at is where a run lies on an axis; NaN: nowhere.
func (m Measured) at(x Axis) float64 {
	if a, ok := axes[x]; ok {
		return float64(a.at(*m.Run.Experiment))
	}
	if v, err := strconv.ParseFloat(m.value(string(x)), 64); err == nil && !math.IsInf(v, 0) {
		return v
	}
	return math.NaN()
}

// value is that of a key of its config; empty: it has none.
func (m Measured) value(path string) string {
	if v := model.First(m.Values, func(v model.Edit) bool { return v.Path == path }); v != nil {
		return v.Value
	}
	return ""
}

// Keys are the keys of configs whose values are numbers, two different ones at least among runs: each may be an axis. Those that an
// axis of its own counts are not among them.
func Keys(all []Measured) (keys []Axis) {
	entries := model.Each(all, func(m Measured) Entry { return Entry{Values: m.Values} })
	for _, path := range Varied(entries) {
		places := map[float64]bool{}
		for _, m := range all {
			if x := m.at(Axis(path)); !math.IsNaN(x) {
				places[x] = true
			}
		}
		if counted := strings.HasPrefix(path, "parallelism.") || path == "data.batch_size" || path == "data.seq_len"; len(places) > 1 && !counted {
			keys = append(keys, Axis(path))
		}
	}
	return keys
}

// Telling is the axis on which a metric of runs tells most: that of the line, or lines of one work, with most points; of equals the
// first, which is that of GPUs.
func Telling(all []Measured, y string) Axis {
	best, most := AxisGPUs, 0
	for _, x := range []Axis{AxisGPUs, AxisBatch, AxisSeq, AxisTP, AxisPP, AxisEP} {
		for _, kin := range model.Grouped(SeriesOf(all, x, y), func(s Series) string { return s.Kin }) {
			points := 0
			for _, s := range kin.All {
				if kin.Key != "" && len(s.Points) > 1 {
					points += len(s.Points)
				}
			}
			if points > most {
				best, most = x, points
			}
		}
	}
	return best
}

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
	rest    string // what else differs, on an axis that is a key of the config
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

// SeriesOf groups runs into comparable series by an axis, named, by falling number of points, then by name; y is a metric.
func SeriesOf(all []Measured, x Axis, y string) []Series {
	all = slices.DeleteFunc(assumeGPUs(all), func(m Measured) bool { // only a model with experts stands on the axis of EP
		return x == AxisEP && m.layout().EP <= 1 && (m.Shape == nil || m.Shape.MoE == nil) || math.IsNaN(m.at(x))
	})
	var others []string // keys that a name must tell
	if x.key() {
		others = Varied(model.Each(all, func(m Measured) Entry { return Entry{Values: m.Values} }))
		others = slices.DeleteFunc(others, func(path string) bool {
			return path == string(x) || slices.ContainsFunc(keyed, func(key string) bool { return strings.HasPrefix(path, key) })
		})
	}
	var out []Series
	for _, g := range model.Grouped(unmeasured(all), func(m Measured) group { return groupOf(m, x, others) }) {
		for _, line := range linesOf(g.All, x) {
			if points := pointsOf(line.runs, x, y); len(points) > 0 {
				out = append(out, Series{Kin: g.Key.kin(line), Name: g.Key.name(x) + line.suffix, Points: points})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Series) int {
		return cmp.Or(cmp.Compare(len(b.Points), len(a.Points)), model.CompareNatural(a.Name, b.Name))
	})
	return out
}

// unmeasured drops forecasts of what was measured, or is foretold already.
func unmeasured(all []Measured) (out []Measured) {
	type place struct {
		key    ScalingKey
		layout model.Layout
	}
	known := map[place]bool{}
	for _, m := range all {
		if m.Foretold == nil {
			known[place{m.key(), m.layout()}] = true
		}
	}
	for _, m := range all {
		at := place{m.key(), m.layout()}
		if m.Foretold == nil || !known[at] {
			out, known[at] = append(out, m), true
		}
	}
	return out
}

func groupOf(m Measured, x Axis, others []string) group {
	g := group{key: m.key(), layout: m.layout(), changed: changedBesides(m.Run.Changed)}
	if x.key() {
		g.rest = strings.Join(model.Each(others, func(path string) string { return LastPart(path) + " " + cmp.Or(m.value(path), "none") }), NameSign)
		if x == "data.max_tokens" {
			g.key.MaxTokens = 0
		}
		return g
	}
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
	if text := g.layout.Short(); x == AxisBatch || x == AxisSeq || x.key() || text != model.OneGPU {
		parts = append(parts, text)
	}
	if g.rest != "" {
		parts = append(parts, g.rest)
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
