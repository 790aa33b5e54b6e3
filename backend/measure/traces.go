package measure

import (
	"cmp"
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

// readTraces reads every rank, each a task of the pool, and returns when all are
// there. Only the end of ctx is an error: an unreadable rank is a warning.
func (r *reading) readTraces(ctx context.Context, f *sharedReading) error {
	files := r.run.KernelFiles()
	r.bytes.total = r.run.TraceBytes()
	tasks := model.Each(files, func(file model.RunFile) *pool.Task {
		return f.do(ctx, r.rd.Pool, costOf(file), func(ctx context.Context) error { return r.readTrace(ctx, file, f.note) })
	})
	r.beginOps(ctx, f)
	first := pool.WaitAll(tasks)
	r.numberRanks()
	if first == nil && len(files) > 0 && len(r.input.Ranks) == 0 {
		r.input.NoTraces = strings.Join(r.warnings[len(r.warnings)-len(files):], "; ")
	}
	return first
}

func (r *reading) readTrace(ctx context.Context, f model.RunFile, progress pool.Progress) error {
	ranks, err := r.rd.openRanks(ctx, f, func(done, _ int64) { r.bytes.note(f.Path, done, progress) })
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

// mostOps bounds the operators that a summary lists, most frequent first.
const mostOps = 200

// beginOps begins to read the first execution trace, for the operators and the collectives that the program asked for:
// after the traces, beside what comes next. It is done when endOps has been called. A run without any is no worse for it.
func (r *reading) beginOps(ctx context.Context, f *sharedReading) {
	file := model.First(r.run.Files, func(f model.RunFile) bool { return f.Kind == model.FileET })
	if file == nil {
		return
	}
	var own faults // behind those of the traces
	task := f.do(ctx, r.rd.Pool, costOf(*file), func(ctx context.Context) (err error) {
		r.ops, err = own.openET(ctx, *file)
		return err
	})
	r.endOps = sync.OnceValue(func() error {
		err := task.Wait()
		r.warnings, r.damaged = append(r.warnings, own.warnings...), r.damaged || own.damaged
		return err
	})
}

// readOps reads the execution trace of each rank whose kernels say nothing of sizes and groups.
func (r *reading) readOps(ctx context.Context, f *sharedReading) error {
	var tasks []*pool.Task
	first, alone := true, len(r.run.KernelFiles()) == 0
	filled := 0 // calls
	for _, file := range r.run.Files {
		if file.Kind != model.FileET {
			continue
		}
		known, rank := first, r.input.Ranks[file.Rank]
		first = false
		bare := rank != nil && analyze.LacksMetadata(rank)
		if !bare && !alone {
			continue
		}
		if err := r.endOps(); err != nil {
			return cmp.Or(pool.WaitAll(tasks), err)
		}
		tasks = append(tasks, f.do(ctx, r.rd.Pool, costOf(file), func(ctx context.Context) (err error) {
			t := r.ops
			if !known {
				t, err = r.openET(ctx, file)
			}
			if t == nil {
				return err
			}
			n := 0
			if bare {
				n = analyze.FillMetadata(rank, asked(t))
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			if filled += n; alone {
				r.alone[file.Rank] = t
			}
			return nil
		}))
	}
	err := pool.WaitAll(tasks)
	if filled > 0 {
		r.warn(false, fmt.Sprintf("sizes and groups of %d collectives come from execution traces, in the order of the calls", filled))
	}
	return err
}

// asked are the calls of an execution trace that move data, in its order.
func asked(t *et.Trace) (out []trace.Coll) {
	moves := map[string]bool{}
	for _, c := range t.Collectives() {
		moves[c.Name] = !c.Control
	}
	for _, c := range t.Calls {
		if coll := t.Colls[c.Coll]; moves[coll.Name] {
			out = append(out, coll)
		}
	}
	return out
}

// addAsked puts what an execution trace tells beside what the kernels tell.
func (r *reading) addAsked(s *metric.TraceSummary) {
	if r.ops == nil || s == nil {
		return
	}
	for _, op := range r.ops.Ops[:min(mostOps, len(r.ops.Ops))] {
		if et.IsOperator(op.Name) {
			s.Ops = append(s.Ops, metric.OpStat{Name: op.Name, Count: op.Count})
		}
	}
	for _, c := range r.ops.Collectives() {
		if !c.Control {
			s.Asked = append(s.Asked, metric.CollCount{Name: c.Name, DType: c.DType, Group: c.GroupRanks, Calls: c.Calls,
				InBytes: metric.Size(c.InBytes), OutBytes: metric.Size(c.OutBytes)})
		}
	}
}

// bytesRead adds up how far the files of a run are read. Its zero value is ready; total is set before the reading begins.
type bytesRead struct {
	total int64 // bytes of all

	mu   sync.Mutex
	done map[string]int64 // bytes read of each
}

// note takes how far a file is, and tells how far all are. progress may be nil.
func (b *bytesRead) note(path string, done int64, progress pool.Progress) {
	if progress == nil {
		return
	}
	b.mu.Lock()
	if b.done == nil {
		b.done = map[string]int64{}
	}
	b.done[path] = done
	var sum int64
	for _, n := range b.done {
		sum += n
	}
	b.mu.Unlock()
	progress(min(sum, b.total), b.total)
}

// faults gathers what was amiss in the files of a run while several are read.
type faults struct {
	mu       sync.Mutex
	warnings []string
	damaged  bool
}

// warn notes a remark, and with damage that something was lost.
func (f *faults) warn(damage bool, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.warnings, f.damaged = append(f.warnings, text), f.damaged || damage
}

// lost notes a file of which nothing could be read.
func (f *faults) lost(file model.RunFile, err error) {
	text := err.Error()
	if base := filepath.Base(file.Path); !strings.Contains(text, base) {
		text = base + ": " + text
	}
	f.warn(true, text)
}

// openET reads an execution trace, and notes what is wrong with it; nil if it cannot be read. It fails only when ctx ends.
func (f *faults) openET(ctx context.Context, file model.RunFile) (*et.Trace, error) {
	t, err := et.Open(ctx, file.Path, nil)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		f.lost(file, err)
		return nil, nil
	}
	for _, d := range t.Damage {
		f.warn(true, filepath.Base(file.Path)+": "+d.String())
	}
	return t, nil
}
