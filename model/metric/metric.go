// Package metric says what was measured of a run: the definition of every metric (definitions.json), its value with a reason
// where there is none (metric.go) and its parts (parts.go), what traces hold beside (summary.go), and the statistics of samples (stats.go).
package metric

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"shardeck/model"
)

// Metric is one named value of a run. A value is never guessed: where there is none, Value is nil and Reason says why.
// Numbers are full precision in the unit given; rounding is for screens.
type Metric struct {
	Name     string          `json:"name"`
	Unit     string          `json:"unit"`
	Value    *float64        `json:"value"`
	PerRank  map[int]float64 `json:"per_rank"`
	By       Parts           `json:"by"`
	N        int             `json:"n"`                    // samples behind the value: iterations of one run, or its ranks
	Spread   *float64        `json:"spread_pct,omitempty"` // of the samples: (max − min) / value, %; nil: one, or not sampled
	Source   []string        `json:"source"`
	Reason   string          `json:"reason"`          // why there is no value; "none" is straggler's answer
	Cause    string          `json:"cause,omitempty"` // straggler only: device or host
	Estimate bool            `json:"estimate"`
	Interval *[2]float64     `json:"interval,omitempty"` // of a forecast: least and most; nil: not a forecast, or it has none
	Note     string          `json:"note,omitempty"`     // what a reader must know: "traced", "64 output tokens traced of 512"
}

// Analysis is all that was found out about one run.
type Analysis struct {
	Run      string   `json:"run"`
	Ranks    []int    `json:"ranks"`
	Metrics  []Metric `json:"metrics"`
	Warnings []string `json:"warnings"`
	Damaged  bool     `json:"damaged"` // some input was damaged; values come from its sound part
	Replay   bool     `json:"replay,omitempty"`

	Forecast *model.RunForecast `json:"forecast,omitempty"` // its values are a forecast; nil: they are none

	Trace *TraceSummary `json:"-"` // nil without traces; `shardeck trace --json` prints it
}

// Metric returns the metric of that name, or one without value whose reason says that it was not computed.
func (a *Analysis) Metric(name string) Metric {
	for _, m := range a.Metrics {
		if m.Name == name {
			return m
		}
	}
	if d, _ := Define(name); d.Family == Serving {
		return Metric{Name: name, Reason: "only a run under load has it: set load in its config, as in load: {rate: 2}"}
	}
	return Metric{Name: name, Reason: "not computed for this run"}
}

// Values are those of the metrics that have one, by name.
func (a *Analysis) Values() map[string]float64 {
	all := map[string]float64{}
	for _, m := range a.Metrics {
		if m.Value != nil {
			all[m.Name] = *m.Value
		}
	}
	return all
}

// Named is a metric, or one statistic of it, such as ttft_p99; a name that is neither gives no value, and says so.
func (a *Analysis) Named(name string) Metric {
	d, stat, err := FindStat(name)
	switch {
	case err != nil:
		return Metric{Name: name, Reason: err.Error()}
	case stat != "":
		return a.Metric(d.Name).Only(stat)
	}
	return a.Metric(d.Name)
}

// Definition is the one place where a metric's name, unit and meaning are written.
type Definition struct {
	Name     string   // as typed: throughput_tokens_sec
	Aliases  []string // the names of the original scripts, where they differ
	Title    string   // short column header: tok/s
	Unit     string
	Family   string // latency, throughput, serving, communication, device, skew, energy: the groups of the metrics pane
	Text     string // the definition, one paragraph, printed by --explain
	Better   Better
	Decimals int    // on screens
	Near     string // of a word of the field that is not measured: the nearest metric, from which Text tells it
}

// Serving is the family of metrics that only a run under load has.
const Serving = "serving"

// Better says which direction of a metric is good.
type Better string

// Directions of a metric.
const (
	NoBetter Better = ""
	Lower    Better = "lower"
	Higher   Better = "higher"
)

// Device is the GPU as the traces name it; empty: not known.
func (a *Analysis) Device() string {
	if a == nil || a.Trace == nil || len(a.Trace.Ranks) == 0 {
		return ""
	}
	return a.Trace.Ranks[0].Device
}

// Explain finds what a word of the field means: a metric, or what is not measured and its nearest metric.
func Explain(name string) (Definition, error) {
	if d, ok := define(name, unmeasured); ok {
		return d, nil
	}
	return Find(name)
}

// Find finds a metric by its name or by that of the original scripts; the error names the nearest.
func Find(name string) (Definition, error) {
	if d, ok := Define(name); ok {
		return d, nil
	}
	if d, ok := define(name, unmeasured); ok {
		return d, model.Unknown(d.Name+" is not measured; the nearest is "+d.Near,
			fmt.Sprintf("shardeck metric --explain %s tells how they differ", d.Name))
	}
	var names []string
	for _, d := range slices.Concat(Definitions, unmeasured) {
		names = append(append(names, d.Name), d.Aliases...)
	}
	fix := "shardeck metric --explain all lists them"
	if near := model.Nearest(name, names); near != "" {
		fix = fmt.Sprintf("did you mean %s? (%s)", near, fix)
	}
	return Definition{}, model.Unknown(fmt.Sprintf("there is no metric %.60q", name), fix)
}

// FindStat finds what a condition is about: a metric, or one statistic of it, such as ttft_p99.
func FindStat(name string) (d Definition, s Stat, err error) {
	if d, err = Find(name); err == nil {
		return d, "", nil
	}
	if at := strings.LastIndexByte(name, '_'); at > 0 && slices.Contains(Stats, Stat(name[at+1:])) {
		if d, ok := Define(name[:at]); ok {
			return d, Stat(name[at+1:]), nil
		}
	}
	return d, "", err
}

// TotalOf is the metric that --total means for another.
func TotalOf(d Definition) (Definition, error) {
	if d.Name != "coll_call_num" {
		return d, model.Invalid(fmt.Sprintf("--total says nothing of %s", d.Name), "it is for coll_call_num alone")
	}
	return Find("coll_calls_total")
}

// Stat is a statistic of the samples behind a value, or of its ranks.
type Stat string

// Statistics of samples.
const (
	MeanStat Stat = "mean"
	P50      Stat = "p50"
	P99      Stat = "p99"
	Min      Stat = "min"
	Max      Stat = "max"
)

// Stats are the statistics that may be asked for.
var Stats = []Stat{MeanStat, P50, P99, Min, Max}

// Of is the statistic of some samples; NaN of none.
func (s Stat) Of(samples []float64) float64 {
	switch {
	case s == MeanStat || len(samples) == 0:
		return Mean(samples)
	case s == P99:
		return Quantile(samples, 0.99)
	case s == Min:
		return slices.Min(samples)
	case s == Max:
		return slices.Max(samples)
	}
	return Median(samples)
}

// Only is the metric with a statistic for its value: of its requests or iterations, else of its ranks; without a value,
// and the reason, where it is the one number of nothing.
func (m Metric) Only(s Stat) Metric {
	v, ok := m.By.Stats[s]
	if ranks := slices.Collect(maps.Values(m.PerRank)); !ok && len(ranks) > 0 {
		slices.Sort(ranks) // sums of floats depend on the order
		v, ok = s.Of(ranks), true
	}
	if !ok {
		m.Reason = cmp.Or(m.Reason, fmt.Sprintf("%s is one number: it has no %s", m.Name, s))
		m.Value = nil
		return m
	}
	m.Value = &v
	return m
}

// Phases of inference that a step belongs to. A mixed step holds prompts and decoding requests (chunked prefill). What a
// profiler calls a step, without an engine that says more, has the phase Step.
const (
	Prefill = "prefill"
	Decode  = "decode"
	Mixed   = "mixed"
	Step    = "step"
)

// PhaseNames are the phases in the order of a request.
var PhaseNames = []string{Prefill, Decode, Mixed, Step}

//go:embed definitions.json
var definitions []byte

// Definitions lists every metric in the order of screens, files and JSON: tables take their headers from here, and
// `metric --explain` prints Text.
var Definitions = readDefinitions(definitions)

//go:embed unmeasured.json
var unmeasuredWords []byte

var unmeasured = readDefinitions(unmeasuredWords)

// DefinitionsOf are those of a run of batches; of a server under load those of serving too, behind the other numbers of requests.
func DefinitionsOf(load bool) []Definition {
	serves := func(d Definition) bool { return d.Family == Serving }
	batches := slices.DeleteFunc(slices.Clone(Definitions), serves)
	if !load {
		return batches
	}
	at := slices.IndexFunc(batches, func(d Definition) bool { return d.Family == "communication" })
	return slices.Insert(batches, at, Definitions[slices.IndexFunc(Definitions, serves):]...)
}

// Defined are the definitions of an analysis' metrics.
func (a *Analysis) Defined() []Definition {
	return DefinitionsOf(slices.ContainsFunc(a.Metrics, func(m Metric) bool { return m.Name == "goodput" }))
}

func readDefinitions(file []byte) (all []Definition) {
	if err := json.Unmarshal(file, &all); err != nil {
		panic(err) // the file is a part of the program, and tested
	}
	return all
}

// Define finds a definition by name or alias, in any case; ok is false if there is none.
func Define(name string) (d Definition, ok bool) { return define(name, Definitions) }

func define(name string, among []Definition) (d Definition, ok bool) {
	name = strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(name))
	for _, d := range among {
		if d.Name == name || slices.Contains(d.Aliases, name) {
			return d, true
		}
	}
	return Definition{}, false
}
