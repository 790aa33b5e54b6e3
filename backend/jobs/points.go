package jobs

import (
	"context"
	"slices"

	"shardeck/backend/claim"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/sweep"
)

// SubmitPoints submits a job of several points of a sweep, as any other: recorded before the scheduler hears of it, and refused
// where a job of one of its points has not ended.
func (su *Submitter) SubmitPoints(ctx context.Context, o sweep.Order) (model.Submission, error) {
	return su.alone(ctx, previewOf(o), false)
}

func previewOf(o sweep.Order) Preview {
	row := board.Row{Experiment: o.Size}
	row.Experiment.ID, row.Experiment.Slurm.Time = o.Sweep, model.FormatTimeLimit(o.Limit)
	return Preview{Row: row, Script: o.Script, Log: o.Log, points: o.Points, files: o.Files, gpus: o.GPUs, after: o.After}
}

// PointStarts is Starts for jobs of several points.
func (su *Submitter) PointStarts(ctx context.Context, orders []sweep.Order) []Start {
	return su.Starts(ctx, model.Each(orders, previewOf))
}

// claimAll claims several experiments, in the order of their ids so that two that want the same do not wait for each other.
func (su *Submitter) claimAll(ids []string) (claims []*claim.Claim, err error) {
	first := ids[0]
	for _, id := range slices.Sorted(slices.Values(ids)) {
		c, err := claim.Take(su.Workspace, id)
		if err != nil {
			return claims, err
		}
		if c.Passed != "" {
			su.Note(c.Passed)
		}
		if claims = append(claims, c); id == first {
			claims[0], claims[len(claims)-1] = claims[len(claims)-1], claims[0]
		}
	}
	return claims, nil
}
