package measure

import (
	"context"

	"shardeck/backend/analyze"
	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/timeline"
)

// Lanes is the timeline of a run, kernel by kernel: of all of its window, or where that is too much for memory, of a part. It reads
// each trace by the cache, and is not kept: it belongs to who asked. progress may be nil.
func (rd *Reader) Lanes(ctx context.Context, name string, part timeline.View, progress pool.Progress) (out *timeline.Run, err error) {
	run, err := rd.Run(name)
	if err == nil {
		err = run.Readable()
	}
	if err != nil {
		return nil, err
	}
	if len(run.KernelFiles()) == 0 {
		return nil, model.Failed(run.Name+" has no traces: a timeline is of the kernels of each rank", nil, run.ToTrace())
	}
	_, unread := rd.unreadFiles(run)
	if err := rd.affordable(run, unread, "--here reads it here all the same"); err != nil {
		return nil, err
	}
	r, err := rd.gather(ctx, run, progress, nil)
	if err != nil {
		return nil, err
	}
	err = rd.Pool.Do(ctx, pool.Wanted, 0, func(ctx context.Context) error {
		r.input.Each = func(n int, do func(i int)) { rd.Pool.Each(ctx, pool.Wanted, n, do) }
		out, err = analyze.Lanes(ctx, r.input, part)
		return err
	}).Wait()
	return out, err
}
