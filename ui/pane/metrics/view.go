package metrics

import (
	"strings"

	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// belowRows is the room under the table, kept whatever there is to say, so that
// nothing jumps; an opened run has more to say of each metric.
const belowRows, detailBelowRows = 5, 6

func (p *Pane) below() int {
	switch {
	case p.height < 14:
		return 0
	case p.detail != nil:
		return detailBelowRows
	}
	return belowRows
}

func (p *Pane) tableRows() int {
	t := &p.table
	if p.detail != nil {
		t = &p.detail.table
	}
	return p.tableRoom() - t.HeaderRows()
}

// previewFrom is the height from which the run under the cursor is shown below the
// table, metric by metric.
const previewFrom = 34

// tableRoom is the lines of the table: all but the notes, or where there is room for
// the run beside it, what its rows need.
func (p *Pane) tableRoom() int {
	room := p.height - p.below()
	if p.detail != nil || p.height < previewFrom {
		return room
	}
	return min(len(p.shown)+p.table.HeaderRows()+1, room/2)
}

// preview is the run under the cursor opened, its cursor on the same metric.
func (p *Pane) preview(height int) []string {
	name := p.currentName()
	a := p.analyses[name]
	if height < 2 || a == nil {
		return nil
	}
	d := &detail{run: name, table: widget.Table{Column: -1}}
	d.show(p.env.Theme, a, p.defs)
	d.goTo(p.metricName())
	return append([]string{widget.Rule(p.env.Theme, p.width, name)}, d.table.View(p.env.Theme, p.width, height-1)...)
}

// Title names the runs shown, or the one opened, and how far a reading is.
func (p *Pane) Title() (left, right string) {
	left = "Metrics"
	switch {
	case p.detail != nil:
		left += " · " + p.detail.run
	case p.baseline != "":
		left += " · diff % from " + p.baseline
	case len(p.defs) > 0 && p.table.Column > 0:
		left += " · " + p.defs[min(p.table.Column, len(p.defs))-1].Family
	}
	switch {
	case p.look.Busy():
		right = p.look.Words()
	case p.all.Busy():
		right = widget.Int(p.total-len(p.queue)) + " of " + widget.Int(p.total) + " · " + p.all.Words()
	case !p.filter.Empty():
		right = widget.Int(len(p.shown)) + " of " + widget.Int(len(p.runs)) + " match " + p.filter.Text
	case p.loaded:
		right = widget.Plural(len(p.runs), "run")
		if p.replays {
			right += ", all replays"
		}
	}
	if p.sort.On && p.detail == nil {
		right += ", " + p.sort.Words(p.table.Columns)
	}
	return left, right
}

// View draws the table or the opened run, and what is open over them.
func (p *Pane) View() string {
	if p.width <= 0 || p.height <= 0 {
		return ""
	}
	lines := p.body()
	lines = p.typing.Below(p.env.Theme, lines, p.width, p.height)
	if p.popup != nil {
		lines = p.popup.Popup.Over(p.env.Theme, lines, p.width, p.height)
	}
	return widget.Block(lines, p.width, p.height)
}

func (p *Pane) body() []string {
	table, notes := &p.table, p.runLines
	switch {
	case p.detail != nil:
		table, notes = &p.detail.table, p.metricLines
	case len(p.shown) == 0:
		return p.empty()
	}
	room := p.height - p.below()
	lines := table.View(p.env.Theme, p.width, p.tableRoom())
	if p.tableRoom() < room {
		for len(lines) < p.tableRoom() {
			lines = append(lines, "")
		}
		lines = append(lines, p.preview(room-len(lines))...)
	}
	if p.below() == 0 {
		return lines
	}
	for len(lines) < room+1 {
		lines = append(lines, "")
	}
	for _, text := range notes(p.width - 4) {
		lines = append(lines, "   "+text)
	}
	return lines
}

// empty says why there is nothing, and what to do.
func (p *Pane) empty() []string {
	th := p.env.Theme
	switch {
	case !p.loaded:
		return []string{"", "   looking for runs …"}
	case p.err != nil:
		return []string{"", "   " + th.Paint(theme.Bad, widget.Sentence("the runs cannot be listed: "+p.err.Error(), p.width-4)), "", "   r tries again"}
	case len(p.runs) > 0:
		return []string{"", "   no run matches " + p.filter.Text, "", "   esc drops the filter"}
	}
	return []string{"", "   There is no run in trace_collection yet.", "",
		"   1 Experiments, then s   submits one; its run appears here when the job ends"}
}

// runLines say of the run under the cursor what it is, and of the metric what it holds.
func (p *Pane) runLines(width int) []string {
	r, _ := p.current()
	th := p.env.Theme
	a := p.analyses[r.Name]
	head := th.Paint(theme.Strong, r.Name)
	if r.Experiment != nil {
		head += "  " + widget.Sentence(r.Experiment.ID+"  "+r.Experiment.Description, max(width-2-widget.Width(r.Name), 1))
	}
	lines := []string{head, th.Paint(theme.Dim, pane.Joined(width, p.runWords(r, a)...))}
	d, ok := p.definition()
	if !ok || a == nil {
		return append(lines, th.Paint(theme.Dim, p.unreadWords(r)))
	}
	m := a.Metric(d.Name)
	return append(lines, p.valueLine(m, d, width), th.Paint(theme.Dim, pane.Joined(width, strings.Split(partWords(m, d), " · ")...)))
}

// runWords are layout, workload, GPU, age, and whether it is a measurement at all.
func (p *Pane) runWords(r model.Run, a *model.Analysis) []string {
	var words []string
	if p.replay(r) {
		words = append(words, "replay")
	}
	if e := r.Experiment; e != nil {
		words = append(words, pane.LayoutWord(e.Layout)+" on "+widget.Plural(e.Layout.GPUs(), "GPU"), pane.ShortModel(e.Model.Name),
			"batch "+widget.Int(e.Data.BatchSize), widget.Int(e.Data.SeqLen)+" + "+widget.Int(e.Data.MaxTokens)+" tokens")
	}
	if a != nil && a.Trace != nil && len(a.Trace.Ranks) > 0 {
		words = append(words, a.Trace.Ranks[0].Device)
	}
	return append(words, "traced "+widget.Ago(r.Time, p.env.Now()))
}

func (p *Pane) unreadWords(r model.Run) string {
	if bytes := traceBytes(r); bytes > 0 {
		return "traces of " + widget.Bytes(bytes) + " not read yet: ↵ reads them, a reads all"
	}
	return "not read yet: ↵ reads it, a reads all"
}

// valueLine is the metric under the cursor in full, with its ranks.
func (p *Pane) valueLine(m model.Metric, d model.Definition, width int) string {
	if m.Value == nil {
		return p.env.Theme.Paint(theme.Dim, widget.Sentence(d.Name+": "+missingWords(m), width))
	}
	text := d.Name + "  " + pane.MetricText(m, d) + " " + d.Unit
	if s := spark(p.env.Theme, m.PerRank); s != "" {
		text += "   " + s + "  " + rankWords(m, d)
	}
	if m.N > 0 {
		text += "   n " + widget.Int(m.N)
	}
	return widget.Sentence(text, width)
}

// missingWords say why there is no value.
func missingWords(m model.Metric) string {
	switch m.Reason {
	case "none":
		return "none, which is an answer"
	case "":
		return "no value, and no reason was given"
	}
	return m.Reason
}

// metricLines are all there is to say of one metric of the opened run: remark, ranks,
// parts, sources.
func (p *Pane) metricLines(width int) []string {
	d, ok := p.definition()
	a := p.analyses[p.detail.run]
	if !ok || a == nil {
		return nil
	}
	th, m := p.env.Theme, a.Metric(d.Name)
	lines := []string{th.Paint(theme.Strong, d.Name) + "  " + widget.Sentence(remarkOrReason(m), max(width-2-widget.Width(d.Name), 1))}
	for _, text := range []string{rankWords(m, d), partWords(m, d)} {
		if text != "" {
			lines = append(lines, widget.Wrap(text, width)...)
		}
	}
	if len(m.Source) > 0 {
		lines = append(lines, th.Paint(theme.Dim, pane.Joined(width, append([]string{"from " + m.Source[0]}, m.Source[1:]...)...)))
	}
	if len(lines) >= detailBelowRows {
		lines = lines[:detailBelowRows-1]
	}
	return lines
}

func remarkOrReason(m model.Metric) string {
	if m.Value == nil {
		return missingWords(m)
	}
	return remark(m)
}

// Message says what stands behind the cell under the cursor: why it is empty, what it
// is compared with, what was lost.
func (p *Pane) Message() pane.Note {
	r, ok := p.current()
	if p.detail != nil {
		for _, run := range p.runs {
			if run.Name == p.detail.run {
				r, ok = run, true
			}
		}
	}
	switch {
	case p.err != nil:
		return pane.FailNote(p.err)
	case !ok:
		return pane.Note{}
	case p.look.Busy():
		return pane.Note{Text: p.look.Words() + " · esc stops it", Tone: theme.Busy}
	case p.problems[r.Name] != nil:
		return pane.FailNote(p.problems[r.Name])
	}
	return p.cellNote(r)
}

func (p *Pane) cellNote(r model.Run) pane.Note {
	a := p.analyses[r.Name]
	d, ok := p.definition()
	switch {
	case a == nil:
		return pane.Note{Text: r.Name + ": " + p.unreadWords(r)}
	case !ok:
		return pane.Note{}
	}
	m := a.Metric(d.Name)
	switch {
	case m.Value == nil && m.Reason == "none":
		return pane.Note{Text: "no " + d.Name + " in " + r.Name}
	case m.Value == nil && !p.read[r.Name] && traceBytes(r) > 0:
		return pane.Note{Text: "no " + d.Name + " yet: " + p.unreadWords(r)}
	case m.Value == nil:
		return pane.Note{Text: "no " + d.Name + ": " + missingWords(m)}
	case p.baseline != "" && p.baseline != r.Name && p.detail == nil:
		return p.deltaNote(r, m, d)
	case a.Damaged && len(a.Warnings) > 0:
		return pane.Note{Text: "input was damaged: " + a.Warnings[0], Tone: theme.Warn}
	}
	return pane.Note{Text: strings.Join(nonEmpty(remark(m), firstWarning(a)), " · ")}
}

func firstWarning(a *model.Analysis) string {
	if len(a.Warnings) == 0 {
		return ""
	}
	return a.Warnings[0]
}

func nonEmpty(parts ...string) []string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return out
}

// deltaNote gives both values, and says when they should not be compared.
func (p *Pane) deltaNote(r model.Run, m model.Metric, d model.Definition) pane.Note {
	base := p.analyses[p.baseline]
	if base == nil {
		return pane.Note{Text: p.baseline + " was not read: ↵ on it reads it", Tone: theme.Warn}
	}
	b := base.Metric(d.Name)
	text := d.Name + " " + pane.MetricText(m, d) + " " + d.Unit
	if b.Value == nil {
		return pane.Note{Text: text + "; " + p.baseline + " has none: " + missingWords(b)}
	}
	text += " against " + pane.MetricText(b, d) + " of " + p.baseline
	if why := p.unlike(r); why != "" {
		what, values, _ := strings.Cut(why, ": ")
		return pane.Note{Text: "not like with like, " + what + ": " + strings.Join(nonEmpty(text, values), " · "), Tone: theme.Warn}
	}
	return pane.Note{Text: text}
}

// unlike names what differs, besides the layout, between a run and the baseline; empty:
// nothing, or there is no baseline.
func (p *Pane) unlike(r model.Run) string {
	if p.baseline == "" || p.baseline == r.Name {
		return ""
	}
	for _, b := range p.runs {
		if b.Name != p.baseline {
			continue
		}
		if b.Experiment == nil || r.Experiment == nil {
			return "the config of one of them is not known"
		}
		one, other := p.keyOf(b), p.keyOf(r)
		if one.GPU == "" || other.GPU == "" {
			one.GPU, other.GPU = "", ""
		}
		_, why := one.Equal(other)
		return why
	}
	return ""
}
