// Package sweep is the commands of sweeps: experiments of which some fields take several values.
package sweep

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	backend "shardeck/backend/sweep"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/model/sweep"
	"shardeck/ui/cli/command"
)

// Sweep lists the sweeps, and holds the commands of one.
func Sweep(e *command.Env) *cobra.Command {
	c := e.Command("sweep", "run an experiment with several values of some fields", `
A sweep is a file, experiments/sweeps/<ID>.yaml: an experiment (base) and the fields
that take several values (vary). Its points are experiments like any other. Alone this
lists the sweeps.

  base: E1.1
  vary:
    parallelism.tp: [1, 2, 4]
    data.batch_size: 1..64*4        # 1, 4, 16, 64
    zip:                            # fields whose values go together
      - {data.seq_len: [512, 2048], data.max_tokens: [128, 32]}
  load: {rate: [1, 2, 4], requests: 200, shape: poisson}   # one server takes all; or concurrency
  slo: {ttft: 200, tpot: 20}        # ms: the limits of goodput
  where: [tp * pp <= 4]             # points that do not hold are left out
  repeat: 3                         # runs of every point
  isolate: false                    # true: an engine of its own for every point
  exclusive: false                  # true: no other engine on its nodes
  limit: {node_hours: 4, points: 50, jobs: 4}
  goal: {metric: throughput_tokens_sec, constraints: [ttft_p99 <= 200], until_decided: true}
`, func(ctx context.Context, a *app.App, _ []string) error { return list(ctx, e, a) })
	c.AddCommand(newSweep(e), checkSweep(e), submitSweep(e), statusOf(e), watchSweep(e), next(e), resumeSweep(e), stopSweep(e),
		table(e), frontier(e), scalings(e), pairs(e))
	return c
}

// summary is one sweep in JSON.
type summary struct {
	ID        string         `json:"id"`
	File      string         `json:"file"`
	Base      string         `json:"base"`
	Points    []sweep.Status `json:"points"`
	Jobs      []jobSummary   `json:"jobs"`
	NodeHours *float64       `json:"node_hours"` // at most, of the jobs; null: the site has no prices
	Told      int            `json:"expected_from_runs,omitempty"`
	Problem   string         `json:"problem"`
	Best      string         `json:"best,omitempty"` // by the sweep's goal
	BestTie   []string       `json:"best_tie"`       // the runs that a test cannot tell from the best one, it first; none: it stands apart, as far as BestDoubt does not say otherwise
	BestDoubt string         `json:"best_doubt,omitempty"`
	Frontier  []string       `json:"frontier"` // that no other beats in tokens a second of a GPU and of a user at once

	Results   map[string]map[string]float64 `json:"results"`             // metrics of the points that are done
	Forecasts map[string]map[string]float64 `json:"forecasts,omitempty"` // those of points of which a forecast was played
}

// jobSummary is a job that would run some points.
type jobSummary struct {
	GPUs    int        `json:"gpus"`
	Nodes   int        `json:"nodes"`
	Minutes float64    `json:"expected_minutes"`
	Engines [][]string `json:"engines"` // the points of each engine
}

func summaryOf(p sweep.Plan, err error) summary {
	s := summary{ID: p.Sweep.ID, File: p.File, Base: p.Sweep.Base, Points: p.Points, NodeHours: p.NodeHours, Told: p.Told, Jobs: []jobSummary{}}
	if err != nil {
		s.Problem = err.Error()
	}
	if best := p.Best(); best != nil {
		s.Best, s.BestTie, s.BestDoubt = best.ID, p.Tie.Runs, p.Tie.Words
	}
	s.Frontier, s.Results, s.Forecasts = []string{}, map[string]map[string]float64{}, map[string]map[string]float64{}
	for _, f := range scaling.FrontiersOf(p.Entries()) {
		for _, x := range f.Points {
			if x.On {
				s.Frontier = append(s.Frontier, x.ID)
			}
		}
	}
	for _, x := range p.Points {
		if x.Analysis != nil && x.Run.Forecast != nil {
			s.Forecasts[x.ID] = x.Analysis.Values()
		} else if x.Analysis != nil && x.Row().Own() {
			s.Results[x.ID] = x.Analysis.Values()
		}
	}
	for _, j := range p.Jobs {
		place := j.WholePlacement()
		one := jobSummary{GPUs: place.GPUsPerNode * place.Nodes, Nodes: place.Nodes, Minutes: j.Time().Minutes()}
		for _, g := range j.Engines() {
			one.Engines = append(one.Engines, model.Each(g.Points, func(m sweep.Member) string { return m.ID }))
		}
		s.Jobs = append(s.Jobs, one)
	}
	return s
}

func list(ctx context.Context, e *command.Env, a *app.App) error {
	all := []summary{}
	for _, id := range a.SweepIDs() {
		p, err := a.PlanSweep(ctx, id)
		p.Sweep.ID = id
		all = append(all, summaryOf(p, err))
		if e.JSON {
			continue
		}
		if err != nil {
			e.Say("%s", e.Paint(present.Strong, id))
			e.Finding("error", err.Error(), model.FixOf(err), 7)
			continue
		}
		e.Say("%s  %s", e.Paint(present.Strong, id), present.SweepTotal(p))
	}
	if len(all) == 0 {
		e.Warn("no sweep here yet\n     try: shardeck sweep new scan --base E1.1 --vary tp=1,2,4")
	}
	return e.Show(all, func() {})
}

func newSweep(e *command.Env) *cobra.Command {
	var base string
	var vary []string
	repeat := 1
	c := e.Command("new ID --base E --vary FIELD=VALUES…", "write a sweep: an experiment, and the values of its fields", `
Writes experiments/sweeps/<ID>.yaml and shows its points and their price. VALUES are
values with commas between them, and ranges: 1..8, 512..2048+512 (steps), 1..64*2
(doubling). FIELD is a key of a config, by its path or its last part.`, func(ctx context.Context, a *app.App, words []string) error {
		axes, err := backend.AxesOf(vary)
		if err != nil {
			return err
		}
		p, err := a.CreateSweep(ctx, sweep.Sweep{ID: words[0], Base: base, Axes: axes, Repeat: repeat})
		return e.Answer(err, summaryOf(p, nil), func() {
			e.Say("created     %s\n", e.Link(p.File))
			printPlan(e, p)
		})
	})
	c.Example = "  shardeck sweep new scan --base E1.1 --vary tp=1,2,4 --vary batch_size=1..64*4"
	c.Flags().StringVar(&base, "base", "", "the `experiment` that gives all that does not vary")
	c.Flags().StringArrayVar(&vary, "vary", nil, "a field and its values: `field=1,2,4` (may be repeated)")
	c.Flags().IntVar(&repeat, "repeat", 1, "runs of every point")
	_ = c.MarkFlagRequired("base")
	_ = c.MarkFlagRequired("vary")
	return c
}

func checkSweep(e *command.Env) *cobra.Command {
	return e.Command("check ID", "show a sweep's points, the jobs that would run them, and what they cost", `
Shows every point of a sweep: those that are impossible with the reason, those that are
done, and the jobs that would run the others; its last line is the whole in figures.
Exit code 2 where the sweep cannot be read, or no point is possible.`, func(ctx context.Context, a *app.App, words []string) error {
		p, err := a.PlanSweep(ctx, words[0])
		var none error
		if p.Count(sweep.Impossible, sweep.LeftOut) == len(p.Points) {
			none = command.Exit(command.WrongUsage)
		}
		return e.Answer(err, summaryOf(p, nil), func() { printPlan(e, p) }, none)
	})
}

// printPoints writes the points, and why some are not to be run or have failed.
func printPoints(e *command.Env, p sweep.Plan) {
	points, reasons := present.PointsTold(p)
	e.Table(points)
	if len(reasons) > 0 {
		fmt.Fprintln(e.Out)
	}
	e.Wrapped("   ", reasons...)
}

// printPlan writes the points, the jobs, and the whole in one line.
func printPlan(e *command.Env, p sweep.Plan) {
	printPoints(e, p)
	if len(p.Jobs) > 0 {
		fmt.Fprintln(e.Out)
		e.Table(present.SweepJobs(p))
	}
	for _, text := range []string{present.Neighbours(p), present.SweepEdited(p), present.SweepForecasts(p)} {
		if text != "" {
			e.Warn("%s", e.Plain(text))
		}
	}
	if text := present.SweepTime(p); text != "" {
		e.Say("\n%s", e.Plain(text))
	}
	e.Say("\n%s", present.SweepTotal(p))
}

func submitSweep(e *command.Env) *cobra.Command {
	c := e.Command("submit ID", "write the configs of a sweep's points and submit its jobs", `
Shows the points, the jobs and their price, asks, writes the configs of the points that
lack one, and submits the jobs. Points that differ only in their workload share one start
of the engine; impossible ones are never submitted, and those that are done are left
alone. Prints the ids of the jobs.`, func(ctx context.Context, a *app.App, words []string) error {
		return submit(ctx, e, a, words[0], backend.SubmitOptions{})
	})
	e.Asks(c, "do not ask")
	return c
}

func resumeSweep(e *command.Env) *cobra.Command {
	var o backend.SubmitOptions
	c := e.Command("resume ID", "submit what of a sweep is not done: after a stop, an edit, a lost job", `
Submits the points that are neither done nor submitted: those of values that the sweep
has got since, and those that a job left. Points that failed are tried again with
--failed, and those that were passed over run with --all. Otherwise it is the same as
submit, for which nothing is ever done twice.
`, func(ctx context.Context, a *app.App, words []string) error { return submit(ctx, e, a, words[0], o) })
	e.Asks(c, "do not ask")
	c.Flags().BoolVar(&o.Failed, "failed", false, "the points too that failed")
	c.Flags().BoolVar(&o.All, "all", false, "the points too that were passed over: all are run, whatever they can still change")
	return c
}

func submit(ctx context.Context, e *command.Env, a *app.App, id string, o backend.SubmitOptions) error {
	if _, err := a.ListJobs(ctx, false); err != nil { // what runs must not be submitted again
		return err
	}
	p, err := a.DueSweep(ctx, id, o)
	if err != nil {
		return err
	}
	if len(p.Jobs) == 0 {
		return e.Show([]model.Submission{}, func() { e.Say("nothing to submit: %s", present.SweepTotal(p)) })
	}
	if !e.JSON && !e.Yes {
		printPlan(e, p)
	}
	if err := e.Ask(ctx, "submit "+unit.Plural(len(p.Jobs), "job")+"?"); err != nil {
		return err
	}
	subs, err := a.SubmitSweep(ctx, p)
	for _, s := range subs {
		e.Warn("%s of %s: job %s (%s); its log: %s", unit.Plural(len(s.Points), "point"), id, s.JobID, s.Scheduler, s.Log)
	}
	if text := present.SweepChain(p); text != "" && err == nil {
		e.Warn("%s", text)
	}
	return cmp.Or(e.Show(subs, func() {
		for _, s := range subs {
			fmt.Fprintln(e.Out, s.JobID)
		}
	}), err)
}

func statusOf(e *command.Env) *cobra.Command {
	return e.Watched(e.Command("status ID", "say what has become of a sweep's points", "",
		func(ctx context.Context, a *app.App, words []string) error {
			if _, err := a.ListJobs(ctx, false); err != nil {
				e.Warn("the scheduler does not say what runs: %v", err)
			}
			p, err := a.PlanSweep(ctx, words[0])
			return e.Answer(err, summaryOf(p, nil), func() {
				printPoints(e, p)
				for _, f := range scaling.FrontiersOf(p.Entries()) {
					if len(f.Points) > 1 {
						e.Say("\n%s", e.Paint(present.Strong, f.Of))
						e.Table(present.Frontier(f))
					}
				}
				for _, text := range []string{present.SweepEdited(p), present.SweepForecasts(p)} {
					if text != "" {
						e.Warn("%s", e.Plain(text))
					}
				}
				e.Say("\n%s", present.SweepTotal(p))
				e.Wrapped("   ", present.BestDoubt(p))
			})
		}))
}

func watchSweep(e *command.Env) *cobra.Command {
	var decided bool
	c := e.Command("watch ID", "print a line whenever a sweep gets further, until its jobs have ended", `
Prints how far a sweep is, a line whenever that changes. With --until-decided the points
are passed over that can no longer change the answer to the sweep's goal: by what the
measured points bound (more requests at once never serve each sooner, twice the GPUs are
at most twice as fast) they cannot be better by more than 5 %. A job of which none is
left is cancelled, the others leave them out. With until_decided: true in the goal the
jobs do so by themselves, and nobody need watch. shardeck sweep resume --all runs them.`, func(ctx context.Context, a *app.App, words []string) error {
		last := ""
		for ctx.Err() == nil {
			_, asking := a.ListJobs(ctx, true)
			p, err := a.PlanSweep(ctx, words[0])
			if ctx.Err() != nil {
				break // whoever watches has seen enough
			}
			if asking != nil {
				e.Warn("the scheduler does not say what runs: %v", asking)
			}
			if err == nil && decided && p.Sweep.Goal == nil {
				err = model.Invalid(words[0]+" has no goal, so nothing of it can be decided", "add goal: {metric: throughput_tokens_sec} to "+p.File)
			}
			if err != nil {
				return err
			}
			if text := present.SweepTotal(p); text != last {
				last = text
				e.Say("%s  %s", time.Now().Format("15:04:05"), text)
			}
			if p.Count(sweep.Submitted) == 0 {
				return nil
			}
			if decided {
				ids, err := a.StopDecided(ctx, p)
				if len(ids) > 0 {
					e.Warn("cancelled %s: no point left of it can change the answer", strings.Join(ids, ", "))
				}
				if err != nil || p.Decided() {
					return err
				}
			}
			_ = a.Pause(ctx)
		}
		return nil
	})
	c.Flags().BoolVar(&decided, "until-decided", false, "cancel the jobs once the answer to the goal is known")
	return c
}

func next(e *command.Env) *cobra.Command {
	var job string
	c := e.Command("next ID [POINT…]", "say which points can still change the answer to a sweep's goal, and why the others cannot", `
Lists the points that are neither done nor ruled out by what the measured ones bound, the
most promising first; then those that are ruled out. Jobs of a sweep with a goal ask this
between points, so that the next one is the one that can still change the answer.`, func(ctx context.Context, a *app.App, words []string) error {
		turn, err := a.NextPoints(ctx, words[0], job, words[1:])
		return e.Answer(err, turn, func() {
			for _, id := range turn.Next {
				e.Say("%s", id)
			}
			for _, id := range slices.Sorted(maps.Keys(turn.Passed)) {
				e.Wrapped("   ", id+" "+turn.Passed[id])
			}
		})
	})
	c.Flags().StringVar(&job, "job", "", "record the points that `JOB` passes over, as it will")
	return c
}

func stopSweep(e *command.Env) *cobra.Command {
	c := e.Command("stop ID", "cancel a sweep's jobs; points that are measured stay", "",
		func(ctx context.Context, a *app.App, words []string) error {
			if _, err := a.ListJobs(ctx, false); err != nil {
				return err
			}
			if err := e.Ask(ctx, "cancel the jobs of "+words[0]+"?"); err != nil {
				return err
			}
			ids, err := a.StopSweep(ctx, words[0])
			return e.Answer(err, ids, func() { e.Say("cancelled %s", unit.Plural(len(ids), "job")) })
		})
	e.Asks(c, "do not ask")
	return c
}
