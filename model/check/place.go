package check

import "shardeck/model"

// Place says what the job of an experiment asks of a site. One task runs on each
// node, whatever the layout; the runner starts the ranks itself. The layout's
// numbers must be positive.
func Place(e model.Experiment, s model.Site) Placement {
	p := Placement{GPUs: e.Layout.GPUs(), Tasks: 1}
	p.Nodes, p.GPUsPerNode = spread(p.GPUs, s.GPUsPerNode)
	p.CPUsPerTask = p.GPUsPerNode * s.CPUsPerGPU
	p.QOS = pickQOS(e.Slurm.QOS, p, s)
	if q := s.Queue(p.QOS); q != nil {
		p.Shared = q.Shared
	}
	p.Constraint = e.Slurm.Constraint
	if model.IsAuto(p.Constraint) {
		p.Constraint = s.Constraint
	}
	if k := s.Kind(e.Slurm.Constraint); k != nil {
		p.GPU = k.GPU
	}
	p.TPSpans = p.Nodes > 1 && p.GPUsPerNode%e.Layout.TP != 0
	p.PPSpans = p.Nodes > 1 && e.Layout.PP > 1 && p.GPUsPerNode%(e.Layout.TP*e.Layout.PP) != 0
	return p
}

// mostNodes is more than any job has; past it, how GPUs lie on nodes is no question.
const mostNodes = 4096

// spread lays GPUs over the fewest nodes that each hold as many; where no such
// number of nodes exists below one GPU a node, the last node holds fewer (a rule
// refuses that).
func spread(gpus, perNode int) (nodes, each int) {
	if perNode <= 0 || gpus <= perNode {
		return 1, gpus
	}
	nodes = model.CeilDiv(gpus, perNode)
	if nodes > mostNodes {
		return nodes, perNode
	}
	for n := nodes; n <= 2*nodes; n++ {
		if gpus%n == 0 {
			return n, gpus / n
		}
	}
	return nodes, perNode
}

// pickQOS resolves auto by the site's rule.
func pickQOS(asked string, p Placement, s model.Site) string {
	switch {
	case !model.IsAuto(asked):
		return asked
	case p.Nodes == 1 && p.GPUs <= s.DefaultQOS.SharedGPUs:
		return s.DefaultQOS.Shared
	}
	return s.DefaultQOS.Whole
}
