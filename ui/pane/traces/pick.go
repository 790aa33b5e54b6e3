package traces

import (
	"cmp"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
)

// picker lists the runs that the one shown can be compared with, those of its model first.
type picker struct {
	run    string // the one shown
	loaded bool
	err    error
	sheet  *sheet
}

// pickTable lists runs to compare with.
func pickTable() present.Table {
	return present.Table{Name: "runs", One: "run", Columns: present.Columns("base…22", "layout", "model/1", ">batch/2", ">tokens/2", ">traces/3", "traced/4")}
}

// choose opens the list of runs.
func choose(p *Pane) tea.Cmd {
	k := &picker{run: p.run, sheet: newSheet(p.env.Env, []present.Table{pickTable()})}
	p.pick = k
	p.SetFocus(p.focused)
	return p.listing.Start(p.env.Ctx, p.env.Runs, func(runs []model.Run, err error) tea.Cmd {
		k.loaded, k.err = true, err
		if err != nil {
			return pane.Fail(err)
		}
		t := pickTable()
		for _, r := range k.candidates(runs) {
			t.Rows = append(t.Rows, pickRow(r, p.env.Now()))
		}
		k.sheet.set([]present.Table{t})
		return nil
	})
}

// candidates are the runs with traces besides the one shown; those of its model first.
func (k *picker) candidates(runs []model.Run) []model.Run {
	own := ""
	for _, r := range runs {
		if r.Name == k.run {
			own = modelOf(r)
		}
	}
	out := slices.DeleteFunc(slices.Clone(runs), func(r model.Run) bool { return r.Name == k.run || r.TraceBytes() == 0 })
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

func pickRow(r model.Run, now time.Time) present.Row {
	row := present.Row{Fields: map[string]string{"run": r.Name}, Full: r.Name}
	layout, name, batch, tokens := unit.Missing, unit.Missing, unit.Missing, unit.Missing
	if e := r.Experiment; e != nil {
		layout, name = e.Layout.Short(), model.ShortModel(e.Model.Name)
		batch, tokens = unit.Int(e.Data.BatchSize), unit.Int(e.Data.SeqLen)+"+"+unit.Int(e.Data.MaxTokens)
		row.Fields["id"], row.Fields["model"], row.Fields["layout"] = e.ID, e.Model.Name, layout
	}
	row.Cells = present.Texts(r.Name, layout, name, batch, tokens, unit.FileSize(r.TraceBytes()), unit.Ago(r.Time, now))
	row.Cells[6].Role = present.Dim
	return row
}

// takePicked compares with the run under the cursor.
func takePicked(p *Pane) tea.Cmd {
	r, ok := p.pick.sheet.list().Current()
	if !ok {
		return pane.Warn("there is no run under the cursor")
	}
	p.pick = nil
	return p.compare([2]string{r.Full, p.run})
}

func (k *picker) view(f frame) []string {
	f.tall = false
	switch {
	case k.err != nil:
		f.empty = "the runs cannot be listed: " + k.err.Error()
	case !k.loaded:
		f.empty = "looking for runs …"
	default:
		f.empty = "no other run has traces"
	}
	return k.sheet.view(f)
}
