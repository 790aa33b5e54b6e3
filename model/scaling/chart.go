package scaling

import (
	"slices"
	"strings"
	"sync"

	"shardeck/model/metric"
)

// Quantity is what a chart can show of points.
type Quantity struct {
	Title, Unit string
	Metric      string // that the series are asked for
	Decimals    int
	of          func(Point) float64 // nil: the value measured; 0: none
	ideal       func(Point) float64 // the value if all scaled perfectly; nil: nothing is ideal
}

// Quantities are those that a chart shows in turn.
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

// EveryQuantity are Quantities, and every other metric.
var EveryQuantity = sync.OnceValue(func() []Quantity {
	all := slices.Clone(Quantities)
	for _, d := range metric.Definitions {
		if !slices.ContainsFunc(all, func(q Quantity) bool { return q.Metric == d.Name }) {
			all = append(all, Quantity{strings.ReplaceAll(d.Name, "_", " "), d.Unit, d.Name, d.Decimals, nil, nil})
		}
	}
	return all
})

// QuantityOf finds a quantity by its title; the first where there is none of it.
func QuantityOf(title string) Quantity {
	all := EveryQuantity()
	return all[max(slices.IndexFunc(all, func(q Quantity) bool { return q.Title == title }), 0)]
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
	Log, LogX      bool // both axes are logarithmic, or that of X
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
