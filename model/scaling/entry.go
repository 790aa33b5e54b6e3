package scaling

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
)

// State is what a place of a grid holds.
type State string

// The states of a place of a grid: only one that is measured may have a value.
const (
	IsMeasured   State = "measured"
	IsForecast   State = "forecast"    // played for want of a recording: measured nowhere
	IsWaiting    State = "waiting"     // to be submitted, or its job waits or runs
	IsFailed     State = "failed"      // its job ended without a result
	IsImpossible State = "impossible"  // a check refuses it
	IsLeftOut    State = "left out"    // by a condition of the sweep
	IsPassedOver State = "passed over" // it could not change the answer any more
	IsMissing    State = "missing"     // no experiment has these values
)

// Entry is an experiment among others that differ from it in some fields: a point of a sweep, or a run.
type Entry struct {
	ID         string
	Values     []model.Edit // of every field that may vary, by the keys of a config and in their order
	Experiment model.Experiment
	State      State
	Reason     string           // why it is not measured, or why its numbers are not those of its values
	Analysis   *metric.Analysis // nil: there is none
}

// derived are the fields that are no keys of a config: they follow from several.
var derived = []string{"gpus", "dp", "model"}

// covered are the keys that a derived field stands for: experiments that differ in them alone share its value.
var covered = map[string]string{"gpus": "parallelism.", "dp": "parallelism.dp_", "model": "model.name"}

// Value is a field of an experiment as text; empty: it has none of that name.
func (e Entry) Value(field string) string {
	switch field {
	case "gpus":
		return strconv.Itoa(e.Experiment.Layout.GPUs())
	case "dp":
		return strconv.Itoa(e.Experiment.Layout.DP())
	case "model":
		return model.ShortModel(e.Experiment.Model.Name)
	}
	return cmp.Or(model.First(e.Values, func(v model.Edit) bool { return v.Path == field }), &model.Edit{}).Value
}

// Varied are the fields in which experiments differ, in the order of their configs; one that some do not have is among them.
func Varied(all []Entry) []string {
	var order []string
	had, values := map[string]int{}, map[string]map[string]bool{}
	for _, e := range all {
		for _, v := range e.Values {
			if values[v.Path] == nil {
				order, values[v.Path] = append(order, v.Path), map[string]bool{}
			}
			values[v.Path][v.Value] = true
			had[v.Path]++
		}
	}
	return slices.DeleteFunc(order, func(path string) bool { return len(values[path]) == 1 && had[path] == len(all) })
}

// Plane is the two fields that a heat map is over unless it is told others: one of the layout and one of the load, where both vary, else the
// first that vary.
func Plane(all []Entry) []string {
	varied, plane := Varied(all), []string{}
	for _, of := range []string{"parallelism.", "data.", "", ""} {
		next := model.First(varied, func(f string) bool { return strings.HasPrefix(f, of) && !slices.Contains(plane, f) })
		if next != nil && len(plane) < 2 {
			plane = append(plane, *next)
		}
	}
	return plane
}

// FieldOf is the field that a word means among experiments: one that varies, by its path, its last part or the start of that
// (tp, batch), or one of derived.
func FieldOf(all []Entry, word string) (string, error) {
	varied := Varied(all)
	for _, fits := range []func(last string) bool{
		func(last string) bool { return last == word },
		func(last string) bool { return strings.HasPrefix(last, word) },
	} {
		found := slices.DeleteFunc(slices.Clone(varied), func(path string) bool { return path != word && !fits(LastPart(path)) })
		switch {
		case len(found) == 1 && word != "":
			return found[0], nil
		case len(found) > 1 && word != "":
			return "", model.Invalid(fmt.Sprintf("%.60q may be %s", word, strings.Join(found, " or ")), "write the whole")
		case slices.Contains(derived, word):
			return word, nil
		}
	}
	fix := "nothing varies among them"
	if len(varied) > 0 {
		fix = "what varies is " + strings.Join(varied, ", ") + ", and with them " + strings.Join(derived, ", ")
	}
	if word == "" {
		return "", model.Invalid("no field is named", fix)
	}
	return "", model.Unknown(fmt.Sprintf("no field %.60q varies here", word), fix)
}

// LastPart is a key without the section that it stands in: batch_size of data.batch_size.
func LastPart(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// repeats are the runs of one config among experiments: they differ in nothing that varies.
type repeats struct {
	First   Entry   // in whose words the others are told
	Entries []Entry // First among them
}

// repeatsOf groups experiments that differ in none of the fields that vary among all, in the order of their first ones.
func repeatsOf(all []Entry) (groups []repeats) {
	fields := Varied(all)
	for _, g := range model.Grouped(all, func(e Entry) string { return keyAt(e, fields) }) {
		newest := model.First(g.All, func(e Entry) bool { return !strings.Contains(e.ID, model.OldMark) }) // it has the plain name
		groups = append(groups, repeats{First: *cmp.Or(newest, &g.All[len(g.All)-1]), Entries: g.All})
	}
	return groups
}

// keyAt is equal for experiments with the same values of some fields.
func keyAt(e Entry, fields []string) string {
	return strings.Join(model.Each(fields, e.Value), "\x00")
}

// editsAt are the values of some fields of an experiment.
func editsAt(e Entry, fields []string) []model.Edit {
	return model.Each(fields, func(f string) model.Edit { return model.Edit{Path: f, Value: e.Value(f)} })
}

// Reading is one metric of a config: the one run's own number, or the median over several runs.
type Reading struct {
	Value  *float64 `json:"value"` // nil: none, as State and Reason say
	N      int      `json:"n"`     // samples: runs where there are several, else iterations of the one
	Runs   int      `json:"runs"`  // that have a value
	Spread *float64 `json:"spread_pct"`
	State  State    `json:"state"`
	Reason string   `json:"reason,omitempty"`
	IDs    []string `json:"ids"` // of the experiments behind it
}

// Read is a metric, or one statistic of it (ttft_p99), of a config's runs.
func (r repeats) Read(name string) Reading {
	best := slices.MinFunc(r.Entries, func(a, b Entry) int { return slices.Index(worth, a.State) - slices.Index(worth, b.State) })
	out := Reading{State: best.State, Reason: r.First.Reason, IDs: model.Each(r.Entries, func(e Entry) string { return e.ID })}
	var values []float64
	var one metric.Metric
	for _, e := range r.Entries {
		m := e.metric(name)
		if m.Value == nil {
			out.Reason = cmp.Or(e.Reason, m.Reason, out.Reason)
			continue
		}
		values, one = append(values, *m.Value), m
	}
	out.Runs = len(values)
	switch {
	case len(values) == 1:
		out.Value, out.N, out.Spread, out.Reason = one.Value, one.N, one.Spread, ""
	case len(values) > 1:
		middle := metric.Median(values)
		out.Value, out.N, out.Spread, out.Reason = &middle, len(values), metric.SpreadOf(values, middle), ""
	}
	return out
}

// metric is one metric of an entry, without a value where it has none of its own.
func (e Entry) metric(name string) metric.Metric {
	if e.State != IsMeasured || e.Analysis == nil || e.Reason != "" {
		return metric.Metric{Name: name, Reason: e.Reason}
	}
	return e.Analysis.Named(name)
}

// worth orders states by what one of several runs says of a config.
var worth = []State{IsMeasured, IsForecast, IsFailed, IsWaiting, IsPassedOver, IsImpossible, IsLeftOut, IsMissing}
