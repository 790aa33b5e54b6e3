package lab

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/present/unit"
)

// withinBudget refuses a run whose traces are too much for a login node, unless the
// caller said to read it here. What jobs have read already counts nothing.
func (l *Lab) withinBudget(run model.Run) error {
	if l.options.Here || !l.onLoginNode() {
		return nil
	}
	return l.affordable(run, l.unread(run), fmt.Sprintf("shardeck analyze --on-node %s reads them in a short job; --here reads them here all the same", run.Name))
}

// affordable refuses to read so many bytes of a run on a login node, and says what to
// do instead.
func (l *Lab) affordable(run model.Run, size int64, toDo string) error {
	budget := l.world.Site.Login.TraceBytes
	if l.options.Here || budget <= 0 || size <= budget || !l.onLoginNode() {
		return nil
	}
	return &Fault{Kind: ErrBudget,
		Text: fmt.Sprintf("%s: %s of traces are more than the %s that %s has for reading on a login node", run.Name, unit.FileSize(size), unit.FileSize(budget), l.world.Site.Title),
		ToDo: toDo}
}

// unread is the size of the run's traces that no job left in the cache.
func (l *Lab) unread(run model.Run) int64 {
	var n int64
	for _, f := range tracesOf(run) {
		if key, err := l.rankKey(f); err != nil || !l.cache.Has(key) {
			n += f.Size
		}
	}
	return n
}

// onLoginNode tells a login node from a compute node and from somebody's own machine:
// the site was recognised or named, and this is no allocation.
func (l *Lab) onLoginNode() bool {
	m := l.machine()
	if m.Allocation != "" {
		return false
	}
	switch l.SiteOrigin() {
	case "assumed":
		return false
	case "detected":
		return true
	}
	return m.Scheduler() == "slurm" || l.marked()
}

// marked reports whether the environment bears the marks of the site.
func (l *Lab) marked() bool {
	for k, v := range l.world.Site.Detect {
		if l.options.Env(k) != v {
			return false
		}
	}
	return len(l.world.Site.Detect) > 0
}

// SiteOrigin says how the site is known: detected, assumed, or the file or flag that
// names it.
func (l *Lab) SiteOrigin() string { return l.catalog.Settings.Origin("site") }

// tracesOf lists the files of a run that kernels are read from: Kineto traces, else
// what nsys left, of each node the form that is read best.
func tracesOf(run model.Run) []model.RunFile {
	var files []model.RunFile
	for _, f := range run.Files {
		if f.Kind == model.FileKineto {
			files = append(files, f)
		}
	}
	if len(files) > 0 {
		return files
	}
	best := map[int]model.RunFile{}
	for _, f := range run.Files {
		if old, ok := best[f.Rank]; f.Kind == model.FileNsys && (!ok || nsysForm(f) < nsysForm(old)) {
			best[f.Rank] = f
		}
	}
	for _, rank := range slices.Sorted(maps.Keys(best)) {
		files = append(files, best[rank])
	}
	return files
}

// nsysForms are the forms of a report, the one that tells most for least work first:
// a CSV has no GPUs, steps or samples, a report must be exported first, and a recording
// is only good for saying what became of the report.
var nsysForms = []string{".sqlite", ".csv", ".csv.gz", ".nsys-rep", ".qdstrm"}

func nsysForm(f model.RunFile) int {
	i := slices.IndexFunc(nsysForms, func(form string) bool { return strings.HasSuffix(f.Path, form) })
	if i < 0 {
		return len(nsysForms)
	}
	return i
}
