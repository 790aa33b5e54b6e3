package result

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/xray"
	"shardeck/ui/cli/command"
)

// XRay takes a step of a run apart.
func XRay(e *command.Env) *cobra.Command {
	phase, rank, step := "", -1, -1
	c := e.Command("xray RUN", "take a step apart: operators, their floors, gaps", `
Takes a step of inference apart by operator: which of them costs most, how far it is from
the least time that this GPU could take, and what the step could gain at most if it ran
at that floor. A floor is the greatest of arithmetic at the GPU's peak, memory read once
at its bandwidth, and bytes at the link's; nothing promises that it can be reached.

Operators are told by the order of kernels, by what comes again once a layer and by the
model's shape, so replayed CUDA graphs are taken apart too. Where that is not certain the
number is marked as an estimate, and a line below says why.

Of steps that do the same it shows the one of median time: decode first, others with
--phase or --step. Times of operators and gaps add up to the step; a moment in which
several kernels run is of the one that began first.

--json prints all steps of all ranks: ranks (rank, stage, layers, steps); a step has phase,
tokens, requests, context, wall_ns, next_ns (idle until the next step), period, repeats,
operators and gaps (cause, ns, n); an operator has name, n, layers, ns, dur_ns, layer_ns,
wait_ns, products (m, n, k, count), flops, bytes, link_bytes, floor_ns, floor, certain, why
and kernels; what is not known is null. Where the run counted the tokens of its experts,
experts has how evenly ranks work, by phase (imbalance, placed, loads, fullest, waits).`, func(ctx context.Context, a *app.App, runs []string) error {
		found, err := a.XRay(ctx, runs[0], e.Progress())
		if err != nil {
			return err
		}
		of, k, err := chooseStep(&found, phase, rank, step)
		if err != nil {
			return err
		}
		return e.Answer(nil, found, func() { printXRay(e, &found, of, k) }, command.DamagedIf(found.Damaged))
	})
	c.Example = "  shardeck xray llama-8b-tp1\n  shardeck xray llama-8b-tp2 --phase prefill --rank 1"
	c.Flags().StringVar(&phase, "phase", "", "of which phase: prefill, decode or mixed")
	c.Flags().IntVar(&rank, "rank", -1, "of which rank; the lowest if not given")
	c.Flags().IntVar(&step, "step", -1, "which step, by its number; the median if not given")
	return c
}

// chooseStep is the rank and the kind of steps to show.
func chooseStep(r *xray.Report, phase string, rank, step int) (*xray.Rank, xray.Kind, error) {
	of := model.First(r.Ranks, func(o xray.Rank) bool { return len(o.Steps) > 0 && (rank < 0 || o.Rank == rank) })
	if of == nil {
		why := "they have no steps"
		if len(r.Warnings) > 0 {
			why = r.Warnings[len(r.Warnings)-1]
		}
		return nil, xray.Kind{}, model.Failed(r.Run+": no step to take apart", fmt.Errorf("%s", why), "shardeck trace "+r.Run)
	}
	if s := model.First(of.Steps, func(s xray.Step) bool { return s.Index == step }); s != nil {
		return of, xray.Kind{Phase: s.Phase, Tokens: s.Tokens, Requests: s.Requests, Steps: 1, Median: s}, nil
	}
	kinds := of.Kinds()
	i := slices.IndexFunc(kinds, func(k xray.Kind) bool { return step < 0 && (phase == "" || k.Phase == phase) })
	if i < 0 {
		what := fmt.Sprintf("rank %d of %s has no such step", of.Rank, r.Run)
		return nil, xray.Kind{}, model.Unknown(what, "shardeck xray "+r.Run+" lists them")
	}
	return of, kinds[i], nil
}

// printXRay shows one step, and which others there are.
func printXRay(e *command.Env, r *xray.Report, of *xray.Rank, k xray.Kind) {
	e.Say("%s", present.Joined(e.Paint(present.Strong, r.Run), r.Model, r.Layout.Short(), r.GPU))
	e.Wrapped("", present.Step(k, of.Rank)...)
	e.Rows(present.XRay(k.Median))
	fmt.Fprintln(e.Out)
	e.Wrapped("  ", present.XRaySentences(k.Median)...)
	e.Wrapped("  ", present.Experts(r, k.Phase)...)
	for _, other := range of.Kinds() {
		if other.Median != k.Median {
			e.Say("also %s of %s: %s ms, --step %d", other.Phase, unit.Plural(other.Tokens, "token"),
				unit.Millis(other.Median.WallNS, 1), other.Median.Index)
		}
	}
	e.Warnings(r.Warnings)
}
