package traces

import (
	"strings"

	"shardeck/model"
	"shardeck/ui/pane/reading"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// tallFrom is the height at which the other parts stand below the one with the cursor.
const tallFrom = 30

// View draws the split of the ranks, the timeline, and the parts.
func (p *Pane) View() string {
	if p.width <= 0 || p.height <= 0 {
		return ""
	}
	lines := p.body()
	lines = p.typing.Below(p.env.Theme, lines, p.width, p.height)
	return widget.Block(lines, p.width, p.height)
}

func (p *Pane) body() []string {
	if p.trace() == nil {
		return p.empty()
	}
	for i := range p.tables {
		p.tables[i].Measure(p.width)
	}
	lines := p.picture()
	return append(lines, p.partLines(p.height-len(lines))...)
}

// picture is what stands over the parts: bars and timeline, as far as there is room.
func (p *Pane) picture() []string {
	t := p.trace()
	lines := p.bars(t)
	if timeline := p.timeline(p.width); len(lines)+len(timeline)+5 <= p.height {
		lines = append(lines, timeline...)
	}
	if len(lines)+4 > p.height {
		return nil
	}
	return lines
}

// partRows is the room of the part with the cursor, without its header.
func (p *Pane) partRows() int {
	if p.trace() == nil {
		return 0
	}
	room := p.height - len(p.picture())
	return p.rooms(room)[p.part] - 1 - p.tables[p.part].HeaderRows()
}

// rooms divides lines among the parts: the one with the cursor gets all it needs up to
// a half, the others what they need as long as there is room, and it what is left.
func (p *Pane) rooms(room int) []int {
	rooms := make([]int, len(parts))
	left := room
	for n := range parts {
		i := (p.part + n) % len(parts)
		t := &p.tables[i]
		need, most := 1+t.HeaderRows()+max(t.Rows(), 1), left
		if n == 0 {
			most = max(room/2, 6)
		}
		if rooms[i] = min(need, most); rooms[i] < min(need, 5) || n > 0 && p.height < tallFrom {
			rooms[i] = 0
		}
		left -= rooms[i]
	}
	rooms[p.part] += left
	return rooms
}

// partLines are the parts that have room, in their order.
func (p *Pane) partLines(room int) []string {
	var lines []string
	for i, height := range p.rooms(room) {
		if height < 2 {
			continue
		}
		body := p.tables[i].View(p.env.Theme, p.width, height-1)
		if p.tables[i].Rows() == 0 {
			body = []string{"   " + p.env.Theme.Paint(theme.Dim, widget.Sentence(p.emptyPart(i), p.width-4))}
		}
		for len(body) < height-1 {
			body = append(body, "")
		}
		lines = append(append(lines, p.partHead(i)), body...)
	}
	return lines
}

// partHead is the rule over a part: its name, or where the others are a key away, all names.
func (p *Pane) partHead(i int) string {
	th := p.env.Theme
	var names []string
	for n, part := range parts {
		tone, sign := theme.Dim, ""
		switch {
		case n == p.part && p.focused:
			tone, sign = theme.Accent, th.Cursor
		case n == p.part:
			tone = theme.Strong
		}
		if p.height < tallFrom || n == i {
			names = append(names, th.Paint(tone, sign+part.name))
		}
	}
	return widget.Rule(th, p.width, strings.Join(names, "  "))
}

// bars are the split of each rank, and what their signs mean. Of many ranks those around
// the one chosen are drawn; the part "ranks" has them all.
func (p *Pane) bars(t *model.TraceSummary) []string {
	th := p.env.Theme
	cols := p.width - labelWidth - 9
	if cols < 8 || len(t.Ranks) == 0 {
		return nil
	}
	most := p.mostBars()
	first := max(min(p.rank-most/2, len(t.Ranks)-most), 0)
	var lines []string
	for i := first; i < min(first+most, len(t.Ranks)); i++ {
		r := t.Ranks[i]
		bar := widget.Bar(th, cols, float64(r.WindowNS), splitParts(th, r), th.Idle)
		head := p.label("rank " + widget.Int(r.Rank))
		if i == p.rank && len(t.Ranks) > 1 {
			head = " " + th.Paint(theme.Accent, th.Right) + head[2:]
		}
		lines = append(lines, head+bar+widget.Right(percent(r.ComputeNS, r.WindowNS).Text+" %", 8))
	}
	return append(lines, p.legend(len(t.Ranks), cols))
}

// splitParts are the parts of a bar; what they leave is idle.
func splitParts(th *theme.Theme, r model.RankSplit) []widget.Part {
	return []widget.Part{{Value: float64(r.ComputeNS), Glyph: th.Full}, {Value: float64(r.TransferNS), Glyph: th.Transit, Tone: theme.Busy},
		{Value: float64(r.WaitNS), Glyph: th.Wait, Tone: theme.Warn}, {Value: float64(r.CopyNS), Glyph: th.Empty, Tone: theme.Dim}}
}

// legend says what the signs mean, and at the right what the figures are: the share of
// compute, or how many ranks there are besides those drawn.
func (p *Pane) legend(ranks, cols int) string {
	th := p.env.Theme
	words := []string{th.Full + " compute", th.Transit + " transfer", th.Wait + " waiting", th.Empty + " copies", th.Idle + " idle"}
	right := "compute"
	if ranks > p.mostBars() {
		right = "of " + widget.Int(ranks) + " ranks"
	}
	return p.label("") + th.Paint(theme.Dim, widget.Spread(strings.Join(words, "  "), right, cols+8))
}

// mostBars is how many ranks are drawn at most.
func (p *Pane) mostBars() int { return max(p.height/5, 2) }

// empty says why there is no picture, and what to do.
func (p *Pane) empty() []string {
	th := p.env.Theme
	switch {
	case p.run == "":
		return []string{"", "   There is no run to show yet.", "", "   1 Experiments, then s   submits one; its traces appear when the job ends"}
	case p.reader.Busy():
		return p.progress()
	case p.err != nil:
		return []string{"", "   " + th.Paint(theme.Bad, widget.Sentence(p.run+" cannot be read: "+p.err.Error(), p.width-4)), "", "   ↵ tries again · n goes to the next run"}
	case p.analysis != nil:
		return p.noTraces()
	}
	size := ""
	if p.bytes > 0 {
		size = " (" + widget.Bytes(p.bytes) + ")"
	}
	if !reading.Modest(p.env, p.bytes) {
		return []string{"", "   The traces of " + p.run + size + " are more than a login node should read.", "",
			"   ↵ reads them all the same · n goes to the next run"}
	}
	return []string{"", "   The traces of " + p.run + size + " are not read yet.", "", "   ↵ reads them · n goes to the next run · t in Experiments or Metrics opens another"}
}

// progress is how far the pool is.
func (p *Pane) progress() []string {
	done, total := p.reader.Progress()
	lines := append([]string{"", "   reading the traces of " + p.run + " …"}, bar(p.env.Theme, p.width, done, total)...)
	return append(lines, "", "   esc stops it; other panes stay usable meanwhile")
}

// bar is the progress in bytes, once their number is known.
func bar(th *theme.Theme, width int, done, total int64) []string {
	if total <= 0 {
		return nil
	}
	return []string{"", "   " + widget.Gauge(th, max(min(width-30, 60), 4), float64(done), float64(total)) + "  " + widget.Bytes(done) + " of " + widget.Bytes(total)}
}

// noTraces says why a run has none, as its analysis knows, and how to get some.
func (p *Pane) noTraces() []string {
	lines := []string{"", "   " + p.run + " has no traces."}
	if reason := p.analysis.Metric("gpu_busy").Reason; reason != "" {
		lines = append(lines, "", "   "+p.env.Theme.Paint(theme.Dim, widget.Sentence(reason, p.width-4)))
	}
	return append(lines, "", "   Set profiling.kineto to true in its config (2) and submit it again:", "   the next run writes kineto_trace_<rank>.json.",
		"", "   n goes to the next run · m opens what was measured without traces")
}
