package peers

import (
	"context"

	"shardeck/backend/trace"
	"shardeck/backend/trace/kineto"
)

// Ours reads the file at path by the engine, reading included.
func Ours(path string) (Work, error) {
	r, err := kineto.Open(context.Background(), path, nil)
	if err != nil {
		return Work{}, err
	}
	t := newTally()
	sums := make([]int64, len(r.Names))
	for i := range r.Records {
		k := &r.Records[i]
		if k.Kind == trace.KindKernel {
			sums[k.Name] += k.Dur
			t.span(int(k.Device), k.Start, k.Dur)
		}
	}
	w := t.work()
	for name, sum := range sums {
		if sum > 0 {
			w.Names[r.Names[name]] = sum
		}
	}
	return w, nil
}
