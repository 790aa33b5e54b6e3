package sweep

import (
	"cmp"
	"slices"
	"time"

	"shardeck/model/check"
)

// Job is the engines that one allocation serves: lanes of GPUs side by side, the engines of a lane one after the other.
type Job struct {
	Placement check.Placement
	Lanes     []Lane
}

// Lane is some GPUs of an allocation, and what they do.
type Lane struct {
	First, GPUs int // on each node
	Engines     []Engine
	Time        time.Duration // expected
}

// Time is when the last lane is expected to end.
func (j Job) Time() time.Duration {
	return slices.MaxFunc(j.Lanes, func(a, b Lane) int { return cmp.Compare(a.Time, b.Time) }).Time
}

// WholePlacement is the allocation that holds all lanes.
func (j Job) WholePlacement() check.Placement {
	p, n := j.Placement, 0
	for _, l := range j.Lanes {
		if len(l.Engines) > 0 {
			n++
		}
	}
	if n > 1 {
		p.GPUsPerNode, p.CPUsPerTask, p.GPUs = p.GPUsPerNode*n, p.CPUsPerTask*n, p.GPUs*n
	}
	return p
}

// Engines are those of all lanes.
func (j Job) Engines() (all []Engine) {
	for _, l := range j.Lanes {
		all = append(all, l.Engines...)
	}
	return all
}

// Count is how many points it runs.
func (j Job) Count() (n int) {
	for _, g := range j.Engines() {
		n += len(g.Points)
	}
	return n
}

// Packing says how engines fill jobs.
type Packing struct {
	Place   func(Engine) check.Placement
	Cost    func(Member) Cost
	Limit   time.Duration              // of a job
	PerNode int                        // GPUs of a node; 0: not known
	Whole   func(check.Placement) bool // whether all GPUs of its node are paid for, so that engines may stand side by side
}

// Pack fills jobs with engines: the longest first, each into the lane that is free first, as long as the time limit leaves
// room; else a job more. An engine that is longer than the limit is started several times, for some of its points each.
func (p Packing) Pack(engines []Engine) []*Job {
	var parts []Engine
	for _, g := range engines {
		parts = append(parts, p.split(g)...)
	}
	slices.SortStableFunc(parts, func(a, b Engine) int { return cmp.Compare(p.time(b), p.time(a)) })
	var jobs []*Job
	for _, g := range parts {
		place, need := p.Place(g), p.time(g)
		lane := p.room(jobs, place, need)
		if lane == nil {
			jobs = append(jobs, &Job{place, p.lanes(place)})
			lane = &jobs[len(jobs)-1].Lanes[0]
		}
		lane.Engines, lane.Time = append(lane.Engines, g), lane.Time+need
	}
	return jobs
}

// time is what an engine is expected to take, from its start to its last point.
func (p Packing) time(g Engine) (sum time.Duration) {
	for i, m := range g.Points {
		c := p.Cost(m)
		if sum += c.Point; i == 0 {
			sum += c.Start
		}
	}
	return sum
}

// split starts an engine as often as the limit asks for. A point that is too long by itself stands alone.
func (p Packing) split(g Engine) (parts []Engine) {
	for _, m := range g.Points {
		last := len(parts) - 1
		if last >= 0 && p.time(parts[last])+p.Cost(m).Point <= p.Limit {
			parts[last].Points = append(parts[last].Points, m)
			parts[last].Size = larger(parts[last].Size, m.Experiment)
			continue
		}
		parts = append(parts, Engine{Size: m.Experiment, Points: []Member{m}})
	}
	return parts
}

// lanes divides the GPUs of a node that is paid for as a whole. Else engines side by side are jobs side by side.
func (p Packing) lanes(place check.Placement) []Lane {
	each, n := place.GPUsPerNode, 1
	if place.Nodes == 1 && p.Whole(place) {
		n = max(p.PerNode/max(each, 1), 1)
	}
	all := make([]Lane, n)
	for i := range all {
		all[i] = Lane{First: i * each, GPUs: each}
	}
	return all
}

// room is the lane that is free first of the jobs that ask for the same; nil: none ends within the limit.
func (p Packing) room(jobs []*Job, place check.Placement, need time.Duration) (best *Lane) {
	for _, j := range jobs {
		if j.Placement != place {
			continue
		}
		for i := range j.Lanes {
			if l := &j.Lanes[i]; l.Time+need <= p.Limit && (best == nil || l.Time < best.Time) {
				best = l
			}
		}
	}
	return best
}
