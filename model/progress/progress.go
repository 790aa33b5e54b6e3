// Package progress is how far a job that runs has come: its stages with the time each took, now and in earlier runs of the same
// layout, the times of its iterations, and when it is expected to end.
package progress

import (
	"maps"
	"slices"
	"time"

	"shardeck/model"
)

// Mark is a line of a runner's log: a stage that begins, or an iteration of it that is over.
type Mark struct {
	Stage       model.Stage
	Done, Total int       // of iterations; Total 0: the stage begins
	At          time.Time // by the log's clock, which has seconds and no year; zero: the line has no time
}

// Times are how long stages took.
type Times map[model.Stage]time.Duration

// Stage is one that a run went through, is in, or is to come to.
type Stage struct {
	Name  model.Stage
	Took  *time.Duration // so far, of the one under way; nil: not begun, or the log has no times
	Usual *time.Duration // in earlier runs, their median; nil: none tells
	Now   bool
}

// Run is how far a job is.
type Run struct {
	Stages  []Stage         // in order; those to come as far as earlier runs tell
	Each    []time.Duration // of the iterations of the stage under way, the oldest first
	Left    *time.Duration  // until its end; nil: not known
	Why     string          // it is not known
	Earlier int             // runs that tell what is usual
}

// Usual is the median time of the iterations of the stage under way; there must be one.
func (r Run) Usual() time.Duration { return median(r.Each) }

// Passed are the times of the stages that are over.
func Passed(marks []Mark) Times {
	t := Times{}
	var begun Mark
	for _, m := range marks {
		if m.Stage == begun.Stage {
			continue
		}
		if d := m.At.Sub(begun.At); !begun.At.IsZero() && !m.At.IsZero() && d >= 0 {
			t[begun.Stage] = d
		}
		begun = m
	}
	return t
}

// Of puts together what the marks of a run say by now, which is a time by the log's clock, and what earlier runs took.
func Of(marks []Mark, now time.Time, earlier []Times) Run {
	r := Run{Earlier: len(earlier)}
	if len(marks) == 0 {
		r.Why = "its log tells no stage yet"
		return r
	}
	current, passed, usual := marks[len(marks)-1].Stage, Passed(marks), medians(earlier)
	begun := *model.First(marks, func(m Mark) bool { return m.Stage == current })
	if d := now.Sub(begun.At); !begun.At.IsZero() && d >= 0 {
		passed[current] = d
	}
	order, seen := model.Stages(), map[model.Stage]bool{}
	for _, m := range marks {
		seen[m.Stage] = true
	}
	for i, name := range order {
		_, known := usual[name]
		if seen[name] || known && i > slices.Index(order, current) {
			r.Stages = append(r.Stages, Stage{name, at(passed, name), at(usual, name), name == current})
		}
	}
	r.Each = iterations(marks, current)
	r.expect(marks[len(marks)-1], now, begun)
	return r
}

// expect adds what is left of the stage under way, by its own iterations where it has any, and of those to come.
func (r *Run) expect(last Mark, now time.Time, begun Mark) {
	if r.Earlier == 0 {
		r.Why = "no earlier run of this layout tells how long its stages take"
		return
	}
	left, after := time.Duration(0), false
	for _, s := range r.Stages {
		switch {
		case s.Now && len(r.Each) > 0 && last.Total > 0:
			left += max(time.Duration(last.Total-last.Done)*median(r.Each)-max(now.Sub(last.At), 0), 0)
		case s.Now && s.Usual != nil && !begun.At.IsZero():
			left += max(*s.Usual-max(now.Sub(begun.At), 0), 0)
		case s.Now && s.Name != model.StageDone:
			r.Why = "no earlier run tells how long " + string(s.Name) + " takes"
			return
		case after:
			left += *s.Usual
		}
		after = after || s.Now
	}
	r.Left = &left
}

// iterations are the times between the marks of a stage, whose first is when it began.
func iterations(marks []Mark, of model.Stage) (each []time.Duration) {
	var before Mark
	for _, m := range marks {
		if m.Stage != of {
			continue
		}
		if steps := m.Done - before.Done; steps > 0 && !before.At.IsZero() && !m.At.IsZero() && m.At.After(before.At) {
			each = append(each, m.At.Sub(before.At)/time.Duration(steps))
		}
		before = m
	}
	return each
}

func at(t Times, name model.Stage) *time.Duration {
	if d, ok := t[name]; ok {
		return &d
	}
	return nil
}

func medians(all []Times) Times {
	each := map[model.Stage][]time.Duration{}
	for _, t := range all {
		for name, d := range t {
			each[name] = append(each[name], d)
		}
	}
	out := Times{}
	for name := range maps.Keys(each) {
		out[name] = median(each[name])
	}
	return out
}

func median(all []time.Duration) time.Duration {
	all = slices.Sorted(slices.Values(all))
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}
