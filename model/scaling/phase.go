package scaling

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// Growth says what grows with the GPUs of a scaling.
type Growth string

// Kinds of growth: the same work on more GPUs, or as much work for each.
const (
	strong Growth = "strong"
	weak   Growth = "weak"
)

// Scaling is configs that differ in their layout alone (strong), or in that and in a batch that grows with the GPUs (weak).
type Scaling struct {
	Of     string       `json:"of"` // the work, and what else tells it from other scalings
	Growth Growth       `json:"growth"`
	Points []ScalePoint `json:"points"` // by rising GPUs; the first is the base
}

// ScalePoint is one config of a scaling.
type ScalePoint struct {
	ID     string       `json:"id"`
	Layout string       `json:"layout"`
	GPUs   int          `json:"gpus"`
	Batch  int          `json:"batch_size"`
	Phases []PhaseScale `json:"phases"` // one for each of Phases that has a value
}

// PhaseScale is how a phase of inference scales from the base. The speed of a phase is its tokens a second over all requests.
type PhaseScale struct {
	Phase      string   `json:"phase"`
	Metric     string   `json:"metric"` // that its speed comes from
	Reading    Reading  `json:"reading"`
	Speedup    *float64 `json:"speedup"`         // nil: the base
	Efficiency *float64 `json:"efficiency"`      // %
	Serial     *float64 `json:"serial_fraction"` // Karp and Flatt's of strong scaling, Gustafson's of weak; nil: no more GPUs than the base
}

// phase is how the speed of a phase follows from a metric of it.
type phase struct {
	name, metric string
	speed        func(value float64, w model.Workload) float64
}

// phases: of the whole iteration, of the prompts until the first token, and of each token after it.
var phases = []phase{
	{"all", ThroughputMetric, func(v float64, _ model.Workload) float64 { return v }},
	{metric.Prefill, "ttft", func(v float64, w model.Workload) float64 { return float64(w.BatchSize*w.SeqLen) / v }},
	{metric.Decode, "tpot", func(v float64, w model.Workload) float64 { return float64(w.BatchSize) / v }},
}

// ScalingsOf finds what of experiments scales: strong and weak, each with at least two numbers of GPUs.
func ScalingsOf(all []Entry) []Scaling {
	out := []Scaling{}
	for _, growth := range []Growth{strong, weak} {
		others := slices.DeleteFunc(Varied(all), func(path string) bool {
			return path == recording || strings.HasPrefix(path, covered["gpus"]) || growth == weak && path == "data.batch_size"
		})
		timed := slices.DeleteFunc(repeatsOf(all), func(r repeats) bool { return len(phasesOf(r)) == 0 })
		for _, g := range model.Grouped(timed, func(r repeats) string { return growth.batch(r.First) + "\x00" + keyAt(r.First, others) }) {
			if s := scalingOf(g.All, growth); s.Points[0].GPUs < s.Points[len(s.Points)-1].GPUs {
				s.Of = growth.label(g.All[0].First, others)
				out = append(out, s)
			}
		}
	}
	return out
}

// batch is how much work the points of a scaling have in common.
func (g Growth) batch(e Entry) string {
	if g == weak {
		return fmt.Sprintf("batch %.3g a GPU", float64(e.Experiment.Data.BatchSize)/float64(max(1, e.Experiment.Layout.GPUs())))
	}
	return e.Experiment.Arrivals()
}

// label is what the points of a scaling have in common, in words: the work, then the other fields that vary elsewhere.
func (g Growth) label(e Entry, others []string) string {
	words := []string{workOf(KeyOf(e.Experiment, nil, "")), g.batch(e)}
	for _, path := range others {
		if told := path == "model.name" || path == "model.layers" || strings.HasPrefix(path, "data."); !told {
			words = append(words, LastPart(path)+" "+cmp.Or(e.Value(path), unit.Missing))
		}
	}
	return strings.Join(words, NameSign)
}

func phasesOf(r repeats) (all []PhaseScale) {
	for _, p := range phases {
		if read := r.Read(p.metric); read.Value != nil && *read.Value > 0 {
			all = append(all, PhaseScale{Phase: p.name, Metric: p.metric, Reading: read})
		}
	}
	return all
}

func scalingOf(group []repeats, growth Growth) Scaling {
	s := Scaling{Growth: growth}
	slices.SortStableFunc(group, func(a, b repeats) int {
		return cmp.Compare(a.First.Experiment.Layout.GPUs(), b.First.Experiment.Layout.GPUs())
	})
	for _, r := range group {
		e := r.First.Experiment
		s.Points = append(s.Points, ScalePoint{ID: r.First.ID, Layout: e.Layout.Short(), GPUs: e.Layout.GPUs(), Batch: e.Data.BatchSize, Phases: phasesOf(r)})
	}
	for i, r := range group[1:] {
		s.Points[i+1].scale(s.Points[0], r.First.Experiment.Data, group[0].First.Experiment.Data, growth)
	}
	return s
}

// scale compares the phases of a point with those of the base.
func (p *ScalePoint) scale(base ScalePoint, work, baseWork model.Workload, growth Growth) {
	for i := range p.Phases {
		x := &p.Phases[i]
		was := model.First(base.Phases, func(b PhaseScale) bool { return b.Phase == x.Phase })
		if was == nil {
			continue
		}
		speed := phases[slices.IndexFunc(phases, func(q phase) bool { return q.name == x.Phase })].speed
		s, ok := scaleOf(speed(*x.Reading.Value, work), p.GPUs, speed(*was.Reading.Value, baseWork), base.GPUs)
		if !ok {
			continue
		}
		x.Speedup, x.Efficiency = &s.Speedup, &s.Efficiency
		if times := float64(p.GPUs) / float64(base.GPUs); times > 1 {
			if x.Serial = &s.Serial; growth == weak {
				x.Serial = new((times - s.Speedup) / (times - 1))
			}
		}
	}
}
