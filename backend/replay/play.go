package replay

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"shardeck/model"
)

// Stages that were not recorded take about what they take on the GPUs of the
// recordings, shortened so that nobody is bored.
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
	fmt.Fprintf(p.out, "shardeck: replay of %s at %g times its pace\n", p.info.ReplayOf, p.factor)
	for _, n := range p.info.Notes {
		fmt.Fprintln(p.out, "shardeck: note:", n)
	}
	return p.writeInfo()
}

// play goes through the stages; each returns early when ctx ends.
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

func (p *player) warmup(ctx context.Context) error {
	var first []float64
	for range p.rec.WarmupIterations {
		first = append(first, p.timing.Timed[0])
	}
	return p.iterations(ctx, model.StageWarmup, first, func() {})
}

func (p *player) timed(ctx context.Context) error {
	err := p.iterations(ctx, model.StageTiming, p.timing.Timed, func() { p.info.Timed++ })
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

// traces writes one rank's trace after the other. A stop between two leaves none
// behind: half the ranks would read as a smaller world.
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

// finish writes run.json, and after a stop the timing that had been measured by then.
func (p *player) finish(played error) error {
	p.info.End = time.Now().UTC().Truncate(time.Millisecond)
	p.info.ExitCode = ExitCode(played)
	p.info.Status, p.info.Cause = model.RunComplete, ""
	if played != nil {
		p.noteStop(played)
		if err := p.writeMeasured(); err != nil {
			return err
		}
		fmt.Fprintln(p.out, "shardeck:", p.info.Cause)
	} else {
		fmt.Fprintln(p.out, model.StageDone.Line())
	}
	return p.writeInfo()
}

func (p *player) noteStop(played error) {
	p.info.Status, p.info.Cause = model.RunPartial, played.Error()
	if p.info.Timed == 0 {
		p.info.Status = model.RunFailed
	}
	if all := len(p.timing.Timed); p.info.Timed < all {
		p.info.Missing = append(p.info.Missing, fmt.Sprintf("timing: %d of %d iterations were done", p.info.Timed, all))
	}
	p.info.Missing = append(p.info.Missing,
		fmt.Sprintf("traces: none written, %d of %d traced iterations were done", p.traced, len(p.timing.Traced)))
}

func (p *player) writeMeasured() error {
	names, err := filepath.Glob(filepath.Join(p.dir, "kineto_trace_*"))
	for _, n := range names {
		os.Remove(n)
	}
	if err != nil || p.info.Timed == 0 {
		return err
	}
	return p.rec.cutTimings(p.info.Timed, p.dir)
}

func (p *player) writeInfo() error {
	return writeJSON(filepath.Join(p.dir, "run.json"), p.info)
}
