package lab

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"

	"shardeck/backend/cache"
	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/metric"
)

// notRead is the reason of metrics that wait for somebody to ask for the traces.
const notRead = "traces not read yet"

// kept is an analysis as the cache holds it: with the picture of its traces.
type kept struct {
	Analysis *metric.Analysis     `json:"analysis"`
	Trace    *metric.TraceSummary `json:"trace"`
}

// Analyse reads a run through the cache and the pool; progress may be nil. Several
// who ask for the same run at a time share one reading. The result is shared: it is
// not to be changed.
func (l *Lab) Analyse(ctx context.Context, name string, p pool.Priority, progress pool.Progress) (*metric.Analysis, error) {
	run, err := l.Run(name)
	if err != nil {
		return nil, err
	}
	return l.analyseRun(ctx, run, p, progress)
}

func (l *Lab) analyseRun(ctx context.Context, run model.Run, p pool.Priority, progress pool.Progress) (*metric.Analysis, error) {
	if err := empty(run); err != nil {
		return nil, err
	}
	key, err := l.keyOf(run)
	if err != nil {
		return nil, err
	}
	if found := l.cached(key, run); found != nil {
		return found, nil
	}
	if err := l.withinBudget(run); err != nil {
		return nil, err
	}
	return l.flights.join(ctx, flightKey(key), p, progress, func(ctx context.Context, f *flight) (*metric.Analysis, error) {
		return l.read(ctx, run, key, f)
	})
}

// read does the work, all of it in the pool, and keeps the result: small files,
// traces, metrics.
func (l *Lab) read(ctx context.Context, run model.Run, key cache.Key, f *flight) (*metric.Analysis, error) {
	if !l.options.Typing {
		defer tight()()
	}
	var r *reading
	small := f.give(ctx, l.pool, 0, func(context.Context, pool.Progress) error {
		r = l.newReading(run)
		return nil
	})
	if err := small.Wait(); err != nil {
		return nil, err
	}
	if err := l.readTraces(ctx, r, f); err != nil {
		return nil, err
	}
	if err := l.readOps(ctx, r, f); err != nil {
		return nil, err
	}
	var found *metric.Analysis
	metrics := f.give(ctx, l.pool, 0, func(ctx context.Context, _ pool.Progress) (err error) {
		found, err = r.finish(ctx)
		return err
	})
	if err := metrics.Wait(); err != nil {
		return nil, err
	}
	l.keepTimeline(key, found.Trace)
	_ = l.cache.Put(key, kept{found, found.Trace}) // a full disk costs the next reader time, no more
	return found, nil
}

// cached is the analysis of a run as it lies in the cache, nil if it does not. The
// run may have been renamed since: the name is not part of what was computed.
func (l *Lab) cached(key cache.Key, run model.Run) *metric.Analysis {
	var k kept
	if !l.cache.Get(key, &k) || k.Analysis == nil {
		return nil
	}
	k.Analysis.Trace = k.Trace
	k.Analysis.Run = run.Name
	return tidy(k.Analysis)
}

// quick is what can be said of a run without reading a trace: the cached analysis,
// else the metrics of its timing files, the others not read yet; nil if there is neither.
func (l *Lab) quick(ctx context.Context, run model.Run) *metric.Analysis {
	if empty(run) != nil {
		return nil
	}
	key, err := l.keyOf(run)
	if err != nil {
		return nil
	}
	if found := l.cached(key, run); found != nil {
		return found
	}
	r := l.newReading(run)
	if len(r.traces()) > 0 {
		r.input.NoTraces = notRead
	}
	found, err := r.finish(ctx)
	if err != nil {
		return nil
	}
	return found
}

// Timings is what can be said of a run without reading a trace: for runs that are too
// large to read where we are.
func (l *Lab) Timings(ctx context.Context, name string) (*metric.Analysis, error) {
	run, err := l.Run(name)
	if err != nil {
		return nil, err
	}
	if found := l.quick(ctx, run); found != nil {
		return found, nil
	}
	return nil, failed(run.Name+" cannot be read", nil, "shardeck metrics "+run.Name+" says why")
}

// keyOf says what the analysis of a run is made from: its files, the config it ran
// with, what is known of its model and GPU, and this very program.
func (l *Lab) keyOf(run model.Run) (cache.Key, error) {
	k := cache.Key{What: "analysis", Version: l.version}
	for _, f := range run.Files {
		switch f.Kind {
		case model.FileKineto, model.FileET, model.FileNsys, model.FileTiming, model.FileRunJSON:
			s, err := cache.Stat(f.Path)
			if err != nil {
				return k, failed(fmt.Sprintf("%s cannot be read", l.ws.Rel(f.Path)), err, "look whether a job is writing there")
			}
			k.Sources = append(k.Sources, s)
		}
	}
	extra, err := json.Marshal(struct {
		Experiment *model.Experiment
		Warnings   []string
		Problem    string
		Shapes     []model.Shape
		GPUs       map[string]model.GPU
		PerNode    int
	}{run.Experiment, run.Warnings, run.Problem, l.world.Shapes, l.world.GPUs, l.gpusPerNode()})
	k.Extra = fmt.Sprintf("%x", sha256.Sum256(extra))
	return k, err
}

// programVersion changes whenever this program is built anew, so that no number
// outlives the code that made it.
func programVersion(binary string) string {
	info, err := os.Stat(binary)
	if err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%d-%d", info.Size(), info.ModTime().UnixNano())
}

func flightKey(k cache.Key) string {
	text, _ := json.Marshal(k) // plain strings, numbers and times: cannot fail
	return string(text)
}
