package pane

import (
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// tones are how the theme draws what a text is for.
var tones = map[present.Role]theme.Tone{present.Plain: theme.Plain, present.Dim: theme.Dim, present.Strong: theme.Strong,
	present.Good: theme.Good, present.Busy: theme.Busy, present.Warn: theme.Warn, present.Bad: theme.Bad}

// Tone is how the theme draws a role.
func Tone(r present.Role) theme.Tone { return tones[r] }

// Columns are those of a table as widgets draw them.
func Columns(t present.Table) []widget.Column {
	return model.Each(t.Columns, func(c present.Column) widget.Column {
		return widget.Column{Title: c.Title, Unit: c.Unit, Right: c.Right, Mixed: c.Mixed, Worth: c.Worth, Min: c.Min, Middle: c.Middle}
	})
}

// Cells are those of a row as widgets draw them.
func Cells(th *theme.Theme, r present.Row) []widget.Cell {
	return model.Each(r.Cells, func(c present.Cell) widget.Cell {
		return widget.Cell{Text: th.Spell(c.Text), Tone: tones[c.Role], Lead: th.Spell(c.Lead), By: c.By}
	})
}

// Drawn is a table as a widget that draws it.
func Drawn(th *theme.Theme, t present.Table) *widget.Table {
	out := &widget.Table{Columns: Columns(t), Column: -1}
	out.SetRows(model.Each(t.Rows, func(r present.Row) []widget.Cell { return Cells(th, r) }))
	return out
}

// WindowParts are the parts of a rank's window as a bar draws them; what they leave is idle.
func WindowParts(th *theme.Theme, r metric.RankSplit) []widget.Part {
	return []widget.Part{{Value: float64(r.ComputeNS), Glyph: th.Full},
		{Value: float64(metric.OrZero(r.TransferNS)), Glyph: th.Transit, Tone: theme.Busy},
		{Value: float64(metric.OrZero(r.WaitNS)), Glyph: th.Wait, Tone: theme.Warn},
		{Value: float64(r.UnmatchedNS), Glyph: th.Unknown, Tone: theme.Bad}, {Value: float64(r.CopyNS), Glyph: th.Empty, Tone: theme.Dim}}
}

// Joined puts parts on one line with dots between, as many as fit whole.
func Joined(width int, parts ...string) string {
	line := ""
	for _, part := range parts {
		switch {
		case part == "":
		case line == "":
			line = widget.Sentence(part, width)
		case widget.Width(line)+3+widget.Width(part) <= width:
			line += " · " + part
		}
	}
	return line
}

// Notice is what stands in a pane that has nothing to show.
func Notice(lines ...string) []string {
	out := []string{""}
	for _, line := range lines {
		if line != "" {
			line = "   " + line
		}
		out = append(out, line)
	}
	return out
}

// Unreadable is the notice of a pane that could not read what it shows.
func Unreadable(th *theme.Theme, what string, err error, width int) []string {
	return Notice(th.Paint(theme.Bad, widget.Sentence(what+": "+err.Error(), width-4)), "", "r tries again")
}
