package cli

import (
	"fmt"
	"slices"
	"strings"

	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// barWidth is the width of a rank's bar; its legend is the column's title.
const (
	barWidth  = 34
	barLegend = "█ compute ▓ transfer ░ wait · idle"
)

// maxRanks is how many ranks one screen has room for.
const maxRanks = 8

// printSplits draws each rank's window as a bar, and its parts in figures. Of many
// ranks it shows those that waited least, whom the others wait for, and most.
func (a *app) printSplits(s *metric.TraceSummary, all bool) {
	t := newTable(">rank", a.barSigns(barLegend), ">compute|%", ">transfer|%", ">wait|%", ">copy|%", ">idle|%")
	ranks, left := s.Ranks, 0
	if len(ranks) > maxRanks && !all {
		ranks, left = extremes(ranks), len(ranks)-maxRanks
	}
	for i, r := range ranks {
		if left > 0 && i == maxRanks/2 {
			t.add("…", fmt.Sprintf("%s between: --all-ranks", unit.Plural(left, "rank")))
		}
		part := func(ns int64) string { return unit.Number(percent(ns, r.WindowNS), 1) }
		t.add(fmt.Sprint(r.Rank), a.barSigns(bar(r)), part(r.ComputeNS), part(r.TransferNS), part(r.WaitNS), part(r.CopyNS), part(r.IdleNS))
	}
	a.write(t)
}

// barSigns spells a bar in ASCII where that is asked for; elsewhere "·" is a separator.
func (a *app) barSigns(text string) string {
	if !a.ascii {
		return text
	}
	return strings.NewReplacer("░", ":", "·", ".").Replace(text)
}

// extremes are the ranks that waited least and those that waited most.
func extremes(ranks []metric.RankSplit) []metric.RankSplit {
	byWait := slices.Clone(ranks)
	slices.SortStableFunc(byWait, func(a, b metric.RankSplit) int { return int(a.WaitNS - b.WaitNS) })
	return append(byWait[:maxRanks/2:maxRanks/2], byWait[len(byWait)-maxRanks/2:]...)
}

// bar draws the parts of a window to scale; copies are left with idle.
func bar(r metric.RankSplit) string {
	var b strings.Builder
	drawn, sum := 0, int64(0)
	for _, part := range []struct {
		ns   int64
		sign string
	}{{r.ComputeNS, "█"}, {r.TransferNS, "▓"}, {r.WaitNS, "░"}, {r.CopyNS + r.IdleNS, "·"}} {
		sum += part.ns
		until := drawn
		if r.WindowNS > 0 {
			until = min(int(float64(sum)/float64(r.WindowNS)*barWidth+0.5), barWidth)
		}
		b.WriteString(strings.Repeat(part.sign, max(until-drawn, 0)))
		drawn = max(until, drawn)
	}
	return b.String()
}

// printPhases sums the phases of the lowest rank in a line: steps × mean = time.
func (a *app) printPhases(s *metric.TraceSummary) {
	type total struct {
		steps int
		ns    int64
	}
	sums, order := map[string]*total{}, []string{}
	for _, p := range s.Phases {
		if p.Rank != s.Phases[0].Rank {
			continue
		}
		if sums[p.Name] == nil {
			sums[p.Name] = &total{}
			order = append(order, p.Name)
		}
		sums[p.Name].steps += p.Steps
		sums[p.Name].ns += p.EndNS - p.StartNS
	}
	var words []string
	for _, name := range order {
		p := sums[name]
		words = append(words, fmt.Sprintf("%s %s × %s = %s ms", name, unit.Number(float64(p.steps), 0), unit.Millis(p.ns/int64(max(p.steps, 1)), 2), unit.Millis(p.ns, 1)))
	}
	if len(words) == 0 {
		words = []string{"no step annotations in the traces"}
	}
	a.wrapped("phases   "+strings.Join(words, " · "), "         ")
}

// printClasses lists the kernel classes that took time, in a line or two.
func (a *app) printClasses(s *metric.TraceSummary) {
	var words []string
	for _, c := range s.Classes {
		if c.TotalNS > 0 {
			words = append(words, fmt.Sprintf("%s\u00a0%s", classWord(c.Name), unit.Number(c.Share, 1)))
		}
	}
	a.wrapped("classes  "+strings.Join(words, " · ")+" %", "         ")
}

// classWord is the name of a class, short enough for a column.
func classWord(class string) string {
	switch class {
	case "communication":
		return "comm"
	case "embedding_sampling":
		return "sampling"
	}
	return class
}

// printKernels lists the kernels that took most time; the mean where there is room.
func (a *app) printKernels(s *metric.TraceSummary, top int) {
	words := []string{"kernel", "class", ">ms", ">n", ">%"}
	roomy := a.width() >= wide
	if roomy {
		words = append(words, ">mean µs")
	}
	t := newTable(words...)
	for _, k := range s.Kernels[:min(max(top, 0), len(s.Kernels))] {
		row := []string{k.Short, classWord(k.Class), unit.Millis(k.TotalNS, 1), unit.Number(float64(k.Count), 0), unit.Number(k.Share, 1)}
		if roomy {
			row = append(row, unit.Micros(k.TotalNS, float64(k.Count)))
		}
		t.add(row...)
	}
	t.squeeze(0, a.width())
	a.write(t)
}

// printCollectives lists calls by type and size.
func (a *app) printCollectives(s *metric.TraceSummary) {
	if len(s.Collectives) == 0 {
		return
	}
	t := newTable("collective", ">size", ">n a rank", ">transfer µs", ">wait µs", ">bus GB/s")
	for _, c := range s.Collectives {
		bandwidth := unit.Missing
		if c.Bytes >= 0 && c.BusBW > 0 {
			bandwidth = unit.Bandwidth(c.BusBW)
		}
		t.add(c.Type, sizeWord(c.Bytes, c.Inferred), unit.Number(float64(c.Count), 0), unit.Micros(c.TransferNS, c.Matched), unit.Micros(c.WaitNS, c.Matched), bandwidth)
	}
	fmt.Fprintln(a.out)
	a.write(t)
}

// sizeWord is the size of a call's buffer; "~" where it was inferred.
func sizeWord(n int64, inferred bool) string {
	switch {
	case n < 0:
		return unit.Missing
	case inferred:
		return "~" + unit.Memory(n)
	}
	return unit.Memory(n)
}

func percent(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole) * 100
}
