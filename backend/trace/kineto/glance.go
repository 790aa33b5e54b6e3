package kineto

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"shardeck/backend/strictyaml"
	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model"
	"shardeck/model/present/unit"
)

// timeOfDay is a time that is no count from the start of a machine: the year 1990, in ns.
const timeOfDay = 20 * 365 * 24 * 3600 * 1_000_000_000

// Glance reads what the first and the last text of a trace say of its world, and the times of the earliest and the
// latest event in them, in ns since 1970; 0: none is told, or it counts from the start of a machine.
func Glance(head, tail []byte) (info trace.Info, start, end int64) {
	r := newReader(jsonscan.NewWindow(nil, 0))
	for key, read := range r.headerKeys() {
		for _, text := range [][]byte{head, tail} {
			from := jsonscan.After(text, key)
			if to, st := jsonscan.ValueEnd(from, 0); len(from) > 0 && st == whole {
				read(from[:to])
				break
			}
		}
	}
	for _, text := range [][]byte{head, tail} {
		for rest := jsonscan.After(text, "ts"); len(rest) > 0; rest = jsonscan.After(rest, "ts") {
			to, _ := jsonscan.ValueEnd(rest, 0)
			ts, ok := jsonscan.Micros(jsonscan.Unquote(rest[:to]))
			if at := ts + r.baseTime; ok && ts > 0 && at > timeOfDay {
				start, end = min(cmp.Or(start, at), at), max(end, at)
			}
		}
	}
	return r.info, start, end
}

// instead are the events that a trace may hold where kernels are missing: templates/accelerators.yaml.
var instead = strictyaml.Embedded[struct {
	Kinds []struct {
		Categories []string `yaml:"categories"`
		What       string   `yaml:"what"`
		Source     string   `yaml:"source"`
		Why        string   `yaml:"why"`
	} `yaml:"kinds"`
}]("accelerators.yaml")

// whyNone says of a trace without kernels what it holds instead. The file is read again for it, which only such a one costs.
func whyNone(ctx context.Context, path string) string {
	seen, timed := map[string]int{}, false
	_, err := openReader(ctx, path, nil, reading{everyEvent: func(b []byte, i int, _ int64) {
		from := jsonscan.After(b[i:], "cat")
		if to, st := jsonscan.ValueEnd(from, 0); st == whole {
			seen[string(jsonscan.Unquote(from[:to]))]++
		}
		timed = timed || len(jsonscan.After(b[i:], "dur")) > 0
	}})
	for _, k := range instead().Kinds {
		var words []string
		for _, c := range k.Categories {
			if n := seen[c]; n > 0 && err == nil {
				words = append(words, unit.Int(n)+" "+c)
			}
		}
		if len(words) > 0 {
			return fmt.Sprintf("%s: %s %s%s", trace.NoKernels, k.What, strings.Join(words, " and "), k.Why)
		}
	}
	if n := slices.Sorted(maps.Keys(seen)); err == nil && len(n) > 0 && seen["Trace"] == 0 {
		return fmt.Sprintf("%s: no event is of a kind that PyTorch's profiler writes: they are of %s",
			trace.NoKernels, model.Printable(strings.Join(n[:min(3, len(n))], ", ")))
	}
	if err == nil && len(seen) == 0 && timed {
		return trace.NoKernels + ": its events have no category (cat), so that it was not PyTorch's profiler that wrote them"
	}
	return trace.Info{}.WithoutKernels()
}

// Host reads when the host was at work and when it launched what; files and errors are as with Open.
func (Reader) Host(ctx context.Context, path string) (trace.Host, error) {
	r := newHostReader(0)
	h := trace.Host{First: math.MaxInt64, Last: math.MinInt64, Launches: map[uint32]int64{}}
	d, err := openReader(ctx, path, nil, reading{everyEvent: func(b []byte, i int, _ int64) {
		r.readByKeys(b, i)
		e := &r.ev
		if ts, dur := e.num[numTs], e.num[numDur]; ts.state == given && dur.state == given && !e.cat.onDevice() {
			h.First, h.Last = min(h.First, ts.v), max(h.Last, ts.v+max(0, dur.v))
			if e.cat == hostCall {
				h.Launches[uint32(e.num[numCorrelation].or(0))] = ts.v
			}
		}
	}})
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
