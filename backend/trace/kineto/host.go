package kineto

import (
	"context"
	"math"
	"strings"

	"shardeck/backend/trace"
)

// Host reads when the host was at work and when it launched what; files and errors are as with Open.
func (Reader) Host(ctx context.Context, path string) (trace.Host, error) {
	h := trace.Host{First: math.MaxInt64, Last: math.MinInt64, Launches: map[uint32]int64{}}
	d, err := openReader(ctx, path, nil, blockSize, splitting{}, func(b []byte, i int) {
		var e linkEvent
		eachPair(b, i, func(key []byte, inArgs bool, from, to int) { e.set(key, inArgs, b[from:to]) })
		if kind := categoryOf(e.cat); e.ts.state != given || e.dur.state != given || kind != other && kind != cpuMark {
			return
		}
		h.First, h.Last = min(h.First, e.ts.v), max(h.Last, e.ts.v+max(0, e.dur.v))
		if isLaunch(string(e.cat)) {
			h.Launches[uint32(e.corr.or(0))] = e.ts.v
		}
	})
	if err != nil || h.Last < h.First {
		return trace.Host{}, err
	}
	h.First, h.Last = h.First+d.baseTime, h.Last+d.baseTime
	for corr := range h.Launches {
		h.Launches[corr] += d.baseTime
	}
	delete(h.Launches, 0)
	return h, nil
}

// isLaunch says that events of a category are calls of the GPU's runtime or driver.
func isLaunch(cat string) bool {
	return cat == "Runtime" || strings.HasSuffix(cat, "_runtime") || strings.HasSuffix(cat, "_driver")
}
