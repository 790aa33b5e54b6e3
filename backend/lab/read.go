package lab

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"shardeck/backend/analyze"
	"shardeck/backend/pool"
	"shardeck/backend/trace"
	"shardeck/backend/trace/et"
	"shardeck/model"
	"shardeck/model/metric"
)

// A rank in memory holds its kernels alone: about an eighth of its JSON text, and
// gzip makes that text ten times smaller. The block read from holds the rest.
const (
	plainShare = 8
	gzipGrowth = 2
	blockCost  = 2 << 20
)

// costOf is what reading a trace may take of the pool's memory budget, in bytes.
func costOf(f model.RunFile) int64 {
	if strings.HasSuffix(f.Path, ".gz") {
		return f.Size*gzipGrowth + blockCost
	}
	return f.Size/plainShare + blockCost
}

// reading is one run being read: what its files said, and what was wrong with them.
type reading struct {
	run   model.Run
	input analyze.Input
	bytes tally // of the traces

	mu       sync.Mutex // guards what follows and input.Ranks
	warnings []string
	damaged  bool
	opened   map[int][]*trace.Rank // by the number in the file's name
	ops      *et.Trace             // of one rank; nil: none
}

// newReading reads the small files of a run: timing statistics and run.json.
func (l *Lab) newReading(run model.Run) *reading {
	r := &reading{run: run, damaged: run.LeftOut, opened: map[int][]*trace.Rank{}}
	r.warnings = append(r.warnings, run.Warnings...)
	if run.Problem != "" {
		r.warnings = append(r.warnings, run.Problem)
	}
	r.input = analyze.Input{
		Run: run.Name, Experiment: run.Experiment, GPU: l.gpuByName, GPUsPerNode: l.gpusPerNode(),
		Ranks: map[int]*trace.Rank{}, Timing: map[int]*trace.Timing{},
	}
	if run.Experiment != nil {
		r.input.Shape = l.world.Shape(run.Experiment.Model.Name)
	}
	for _, f := range run.Files {
		r.readSmall(f)
	}
	return r
}

// readSmall reads one timing file or run.json; what is wrong becomes a warning.
func (r *reading) readSmall(f model.RunFile) {
	switch f.Kind {
	case model.FileTiming:
		t, err := trace.OpenTiming(f.Path)
		if err != nil {
			r.lost(f, err)
			return
		}
		r.input.Timing[f.Rank] = t
	case model.FileRunJSON:
		info, err := trace.OpenRunJSON(f.Path)
		if err != nil {
			r.lost(f, err)
			return
		}
		r.input.Info = info
	}
}

// lost notes a file of which nothing could be read.
func (r *reading) lost(f model.RunFile, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.damaged = true
	text := err.Error()
	if base := filepath.Base(f.Path); !strings.Contains(text, base) {
		text = base + ": " + text
	}
	r.warnings = append(r.warnings, text)
}

// traces lists the files of a run that kernels are read from.
func (r *reading) traces() []model.RunFile { return tracesOf(r.run) }

// readTraces reads every rank, each a task of the pool, and returns when all are
// there. Only the end of ctx is an error: an unreadable rank is a warning.
func (l *Lab) readTraces(ctx context.Context, r *reading, f *flight) error {
	files := r.traces()
	for _, file := range files {
		r.bytes.total += file.Size
	}
	var tasks []*pool.Task
	for _, file := range files {
		tasks = append(tasks, f.give(ctx, l.pool, costOf(file), func(ctx context.Context, _ pool.Progress) error {
			return l.readTrace(ctx, r, file, f.note)
		}))
	}
	var first error
	for _, t := range tasks {
		if err := t.Wait(); err != nil && first == nil {
			first = err
		}
	}
	r.number()
	if first == nil && len(files) > 0 && len(r.input.Ranks) == 0 {
		r.input.NoTraces = strings.Join(r.warnings[len(r.warnings)-len(files):], "; ")
	}
	return first
}

func (l *Lab) readTrace(ctx context.Context, r *reading, f model.RunFile, progress pool.Progress) error {
	ranks, err := l.openRanks(ctx, f, func(done, _ int64) { r.bytes.note(f.Path, done, progress) })
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r.bytes.note(f.Path, f.Size, progress)
	if err != nil {
		r.lost(f, err)
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.opened[f.Rank] = ranks
	return nil
}

// number gives ranks their place in the world: that in the file's name, or, where a
// report of Nsight Systems holds all ranks of a node, node by node.
func (r *reading) number() {
	per := 1
	for _, ranks := range r.opened {
		per = max(per, len(ranks))
	}
	for file, ranks := range r.opened {
		for i, rank := range ranks {
			r.input.Ranks[file*per+i] = rank
		}
	}
}

// finish turns what was read into metrics, and puts what was lost beside them.
func (r *reading) finish(ctx context.Context) (*metric.Analysis, error) {
	a, err := analyze.Analyse(ctx, r.input)
	if err != nil {
		return nil, err
	}
	r.asked(a.Trace)
	a.Warnings = append(r.warnings, a.Warnings...)
	a.Damaged = a.Damaged || r.damaged
	a.Replay = a.Replay || r.run.Replay
	return tidy(a), nil
}

// tidy makes lists and maps that JSON prints as empty rather than null.
func tidy(a *metric.Analysis) *metric.Analysis {
	a.Ranks = append([]int{}, a.Ranks...)
	a.Warnings = append([]string{}, a.Warnings...)
	for i := range a.Metrics {
		m := &a.Metrics[i]
		if m.PerRank == nil {
			m.PerRank = map[int]float64{}
		}
		m.Source = append([]string{}, m.Source...)
	}
	return a
}

// gpuByName finds what is known of a GPU by the name that a driver gives it.
func (l *Lab) gpuByName(name string) *model.GPU {
	if g, ok := l.world.GPUByName(name); ok {
		return &g
	}
	return nil
}

func (l *Lab) gpusPerNode() int {
	if n := l.world.Site.GPUsPerNode; n > 0 {
		return n
	}
	return l.world.MachineGPUs
}

// empty refuses a folder that holds nothing to read.
func empty(run model.Run) error {
	for _, f := range run.Files {
		switch f.Kind {
		case model.FileKineto, model.FileTiming, model.FileNsys:
			return nil
		}
	}
	return failed(fmt.Sprintf("%s holds no timing_stats_<rank>.json, no kineto_trace_<rank>.json and no export of nsys: nothing to read", run.Name), nil,
		"is this the folder of a run? a job that failed leaves none of them; see shardeck why")
}
