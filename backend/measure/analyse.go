package measure

import (
	"context"
	"encoding/json"

	"shardeck/backend/cache"
	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/metric"
)

// notRead is the reason of metrics that wait for somebody to ask for the traces.
const notRead = "traces not read yet"

// Analyse reads a run through the cache and the pool; progress may be nil. Several
// who ask for the same run at a time share one reading. The result is shared: it is
// not to be changed.
func (rd *Reader) Analyse(ctx context.Context, name string, p pool.Priority, progress pool.Progress) (*metric.Analysis, error) {
	run, err := rd.Run(name)
	if err != nil {
		return nil, err
	}
	return rd.analyseRun(ctx, run, p, progress)
}

func (rd *Reader) analyseRun(ctx context.Context, run model.Run, p pool.Priority, progress pool.Progress) (*metric.Analysis, error) {
	if err := run.Readable(); err != nil {
		return nil, err
	}
	key, err := rd.store.runKey(run)
	if err != nil {
		return nil, err
	}
	if found := rd.store.analysis(key, run); found != nil {
		return found, nil
	}
	if err := rd.withinBudget(run); err != nil {
		return nil, err
	}
	return rd.sharing.join(ctx, keyText(key), p, progress, func(ctx context.Context, f *sharedReading) (*metric.Analysis, error) {
		return rd.read(ctx, run, key, f)
	})
}

// read does the work, all of it in the pool, and keeps the result: small files,
// traces, metrics.
func (rd *Reader) read(ctx context.Context, run model.Run, key cache.Key, f *sharedReading) (*metric.Analysis, error) {
	if !rd.Typing {
		defer keepHeapSmall()()
	}
	var r *reading
	small := func(context.Context) error { r = rd.newReading(run); return nil }
	if err := f.do(ctx, rd.Pool, 0, small).Wait(); err != nil {
		return nil, err
	}
	if err := r.readTraces(ctx, f); err != nil {
		return nil, err
	}
	if err := r.readOps(ctx, f); err != nil {
		return nil, err
	}
	var found *metric.Analysis
	metrics := func(ctx context.Context) (err error) { found, err = r.finish(ctx); return err }
	if err := f.do(ctx, rd.Pool, 0, metrics).Wait(); err != nil {
		return nil, err
	}
	rd.keepTimeline(key, found.Trace)
	_ = rd.Cache.Put(key, entry{found, found.Trace}) // a full disk costs the next reader time, no more
	return found, nil
}

// Quick is what can be said of a run without reading a trace: the cached analysis,
// else the metrics of its timing files, the others not read yet; nil if there is neither.
func (rd *Reader) Quick(ctx context.Context, run model.Run) *metric.Analysis {
	if run.Readable() != nil {
		return nil
	}
	key, err := rd.store.runKey(run)
	if err != nil {
		return nil
	}
	if found := rd.store.analysis(key, run); found != nil {
		return found
	}
	r := rd.newReading(run)
	if len(run.KernelFiles()) > 0 {
		r.input.NoTraces = notRead
	}
	found, _ := r.finish(ctx) // it fails only when ctx ends
	return found
}

// Timings is what can be said of a run without reading a trace: for runs that are too
// large to read where we are.
func (rd *Reader) Timings(ctx context.Context, name string) (*metric.Analysis, error) {
	run, err := rd.Run(name)
	if err != nil {
		return nil, err
	}
	if found := rd.Quick(ctx, run); found != nil {
		return found, nil
	}
	return nil, model.Failed(run.Name+" cannot be read", nil, "shardeck metrics "+run.Name+" says why")
}

func keyText(k cache.Key) string {
	text, _ := json.Marshal(k) // plain strings, numbers and times: cannot fail
	return string(text)
}
