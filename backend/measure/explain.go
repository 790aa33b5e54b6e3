package measure

import (
	"context"
	"fmt"

	"shardeck/backend/pool"
	"shardeck/model/explain"
	"shardeck/model/scaling"
)

// Explain says where the time of a run went, against another. Both must have traces. progress may be nil.
func (m *Measure) Explain(ctx context.Context, before, after string, progress pool.Progress) (explain.Waterfall, error) {
	a, ofA, err := m.explained(ctx, before, progress)
	if err != nil {
		return explain.Waterfall{}, err
	}
	b, ofB, err := m.explained(ctx, after, progress)
	if err != nil {
		return explain.Waterfall{}, err
	}
	w, err := explain.Compare(a, b)
	if why := ofB.Unlike(ofA); err == nil && why != "" {
		w.Notes = append([]string{fmt.Sprintf("%s is not comparable with %s: %s", b.Name, a.Name, why)}, w.Notes...)
	}
	return w, err
}

// WhatIf says what a run, whose name it returns, would take at best if something were otherwise.
func (m *Measure) WhatIf(ctx context.Context, name string, progress pool.Progress) (string, []explain.WhatIf, error) {
	r, _, err := m.explained(ctx, name, progress)
	if err != nil {
		return "", nil, err
	}
	all, err := explain.WhatIfs(r)
	return r.Name, all, err
}

// explained is a run with its steps taken apart and the times of its timings.
func (m *Measure) explained(ctx context.Context, name string, progress pool.Progress) (out explain.Run, of scaling.Measured, err error) {
	run, err := m.Run(name)
	if err != nil {
		return out, of, err
	}
	out.Name = run.Name
	if out.Steps, err = m.XRay(ctx, run.Name, progress); err != nil {
		return out, of, err
	}
	if e := run.Experiment; e != nil {
		out.Requests, out.Prompt, out.Output = int(e.RequestsPerReplica()), e.Data.SeqLen, e.Data.MaxTokens
	}
	a := m.Quick(ctx, run)
	if a == nil {
		return out, scaling.Measured{Run: run}, nil
	}
	v := a.Values()
	out.TTFT, out.TPOT, out.Iteration = v["ttft"], v["tpot"], v["iteration_wall_clock"]
	return out, m.MeasuredOf(run, a), nil
}
