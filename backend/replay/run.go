// Package replay is engine replay: it plays an embedded recording of a real run back at its own pace, so that a
// newcomer with neither GPU nor Slurm can submit a job, watch it and read its metrics.
//
// A replay keeps the contract of every runner: the same stage lines (model.Stage), the same files, the same
// exit codes. It is labelled a replay in each: the log's first line, the description in config.yaml and
// run.json. The numbers are those of the machine that was recorded, never of this one.
//
// Read recording.go (which recordings there are, which one a config means, and what is written of it), demo.go (the
// workspace that `shardeck demo` opens), run.go (a replay, stage by stage) and finish.go (how it ends).
package replay

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"shardeck/model"
	"shardeck/templates"
)

// Options of a replay.
type Options struct {
	Config    string    // path of the experiment's YAML
	OutputDir string    // created if it is not there; must not hold a run yet
	Foretell  Foretell  // nil: what was not recorded is refused
	Factor    float64   // recorded time times this; 0: replay.factor of the config, else 1
	JobID     string    // for run.json; empty: none
	Points    string    // instead of Config: a file of points, as the runner takes it; OutputDir is then where an engine's processes meet
	Out       io.Writer // the job's log

	rule string // of Next
}

const maxFactor = 1000 // a replay of hours is a mistake

// ErrStopped is wrapped by Run's error when its context ended first; what was "measured" till then is written.
var ErrStopped = errors.New("stopped before the end")

// ErrConfig is wrapped by Run's error when the config cannot be replayed; nothing was written.
var ErrConfig = errors.New("this config cannot be replayed")

// ExitCode maps an error of Run to the exit codes of a runner.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return model.ExitDone
	case errors.Is(err, ErrStopped):
		return model.ExitPartial
	case errors.Is(err, ErrConfig):
		return model.ExitConfig
	}
	return model.ExitFailed
}

// Run plays back the recording that the config means: it prints and writes what a runner does, in the recorded
// time times the factor. When ctx ends it writes what a real run would have had by then.
func Run(ctx context.Context, o Options) error {
	p, err := newPlayer(o)
	if err != nil {
		return err
	}
	if err := p.begin(); err != nil {
		return err
	}
	err = p.play(ctx)
	return errors.Join(err, p.finish(err))
}

type player struct {
	out    io.Writer
	dir    string
	factor float64
	rec    Play
	config model.Experiment
	timing timing
	info   model.RunInfo
	traced int // iterations of the traced pass that are over

	serving time.Duration // that the load of a server took; 0: it is none

	started bool // the engine serves a point after another
}

func newPlayer(o Options) (*player, error) {
	refused := func(err error) (*player, error) { return nil, fmt.Errorf("%w: %s: %w", ErrConfig, o.Config, err) }
	text, err := os.ReadFile(o.Config)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	e, err := parseConfig(text, model.Defaults())
	if err != nil {
		return refused(err)
	}
	r, err := PlayOf(e, o.Foretell)
	if err != nil {
		return refused(err)
	}
	r.own = text
	factor, err := pace(o.Factor, e.Replay.Factor)
	if err != nil {
		return refused(err)
	}
	if err := checkVacant(o.OutputDir); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	p := &player{out: o.Out, dir: o.OutputDir, factor: factor, rec: r, config: e}
	p.config.Description = r.labelled(cmp.Or(e.Description, r.Description))
	p.config.OutputDir = cmp.Or(e.OutputDir, o.OutputDir)
	p.config.Replay.Factor = p.factor
	p.info = r.info(p.config)
	p.info.JobID = o.JobID
	if e.Load.On() {
		err = p.server()
	} else {
		p.timing, err = r.timing()
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// checkVacant refuses a folder that holds a run already: nothing is overwritten.
func checkVacant(dir string) error {
	for _, pattern := range []string{"run.json", "timing_stats_*", "kineto_trace_*", string(model.FileServing)} {
		if found, _ := filepath.Glob(filepath.Join(dir, pattern)); len(found) > 0 {
			return fmt.Errorf("%s holds a run already (%s): give another --output-dir, or move it away", dir, filepath.Base(found[0]))
		}
	}
	return nil
}

// pace is the first factor that is given: the option's, the config's, 1.
func pace(factors ...float64) (float64, error) {
	for _, f := range factors {
		switch {
		case f == 0:
			continue
		case f > 0 && f <= maxFactor:
			return f, nil
		}
		return 0, fmt.Errorf("replay.factor: %g is no pace: give a number above 0, at most %d", f, maxFactor)
	}
	return 1, nil
}

// labelled makes sure that a description says what it describes.
func (r Play) labelled(description string) string {
	word := model.ReplayWord
	if r.Forecast != nil {
		word = model.ForecastWord
	}
	if strings.Contains(description, word) {
		return description
	}
	return word + ": " + description
}

// info is run.json as far as it is known before the run.
func (r Play) info(e model.Experiment) model.RunInfo {
	now := time.Now().UTC().Truncate(time.Millisecond)
	var missing []string
	if r.Forecast != nil {
		missing = []string{"traces: a forecast has none"}
	} else if !r.traced && !e.Load.On() {
		missing = []string{"traces: none were recorded, this run is timing only"}
	}
	return model.RunInfo{Missing: missing, Forecast: r.facts(),
		Schema: 1, Runner: "shardeck replay", Engine: model.EngineReplay, Replay: true,
		ReplayOf: r.title(), Experiment: e.ID,
		Status: model.RunPartial, ExitCode: model.ExitFailed, Cause: "not finished: still running, or killed without warning",
		Notes: r.differences(e), Start: now, End: now, WorldSize: r.Layout.GPUs(), GPU: r.gpu(),
	}
}

func (r Play) differences(e model.Experiment) []string {
	if r.Forecast != nil {
		return r.Forecast.Notes
	}
	notes := []string{"numbers are those of the machine that was recorded, not of this one"}
	if asked, has := e.Load.String(), r.Load.String(); asked != has {
		notes = append(notes, fmt.Sprintf("the config asks for a load of %s, the recording has %s, as config.yaml here says", asked, has))
	}
	if e.Load.On() {
		e.Data.BatchSize, e.ProfileIterations = 0, 0 // which mean nothing to a server
	}
	for _, d := range []struct {
		key        string
		asked, has int
	}{
		{"data.batch_size", e.Data.BatchSize, r.Data.BatchSize},
		{"data.seq_len", e.Data.SeqLen, r.Data.SeqLen},
		{"data.max_tokens", e.Data.MaxTokens, r.Data.MaxTokens},
		{"model.layers", e.Model.Layers, r.Model.Layers},
		{"profile_iterations", e.ProfileIterations, r.ProfileIterations},
	} {
		if d.asked != 0 && d.asked != d.has {
			notes = append(notes, fmt.Sprintf("the config asks for %s %d, the recording has %d, as config.yaml here says", d.key, d.asked, d.has))
		}
	}
	return notes
}

// Stages that were not recorded take about what they take on the recordings' GPUs, but nobody is to be bored.
const (
	environmentTime = 1500 * time.Millisecond
	weightsTime     = 4 * time.Second
	compileTime     = 3 * time.Second
	flushTime       = 800 * time.Millisecond // a rank's trace
)

// begin makes the folder and writes what a reader needs should the run be killed.
func (p *player) begin() error {
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return err
	}
	if err := p.rec.writeConfig(p.dir, p.config); err != nil {
		return err
	}
	of := "replay of "
	if p.rec.Forecast != nil {
		of = "nothing of this is recorded: this is no measurement, but a "
	}
	fmt.Fprintf(p.out, "shardeck: %s%s at %g times its pace\n", of, p.info.ReplayOf, p.factor)
	for _, n := range p.info.Notes {
		fmt.Fprintln(p.out, "shardeck: note:", n)
	}
	return p.writeInfo()
}

// play goes through the stages; each returns early when ctx ends. An engine that serves its next point has started.
func (p *player) play(ctx context.Context) error {
	for _, s := range []struct {
		stage model.Stage
		do    func(context.Context) error
	}{
		{model.StageEnvironment, p.wait(environmentTime)},
		{model.StageWeights, p.wait(weightsTime)},
		{model.StageCompile, p.wait(compileTime)},
		{model.StageWarmup, p.warmup},
		{model.StageTiming, p.timed},
		{model.StageProfiling, p.profiled},
		{model.StageWriting, p.traces},
	} {
		if p.started && slices.Contains([]model.Stage{model.StageEnvironment, model.StageWeights, model.StageCompile}, s.stage) {
			continue
		}
		if !p.rec.traced && (s.stage == model.StageProfiling || s.stage == model.StageWriting) {
			continue
		}
		fmt.Fprintln(p.out, s.stage.Line())
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.stage, err)
		}
	}
	return nil
}

func (p *player) wait(d time.Duration) func(context.Context) error {
	return func(ctx context.Context) error { return p.sleep(ctx, d) }
}

// sleep takes d times the factor, or until ctx ends.
func (p *player) sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(time.Duration(float64(d) * p.factor))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("%w (%w)", ErrStopped, context.Cause(ctx))
	case <-t.C:
		return nil
	}
}

// server reads how long a recorded load took, and how much of it was served.
func (p *player) server() error {
	name := p.rec.dir + "/" + string(model.FileServing)
	text, err := fs.ReadFile(templates.FS, name)
	var told struct {
		Duration          float64
		Completed, Failed int
	}
	if err == nil {
		err = json.Unmarshal(text, &told)
	}
	if err != nil {
		return fmt.Errorf("recording %s: %w", name, err)
	}
	p.serving = time.Duration(told.Duration * float64(time.Second))
	p.info.Serving = &model.ServingInfo{Arguments: []string{}, Requests: told.Completed + told.Failed, Completed: told.Completed}
	return nil
}

func (p *player) warmup(ctx context.Context) error {
	if p.serving > 0 {
		return nil
	}
	first := slices.Repeat(p.timing.Timed[:1], p.rec.WarmupIterations)
	return p.iterations(ctx, model.StageWarmup, first, func() {})
}

func (p *player) timed(ctx context.Context) error {
	if p.serving > 0 {
		if err := p.sleep(ctx, p.serving); err != nil {
			return err
		}
		return p.rec.copyFiles(string(model.FileServing), p.dir)
	}
	times := p.timing.Timed
	if p.rec.Forecast != nil { // one number, however often it is played
		times = slices.Repeat(times, max(p.config.ProfileIterations, 1))
	}
	err := p.iterations(ctx, model.StageTiming, times, func() { p.info.Timed = min(p.info.Timed+1, len(p.timing.Timed)) })
	if err != nil {
		return err
	}
	return p.rec.cutTimings(p.info.Timed, p.dir)
}

func (p *player) profiled(ctx context.Context) error {
	return p.iterations(ctx, model.StageProfiling, p.timing.Traced, func() { p.traced++ })
}

// iterations takes the seconds of each and reports it; after is called when one is over.
func (p *player) iterations(ctx context.Context, s model.Stage, seconds []float64, after func()) error {
	for i, t := range seconds {
		if err := p.sleep(ctx, time.Duration(t*float64(time.Second))); err != nil {
			return err
		}
		after()
		fmt.Fprintln(p.out, model.IterationLine(i+1, len(seconds), s))
	}
	return nil
}

// traces writes one rank's trace after the other; a stop leaves none, for half the ranks were a smaller world.
func (p *player) traces(ctx context.Context) error {
	for rank := range p.rec.Layout.GPUs() {
		if err := p.sleep(ctx, flushTime); err != nil {
			return err
		}
		if err := p.rec.copyFiles(fmt.Sprintf("kineto_trace_%d.json.gz", rank), p.dir); err != nil {
			return err
		}
	}
	p.info.Traced, p.info.Tokens = p.rec.Traced, p.rec.Tokens
	return p.rec.copyFiles("timing_stats_*.json", p.dir)
}
