package measure

import (
	"context"
	"fmt"

	"shardeck/backend/analyze"
	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/metric"
)

// mostSpans bounds how many kernels are listed one by one.
const mostSpans = 2000

// Kernels lists what one rank's device did in a part of its timeline, kernel by kernel: from
// and to are nanoseconds of its window, as its RankDensity counts them. The trace is read
// for it, in the pool, and not kept; progress may be nil.
func (rd *Reader) Kernels(ctx context.Context, name string, d metric.RankDensity, from, to int64,
	progress pool.Progress) (metric.KernelSpans, error) {
	run, err := rd.Run(name)
	if err != nil {
		return metric.KernelSpans{}, err
	}
	f := model.First(run.Files, func(f model.RunFile) bool { return f.Kind == model.FileKineto && f.Rank == d.Rank })
	if f == nil {
		return metric.KernelSpans{}, model.Failed(fmt.Sprintf("%s has no kineto_trace_%d.json", run.Name, d.Rank), nil,
			"kernels one by one are told from Kineto traces alone")
	}
	if err := rd.affordable(run, f.Size, "--here reads it here all the same"); err != nil {
		return metric.KernelSpans{}, err
	}
	var out metric.KernelSpans
	task := rd.Pool.Do(ctx, pool.Wanted, costOf(*f), func(ctx context.Context) error {
		ranks, err := rd.openRanks(ctx, *f, progress)
		if err != nil {
			return err
		}
		out.List, out.More = analyze.KernelsBetween(ranks[0], d.StartNS+from, d.StartNS+to, mostSpans)
		return nil
	})
	return out, task.Wait()
}
