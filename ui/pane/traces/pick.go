package traces

import (
	"cmp"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// picker lists the runs that the one shown can be compared with, those of its model first.
type picker struct {
	runs   []model.Run // as listed
	loaded bool
	err    error
	sheet  *sheet
}

var pickParts = []part{{"runs", "run", []widget.Column{{Title: "base", Min: 22}, {Title: "layout"}, {Title: "model", Worth: 1}, {Title: "batch", Right: true, Worth: 2},
	{Title: "tokens", Right: true, Worth: 2}, {Title: "traces", Right: true, Worth: 3}, {Title: "traced", Worth: 4}}}}

// choose opens the list of runs.
func (p *Pane) choose() tea.Cmd {
	p.pick = &picker{sheet: newSheet(pickParts)}
	p.SetFocus(p.focused)
	return p.list.Start(p.env.Ctx, p.env.Lab.Runs, p.listed)
}

// listed takes the runs there are.
func (p *Pane) listed(runs []model.Run, err error) tea.Cmd {
	if p.pick == nil {
		return nil
	}
	p.pick.loaded, p.pick.err = true, err
	if err != nil {
		return pane.Fail(err)
	}
	p.pick.runs = p.candidates(runs)
	var rows []row
	for _, r := range p.pick.runs {
		rows = append(rows, p.pickRow(r))
	}
	p.pick.sheet.set([][]row{rows})
	return nil
}

// candidates are the runs with traces besides the one shown; those of its model first.
func (p *Pane) candidates(runs []model.Run) []model.Run {
	own := ""
	for _, r := range runs {
		if r.Name == p.run {
			own = modelOf(r)
		}
	}
	out := slices.DeleteFunc(slices.Clone(runs), func(r model.Run) bool { return r.Name == p.run || traceBytes(r) == 0 })
	other := func(r model.Run) int {
		if modelOf(r) == own {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b model.Run) int { return cmp.Compare(other(a), other(b)) })
	return out
}

func modelOf(r model.Run) string {
	if r.Experiment == nil {
		return ""
	}
	return r.Experiment.Model.Name
}

func (p *Pane) pickRow(r model.Run) row {
	cells := []widget.Cell{{Text: r.Name}, p.none(), p.none(), p.none(), p.none(), {Text: unit.FileSize(traceBytes(r))}, {Text: unit.Ago(r.Time, p.env.Now()), Tone: theme.Dim}}
	fields := map[string]string{"run": r.Name}
	if e := r.Experiment; e != nil {
		cells[1], cells[2] = widget.Cell{Text: e.Layout.Short()}, widget.Cell{Text: model.ShortModel(e.Model.Name)}
		cells[3], cells[4] = number(float64(e.Data.BatchSize), 0), widget.Cell{Text: unit.Int(e.Data.SeqLen) + "+" + unit.Int(e.Data.MaxTokens)}
		fields["id"], fields["model"], fields["layout"] = e.ID, e.Model.Name, cells[1].Text
	}
	return row{cells: cells, fields: fields, full: r.Name}
}

// take compares with the run under the cursor.
func (p *Pane) take() tea.Cmd {
	r, ok := p.pick.sheet.current()
	if !ok {
		return pane.Warn("there is no run under the cursor")
	}
	p.pick = nil
	return p.compare(r.full)
}

func (p *Pane) pickFrame() frame {
	return frame{th: p.env.Theme, width: p.width, height: p.height, focused: p.focused, above: func(int) []string { return nil }, remark: func(string) string { return "" },
		empty: func(int) string {
			switch {
			case p.pick.err != nil:
				return "the runs cannot be listed: " + p.pick.err.Error()
			case !p.pick.loaded:
				return "looking for runs …"
			}
			return "no other run has traces"
		}}
}

func (p *Pane) pickView() []string {
	p.pick.sheet.measure(p.width)
	return p.pick.sheet.view(p.pickFrame())
}
