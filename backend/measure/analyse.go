package measure

import (
	"context"
	"maps"
	"slices"
	"sync"

	"shardeck/backend/analyze"
	"shardeck/backend/pool"
	"shardeck/backend/trace"
	"shardeck/backend/trace/et"
	"shardeck/model"
	"shardeck/model/metric"
)

// notRead is the reason of metrics that wait for somebody to ask for the traces.
const notRead = "traces not read yet"

// Analyse reads a run through the cache and the pool; progress may be nil. Several who ask for the same run at a time share one reading.
// The result is shared: it is not to be changed.
func (rd *Reader) Analyse(ctx context.Context, name string, p pool.Priority, progress pool.Progress) (*metric.Analysis, error) {
	run, err := rd.Run(name)
	if err != nil {
		return nil, err
	}
	found, err := rd.analyseRun(ctx, run, p, progress)
	if changed := rd.Workspace.Changes(run).Sentence(run.Replay); changed != "" && found != nil {
		said := *found
		said.Warnings = slices.Insert(slices.Clone(found.Warnings), 0, changed)
		found = &said
	}
	return found, err
}

func (rd *Reader) analyseRun(ctx context.Context, run model.Run, p pool.Priority, progress pool.Progress) (*metric.Analysis, error) {
	if err := run.Readable(); err != nil {
		return nil, err
	}
	key, err := rd.runKey(run)
	if err != nil {
		return nil, err
	}
	if found := rd.cached(key, run); found != nil {
		return found, nil
	}
	if err := rd.withinBudget(run); err != nil {
		return nil, err
	}
	return rd.sharing.join(ctx, key.file(), p, progress, func(ctx context.Context, f *sharedReading) (*metric.Analysis, error) {
		return rd.read(ctx, run, key, f)
	})
}

// read does the work, all of it in the pool, and keeps the result: small files, traces, metrics.
func (rd *Reader) read(ctx context.Context, run model.Run, key cacheKey, f *sharedReading) (*metric.Analysis, error) {
	if !rd.Typing {
		defer keepHeapSmall()()
	}
	var r *reading
	small := func(context.Context) error { r = rd.newReading(run); return nil }
	if err := f.do(ctx, rd.Pool, 0, small).Wait(); err != nil {
		return nil, err
	}
	if err := r.readTraces(ctx, f); err != nil {
		return nil, err
	}
	if err := r.readOps(ctx, f); err != nil {
		return nil, err
	}
	var found *metric.Analysis
	metrics := func(ctx context.Context) (err error) {
		r.input.Each = func(n int, do func(i int)) { rd.Pool.Each(ctx, f.urgency(), n, do) }
		ranks := slices.Collect(maps.Values(r.input.Ranks))
		r.input.Each(len(ranks), func(i int) { ranks[i].Pack() }) // those that were not yet
		r.input.Given = true
		found, err = r.finish(ctx)
		return err
	}
	if err := f.do(ctx, rd.Pool, 0, metrics).Wait(); err != nil {
		return nil, err
	}
	_ = rd.Cache.put(key, entry{found, found.Trace}) // a full disk costs the next reader time, no more
	rd.Cache.pruneDaily(rd.Now())
	return found, nil
}

// Quick is what can be said of a run without reading a trace: the cached analysis,
// else the metrics of its timing files, the others not read yet; nil if there is neither.
func (rd *Reader) Quick(ctx context.Context, run model.Run) *metric.Analysis {
	if run.Readable() != nil {
		return nil
	}
	key, err := rd.runKey(run)
	if err != nil {
		return nil
	}
	if found := rd.cached(key, run); found != nil {
		return found
	}
	r := rd.newReading(run)
	if len(run.KernelFiles()) > 0 {
		r.input.NoTraces = notRead
	}
	found, _ := r.finish(ctx) // it fails only when ctx ends
	return found
}

// Timings is what can be said of a run without reading a trace: for runs that are too large to read where we are.
func (rd *Reader) Timings(ctx context.Context, name string) (*metric.Analysis, error) {
	run, err := rd.Run(name)
	if err != nil {
		return nil, err
	}
	if found := rd.Quick(ctx, run); found != nil {
		return found, nil
	}
	return nil, model.Failed(run.Name+" cannot be read", nil, "shardeck metrics "+run.Name+" says why")
}

// reading is one run being read: what its files said, and what was wrong with them.
type reading struct {
	rd    *Reader
	run   model.Run
	input analyze.Input
	bytes bytesRead // of the traces

	faults                       // its lock guards what follows too
	opened map[int][]*trace.Rank // by the number in the file's name
	ops    *et.Trace             // of one rank; nil: none
	endOps func() error          // waits until ops is there
	alone  map[int]*et.Trace     // of each, where there are no traces of kernels
}

// newReading reads the small files of a run: timing statistics and run.json.
func (rd *Reader) newReading(run model.Run) *reading {
	r := &reading{rd: rd, run: run, faults: faults{damaged: run.LeftOut}, opened: map[int][]*trace.Rank{}, alone: map[int]*et.Trace{},
		endOps: func() error { return nil }}
	r.warnings = append(r.warnings, run.Warnings...)
	if run.Problem != "" {
		r.warnings = append(r.warnings, run.Problem)
	}
	r.input = analyze.Input{
		Run: run.Name, Experiment: run.Experiment, GPU: rd.World.GPUByName, GPUsPerNode: rd.World.GPUsPerNode(),
		Kernels: rd.Names, Ranks: map[int]*trace.Rank{}, Timing: map[int]*trace.Timing{}, RanksTold: run.Foreign,
	}
	if run.Forecast != nil {
		r.input.NoTraces = "a forecast has no traces: what only they tell is not forecast"
	}
	if run.Experiment != nil {
		r.input.Shape = rd.World.Shape(run.Experiment.Model.Name)
	}
	for _, f := range run.Files {
		r.readSmall(f)
	}
	return r
}

// readSmall reads one timing file or run.json; what is wrong becomes a warning.
func (r *reading) readSmall(f model.RunFile) {
	var err error
	switch f.Kind {
	case model.FileTiming:
		var t *trace.Timing
		if t, err = trace.OpenTiming(f.Path); err == nil {
			r.input.Timing[f.Rank] = t
		}
	case model.FileServing:
		r.input.Serving, err = trace.OpenServing(f.Path)
	case model.FileRunJSON:
		r.input.Info, err = trace.OpenRunJSON(f.Path)
	}
	if err != nil {
		r.lost(f, err)
	}
}

// finish turns what was read into metrics, and puts what was lost beside them.
func (r *reading) finish(ctx context.Context) (*metric.Analysis, error) {
	a, err := analyze.Analyse(ctx, r.input)
	if err != nil {
		return nil, err
	}
	if err := r.endOps(); err != nil { // it has begun before this task
		return nil, err
	}
	analyze.AddAsked(a, r.input, r.alone)
	r.addAsked(a.Trace)
	a.Warnings = append(r.warnings, a.Warnings...)
	a.Damaged = a.Damaged || r.damaged
	a.Replay = a.Replay || r.run.Replay
	foretold(a, r.run.Forecast)
	return tidy(a), nil
}

// foretold marks every value of a run that is a forecast as none that was measured.
func foretold(a *metric.Analysis, f *model.RunForecast) {
	if a.Forecast = f; f == nil {
		return
	}
	for i := range a.Metrics {
		if m := &a.Metrics[i]; m.Value != nil {
			m.Estimate, m.Note, m.By.Stats = true, model.ForecastWord, nil // of one number there are none
			if may, ok := f.Intervals[m.Name]; ok {
				m.Interval = &may
			}
		}
	}
}

// tidy makes lists and maps that JSON prints as empty rather than null.
func tidy(a *metric.Analysis) *metric.Analysis {
	a.Ranks = append([]int{}, a.Ranks...)
	a.Warnings = append([]string{}, a.Warnings...)
	for i := range a.Metrics {
		m := &a.Metrics[i]
		if m.PerRank == nil {
			m.PerRank = map[int]float64{}
		}
		m.Source = append([]string{}, m.Source...)
	}
	return a
}

// sharedReadings lets everyone who asks for the same analysis at a time share one reading.
// It ends early only when the last of them has left.
type sharedReadings struct {
	mu    sync.Mutex
	byKey map[string]*sharedReading
}

// sharedReading is one reading under way.
type sharedReading struct {
	cancel  context.CancelFunc
	ended   chan struct{}
	found   *metric.Analysis // with err, written before ended closes
	err     error
	waiting int // who waits, guarded by sharedReadings.mu

	mu        sync.Mutex // guards what follows
	priority  pool.Priority
	tasks     []*pool.Task
	listeners []pool.Progress
}

// work does the reading.
type work func(ctx context.Context, f *sharedReading) (*metric.Analysis, error)

// join waits for the reading of key, and starts it if nobody did.
func (all *sharedReadings) join(ctx context.Context, key string, p pool.Priority, tell pool.Progress, do work) (*metric.Analysis, error) {
	f := all.enter(ctx, key, p, do)
	defer all.leave(key, f)
	f.listen(tell)
	select {
	case <-f.ended:
		return f.found, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (all *sharedReadings) enter(ctx context.Context, key string, p pool.Priority, do work) *sharedReading {
	all.mu.Lock()
	defer all.mu.Unlock()
	if f := all.byKey[key]; f != nil {
		f.waiting++
		f.raise(p)
		return f
	}
	if all.byKey == nil {
		all.byKey = map[string]*sharedReading{}
	}
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &sharedReading{priority: p, cancel: cancel, ended: make(chan struct{}), waiting: 1}
	all.byKey[key] = f
	go func() {
		defer close(f.ended)
		f.found, f.err = do(own, f)
	}()
	return f
}

// leave forgets a reading when the last who waits for it goes, and ends it if it goes on.
func (all *sharedReadings) leave(key string, f *sharedReading) {
	all.mu.Lock()
	defer all.mu.Unlock()
	f.waiting--
	if f.waiting > 0 {
		return
	}
	f.cancel()
	if all.byKey[key] == f {
		delete(all.byKey, key)
	}
}

// do hands a piece of the work to the pool, as urgent as the most urgent who waits.
func (f *sharedReading) do(ctx context.Context, p *pool.Pool, cost int64, w pool.Work) *pool.Task {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := p.Do(ctx, f.priority, cost, w)
	f.tasks = append(f.tasks, t)
	return t
}

// urgency is that of the most urgent who waits.
func (f *sharedReading) urgency() pool.Priority {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.priority
}

// raise makes the reading more urgent, never less.
func (f *sharedReading) raise(p pool.Priority) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p <= f.priority {
		return
	}
	f.priority = p
	for _, t := range f.tasks {
		t.Raise(p)
	}
}

func (f *sharedReading) listen(p pool.Progress) {
	if p == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listeners = append(f.listeners, p)
}

// note tells everyone how far the reading is.
func (f *sharedReading) note(done, total int64) {
	f.mu.Lock()
	listeners := f.listeners
	f.mu.Unlock()
	for _, p := range listeners {
		p(done, total)
	}
}
