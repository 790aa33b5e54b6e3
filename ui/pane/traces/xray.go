package traces

import (
	"context"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/xray"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// takeApart reads the X-ray of the run, and shows the steps of the rank chosen.
func (t *lanes) takeApart() tea.Cmd {
	side, r := t.chosen()
	if r == nil || t.xray.Busy() {
		return nil
	}
	rank, run := r.Number, side.run
	return t.xray.Start(t.env.Env, func(ctx context.Context, progress pool.Progress) (xray.Report, error) {
		return t.env.XRay(ctx, run, progress)
	}, pane.Got(func(r xray.Report) tea.Cmd {
		of := model.First(r.Ranks, func(o xray.Rank) bool { return o.Rank == rank })
		if of == nil || len(of.Steps) == 0 {
			return pane.Warn(fmt.Sprintf("rank %d has no steps to take apart: shardeck xray %s says why", rank, run))
		}
		return t.dialog.Ask(&pane.Ask{Popup: widget.Show(fmt.Sprintf("%s, rank %d, step by operator", run, rank), stepLines(t.env.Theme, of))})
	}))
}

// stepLines are the operators of the median step of each kind, and what is to say of them.
func stepLines(th *theme.Theme, r *xray.Rank) (lines []string) {
	for i, k := range r.Kinds() {
		if i > 0 {
			lines = append(lines, "")
		}
		for _, text := range present.Step(k, r.Rank) {
			lines = append(lines, th.Paint(theme.Strong, text))
		}
		lines = append(lines, operatorLines(th, present.XRay(k.Median))...)
		for _, text := range present.XRaySentences(k.Median) {
			lines = append(lines, widget.Wrap(text, 71)...)
		}
	}
	return lines
}

// operatorWidths are the widths of the columns of present.XRay: of those that are left out 0.
var operatorWidths = []int{15, 8, 7, 0, 9, 13, 10, 10}

func operatorLines(th *theme.Theme, t present.Table) []string {
	lines := make([]string, len(t.Rows)+2)
	for c, width := range operatorWidths {
		cell := widget.Right
		if c == 0 {
			cell = widget.Fit
		}
		lines[0], lines[1] = lines[0]+cell(t.Columns[c].Title, width), lines[1]+cell(t.Columns[c].Unit, width)
		for i, r := range t.Rows {
			lines[i+2] += cell(r.Cells[c].Lead+r.Cells[c].Text, width)
		}
	}
	lines[0], lines[1] = th.Paint(theme.Dim, lines[0]), th.Paint(theme.Dim, lines[1])
	return lines
}
