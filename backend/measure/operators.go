package measure

import (
	"context"
	"fmt"
	"path/filepath"

	"shardeck/backend/analyze"
	"shardeck/backend/pool"
	"shardeck/backend/trace/et"
	"shardeck/model"
	"shardeck/model/metric"
)

// opReading is the kernels of a run being given to its operators.
type opReading struct {
	rd  *Reader
	ets map[int]model.RunFile // execution traces by rank

	bytes bytesRead // of the traces

	faults        // its lock guards what follows too
	by     string // one of metric.Launchers
	times  *analyze.OpTimes
	named  int // ranks whose operators are known
}

// OpTimes divides the kernel time of a run among what launched the kernels, by one of metric.Launchers. Traces that somebody read
// before are not read for it. progress may be nil.
func (rd *Reader) OpTimes(ctx context.Context, name, by string, progress pool.Progress) (metric.OpTimes, error) {
	run, err := rd.Run(name)
	if err != nil {
		return metric.OpTimes{}, err
	}
	o := &opReading{rd: rd, ets: map[int]model.RunFile{}, by: by, times: analyze.NewOpTimes(by)}
	files, unread := o.sort(run)
	if len(files) == 0 {
		return metric.OpTimes{}, model.Failed(run.Name+" has no Kineto traces: operators are told from kineto_trace_<rank>.json", nil,
			"profile a run with kineto on; an nsys report has no operators")
	}
	if err := rd.affordable(run, unread, "--here reads them here all the same"); err != nil {
		return metric.OpTimes{}, err
	}
	tasks := model.Each(files, func(f model.RunFile) *pool.Task {
		cost := costOf(f) + costOf(o.ets[f.Rank])
		return rd.Pool.Do(ctx, pool.Wanted, cost, func(ctx context.Context) error { return o.readRank(ctx, f, progress) })
	})
	if err := pool.WaitAll(tasks); err != nil { // ctx has ended
		return metric.OpTimes{}, err
	}
	return o.finish(run, len(files))
}

// sort picks the Kineto traces of a run, with the bytes of those still to be read, and notes the execution traces.
func (o *opReading) sort(run model.Run) (kineto []model.RunFile, unread int64) {
	for _, f := range run.Files {
		switch f.Kind {
		case model.FileKineto:
			kineto = append(kineto, f)
			o.bytes.total += f.Size
			if key, err := o.rd.rankKey(f); err != nil || !o.rd.Cache.has(linksKey(key)) {
				unread += f.Size
			}
		case model.FileET:
			o.ets[f.Rank] = f
		}
	}
	return kineto, unread
}

func (o *opReading) readRank(ctx context.Context, f model.RunFile, progress pool.Progress) error {
	links, err := o.rd.openLinks(ctx, f, func(done, _ int64) { o.bytes.note(f.Path, done, progress) })
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	o.bytes.note(f.Path, f.Size, progress)
	if err != nil {
		o.lost(f, err)
		return nil
	}
	var ops *et.Trace
	if file, ok := o.ets[f.Rank]; ok {
		if ops, err = o.openET(ctx, file); err != nil {
			return err
		}
	}
	if links.Damaged {
		o.warn(true, filepath.Base(f.Path)+" is damaged: shardeck trace says how")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.times.Add(links, ops)
	o.named++
	return nil
}

// finish sums up. Without any rank there is nothing to say.
func (o *opReading) finish(run model.Run, ranks int) (metric.OpTimes, error) {
	if o.named == 0 {
		return metric.OpTimes{}, model.Failed(fmt.Sprintf("%s: none of its %d Kineto traces can be read: %s",
			run.Name, ranks, o.warnings[0]), nil,
			"copy the run again, or run the experiment again")
	}
	t := o.times.Times()
	t.Run, t.Damaged = run.Name, o.damaged || run.LeftOut
	t.Warnings = append(append(t.Warnings, run.Warnings...), o.warnings...)
	if len(o.ets) == 0 && o.by == metric.Operator {
		t.Warnings = append(t.Warnings, "no execution trace (torch_et_<rank>.json): what each operator lies within is not known")
	}
	return t, nil
}
