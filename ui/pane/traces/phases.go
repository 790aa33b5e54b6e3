package traces

import (
	"strings"

	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// phaseLine is the line over the density: prefill and decode where they lie, named where
// there is room.
func (t *timeline) phaseLine(d *metric.RankDensity, low, high, cols int) string {
	th := t.env.Theme
	from, to := int64(low)*d.BinNS, int64(high)*d.BinNS
	cells := strings.Split(strings.Repeat(th.Rule+"\n", cols-1)+th.Rule, "\n")
	at := func(ns int64) int { return int(float64(ns-from) / float64(max(to-from, 1)) * float64(cols)) }
	for _, ph := range steps(t.trace().Phases, d.Rank, (to-from)*leastStep/int64(cols)) {
		if ph.EndNS <= from || ph.StartNS >= to {
			continue
		}
		left, right := max(at(ph.StartNS), 0), min(at(ph.EndNS), cols)
		if ph.StartNS > from && left < cols {
			cells[left] = th.Axis.Under
			left++
		}
		for _, name := range []string{phaseName(ph), ph.Name} {
			if room := right - left; room >= widget.Width(name)+2 {
				write(cells[left:right], name, (room-widget.Width(name))/2)
				break
			}
		}
	}
	return th.Paint(theme.Dim, strings.Join(cells, ""))
}

// leastStep is the columns from which a step of several is drawn on its own.
const leastStep = 12

// steps are the phases of a rank, those whose steps last so long divided into them.
func steps(phases []metric.Phase, rank int, least int64) []metric.Phase {
	var out []metric.Phase
	count := map[string]int{}
	for _, ph := range phases {
		if ph.Rank != rank {
			continue
		}
		n := len(ph.Starts)
		if n < 2 || (ph.EndNS-ph.StartNS)/int64(n) < least {
			out = append(out, ph)
			count[ph.Name] += ph.Steps
			continue
		}
		for i, start := range ph.Starts {
			end := ph.EndNS
			if i+1 < n {
				end = ph.Starts[i+1]
			}
			count[ph.Name]++
			out = append(out, metric.Phase{Rank: rank, Name: ph.Name + " " + unit.Int(count[ph.Name]), Steps: 1, StartNS: start, EndNS: end})
		}
	}
	return out
}

// phaseName is "prefill", or "decode × 63" for several steps.
func phaseName(ph metric.Phase) string {
	if ph.Steps > 1 {
		return ph.Name + " × " + unit.Int(ph.Steps)
	}
	return ph.Name
}

func write(cells []string, text string, at int) {
	cells[max(at-1, 0)] = " "
	for i, r := range []rune(text) {
		cells[at+i] = string(r)
	}
	if end := at + widget.Width(text); end < len(cells) {
		cells[end] = " "
	}
}
