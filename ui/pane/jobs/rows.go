package jobs

import (
	"time"

	"shardeck/model"
	"shardeck/model/present"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// columns are those of jobs; some are as wide whatever is in them, so that nothing jumps.
var columns = func() []widget.Column {
	all := pane.Columns(present.Jobs(nil, nil, time.Time{}))
	all[2].Keep, all[3].Keep = len("cancelled"), 24
	return all
}()

// rows is what the pane says of its rows.
type rows struct {
	env    env
	titles map[string]string // causes and stages seen, by job
	ran    map[string]bool   // the title is of when the job still ran
}

// cells of one job, in the order of columns.
func (p *rows) cells(j model.Job) []widget.Cell {
	return pane.Cells(p.env.Theme, present.Job(j, p.titles[j.ID], p.env.Now()))
}

// fields are what a filter can ask for.
func fields(j model.Job) map[string]string { return present.Job(j, "", time.Time{}).Fields }
