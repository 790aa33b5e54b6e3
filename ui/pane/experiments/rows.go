package experiments

import (
	"shardeck/model/board"
	"shardeck/model/present"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// columns of the board: before all others those vanish in which all rows are alike
// (worthOf). Some stand close together, and one is as wide whatever is in it.
var columns = func() []widget.Column {
	all := pane.Columns(present.Table{Columns: present.ExperimentColumns()})
	for _, layout := range []int{3, 4, 5, 6} {
		all[layout].Tight = true
	}
	all[8].Keep = len("running 12:34")
	return all
}()

// rows is what the pane says of its rows.
type rows struct {
	env  env
	seen map[string]string // what the logs of jobs say, by job
	also map[string]string // by file: what tells it apart besides its layout
}

func (p *rows) row(r board.Row) present.Row {
	return present.Experiment(r, p.also[r.File], p.env.Now())
}

// cells of one row, in the order of columns.
func (p *rows) cells(r board.Row) []widget.Cell { return pane.Cells(p.env.Theme, p.row(r)) }

// fields are what a filter can ask for.
func (p *rows) fields(r board.Row) map[string]string { return p.row(r).Fields }
