// Package metric says what was measured of a run: the definition of every metric
// (definitions.go), its value with a reason where there is none (metric.go), what traces
// hold beside the metrics (summary.go, lateness.go, optime.go), and the statistics of
// samples (stats.go).
package metric

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
