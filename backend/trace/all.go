package trace

import (
	"context"
	"sync"
)

// Opened is the outcome of one file of OpenAll: a Rank or an error.
type Opened struct {
	Path string
	Rank *Rank
	Err  error
}

// OpenAll reads Kineto traces, at most workers at a time (at least one), and returns
// one outcome a path, in the order of paths. One file is read by one goroutine, by
// several only where there are more workers than files; all of them have ended
// when OpenAll returns. progress, if not nil, is called with
// the sums over the files opened so far, by one goroutine at a time.
func OpenAll(ctx context.Context, paths []string, workers int, progress func(done, total int64)) []Opened {
	out := make([]Opened, len(paths))
	sums := newProgressSum(len(paths), progress)
	next := make(chan int)
	each := max(1, workers/max(1, len(paths)))
	var wg sync.WaitGroup
	for range max(1, min(workers, len(paths))) {
		wg.Go(func() {
			for i := range next {
				r, err := OpenKinetoSplit(ctx, paths[i], each, sums.of(i))
				out[i] = Opened{Path: paths[i], Rank: r, Err: err}
			}
		})
	}
	for i := range paths {
		next <- i
	}
	close(next)
	wg.Wait()
	return out
}

// progressSum adds up the progress of several files.
type progressSum struct {
	mu          sync.Mutex
	done, total []int64
	report      func(done, total int64)
}

func newProgressSum(files int, report func(done, total int64)) *progressSum {
	return &progressSum{done: make([]int64, files), total: make([]int64, files), report: report}
}

// of is the progress function of file i; nil if nobody asks.
func (p *progressSum) of(i int) func(done, total int64) {
	if p.report == nil {
		return nil
	}
	return func(done, total int64) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.done[i], p.total[i] = done, total
		var d, t int64
		for k := range p.done {
			d += p.done[k]
			t += p.total[k]
		}
		p.report(d, t)
	}
}
