package present

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"shardeck/model/forecast"
	"shardeck/model/present/unit"
)

// Forecast is the metrics of a forecast: value, interval and the parts, those under a hundredth left out.
func Forecast(f forecast.Forecast) Table {
	t := Table{Name: "forecast", Columns: Columns("metric…16", ">forecast", ">interval", "unit", "made of-20")}
	for _, m := range f.Metrics {
		t.Add(Cell{Text: m.Name, Role: Strong}, Cell{Text: unit.Significant(m.Value), Lead: Estimate},
			Cell{Text: unit.Significant(m.Low) + "–" + unit.Significant(m.High)}, dim(m.Unit), dim(madeOf(m)))
	}
	return t
}

// madeOf is the parts of a metric by their shares, the largest first.
func madeOf(m forecast.Metric) string {
	type part struct {
		name  string
		share float64
	}
	var all []part
	sum := 0.0
	for _, v := range m.Parts {
		sum += v
	}
	for _, name := range forecast.PartNames {
		if share := 100 * m.Parts[name] / sum; share >= 1 {
			all = append(all, part{strings.ReplaceAll(name, "_", " "), share})
		}
	}
	slices.SortStableFunc(all, func(a, b part) int { return int(math.Copysign(1, b.share-a.share)) })
	words := make([]string, len(all))
	for i, p := range all {
		words[i] = fmt.Sprintf("%s %.0f %%", p.name, p.share)
	}
	return strings.Join(words, ", ")
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
	sums := Table{Name: "sums", Columns: Columns("from", "metric", ">n", ">error|mean %", ">worst|%", ">inside|%", ">half-width|median %", "80 % inside?-10")}
	for _, x := range trials {
		if x.Refused != "" {
			t.Add(dim(x.Mode), Cell{Text: x.Run}, dim("refused"), None(), None(), None(), None(), dim(x.Refused))
			continue
		}
		m := x.Metric
		t.Add(dim(x.Mode), Cell{Text: x.Run}, Cell{Text: m.Name}, Cell{Text: unit.Significant(m.Value)},
			Cell{Text: unit.Significant(m.Low) + "–" + unit.Significant(m.High)}, Cell{Text: unit.Significant(x.Measured)},
			Cell{Text: unit.Signed(x.Error, 1)}, Cell{Text: map[bool]string{true: "yes", false: "no"}[x.Inside], Role: map[bool]Role{false: Warn}[x.Inside]})
	}
	for _, s := range forecast.Summaries(trials) {
		sums.Add(dim(s.Mode), Cell{Text: s.Metric}, Cell{Text: unit.Int(s.N)}, Cell{Text: unit.Number(s.Mean, 1)}, Cell{Text: unit.Number(s.Worst, 1)},
			Cell{Text: unit.Number(s.Coverage, 0)}, Cell{Text: unit.Number(s.HalfWidth, 1)}, Cell{Text: s.Verdict})
	}
	return []Table{t, sums}
}

// Constants are those of the laws, before and after the runs here.
func Constants(all []forecast.Known) Table {
	t := Table{Name: "constants", Columns: Columns("machine/1", "constant", ">value", ">±|%", "unit", "whose", ">prior/2", ">±|%/2", "prior's source-24")}
	within := func(factor float64) Cell { return Cell{Text: unit.Number(100*(factor-1), 0)} }
	for _, k := range all {
		source := k.Prior.Source
		if k.Prior.Unmeasured {
			source = "unmeasured: " + source
		}
		t.Add(dim(k.Machine), Cell{Text: k.Name, Role: Strong}, Cell{Text: unit.Significant(k.Value)}, within(k.Factor), dim(k.Unit), Cell{Text: k.Whose},
			Cell{Text: unit.Significant(k.Prior.Value)}, within(k.Prior.Factor), dim(source))
	}
	return t
}
