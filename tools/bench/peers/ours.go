package peers

import (
	"context"

	"shardeck/backend/trace"
	"shardeck/backend/trace/kineto"
)

// Read reads the file at path as the program does.
func Read(ctx context.Context, path string) (*trace.Rank, error) {
	ranks, err := kineto.Reader{}.Open(ctx, path, nil)
	if err != nil {
		return nil, err
	}
	return ranks[0], nil
}

// Ours reads the file at path by the engine, reading included.
func Ours(path string) (Work, error) {
	r, err := Read(context.Background(), path)
	if err != nil {
		return Work{}, err
	}
	t := newTally()
	sums, c := make([]int64, len(r.Names)), r.InColumns()
	c.Each(0, func(i int, start, end int64) bool {
		if s := &c.Sorts[c.SortOf(i)]; s.Kind == trace.KindKernel {
			sums[s.Name] += end - start
			t.span(int(s.Device), start, end-start)
		}
		return true
	})
	w := t.work()
	for name, sum := range sums {
		if sum > 0 {
			w.Names[r.Names[name]] = sum
		}
	}
	return w, nil
}
