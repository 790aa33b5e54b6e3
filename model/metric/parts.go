package metric

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Parts are what a value is made of, in the metric's unit; in JSON all are one flat object. What does not apply is empty.
type Parts struct {
	Stats   map[Stat]float64   // of the samples, else over the ranks
	Phases  map[string]float64 // by phase of inference
	Types   map[string]float64 // by type of call: all_reduce
	Classes map[string]float64 // by class of kernel: gemm
	Kernels map[string]float64 // by kernel: see Telling
	Stages  map[int]Stage      // by stage of the pipeline
	Idle    *float64           // bubble: neither compute nor a wait for the pipeline, over all ranks
	Late    map[int]float64    // straggler: ms that the others waited, by rank
	Latest  *Latest            // straggler: the rank that is latest, named or not
}

// Stage is what one stage of a pipeline does with its window, in %.
type Stage struct {
	Bubble float64 // it waits for another stage
	Idle   float64 // it neither computes nor waits
}

// Latest is how late the latest rank was, in ms.
type Latest struct {
	Total  float64
	Device float64 // of Total that more compute explains
}

// Part is one number among Parts, by its name in JSON.
type Part struct {
	Name  string
	Value float64
}

// List lists all parts, the largest first.
func (p Parts) List() []Part {
	var out []Part
	for name, v := range p.flat() {
		out = append(out, Part{name, v})
	}
	slices.SortFunc(out, func(a, b Part) int { return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.Name, b.Name)) })
	return out
}

// Names of parts in JSON that belong to a rank or a stage.
const (
	lateName      = "rank_%d_lateness_ms"
	latestName    = "lateness_ms"
	deviceName    = "device_ms"
	stageName     = "stage_%d"
	stageIdleName = "stage_%d_idle"
	idleName      = "idle"
)

// flat gives every part its name in JSON.
func (p Parts) flat() map[string]float64 {
	out := map[string]float64{}
	for stat, v := range p.Stats {
		out[string(stat)] = v
	}
	for _, named := range []map[string]float64{p.Phases, p.Types, p.Classes, p.Kernels} {
		maps.Copy(out, named)
	}
	for i, s := range p.Stages {
		out[fmt.Sprintf(stageName, i)], out[fmt.Sprintf(stageIdleName, i)] = s.Bubble, s.Idle
	}
	for rank, v := range p.Late {
		out[fmt.Sprintf(lateName, rank)] = v
	}
	if p.Idle != nil {
		out[idleName] = *p.Idle
	}
	if p.Latest != nil {
		out[latestName], out[deviceName] = p.Latest.Total, p.Latest.Device
	}
	return out
}

// MarshalJSON writes the parts as one flat object.
func (p Parts) MarshalJSON() ([]byte, error) { return json.Marshal(p.flat()) }

// UnmarshalJSON reads what was written: the metric's name tells what its parts are.
func (m *Metric) UnmarshalJSON(text []byte) error {
	type plain Metric
	read := struct {
		*plain
		By map[string]float64 `json:"by"` // in place of the field of plain
	}{plain: (*plain)(m)}
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	m.By = partsOf(m.Name, read.By)
	return nil
}

// partsOf sorts flat parts by what they are.
func partsOf(metric string, flat map[string]float64) Parts {
	p := Parts{}
	switch metric {
	case "kernel_classes":
		p.Classes = flat
	case "top_kernels":
		p.Kernels = flat
	case "straggler":
		p.readStraggler(flat)
	default:
		for name, v := range flat {
			p.read(name, v)
		}
	}
	return p
}

func (p *Parts) readStraggler(flat map[string]float64) {
	for name, v := range flat {
		if rank, ok := numbered(name, lateName); ok {
			put(&p.Late, rank, v)
		}
	}
	if total, ok := flat[latestName]; ok {
		p.Latest = &Latest{Total: total, Device: flat[deviceName]}
	}
}

// read takes one part of a metric that time, phases, calls or stages divide.
func (p *Parts) read(name string, v float64) {
	if i, ok := numbered(name, stageIdleName); ok {
		put(&p.Stages, i, Stage{Bubble: p.Stages[i].Bubble, Idle: v})
		return
	}
	if i, ok := numbered(name, stageName); ok {
		put(&p.Stages, i, Stage{Bubble: v, Idle: p.Stages[i].Idle})
		return
	}
	switch {
	case name == idleName:
		p.Idle = &v
	case slices.Contains(Stats, Stat(name)):
		put(&p.Stats, Stat(name), v)
	case slices.Contains(PhaseNames, name):
		put(&p.Phases, name, v)
	default:
		put(&p.Types, name, v)
	}
}

// numbered reads the number that stands for %d in a name's pattern.
func numbered(name, pattern string) (n int, ok bool) {
	before, after, _ := strings.Cut(pattern, "%d")
	digits, head := strings.CutPrefix(name, before)
	digits, tail := strings.CutSuffix(digits, after)
	n, err := strconv.Atoi(digits)
	return n, head && tail && err == nil
}

// put is m[k] = v for a map that may not be made yet.
func put[K comparable, V any](m *map[K]V, k K, v V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[k] = v
}
