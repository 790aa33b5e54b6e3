// Package measure is the use cases of a result. One run is read on demand: analyse.go begins, takes it from the cache (cache.go), or has
// it read in the pool, once for all who ask together; traces.go reads its files, and packedrank.go keeps what was read.
// operators.go asks what launched the kernels, and lists them one by one. Runs side by side are in compare.go, what is written of them in export.go; the sums are those of model/compare and model/scaling. import.go
// makes runs of what others wrote, and takes the original scripts, with the faults known of them.
package measure

import (
	"context"
	"fmt"
	"slices"
	"time"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/pool"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/present/unit"
)

// Needs is what measuring takes of an open workspace. It is set once.
type Needs struct {
	Workspace *workspace.Workspace
	World     check.World
	Pool      *pool.Pool
	Cache     *Cache // nil: nothing is kept
	Version   string // of this program, for the cache
	Now       func() time.Time
	Names     *kernelname.Names // what kernels are; nil: by the program's own table
	Typing    bool              // somebody types meanwhile: answering comes before a small heap

	Only []string // the runs that there are, by name; nil: all of the workspace

	// LoginBudget is how many bytes of traces may be read on this machine; 0: any number.
	LoginBudget func() int64
}

// Measure is the use cases: one run read, runs side by side, reports, runs of others.
type Measure struct {
	*Reader
	*Importer
}

// New measures in an open workspace.
func New(n Needs) *Measure {
	return &Measure{&Reader{files: files{Needs: n}}, &Importer{n.Workspace, n.World}}
}

// Among is measuring as if there were no other runs: what it says of these does not change when others come.
func (m *Measure) Among(runs []string) *Measure {
	n := m.Needs
	n.Only = runs
	return New(n)
}

// Reader reads one run at a time, by the cache and the pool. Its methods are safe for concurrent use.
type Reader struct {
	files
	sharing sharedReadings
}

// Runs lists trace directories, newest first.
func (rd *Reader) Runs(ctx context.Context) ([]model.Run, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	all, err := rd.Workspace.Runs()
	if rd.Only == nil {
		return all, err
	}
	return slices.DeleteFunc(all, func(r model.Run) bool { return !slices.Contains(rd.Only, r.Name) }), err
}

// Run finds one run by its name, its path or the id of its experiment.
func (rd *Reader) Run(name string) (model.Run, error) { return rd.Workspace.Run(name) }

// CompletePath lists the paths that begin so; those of folders end with a slash.
func (rd *Reader) CompletePath(part string) ([]string, error) { return workspace.CompletePath(part) }

// named finds runs by their names, each with what its config says otherwise by now.
func (rd *Reader) named(names []string) ([]model.Run, error) {
	runs, err := model.Through(names, rd.Run)
	for i := range runs {
		runs[i].Changed = rd.Workspace.Changes(runs[i])
	}
	return runs, err
}

// withinBudget refuses a run with too much to read on a login node, less what jobs have read.
func (n Needs) withinBudget(run model.Run) error {
	if n.LoginBudget() <= 0 {
		return nil
	}
	_, unread := n.unreadFiles(run)
	return n.affordable(run, unread,
		fmt.Sprintf("shardeck analyze --on-node %s reads them in a short job; --here reads them here all the same", run.Name))
}

// affordable refuses to read so many bytes of a run on a login node; toDo is what to do instead.
func (n Needs) affordable(run model.Run, size int64, toDo string) error {
	budget := n.LoginBudget()
	if budget <= 0 || size <= budget {
		return nil
	}
	return &model.Fault{Kind: model.ErrBudget,
		Text: fmt.Sprintf("%s: %s of traces are more than the %s that %s has for reading on a login node",
			run.Name, unit.FileSize(size), unit.FileSize(budget), n.World.Site.Title),
		ToDo: toDo}
}
