package metrics

import (
	"slices"
	"time"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
)

// known is what was found out about the runs, by name.
type known struct {
	analyses map[string]*metric.Analysis
	full     map[string]bool // traces and all
	problems map[string]error
}

func newKnown() *known {
	return &known{map[string]*metric.Analysis{}, map[string]bool{}, map[string]error{}}
}

// add takes an analysis unless a fuller one of the same run is there.
func (k *known) add(run string, a *metric.Analysis) {
	if !k.full[run] || a.Trace != nil {
		k.analyses[run], k.full[run] = a, a.Trace != nil
	}
}

// addBoard takes the analyses that the board has; they are made without reading a trace,
// so what is known in full already stays.
func (k *known) addBoard(rows []board.Row) {
	for _, r := range rows {
		if r.Run != nil && r.Analysis != nil {
			k.add(r.Run.Name, r.Analysis)
		}
	}
}

// set takes an analysis that was made in full.
func (k *known) set(run string, a *metric.Analysis) {
	k.analyses[run], k.full[run] = a, true
	delete(k.problems, run)
}

// sameRun reports whether a run's files are as they were.
func sameRun(a, b model.Run) bool { return a.Name == b.Name && a.Time.Equal(b.Time) }

// forget drops what was known of runs whose files have changed since, and says whether
// there were any.
func (k *known) forget(before, now []model.Run) (any bool) {
	times := map[string]time.Time{}
	for _, r := range now {
		times[r.Name] = r.Time
	}
	for _, r := range before {
		if t, there := times[r.Name]; !there || !t.Equal(r.Time) {
			delete(k.analyses, r.Name)
			delete(k.full, r.Name)
			delete(k.problems, r.Name)
			any = true
		}
	}
	return any
}

func (k *known) replay(r model.Run) bool {
	a := k.analyses[r.Name]
	return r.Replay || a != nil && a.Replay
}

func (k *known) allReplays(runs []model.Run) bool {
	return len(runs) > 0 && !slices.ContainsFunc(runs, func(r model.Run) bool { return !k.replay(r) })
}

// unread are those of some runs that nobody has read.
func (k *known) unread(runs []model.Run) []string {
	var names []string
	for _, r := range runs {
		if !k.full[r.Name] && k.problems[r.Name] == nil {
			names = append(names, r.Name)
		}
	}
	return names
}

// unreadWords say of a run what nobody has read.
func (k *known) unreadWords(r model.Run) string {
	if bytes := r.TraceBytes(); bytes > 0 {
		return "traces of " + unit.FileSize(bytes) + " not read yet: ↵ reads them, a reads all"
	}
	return "not read yet: ↵ reads it, a reads all"
}

// comparable says with which other runs one may be compared.
func (k *known) comparable(r model.Run) scaling.ScalingKey {
	key := scaling.KeyOf(*r.Experiment, nil, k.analyses[r.Name].Device())
	key.Replay = key.Replay || k.replay(r)
	return key
}
