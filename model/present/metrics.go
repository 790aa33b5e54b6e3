package present

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// MetricColumn is the header of a metric, its unit in the second line: "TPOT" over "ms". A
// title that is its unit needs one line; sizes bring their units.
func MetricColumn(d metric.Definition) Column {
	c := Column{Name: d.Name, Title: d.Title, Unit: d.Unit, Right: true}
	if short, ok := strings.CutSuffix(d.Title, " "+d.Unit); ok {
		c.Title = short
	} else if strings.Contains(d.Title, d.Unit) {
		c.Unit = ""
	}
	if d.Unit == "B" {
		c.Unit, c.Mixed = "", true
	}
	return c
}

// metricPart is a value of a metric, of one rank or a part of it. The parts of the straggler, which is a rank, are times in ms.
func metricPart(v float64, d metric.Definition) string {
	switch {
	case d.Unit == "B":
		return unit.Memory(int64(v))
	case d.Unit == "rank" && v != float64(int(v)):
		return unit.Figure(v, 1)
	}
	return unit.Figure(v, d.Decimals)
}

// MetricCell is a metric's value, with Estimate before one that was not measured.
func MetricCell(m metric.Metric, d metric.Definition) Cell {
	switch {
	case m.Value == nil && m.Reason == "none":
		return Cell{Text: "none"}
	case m.Value == nil:
		return None()
	}
	cell := Cell{Text: metricPart(*m.Value, d), By: *m.Value}
	if m.Estimate {
		cell.Lead = Estimate
	}
	return cell
}

// MetricValue is MetricCell in a sentence, with its unit.
func MetricValue(m metric.Metric, d metric.Definition) string {
	cell := MetricCell(m, d)
	if m.Value == nil || d.Unit == "B" {
		return cell.Lead + cell.Text
	}
	return cell.Lead + cell.Text + " " + d.Unit
}

// NoValue says why a metric has no value.
func NoValue(m metric.Metric) string {
	switch m.Reason {
	case "none":
		return "none, which is an answer"
	case "":
		return "no value, and no reason was given"
	}
	return m.Reason
}

// MetricRemark is what must be known of a value, or why there is none.
func MetricRemark(m metric.Metric) string {
	if m.Value == nil && m.Reason != "none" {
		return m.Reason
	}
	estimate, cause := "", m.Cause
	switch {
	case m.Interval != nil:
		d := definitionOf(m.Name)
		m.Note += ", " + metricPart(m.Interval[0], d) + " to " + metricPart(m.Interval[1], d)
	case m.Estimate && m.Value != nil && m.Note != model.ForecastWord:
		estimate = "estimate"
	}
	if cause != "" {
		cause = "cause: " + cause
	}
	return Joined(estimate, cause, m.Note)
}

// headlines are the metrics that a result is told by first.
var headlines = []string{"throughput_tokens_sec", "tokens_sec_per_gpu", "ttft", "tpot", "comm_overhead", "energy_j_per_token"}

// Headlines are what a run has measured in a few sentences: its main metrics, and who is waited for.
func Headlines(a *metric.Analysis) []string {
	defs := model.Each(headlines, func(name string) metric.Definition { d, _ := metric.Define(name); return d })
	out := append(MetricSentences(a, defs), StragglerSentence(a.Metric("straggler"))+".")
	if is := model.Reemitted(a.Replay, a.Forecast); is != "" {
		out = append([]string{"This is " + is + "."}, out...)
	}
	return out
}

// MetricSentences say a value each, with what must be known of it, or why there is none.
func MetricSentences(a *metric.Analysis, defs []metric.Definition) []string {
	return model.Each(defs, func(d metric.Definition) string {
		m, name := a.Metric(d.Name), strings.ReplaceAll(d.Name, "_", " ")
		if m.Value == nil && m.Reason != "none" {
			return name + " has no value: " + NoValue(m) + "."
		}
		return Joined(name+" is "+MetricValue(m, d), MetricRemark(m)) + "."
	})
}

// MetricParts are the parts of a value, the largest first: "all_reduce 4 096", "broadcast 64".
func MetricParts(m metric.Metric, d metric.Definition) []string {
	return model.Each(m.By.List(), func(part metric.Part) string { return part.Name + " " + metricPart(part.Value, d) })
}

// mostRankColumns is how many ranks have a column of their own.
const mostRankColumns = 8

// MetricRanks are the values of the ranks: "rank 0 7.76 · rank 1 11.47"; of many the least and the most.
func MetricRanks(m metric.Metric, d metric.Definition) string {
	ranks := slices.Sorted(maps.Keys(m.PerRank))
	word := func(r int) string { return "rank " + unit.Int(r) + " " + metricPart(m.PerRank[r], d) }
	if len(ranks) > mostRankColumns {
		byValue := func(a, b int) int { return cmp.Compare(m.PerRank[a], m.PerRank[b]) }
		least, most := slices.MinFunc(ranks, byValue), slices.MaxFunc(ranks, byValue)
		return "least " + word(least) + " · most " + word(most) + " of " + unit.Plural(len(ranks), "rank")
	}
	return strings.Join(model.Each(ranks, word), " · ")
}

// Metrics is a run with a row a metric: its value, what each rank has of it, how many
// samples it is of, and what must be known of it with its largest parts.
func Metrics(a *metric.Analysis, defs []metric.Definition) Table {
	ranks := a.Ranks[:min(len(a.Ranks), mostRankColumns)]
	if len(ranks) < 2 {
		ranks = nil
	}
	t := Table{Name: "metrics", One: "metric", Columns: Columns("metric", ">value", "unit")}
	for i, r := range ranks {
		t.Columns = append(t.Columns, Column{Title: "rank " + unit.Int(r), Right: true, Mixed: true, Worth: 3 + i})
	}
	t.Columns[1].Mixed = true
	t.Columns = append(t.Columns, Columns(">n/2", "/20-12")...)
	for _, d := range defs {
		t.Add(metricCells(a.Metric(d.Name), d, ranks)...)
	}
	return t
}

func metricCells(m metric.Metric, d metric.Definition, ranks []int) []Cell {
	u := d.Unit
	if u == "B" && m.Value != nil { // a size brings its own
		u = ""
	}
	cells := []Cell{{Text: d.Name}, MetricCell(m, d), dim(u)}
	for _, r := range ranks {
		cell := Cell{}
		if v, ok := m.PerRank[r]; ok {
			cell = Cell{Text: metricPart(v, d), By: v}
		}
		cells = append(cells, cell)
	}
	return append(cells, dim(count(m.N)), dim(Joined(MetricRemark(m), largestParts(m, d))))
}

// shownParts bounds the parts beside a metric, and their names.
const shownParts, shownName = 4, 24

// largestParts are the first parts of a value; of one that was sampled how far its samples lie apart.
func largestParts(m metric.Metric, d metric.Definition) string {
	if m.Spread != nil {
		return "spread " + unit.Number(*m.Spread, 1) + " %"
	}
	words := model.Each(m.By.List(), func(part metric.Part) string {
		if name := []rune(part.Name); len(name) > shownName {
			part.Name = string(name[:shownName-1]) + "…"
		}
		return part.Name + " " + metricPart(part.Value, d)
	})
	if len(words) > shownParts {
		words = append(words[:shownParts], "…")
	}
	return strings.Join(words, ", ")
}

// runMetrics are the metrics by which runs are looked through, with the decimals there.
var runMetrics = []struct {
	name     string
	decimals int
}{{"throughput_tokens_sec", 0}, {"ttft", 1}, {"tpot", 2}, {"comm_overhead", 1}}

// RunColumns are columns that name runs, then one for each metric by which they are looked through, then one for a remark.
func RunColumns(first ...string) []Column {
	all := Columns(first...)
	for _, m := range runMetrics {
		d, _ := metric.Define(m.name)
		all = append(all, MetricColumn(d))
	}
	return append(all, Column{})
}

// RunCells are cells that name a run, then those of RunColumns' metrics; a is nil for a run that was not read.
func RunCells(a *metric.Analysis, first ...Cell) []Cell {
	for _, m := range runMetrics {
		first = append(first, runMetric(a, m.name))
	}
	return first
}

// runMetric is the cell of one metric by which runs are looked through.
func runMetric(a *metric.Analysis, name string) Cell {
	d, _, err := metric.FindStat(name)
	if a == nil || err != nil {
		return None()
	}
	for _, m := range runMetrics {
		if m.name == d.Name {
			d.Decimals = m.decimals
		}
	}
	return MetricCell(a.Named(name), d)
}

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
