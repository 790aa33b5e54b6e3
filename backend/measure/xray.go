package measure

import (
	"context"

	"shardeck/backend/analyze"
	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/xray"
)

// XRay takes the steps of a run apart into operators. It reads each trace by the cache, and keeps what it found. progress may be nil.
func (rd *Reader) XRay(ctx context.Context, name string, progress pool.Progress) (xray.Report, error) {
	var out xray.Report
	run, err := rd.Run(name)
	if err == nil {
		err = run.Readable()
	}
	if err != nil {
		return out, err
	}
	if len(run.KernelFiles()) == 0 {
		return out, model.Failed(run.Name+" has no traces: an X-ray is of the kernels of a step", nil, "profile a run with kineto on")
	}
	key, err := rd.runKey(run)
	if err != nil {
		return out, err
	}
	if key.What = "xray"; rd.Cache.get(key, &out) {
		out.Run = run.Name
		return out, nil
	}
	if err := rd.withinBudget(run); err != nil {
		return out, err
	}
	if out, err = rd.readXRay(ctx, run, progress); err == nil {
		_ = rd.Cache.put(key, out) // a full disk costs the next reader time, no more
	}
	return out, err
}

func (rd *Reader) readXRay(ctx context.Context, run model.Run, progress pool.Progress) (out xray.Report, err error) {
	if !rd.Typing {
		defer keepHeapSmall()()
	}
	r := rd.newReading(run)
	files := run.KernelFiles()
	r.bytes.total = run.TraceBytes()
	tasks := model.Each(files, func(f model.RunFile) *pool.Task {
		return rd.Pool.Do(ctx, pool.Wanted, costOf(f), func(ctx context.Context) error { return r.readTrace(ctx, f, progress) })
	})
	if err := pool.WaitAll(tasks); err != nil { // ctx has ended
		return out, err
	}
	r.numberRanks()
	var held analyze.Holding
	if run.Experiment != nil {
		held.Quant, held.CacheBits = rd.World.Held(*run.Experiment)
	}
	err = rd.Pool.Do(ctx, pool.Wanted, 0, func(ctx context.Context) error {
		r.input.Each = func(n int, do func(i int)) { rd.Pool.Each(ctx, pool.Wanted, n, do) }
		out, err = analyze.XRay(ctx, r.input, held)
		return err
	}).Wait()
	out.Warnings, out.Damaged = append(r.warnings, out.Warnings...), out.Damaged || r.damaged
	return out, err
}
