package lab

import (
	"context"
	"strconv"
	"sync"

	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/metric"
)

// analyseAll reads runs at the same time, as far as the pool lets it. Its progress is one
// for all: it counts the bytes of every run that is not read yet. The first error ends the
// others.
func (l *Lab) analyseAll(ctx context.Context, runs []model.Run, progress pool.Progress) ([]*metric.Analysis, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	bytes := &tally{total: l.unreadOf(runs)}
	found := make([]*metric.Analysis, len(runs))
	var all sync.WaitGroup
	for i, run := range runs {
		all.Go(func() {
			a, err := l.analyseRun(ctx, run, pool.Wanted, func(done, _ int64) { bytes.note(strconv.Itoa(i), done, progress) })
			if err != nil {
				cancel(err)
			}
			found[i] = a
		})
	}
	all.Wait()
	return found, context.Cause(ctx)
}

// unreadOf is the size of the traces of runs whose analysis is not in the cache.
func (l *Lab) unreadOf(runs []model.Run) (sum int64) {
	for _, run := range runs {
		if key, err := l.keyOf(run); err == nil && l.cached(key, run) != nil {
			continue
		}
		for _, f := range tracesOf(run) {
			sum += f.Size
		}
	}
	return sum
}
