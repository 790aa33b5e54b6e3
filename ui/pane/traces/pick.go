package traces

import (
	"cmp"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
)

// picker lists the runs that the one shown can be compared with, those of its model first.
type picker struct {
	runs   []model.Run // as listed
	loaded bool
	err    error
	sheet  *sheet
}

// pickTable lists runs to compare with.
func pickTable() present.Table {
	return present.Table{Name: "runs", One: "run", Columns: present.Columns("base…22", "layout", "model/1", ">batch/2", ">tokens/2", ">traces/3", "traced/4")}
}

// choose opens the list of runs.
func (p *Pane) choose() tea.Cmd {
	p.pick = &picker{sheet: newSheet(p.env.Theme, []present.Table{pickTable()})}
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
	t := pickTable()
	for _, r := range p.pick.runs {
		t.Rows = append(t.Rows, p.pickRow(r))
	}
	p.pick.sheet.set([]present.Table{t})
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

func (p *Pane) pickRow(r model.Run) present.Row {
	row := present.Row{Fields: map[string]string{"run": r.Name}, Full: r.Name}
	layout, name, batch, tokens := unit.Missing, unit.Missing, unit.Missing, unit.Missing
	if e := r.Experiment; e != nil {
		layout, name = e.Layout.Short(), model.ShortModel(e.Model.Name)
		batch, tokens = unit.Int(e.Data.BatchSize), unit.Int(e.Data.SeqLen)+"+"+unit.Int(e.Data.MaxTokens)
		row.Fields["id"], row.Fields["model"], row.Fields["layout"] = e.ID, e.Model.Name, layout
	}
	row.Cells = present.Texts(r.Name, layout, name, batch, tokens, unit.FileSize(traceBytes(r)), unit.Ago(r.Time, p.env.Now()))
	row.Cells[6].Role = present.Dim
	return row
}

// take compares with the run under the cursor.
func (p *Pane) take() tea.Cmd {
	r, _, ok := p.pick.sheet.current()
	if !ok {
		return pane.Warn("there is no run under the cursor")
	}
	p.pick = nil
	return p.compare(r.Full)
}

func (p *Pane) pickFrame() frame {
	return frame{th: p.env.Theme, width: p.width, height: p.height, focused: p.focused, above: func(int) []string { return nil },
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
