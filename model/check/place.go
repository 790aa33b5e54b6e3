package check

import (
	"fmt"
	"time"

	"shardeck/model"
)

// Place says what the job of an experiment asks of a site. One task runs on each node, whatever
// the layout; the runner starts the ranks itself. The layout's numbers must be positive.
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

// spread lays GPUs over the fewest nodes that each hold as many; where no such number of nodes
// exists below one GPU a node, the last node holds fewer (a rule refuses that).
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

// PriceOf is the most a job can cost: its placement for the whole time limit, in node hours.
// Whole nodes are charged whole; a shared node by its dominant fraction, max(GPUs/4, CPUs/128).
// It is nil where the site has no price for the QOS. [perlmutter.md §4]
func PriceOf(p Placement, s model.Site, limit time.Duration) *Price {
	q := s.Queue(p.QOS)
	if q == nil || limit <= 0 {
		return nil
	}
	nodes := float64(p.Nodes)
	if p.Shared {
		nodes = nodeFraction(p, s)
	}
	hours := limit.Hours()
	cost := nodes * q.Charged(hours, p.Nodes)
	factor := 0.0
	if nodes*hours > 0 {
		factor = cost / (nodes * hours)
	}
	return &Price{NodeHours: cost, Nodes: nodes, Hours: hours, Factor: factor, Words: priceWords(nodes, limit, factor)}
}

// nodeFraction is the part of a node that a shared job is charged for.
func nodeFraction(p Placement, s model.Site) float64 {
	var part float64
	if s.GPUsPerNode > 0 {
		part = float64(p.GPUsPerNode) / float64(s.GPUsPerNode)
	}
	if s.CPUsPerNode > 0 {
		part = max(part, float64(p.CPUsPerTask*p.Tasks)/float64(s.CPUsPerNode))
	}
	return part
}

// priceWords says what is paid for: "one whole node for 30 min".
func priceWords(nodes float64, limit time.Duration, factor float64) string {
	words := nodeWords(nodes) + " for " + model.DurationWords(limit)
	switch factor {
	case 1:
		return words
	case 0:
		return words + ", free of charge"
	}
	return fmt.Sprintf("%s, times %.4g", words, factor)
}

func nodeWords(nodes float64) string {
	switch nodes {
	case 0.25:
		return "a quarter of a node"
	case 0.5:
		return "half a node"
	case 1:
		return "one whole node"
	}
	if nodes < 1 {
		return fmt.Sprintf("%.3g of a node", nodes)
	}
	return fmt.Sprintf("%.0f whole nodes", nodes)
}
