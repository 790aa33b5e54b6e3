package metrics

import (
	"shardeck/model"
)

// best finds the best value of each metric among runs that may be compared: more than
// one, and not all the same. Its keys are "run metric".
func (p *Pane) best() map[string]bool {
	best := map[string]bool{}
	for _, group := range p.groups() {
		for _, d := range p.defs {
			if run, ok := bestOf(group, d); ok {
				best[run+" "+d.Name] = true
			}
		}
	}
	return best
}

// groups are the runs that may be compared. Where all GPUs that are known are one kind,
// a run whose traces were not read yet is taken to be of it.
func (p *Pane) groups() map[model.ScalingKey][]*model.Analysis {
	kinds := map[model.ScalingKey]map[string]bool{}
	p.eachRead(func(key model.ScalingKey, gpu string, _ *model.Analysis) {
		if kinds[key] == nil {
			kinds[key] = map[string]bool{}
		}
		kinds[key][gpu] = gpu != ""
	})
	all := map[model.ScalingKey][]*model.Analysis{}
	p.eachRead(func(key model.ScalingKey, gpu string, a *model.Analysis) {
		if several(kinds[key]) {
			key.GPU = gpu
		}
		all[key] = append(all[key], a)
	})
	return all
}

// eachRead gives every run shown that has values and a config, its key without the GPU.
func (p *Pane) eachRead(do func(key model.ScalingKey, gpu string, a *model.Analysis)) {
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
func (p *Pane) keyOf(r model.Run) model.ScalingKey {
	k := model.KeyOf(*r.Experiment, gpuOf(p.analyses[r.Name]))
	k.Replay = k.Replay || p.replay(r)
	return k
}

// gpuOf is the GPU as the traces name it; empty: not known.
func gpuOf(a *model.Analysis) string {
	if a == nil || a.Trace == nil || len(a.Trace.Ranks) == 0 {
		return ""
	}
	return a.Trace.Ranks[0].Device
}

// bestOf is the run with the best value; not ok where that means nothing.
func bestOf(group []*model.Analysis, d model.Definition) (run string, ok bool) {
	var best float64
	differ := false
	for _, a := range group {
		m := a.Metric(d.Name)
		if m.Value == nil || d.Better == model.NoBetter {
			continue
		}
		differ = differ || run != "" && *m.Value != best
		if run == "" || d.Better == model.Higher && *m.Value > best || d.Better == model.Lower && *m.Value < best {
			run, best = a.Run, *m.Value
		}
	}
	return run, differ
}
