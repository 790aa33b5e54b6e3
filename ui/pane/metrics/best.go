package metrics

import (
	"slices"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/scaling"
)

// marks are the signs before the values of a column: the best of runs that may be compared,
// or a tie for it. Their keys are "run metric". What nobody has judged yet has none, and
// what is of too few samples to judge.
func (p *Pane) marks() map[string]string {
	marks := map[string]string{}
	p.contests, p.unjudged = p.contests[:0], nil
	for _, group := range p.groups() {
		for _, d := range p.defs {
			c := contestOf(group, d)
			if len(c.Runs) == 0 {
				continue
			}
			p.contests = append(p.contests, c)
			tie, judged := p.ties[contestKey(c)]
			for _, run := range tie.Runs {
				marks[run+" "+d.Name] = "~"
			}
			if !judged {
				p.unjudged = append(p.unjudged, c)
			}
			if judged && tie.Words == "" {
				marks[c.Runs[0]+" "+d.Name] = p.env.Theme.Best
			}
		}
	}
	return marks
}

// groups are the runs that may be compared. Where all GPUs that are known are one kind,
// a run whose traces were not read yet is taken to be of it.
func (p *Pane) groups() map[scaling.ScalingKey][]*metric.Analysis {
	kinds := map[scaling.ScalingKey]map[string]bool{}
	p.eachRead(func(key scaling.ScalingKey, gpu string, _ *metric.Analysis) {
		if kinds[key] == nil {
			kinds[key] = map[string]bool{}
		}
		kinds[key][gpu] = gpu != ""
	})
	all := map[scaling.ScalingKey][]*metric.Analysis{}
	p.eachRead(func(key scaling.ScalingKey, gpu string, a *metric.Analysis) {
		if several(kinds[key]) {
			key.GPU = gpu
		}
		all[key] = append(all[key], a)
	})
	return all
}

// eachRead gives every run shown that has values and a config, its key without the GPU.
func (p *Pane) eachRead(do func(key scaling.ScalingKey, gpu string, a *metric.Analysis)) {
	for _, i := range p.shown {
		r := p.runs[i]
		if a := p.analyses[r.Name]; a != nil && r.Experiment != nil {
			key := p.keyOf(r)
			key.GPU = ""
			do(key, gpuOf(a), a)
		}
	}
}

func several(known map[string]bool) bool {
	n := 0
	for _, is := range known {
		if is {
			n++
		}
	}
	return n > 1
}

// keyOf says with which other runs one may be compared.
func (p *Pane) keyOf(r model.Run) scaling.ScalingKey {
	k := scaling.KeyOf(*r.Experiment, nil, gpuOf(p.analyses[r.Name]))
	k.Replay = k.Replay || p.replay(r)
	return k
}

// gpuOf is the GPU as the traces name it; empty: not known.
func gpuOf(a *metric.Analysis) string {
	if a == nil || a.Trace == nil || len(a.Trace.Ranks) == 0 {
		return ""
	}
	return a.Trace.Ranks[0].Device
}

// mostRivals bounds how many runs a contest is between: the best and those next to it.
const mostRivals = 6

// contestOf is the runs with the best values of a metric; none where that means nothing:
// a single run, or equal ones.
func contestOf(group []*metric.Analysis, d metric.Definition) scaling.Contest {
	c := scaling.Contest{Metric: d.Name}
	if d.Better == metric.NoBetter {
		return c
	}
	better := func(a, b float64) bool { return a != b && a < b == (d.Better == metric.Lower) }
	var values []float64
	for _, a := range group {
		m := a.Metric(d.Name)
		if m.Value == nil || len(values) == mostRivals && !better(*m.Value, values[mostRivals-1]) {
			continue
		}
		at := len(values)
		for at > 0 && better(*m.Value, values[at-1]) { // equals stay as they come
			at--
		}
		values, c.Runs = slices.Insert(values, at, *m.Value), slices.Insert(c.Runs, at, a.Run)
		values, c.Runs = values[:min(len(values), mostRivals)], c.Runs[:min(len(c.Runs), mostRivals)]
	}
	if len(values) < 2 || values[0] == values[1] {
		c.Runs = nil
	}
	return c
}
