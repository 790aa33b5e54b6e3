package sweep

import (
	"cmp"
	"context"
	"slices"
	"time"

	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/metric"
	"shardeck/model/sweep"
)

// pack makes the jobs of the points in some states, and their price.
func (s *Sweeps) pack(ctx context.Context, p *sweep.Plan, states ...sweep.State) {
	var ready []sweep.Member
	for _, x := range p.Points {
		if slices.Contains(states, x.State) {
			ready = append(ready, sweep.Member{Point: x.Point, Experiment: x.Experiment})
		}
	}
	if p.Sweep.Goal != nil {
		slices.SortStableFunc(ready, byPromise(p.Open()))
	}
	limit, _ := model.ParseTimeLimit(p.Base.Experiment.Slurm.Time) // checked with the points
	past := s.past(ctx, *p)
	costs := map[string]sweep.Cost{}
	p.Told = 0
	for _, m := range ready {
		costs[m.ID] = s.cost(m).Learn(m.Experiment, past)
		p.Told = max(p.Told, costs[m.ID].Runs)
	}
	packing := sweep.Packing{
		Place: func(g sweep.Engine) check.Placement { return check.Place(g.Size, s.World.Site) },
		Cost:  func(m sweep.Member) sweep.Cost { return costs[m.ID] }, Limit: limit - spare(limit), PerNode: s.World.GPUsPerNode(),
		Whole: func(place check.Placement) bool {
			price := check.PriceOf(place, s.World.Site, limit)
			return !p.Sweep.Exclusive && !place.Shared && price != nil && price.NodeHours > 0
		},
	}
	p.Limit = limit
	p.Jobs = packing.Pack(sweep.Engines(ready, p.Sweep.Isolate))
	if p.Sweep.Goal != nil { // few GPUs cost least, and bound what more of them can reach; not the other way round
		slices.SortStableFunc(p.Jobs, func(a, b *sweep.Job) int { return cmp.Compare(a.Placement.GPUs, b.Placement.GPUs) })
	}
	total := 0.0
	for _, j := range p.Jobs {
		price := check.PriceOf(j.WholePlacement(), s.World.Site, limit)
		if price == nil {
			return
		}
		total += price.NodeHours
	}
	if p.NodeHours = nil; len(p.Jobs) > 0 {
		p.NodeHours = &total
	}
}

// byPromise puts the points first that can still change the answer, the most promising first.
func byPromise(open []sweep.Status) func(a, b sweep.Member) int {
	place := map[string]int{}
	for i, x := range open {
		place[x.ID] = i - len(open) // those that cannot are at 0
	}
	return func(a, b sweep.Member) int { return cmp.Compare(place[a.ID], place[b.ID]) }
}

// spare is the part of a time limit that is not planned for: estimates are estimates.
func spare(limit time.Duration) time.Duration { return limit / 10 }

// past is what the runs of a sweep's points and of its base took, that have ended well.
func (s *Sweeps) past(ctx context.Context, p sweep.Plan) sweep.Pasts {
	all := sweep.Pasts{}
	rows := []board.Row{p.Base}
	rows = append(rows, model.Each(p.Points, func(x sweep.Status) board.Row { return x.Row() })...)
	for _, row := range rows {
		if row.Run == nil || row.Run.Experiment == nil || all.Enough(row.Experiment) {
			continue
		}
		if row.Analysis == nil {
			row.Analysis = s.KnownOf(ctx, *row.Run)
		}
		file := model.First(row.Run.Files, func(f model.RunFile) bool { return f.Kind == model.FileRunJSON })
		if file == nil || row.Analysis == nil {
			continue
		}
		info, err := trace.OpenRunJSON(file.Path)
		if err != nil || info.Status != model.RunComplete || info.Start.IsZero() || !info.End.After(info.Start) {
			continue
		}
		e := *row.Run.Experiment
		if row.Run.Replay && row.Run.Forecast == nil { // which plays what there is
			e = row.Experiment
		}
		all.Add(sweep.Past{Experiment: e, Whole: info.End.Sub(info.Start), First: info.Shared == nil || info.Shared.Position == 1,
			Timed: timed(e, row.Analysis)})
	}
	return all
}

// timed is how long what was measured took; 0: not known.
func timed(e model.Experiment, a *metric.Analysis) time.Duration {
	seconds := 0.0
	if v := a.Metric("iteration_wall_clock").Value; v != nil {
		seconds = *v * float64(e.ProfileIterations)
	}
	if v := a.Metric("requests_sec").Value; v != nil && *v > 0 {
		seconds = float64(e.Load.Count()) / *v
	}
	return time.Duration(seconds * float64(time.Second))
}

func (s *Sweeps) cost(m sweep.Member) sweep.Cost {
	e := m.Experiment
	place := check.Place(e, s.World.Site)
	var gpu *model.GPU
	if g, ok := s.World.GPUs[place.GPU]; ok {
		gpu = &g
	}
	return sweep.Estimate(e, s.World.Shape(e.Model.Name), gpu)
}
