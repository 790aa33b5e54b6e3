package lab

import (
	"context"
	"fmt"

	"shardeck/backend/analyze"
	"shardeck/backend/pool"
	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/metric"
)

// mostSpans bounds how many kernels are listed one by one.
const mostSpans = 2000

// Kernels lists what one rank's device did in a part of its timeline, kernel by kernel: from
// and to are nanoseconds of its window, as its RankDensity counts them. The trace is read
// for it, in the pool, and not kept; progress may be nil.
func (l *Lab) Kernels(ctx context.Context, name string, d metric.RankDensity, from, to int64, progress pool.Progress) (metric.KernelSpans, error) {
	run, err := l.Run(name)
	if err != nil {
		return metric.KernelSpans{}, err
	}
	f, ok := kinetoOf(run, d.Rank)
	if !ok {
		return metric.KernelSpans{}, failed(fmt.Sprintf("%s has no kineto_trace_%d.json", run.Name, d.Rank), nil, "kernels one by one are told from Kineto traces alone")
	}
	if err := l.affordable(run, f.Size, "--here reads it here all the same"); err != nil {
		return metric.KernelSpans{}, err
	}
	var out metric.KernelSpans
	task := l.pool.Do(ctx, pool.Wanted, costOf(f), func(ctx context.Context, _ pool.Progress) error {
		rank, err := l.kinetoRank(ctx, f, progress)
		if err != nil {
			return err
		}
		out.List, out.More = analyze.Between(rank, d.StartNS+from, d.StartNS+to, mostSpans)
		return nil
	})
	return out, task.Wait()
}

func (l *Lab) kinetoRank(ctx context.Context, f model.RunFile, progress pool.Progress) (*trace.Rank, error) {
	ranks, err := l.openRanks(ctx, f, progress)
	if err != nil {
		return nil, kinded(err)
	}
	return ranks[0], nil
}

func kinetoOf(run model.Run, rank int) (model.RunFile, bool) {
	for _, f := range run.Files {
		if f.Kind == model.FileKineto && f.Rank == rank {
			return f, true
		}
	}
	return model.RunFile{}, false
}
