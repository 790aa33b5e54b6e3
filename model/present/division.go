package present

import (
	"cmp"
	"maps"
	"slices"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// division is a way to divide the metrics of a run: by rank, phase or type of call.
type division struct {
	name, head string
	keys       func(*metric.Analysis) []string
	of         func(metric.Metric) map[string]float64 // by key
	none       func(*metric.Analysis) string          // why there are no keys
}

var divisions = []division{
	{"ranks", "rank", rankKeys, ofRanks, func(*metric.Analysis) string { return "no metric of this run has values by rank" }},
	{"phases", "phase", phaseKeys, func(m metric.Metric) map[string]float64 { return m.By.Phases },
		func(a *metric.Analysis) string { return "no phases: " + NoValue(a.Metric("phase_time")) }},
	{"collectives", "type", typeKeys, func(m metric.Metric) map[string]float64 { return m.By.Types },
		func(a *metric.Analysis) string { return "no collectives: " + NoValue(a.Metric("comm_overhead")) }},
}

func rankKeys(a *metric.Analysis) []string {
	var keys []string
	for _, r := range a.Ranks {
		if slices.ContainsFunc(a.Metrics, func(m metric.Metric) bool { _, ok := m.PerRank[r]; return ok }) {
			keys = append(keys, unit.Int(r))
		}
	}
	return keys
}

// ofRanks is what each rank has of a metric; of the straggler its lateness.
func ofRanks(m metric.Metric) map[string]float64 {
	values := m.PerRank
	if m.Name == "straggler" {
		values = m.By.Late
	}
	out := map[string]float64{}
	for r, v := range values {
		out[unit.Int(r)] = v
	}
	return out
}

func phaseKeys(a *metric.Analysis) []string {
	return slices.DeleteFunc(slices.Clone(metric.PhaseNames), func(key string) bool {
		return !slices.ContainsFunc(a.Metrics, func(m metric.Metric) bool { _, ok := m.By.Phases[key]; return ok })
	})
}

// typeKeys are the types of calls, those of most calls first.
func typeKeys(a *metric.Analysis) []string {
	calls := a.Metric("coll_call_num").By.Types
	return slices.SortedFunc(maps.Keys(calls), func(x, y string) int { return cmp.Or(cmp.Compare(calls[y], calls[x]), cmp.Compare(x, y)) })
}

// MetricsBy is a run by rank, by phase and by type of call: a column for each metric that
// is divided so, a row for all and then one for each part.
func MetricsBy(a *metric.Analysis, defs []metric.Definition) []Table {
	return model.Each(divisions, func(d division) Table { return d.table(a, defs) })
}

func (d division) table(a *metric.Analysis, defs []metric.Definition) Table {
	t := Table{Name: d.name, One: d.head, Columns: Columns(d.head + "-10"), Empty: d.none(a)}
	keys := d.keys(a)
	if len(keys) == 0 {
		return t
	}
	for _, key := range append([]string{"all"}, keys...) {
		t.Add(Cell{Text: key})
	}
	for _, def := range defs {
		m := a.Metric(def.Name)
		values := d.of(m)
		if m.Name == "comm_unmatched" && m.Value != nil && *m.Value == 0 { // it would take the room of what there is
			continue
		}
		if !slices.ContainsFunc(keys, func(key string) bool { _, ok := values[key]; return ok }) {
			continue
		}
		whole := MetricCell(m, def)
		if def.Name == "straggler" { // a rank, which has no place among latenesses
			def, whole = metric.Definition{Name: def.Name, Title: "late ms", Unit: "ms", Decimals: 1}, Cell{}
		}
		t.Columns = append(t.Columns, MetricColumn(def))
		t.Rows[0].Cells = append(t.Rows[0].Cells, whole)
		for i, key := range keys {
			cell := None()
			if v, ok := values[key]; ok {
				cell = Cell{Text: metricPart(v, def), By: v}
			}
			t.Rows[i+1].Cells = append(t.Rows[i+1].Cells, cell)
		}
	}
	return t
}
