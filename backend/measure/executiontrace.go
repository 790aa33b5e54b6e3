package measure

import (
	"context"
	"fmt"

	"shardeck/backend/analyze"
	"shardeck/backend/pool"
	"shardeck/backend/trace"
	"shardeck/backend/trace/et"
	"shardeck/model"
	"shardeck/model/metric"
)

// mostOps bounds the operators that a summary lists, most frequent first.
const mostOps = 200

// readOps reads execution traces: the first one for the operators and the collectives
// that the program asked for, and that of each rank whose kernels say nothing of sizes
// and groups. A run without any is no worse for it.
func (r *reading) readOps(ctx context.Context, f *sharedReading) error {
	var tasks []*pool.Task
	for _, file := range r.run.Files {
		rank := r.input.Ranks[file.Rank]
		bare := rank != nil && analyze.LacksMetadata(rank)
		if file.Kind != model.FileET || len(tasks) > 0 && !bare {
			continue
		}
		first := len(tasks) == 0
		tasks = append(tasks, f.do(ctx, r.rd.Pool, costOf(file), func(ctx context.Context) error {
			t, err := r.openET(ctx, file)
			if t == nil {
				return err
			}
			if first {
				r.ops = t
			}
			if bare {
				r.fillMetadata(rank, t, file)
			}
			return nil
		}))
	}
	return pool.WaitAll(tasks)
}

// fillMetadata gives a rank's communication kernels what the execution trace says of them.
func (r *reading) fillMetadata(rank *trace.Rank, t *et.Trace, file model.RunFile) {
	var asked []trace.Coll
	moves := map[string]bool{}
	for _, c := range t.Collectives() {
		moves[c.Name] = !c.Control
	}
	for _, c := range t.Calls {
		if coll := t.Colls[c.Coll]; moves[coll.Name] {
			asked = append(asked, coll)
		}
	}
	if n := analyze.FillMetadata(rank, asked); n > 0 {
		r.warn(false, fmt.Sprintf("rank %d: sizes and groups of %d collectives come from its execution trace, in the order of the calls",
			file.Rank, n))
	}
}

// addAsked puts what an execution trace tells beside what the kernels tell.
func (r *reading) addAsked(s *metric.TraceSummary) {
	if r.ops == nil || s == nil {
		return
	}
	for _, op := range r.ops.Ops[:min(mostOps, len(r.ops.Ops))] {
		if op.Namespace != "" {
			s.Ops = append(s.Ops, metric.OpStat{Name: op.Name, Count: op.Count})
		}
	}
	for _, c := range r.ops.Collectives() {
		if !c.Control {
			s.Asked = append(s.Asked, metric.CollCount{Name: c.Name, DType: c.DType, Group: c.GroupRanks, Calls: c.Calls,
				InBytes: c.InBytes, OutBytes: c.OutBytes})
		}
	}
}
