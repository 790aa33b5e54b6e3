package measure

import (
	"context"
	"path/filepath"
	"regexp"
	"strconv"

	"shardeck/backend/analyze"
	"shardeck/backend/pool"
	"shardeck/backend/trace"
	"shardeck/backend/trace/kineto"
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
		return out, model.Failed(run.Name+" has no traces: an X-ray is of the kernels of a step", nil, run.ToTrace())
	}
	key, err := rd.runKey(run)
	if err != nil {
		return out, err
	}
	balance, told := expertBalance(run)
	with := func(out xray.Report) xray.Report { // counts are small and not kept
		out.Run, out.Experts, out.Warnings = run.Name, balance, append(out.Warnings, told...)
		return out
	}
	if key.What = "xray"; rd.Cache.get(key, &out) {
		return with(out), nil
	}
	if err := rd.withinBudget(run); err != nil {
		return out, err
	}
	if out, err = rd.readXRay(ctx, run, progress); err != nil {
		return out, err
	}
	_ = rd.Cache.put(key, out) // a full disk costs the next reader time, no more
	return with(out), nil
}

// KnownXRay is the X-ray of a run where it was made before; without ranks where it was not.
func (rd *Reader) KnownXRay(_ context.Context, run model.Run) (out xray.Report) {
	if key, err := rd.runKey(run); err == nil {
		key.What = "xray"
		rd.Cache.get(key, &out)
	}
	return out
}

// launches are those of the rank of a file, from the cache where they lie there; nil: they are not known.
func (fs *files) launches(ctx context.Context, f model.RunFile) []trace.LaunchRun {
	if f.Kind != model.FileKineto {
		return nil
	}
	if key, err := fs.rankKey(f); err == nil && fs.Cache.has(linksKey(key)) {
		if l, err := fs.openLinks(ctx, f, nil); err == nil && l.Runs != nil {
			return l.Runs
		}
	}
	if fs.affordable(model.Run{}, f.Size, "") != nil { // a job has read the kernels alone
		return nil
	}
	ranks, err := kineto.Reader{Calls: true}.Open(ctx, f.Path, nil)
	if err != nil || ranks[0].Links == nil {
		return nil
	}
	return ranks[0].Links.Runs
}

// captured are the CUDA graphs that were captured for the rank of a file, where traces of that lie beside it.
func captured(ctx context.Context, f model.RunFile) (graphs [][]trace.Product) {
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(f.Path), "capture_traces", "*rank*.json*"))
	for _, file := range files {
		if m := rankInName.FindStringSubmatch(filepath.Base(file)); m != nil && m[1] == strconv.Itoa(f.Rank) {
			found, _ := kineto.Captured(ctx, file) // what cannot be read proves nothing
			graphs = append(graphs, found...)
		}
	}
	return graphs
}

var rankInName = regexp.MustCompile(`rank_?(\d+)`)

func (rd *Reader) readXRay(ctx context.Context, run model.Run, progress pool.Progress) (out xray.Report, err error) {
	if !rd.Typing {
		defer keepHeapSmall()()
	}
	files := run.KernelFiles()
	launches := make([]trace.Launched, len(files))
	r, err := rd.gather(ctx, run, progress, func(ctx context.Context, i int) {
		launches[i] = trace.Launched{Runs: rd.launches(ctx, files[i]), Graphs: captured(ctx, files[i])}
	})
	if err != nil {
		return out, err
	}
	byRank := map[int]trace.Launched{}
	for i, f := range files {
		byRank[f.Rank] = launches[i]
	}
	var held analyze.Holding
	if run.Experiment != nil {
		held.Quant, held.CacheBits = rd.World.Held(*run.Experiment)
	}
	err = rd.Pool.Do(ctx, pool.Wanted, 0, func(ctx context.Context) error {
		r.input.Each = func(n int, do func(i int)) { rd.Pool.Each(ctx, pool.Wanted, n, do) }
		out, err = analyze.XRay(ctx, r.input, held, byRank)
		return err
	}).Wait()
	out.Warnings, out.Damaged = append(r.warnings, out.Warnings...), out.Damaged || r.damaged
	return out, err
}

// gather reads the traces of a run by the cache, and does something beside each where that is not nil.
func (rd *Reader) gather(ctx context.Context, run model.Run, progress pool.Progress, beside func(ctx context.Context, i int)) (*reading, error) {
	r, files := rd.newReading(run), run.KernelFiles()
	r.bytes.total = run.TraceBytes()
	tasks := make([]*pool.Task, len(files))
	for i, f := range files {
		tasks[i] = rd.Pool.Do(ctx, pool.Wanted, costOf(f), func(ctx context.Context) error {
			if err := r.readTrace(ctx, f, progress); err != nil || beside == nil {
				return err
			}
			beside(ctx, i)
			return context.Cause(ctx)
		})
	}
	if err := pool.WaitAll(tasks); err != nil { // ctx has ended
		return nil, err
	}
	r.numberRanks()
	return r, nil
}
