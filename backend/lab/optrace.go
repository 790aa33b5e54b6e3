package lab

import (
	"context"

	"shardeck/backend/pool"
	"shardeck/backend/trace/et"
	"shardeck/model"
)

// mostOps bounds the operators that a summary lists, most frequent first.
const mostOps = 200

// readOps reads the execution trace of the lowest rank that has one, for the operators
// and the collectives that the program asked for. A run without any is no worse for it.
func (l *Lab) readOps(ctx context.Context, r *reading, f *flight) error {
	for _, file := range r.run.Files {
		if file.Kind != model.FileET {
			continue
		}
		return f.give(ctx, l.pool, costOf(file), func(ctx context.Context, _ pool.Progress) error {
			t, err := et.Open(ctx, file.Path, nil)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				r.lost(file, err)
				return nil
			}
			for _, d := range t.Damage {
				r.warnings, r.damaged = append(r.warnings, l.ws.Rel(file.Path)+": "+d.String()), true
			}
			r.ops = t
			return nil
		}).Wait()
	}
	return nil
}

// asked puts what an execution trace tells beside what the kernels tell.
func (r *reading) asked(s *model.TraceSummary) {
	if r.ops == nil || s == nil {
		return
	}
	for _, op := range r.ops.Ops[:min(mostOps, len(r.ops.Ops))] {
		if op.Namespace != "" {
			s.Ops = append(s.Ops, model.OpStat{Name: op.Name, Count: op.Count})
		}
	}
	for _, c := range r.ops.Collectives() {
		if !c.Control {
			s.Asked = append(s.Asked, model.CollCount{Name: c.Name, DType: c.DType, Group: c.GroupRanks, Calls: c.Calls, InBytes: c.InBytes, OutBytes: c.OutBytes})
		}
	}
}
