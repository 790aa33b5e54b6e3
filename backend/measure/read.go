package measure

import (
	"context"
	"strings"

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
	rd    *Reader
	run   model.Run
	input analyze.Input
	bytes bytesRead // of the traces

	faults                       // its lock guards what follows too
	opened map[int][]*trace.Rank // by the number in the file's name
	ops    *et.Trace             // of one rank; nil: none
}

// newReading reads the small files of a run: timing statistics and run.json.
func (rd *Reader) newReading(run model.Run) *reading {
	r := &reading{rd: rd, run: run, faults: faults{damaged: run.LeftOut}, opened: map[int][]*trace.Rank{}}
	r.warnings = append(r.warnings, run.Warnings...)
	if run.Problem != "" {
		r.warnings = append(r.warnings, run.Problem)
	}
	r.input = analyze.Input{
		Run: run.Name, Experiment: run.Experiment, GPU: rd.World.GPUByName, GPUsPerNode: rd.World.GPUsPerNode(),
		Ranks: map[int]*trace.Rank{}, Timing: map[int]*trace.Timing{},
	}
	if run.Experiment != nil {
		r.input.Shape = rd.World.Shape(run.Experiment.Model.Name)
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

// readTraces reads every rank, each a task of the pool, and returns when all are
// there. Only the end of ctx is an error: an unreadable rank is a warning.
func (r *reading) readTraces(ctx context.Context, f *sharedReading) error {
	files := r.run.KernelFiles()
	r.bytes.total = r.run.TraceBytes()
	var tasks []*pool.Task
	for _, file := range files {
		tasks = append(tasks, f.do(ctx, r.rd.Pool, costOf(file), func(ctx context.Context) error {
			return r.readTrace(ctx, file, f.note)
		}))
	}
	first := pool.WaitAll(tasks)
	r.numberRanks()
	if first == nil && len(files) > 0 && len(r.input.Ranks) == 0 {
		r.input.NoTraces = strings.Join(r.warnings[len(r.warnings)-len(files):], "; ")
	}
	return first
}

func (r *reading) readTrace(ctx context.Context, f model.RunFile, progress pool.Progress) error {
	ranks, err := r.rd.store.openRanks(ctx, f, func(done, _ int64) { r.bytes.note(f.Path, done, progress) })
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

// numberRanks gives ranks their place in the world: that in the file's name, or, where a
// report of Nsight Systems holds all ranks of a node, node by node.
func (r *reading) numberRanks() {
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
	r.addAsked(a.Trace)
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
