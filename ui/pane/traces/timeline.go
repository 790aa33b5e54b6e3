package traces

import (
	"strings"

	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// span is a part of the timeline, in bins: from low up to high; high 0 is all of them.
type span struct{ low, high int }

var whole = span{}

// leastBins is the fewest bins that zooming in leaves in sight.
const leastBins = 12

// in is the span within so many bins.
func (s span) in(bins int) (low, high int) {
	if s.high <= 0 || s.high > bins || s.low < 0 || s.low >= s.high {
		return 0, bins
	}
	return s.low, s.high
}

// zoom halves or doubles the span about its middle.
func (s span) zoom(bins int, closer bool) span {
	low, high := s.in(bins)
	length := min((high-low)*2, bins)
	if closer {
		length = max((high-low)/2, min(leastBins, bins))
	}
	return span{(low + high - length) / 2, (low+high-length)/2 + length}.within(bins)
}

// pan moves the span by a quarter of its length.
func (s span) pan(bins, by int) span {
	low, high := s.in(bins)
	step := max((high-low)/4, 1) * by
	return span{low + step, high + step}.within(bins)
}

// within moves a span inside the bins there are; all of them are the whole.
func (s span) within(bins int) span {
	length := s.high - s.low
	if length >= bins {
		return whole
	}
	low := max(min(s.low, bins-length), 0)
	return span{low, low + length}
}

// density is the timeline of the rank chosen; nil: there is none.
func (p *Pane) density() *metric.RankDensity {
	if all := p.timelines(); p.trace() != nil && len(all) > 0 {
		return &all[min(p.rank, len(all)-1)]
	}
	return nil
}

// labelWidth is the room before a bar or a timeline.
const labelWidth = 12

// timeline draws phases, a line for each thing that happens at all, and the time below.
func (p *Pane) timeline(width int) []string {
	d := p.density()
	cols := width - labelWidth - 9
	if d == nil || cols < 8 || len(d.Compute) == 0 {
		return nil
	}
	low, high := p.view.in(len(d.Compute))
	lines := []string{p.label("rank "+unit.Int(d.Rank)) + p.phases(d, low, high, cols)}
	for _, row := range []struct {
		name string
		bins []int64
		tone theme.Tone
	}{{"compute", d.Compute, theme.Plain}, {"transfer", d.Transfer, theme.Busy}, {"waiting", d.Wait, theme.Warn}, {"idle", d.Idle, theme.Dim}} {
		if high <= len(row.bins) && sum(row.bins) > 0 {
			share := 100 * float64(sum(row.bins[low:high])) / float64(d.BinNS*int64(high-low))
			levels := widget.Levels(p.env.Theme, widget.Resample(shares(row.bins[low:high], d.BinNS), cols))
			lines = append(lines, p.label(row.name)+p.env.Theme.Paint(row.tone, levels)+widget.Right(unit.Number(share, 1)+" %", 8))
		}
	}
	return append(lines, p.label("")+p.env.Theme.Paint(theme.Dim, p.times(d, low, high, cols)))
}

// mayList says how to see the kernels where zooming shows no more; empty: it does.
func (p *Pane) mayList() string {
	if p.closest() {
		return " · + lists its kernels"
	}
	return ""
}

// label is what stands before a bar or a line.
func (p *Pane) label(text string) string { return "   " + widget.Fit(text, labelWidth-3) }

func sum(bins []int64) (total int64) {
	for _, v := range bins {
		total += v
	}
	return total
}

func shares(bins []int64, bin int64) []float64 {
	out := make([]float64, len(bins))
	for i, v := range bins {
		out[i] = float64(v) / float64(max(bin, 1))
	}
	return out
}

// times is the start and the end of what is in sight, and how much of all that is.
func (p *Pane) times(d *metric.RankDensity, low, high, cols int) string {
	left, right := unit.Duration(int64(low)*d.BinNS), unit.Duration(int64(high)*d.BinNS)
	if n := len(d.Compute); high-low < n {
		left += " · " + shareWord(100*float64(high-low)/float64(n)) + " % of the window" + p.mayList()
	}
	return widget.Spread(left, right, cols)
}

// shareWord is a share in %, a small one with a decimal.
func shareWord(v float64) string {
	if v < 5 {
		return unit.Number(v, 1)
	}
	return unit.Number(v, 0)
}

// phases is the line over the density: prefill and decode where they lie, named where
// there is room.
func (p *Pane) phases(d *metric.RankDensity, low, high, cols int) string {
	th := p.env.Theme
	from, to := int64(low)*d.BinNS, int64(high)*d.BinNS
	cells := strings.Split(strings.Repeat(th.Rule+"\n", cols-1)+th.Rule, "\n")
	at := func(ns int64) int { return int(float64(ns-from) / float64(max(to-from, 1)) * float64(cols)) }
	for _, ph := range steps(p.trace().Phases, d.Rank, (to-from)*leastStep/int64(cols)) {
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
