package result

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/model/forecast"
	"shardeck/model/present"
	"shardeck/ui/cli/command"
)

// Forecast says what experiments are to take.
func Forecast(e *command.Env) *cobra.Command {
	var prior, validate, laws, score bool
	c := e.Command("forecast [ID…]", "say what experiments will take, by laws fitted to the runs here", `
Says what time to first token, time per output token, iteration time and throughput an
experiment is to have before it runs, with an interval that is to hold what will be
measured four times of five, the parts each number is made of, and the runs and priors
that it rests on. The laws are fitted to the runs of this workspace; a run of the very
same point is left out.

It refuses, in words, where there is nothing to stand on: no run of the engine on that
GPU, no trace of the model's family, graphs against eager, sizes beyond four times
those measured, a network that no run crossed. --prior gives a wide answer all the
same, by public constants, and marks it.

--cross-validate forecasts the runs that are here from one another: those of several
GPUs from those of one GPU and one of their traces alone, and every run from all others.
--score holds every forecast that was given here before its run against that run, with
the error by part, and says where the laws fail on this machine.
--laws lists the constants of the laws, and of each whether runs or a prior set it.`,
		func(ctx context.Context, a *app.App, ids []string) error {
			switch {
			case laws:
				fitted, err := a.Fit(ctx)
				if err != nil {
					return err
				}
				known := append([]forecast.Known{}, fitted.Constants()...)
				return e.Show(known, func() { e.Table(present.Constants(known)) })
			case score:
				s, warnings, err := a.Score(ctx)
				return e.Answer(err, s, func() {
					for _, t := range present.Score(s) {
						e.Rows(t)
					}
					e.Wrapped("  ", present.ScoreWords(s)...)
					e.Warnings(warnings)
				})
			case validate:
				trials, err := a.CrossValidate(ctx)
				return e.Answer(err, trials, func() {
					for _, t := range present.Trials(trials) {
						e.Rows(t)
					}
				})
			case len(ids) == 0:
				return command.Usage("forecast needs ID…")
			}
			all, err := a.Forecasts.Forecast(ctx, ids, prior)
			if err != nil {
				return err
			}
			var none error
			if !slices.ContainsFunc(all, func(f forecast.Forecast) bool { return f.Refused == "" }) {
				none = command.Exit(command.Failed)
			}
			return e.Answer(nil, Forecasts{all}, func() { printForecasts(e, all) }, none)
		})
	c.Example = "  shardeck forecast E1.3\n  shardeck forecast E1.2 E1.3 --json\n  shardeck forecast --cross-validate"
	c.Flags().BoolVar(&prior, "prior", false, "say something of what would be refused, from public constants; wide, and marked")
	c.Flags().BoolVar(&validate, "cross-validate", false, "forecast the runs here from one another, beside what they measured")
	c.Flags().BoolVar(&score, "score", false, "hold the forecasts that were given here against the runs that came later")
	c.Flags().BoolVar(&laws, "laws", false, "list the constants of the laws, and whose they are")
	return c
}

// Forecasts is forecast --json.
type Forecasts struct {
	Forecasts []forecast.Forecast `json:"forecasts"`
}

func printForecasts(e *command.Env, all []forecast.Forecast) {
	for i, f := range all {
		if i > 0 {
			e.Say("")
		}
		e.Say("%s", e.Paint(present.Strong, f.ID))
		if f.Refused != "" {
			e.Wrapped("         ", "refused: "+f.Refused)
			continue
		}
		t := present.Forecast(f)
		t.Name = f.ID
		e.Rows(t)
		e.Wrapped("         ", present.ForecastWords(f)...)
	}
}
