// Package metric says what was measured of a run: the definition of every metric
// (definitions.go), its value with a reason where there is none (metric.go), what traces
// hold beside the metrics (summary.go), and the statistics of
// samples (stats.go).
package metric

import (
	"fmt"

	"shardeck/model"
)

// Metric is one named value of a run. A value is never guessed: where there is
// none, Value is nil and Reason says why. Numbers are full precision in the unit
// given; rounding is for screens.
type Metric struct {
	Name     string          `json:"name"`
	Unit     string          `json:"unit"`
	Value    *float64        `json:"value"`
	PerRank  map[int]float64 `json:"per_rank"`
	By       Parts           `json:"by"`
	N        int             `json:"n"` // samples behind the value
	Source   []string        `json:"source"`
	Reason   string          `json:"reason"`          // why there is no value; "none" is straggler's answer
	Cause    string          `json:"cause,omitempty"` // straggler only: device or host
	Estimate bool            `json:"estimate"`
	Note     string          `json:"note,omitempty"` // what a reader must know: "traced", "64 output tokens traced of 512"
}

// Analysis is all that was found out about one run.
type Analysis struct {
	Run      string        `json:"run"`
	Ranks    []int         `json:"ranks"`
	Metrics  []Metric      `json:"metrics"`
	Warnings []string      `json:"warnings"`
	Damaged  bool          `json:"damaged"` // some input was damaged; values come from its sound part
	Replay   bool          `json:"replay,omitempty"`
	Trace    *TraceSummary `json:"-"` // nil without traces; `shardeck trace --json` prints it
}

// Metric returns the metric of that name, or one without value whose reason says
// that it was not computed.
func (a *Analysis) Metric(name string) Metric {
	for _, m := range a.Metrics {
		if m.Name == name {
			return m
		}
	}
	return Metric{Name: name, Reason: "not computed for this run"}
}

// Definition is the one place where a metric's name, unit and meaning are written.
type Definition struct {
	Name     string   // as typed: throughput_tokens_sec
	Aliases  []string // the names of the original scripts, where they differ
	Title    string   // short column header: tok/s
	Unit     string
	Family   string // latency, throughput, communication, device, skew: the groups of the metrics pane
	Text     string // the definition, one paragraph, printed by --explain
	Better   Better
	Decimals int // on screens
}

// Better says which direction of a metric is good.
type Better int

// Directions of a metric.
const (
	NoBetter Better = iota
	Lower
	Higher
)

// Device is the GPU as the traces name it; empty: not known.
func (a *Analysis) Device() string {
	if a == nil || a.Trace == nil || len(a.Trace.Ranks) == 0 {
		return ""
	}
	return a.Trace.Ranks[0].Device
}

// Find finds a metric by its name or by that of the original scripts; the error names
// the nearest.
func Find(name string) (Definition, error) {
	if d, ok := Define(name); ok {
		return d, nil
	}
	var names []string
	for _, d := range Definitions {
		names = append(append(names, d.Name), d.Aliases...)
	}
	fix := "shardeck metric --explain all lists them"
	if near := model.Nearest(name, names); near != "" {
		fix = fmt.Sprintf("did you mean %s? (%s)", near, fix)
	}
	return Definition{}, model.Unknown(fmt.Sprintf("there is no metric %.60q", name), fix)
}

// totals are the metrics that also count a whole file.
var totals = map[string]string{"coll_call_num": "coll_calls_total"}

// TotalOf is the metric that --total means for another.
func TotalOf(d Definition) (Definition, error) {
	whole, ok := Define(totals[d.Name])
	if !ok {
		return d, model.Invalid(fmt.Sprintf("--total says nothing of %s", d.Name), "it is for coll_call_num alone")
	}
	return whole, nil
}
