package experiment

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/calibration"
	"shardeck/model"
	"shardeck/model/forecast"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/cli/command"
)

// Calibrate measures what the laws of forecasts need on this machine.
func Calibrate(e *command.Env) *cobra.Command {
	var o calibration.Options
	var dryRun bool
	c := e.Command("calibrate", "measure what forecasts need on this machine, in a job of two minutes", `
Submits a job that times, with PyTorch alone, the GEMMs and the attention of the models in
use at decode and prefill sizes, the bandwidth of memory, the host's cost of a launch, and
each collective over sizes in groups of 2, 4 … ranks of a node; --nodes N measures them
over nodes too. It shows the price and asks first. What it measured lies in
experiments/calibration/<site>-<nodes>x<GPUs>, and forecasts take it before every prior.`,
		func(ctx context.Context, a *app.App, _ []string) error { return calibrate(ctx, e, a, o, dryRun) })
	c.Example = "  shardeck calibrate\n  shardeck calibrate --nodes 2 --model meta-llama/Llama-3.1-8B\n  shardeck calibrate show"
	c.Flags().IntVar(&o.GPUs, "gpus", 0, "GPUs of a node (default: all)")
	c.Flags().IntVar(&o.Nodes, "nodes", 1, "nodes, over which collectives are measured too")
	c.Flags().StringArrayVar(&o.Models, "model", nil, "a `model` whose sizes are measured (default: those of the experiments here)")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "print the job script and submit nothing")
	e.Asks(c, "do not ask")
	c.AddCommand(showCalibration(e))
	return c
}

func calibrate(ctx context.Context, e *command.Env, a *app.App, o calibration.Options, dryRun bool) error {
	if o.GPUs < 0 || o.Nodes < 1 {
		return command.Usage("--gpus and --nodes are whole numbers from 1 on")
	}
	p, err := a.Calibrations.Plan(ctx, o)
	if err != nil {
		return err
	}
	if dryRun {
		return e.Show(p, func() { fmt.Fprint(e.Out, p.Script) })
	}
	if err := a.Writable("submit a calibration"); err != nil {
		return err
	}
	if !e.JSON && !e.Yes {
		fmt.Fprintln(e.Err, e.Plain(present.Joined(fmt.Sprintf("calibrate  %s of %s", unit.Plural(p.GPUs, "GPU"), unit.Plural(p.Nodes, "node")),
			present.Plan(p.Verdict), "about 2 minutes, at most 10")))
		for _, name := range p.Models {
			fmt.Fprintln(e.Err, e.Plain("           sizes of "+name))
		}
	}
	for _, f := range p.Verdict.Findings {
		e.Finding(string(f.Severity), f.Fault, f.Fix, 7)
	}
	if err := e.Ask(ctx, "Submit it to "+a.SchedulerName()+"?"); err != nil {
		return err
	}
	s, err := a.Calibrations.Submit(ctx, p)
	return e.Answer(err, s, func() {
		fmt.Fprintln(e.Out, s.JobID)
		e.Warn("calibration is job %s (%s); its log: %s; then: shardeck calibrate show", s.JobID, s.Scheduler, s.Log)
	})
}

// shown is calibrate show --json.
type shown struct {
	calibration.File
	Priors  []prior           `json:"priors"`
	Samples []forecast.Sample `json:"samples"`
	Off     []*float64        `json:"residuals_pct"` // of each sample: how far it lies above its law; null: it has none
}

// prior is what the table says of a law: of each constant one, in their order.
type prior struct {
	Pieces []forecast.Piece `json:"pieces"`
	Source string           `json:"source"`
}

func showCalibration(e *command.Env) *cobra.Command {
	var samples bool
	c := e.Command("show [NAME]", "print the constants that were measured, beside what is known without", `
Fits the laws to a calibration, the newest unless one is named, and prints their constants:
time = start + size / rate, in pieces by size, the mean and the largest distance of a
sample from its law, and what public tables say of this GPU. The constants go to
constants.json beside the samples. --samples prints every sample with its distance.`,
		func(_ context.Context, a *app.App, words []string) error {
			f, warnings, err := a.Calibrations.Find(append(words, "")[0])
			for _, w := range warnings {
				e.Warn("%s", e.Plain(w))
			}
			before := func(c forecast.Constant) ([]forecast.Piece, string) { return a.PriorOf(f.Measured, c) }
			return e.Answer(err, shownOf(f, before), func() {
				e.Say("%s  %s", e.Paint(present.Strong, f.Name), e.Plain(present.CalibrationWords(f.Setting)))
				e.Say("sizes of %s\n", present.Joined(f.Models...))
				if samples {
					e.Table(present.CalibrationSamples(f.Measured, f.Constants))
				} else {
					e.Table(present.Calibrated(f.Constants, before))
				}
				for _, m := range f.Missing {
					e.Warn("not measured: %s", e.Plain(m))
				}
			})
		})
	c.Flags().BoolVar(&samples, "samples", false, "print every sample and how far it lies from its law")
	return c
}

func shownOf(f calibration.File, before func(forecast.Constant) ([]forecast.Piece, string)) shown {
	s := shown{File: f, Samples: f.Measured.Samples, Priors: []prior{}}
	for _, c := range f.Constants {
		pieces, source := before(c)
		s.Priors = append(s.Priors, prior{append([]forecast.Piece{}, pieces...), source})
	}
	s.Off = model.Each(s.Samples, func(x forecast.Sample) *float64 {
		if v, ok := forecast.Residual(f.Constants, x); ok {
			return &v
		}
		return nil
	})
	return s
}
