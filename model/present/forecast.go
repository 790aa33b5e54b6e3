package present

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/forecast"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// Forecast is the metrics of a forecast: value, interval, and the parts in % of each, those that no metric has a hundredth of left out.
func Forecast(f forecast.Forecast) Table {
	t := Table{Name: "forecast", Columns: Columns("metric…16", ">forecast", ">interval", "unit")}
	var shown []string
	for _, name := range forecast.PartNames {
		if slices.ContainsFunc(f.Metrics, func(m forecast.Metric) bool { return share(m, name) >= 1 }) {
			shown = append(shown, name)
			t.Columns = append(t.Columns, Columns(partColumns[name])...)
		}
	}
	for _, m := range f.Metrics {
		cells := []Cell{strong(m.Name), {Text: unit.Significant(m.Value), Lead: Estimate},
			{Text: between(m)}, dim(m.Unit)}
		for _, name := range shown {
			text := ""
			if _, has := m.Parts[name]; has {
				text = unit.Number(share(m, name), 0)
			}
			cells = append(cells, dim(text))
		}
		t.Add(cells...)
	}
	return t
}

// partColumns are the columns of the parts of a time.
var partColumns = map[string]string{"gemm": ">gemm|%/1", "attention": ">attn|%/5", "other_kernels": ">other|%/4",
	"communication": ">comm|%/2", "gaps": ">gaps|%/6", "launch": ">launch|%/3", "host": ">host|%/7"}

// share is a part of a metric in %.
func share(m forecast.Metric, part string) float64 {
	sum := 0.0
	for _, v := range m.Parts {
		sum += v
	}
	if sum == 0 {
		return 0
	}
	return 100 * m.Parts[part] / sum
}

// mostRuns is how many runs a sentence names.
const mostRuns = 4

// ForecastWords is what there is to know beside the numbers, a sentence each.
func ForecastWords(f forecast.Forecast) (all []string) {
	all = append(all, f.Notes...)
	if len(f.Metrics) == 0 {
		return all
	}
	var runs, unmeasured []string
	for _, m := range f.Metrics {
		for _, name := range m.RestsOn {
			if run, ok := strings.CutPrefix(name, "run "); ok {
				runs = append(runs, run)
			} else if _, list, ok := strings.Cut(name, "("); ok {
				unmeasured = append(unmeasured, strings.Split(strings.TrimSuffix(list, ")"), ", ")...)
			}
		}
	}
	slices.Sort(runs)
	slices.Sort(unmeasured)
	runs, unmeasured = slices.Compact(runs), slices.Compact(unmeasured)
	if more := len(runs) - mostRuns; more > 0 {
		runs = append(runs[:mostRuns], fmt.Sprintf("%d more", more))
	}
	if len(runs) > 0 {
		all = append(all, "rests on the runs "+strings.Join(runs, ", "))
	}
	if len(unmeasured) > 0 {
		all = append(all, "on public constants for "+strings.Join(unmeasured, ", ")+": no run here tells them (shardeck forecast --laws)")
	}
	if f.Measured != "" {
		all = append(all, "measured already by "+f.Measured+", which it does not know")
	}
	return append(all, fmt.Sprintf("the interval is to hold %.0f of 100 results", 100*forecast.Level))
}

// Trials is forecasts beside what was measured, and of each way of making them what they come to.
func Trials(trials []forecast.Trial) []Table {
	t := Table{Name: "trials", Columns: Columns("from", "run…14", "metric", ">forecast", ">interval", ">measured", ">error|%", "inside")}
	sums := Table{Name: "sums", Columns: Columns("from", "metric", ">n", ">launch-bound/1", ">error|mean %", ">worst|%", ">inside|%",
		">half-width|median %", ">p|of 80 %")}
	for _, x := range trials {
		if x.Refused != "" {
			t.Add(dim(x.Mode), Cell{Text: x.Run}, dim("refused"), None(), None(), None(), None(), dim(x.Refused))
			continue
		}
		m := x.Metric
		cells := Texts(x.Mode, x.Run, m.Name, unit.Significant(m.Value), between(m), unit.Significant(x.Measured), unit.Signed(x.Error, 1), "yes")
		if cells[0].Role = Dim; !x.Inside {
			cells[7] = Cell{Text: "no", Role: Warn}
		}
		t.Add(cells...)
	}
	for _, s := range forecast.Summaries(trials) {
		cells := Texts(s.Mode, s.Metric, unit.Int(s.N), unit.Int(s.Bound), unit.Number(s.Mean, 1), unit.Number(s.Worst, 1),
			unit.Number(s.Coverage, 0), unit.Number(s.HalfWidth, 1), unit.Number(s.P, 2))
		cells[0].Role, cells[8].Role = Dim, map[bool]Role{true: Warn}[s.P < metric.Alpha]
		sums.Add(cells...)
	}
	return []Table{t, sums}
}

// Foretold are the metrics of a forecast in a few words each, for a line; none where there is none.
func Foretold(f forecast.Forecast) (words []string) {
	for _, m := range f.Metrics {
		switch m.Name {
		case "ttft", "tpot":
			words = append(words, fmt.Sprintf("%s %s%s (%s) %s", m.Name, Estimate, unit.Significant(m.Value), between(m), m.Unit))
		case "throughput_tokens_sec":
			words = append(words, Estimate+unit.Significant(m.Value)+" "+m.Unit)
		}
	}
	return words
}

// between is the interval of a forecast number.
func between(m forecast.Metric) string {
	return unit.Significant(m.Low) + "–" + unit.Significant(m.High)
}

// Score is forecasts that were given beside their runs, and the parts that traces tell.
func Score(s forecast.Score) []Table {
	t := Table{Name: "parts", Columns: Columns("run…14", "metric", "part", ">forecast|ms", ">measured|ms", ">error|% of metric")}
	for _, p := range s.Parts {
		cells := Texts(p.Run, p.Metric, p.Part, unit.Significant(p.Forecast), unit.Significant(p.Measured), unit.Signed(p.OfWhole, 1))
		cells[2].Role, cells[5].Role = Strong, map[bool]Role{true: Warn}[math.Abs(p.OfWhole) > 5]
		t.Add(cells...)
	}
	return append(Trials(s.Trials), t)
}

// ScoreWords say where the laws fail, and what waits for its run.
func ScoreWords(s forecast.Score) (out []string) {
	for _, name := range []string{"tpot", "ttft"} {
		if part, percent, runs, ok := s.Failing(name); ok {
			out = append(out, fmt.Sprintf("furthest off in %s: %s, %s %% of it in the mean of %s", name, strings.ReplaceAll(part, "_", " "), unit.Signed(percent, 1), unit.Plural(runs, "traced run")))
		}
	}
	if missed := slices.DeleteFunc(slices.Clone(s.Trials), func(t forecast.Trial) bool { return t.Inside || t.Refused != "" }); len(missed) > 0 {
		out = append(out, "outside their interval: "+strings.Join(model.Each(missed, func(t forecast.Trial) string { return t.Metric.Name + " of " + t.Run }), ", "))
	}
	if len(s.Trials) == 0 {
		out = append(out, "no forecast that was given here has been run since: shardeck forecast ID, then submit it")
	}
	if s.Waiting > 0 {
		out = append(out, unit.Plural(s.Waiting, "point")+" that were forecast wait for a run")
	}
	return out
}

// Constants are those of the laws, before and after the runs here.
func Constants(all []forecast.Known) Table {
	t := Table{Name: "constants", Columns: Columns("machine/1", "constant", ">value", ">±|%", "unit", "whose", ">prior/2", ">±|%/2",
		"prior's source-24")}
	within := func(factor float64) Cell { return Cell{Text: unit.Number(100*(factor-1), 0)} }
	for _, k := range all {
		source := k.Prior.Source
		if k.Prior.Unmeasured {
			source = "unmeasured: " + source
		}
		t.Add(dim(k.Machine), strong(k.Name), Cell{Text: unit.Significant(k.Value)}, within(k.Factor), dim(k.Unit),
			Cell{Text: k.Whose}, Cell{Text: unit.Significant(k.Prior.Value)}, within(k.Prior.Factor), dim(source))
	}
	return t
}
