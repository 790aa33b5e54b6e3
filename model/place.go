package model

import "strings"

// Place says what the job of an experiment asks of a site. One task runs on each
// node, whatever the layout; the runner starts the ranks itself. The layout's
// numbers must be positive.
func Place(e Experiment, s Site) Placement {
	p := Placement{GPUs: e.Layout.GPUs(), Tasks: 1}
	p.Nodes, p.GPUsPerNode = spread(p.GPUs, s.GPUsPerNode)
	p.CPUsPerTask = p.GPUsPerNode * s.CPUsPerGPU
	p.QOS = pickQOS(e.Slurm.QOS, p, s)
	if q := s.Queue(p.QOS); q != nil {
		p.Shared = q.Shared
	}
	p.Constraint = e.Slurm.Constraint
	if IsAuto(p.Constraint) {
		p.Constraint = s.Constraint
	}
	if k := s.Kind(e.Slurm.Constraint); k != nil {
		p.GPU = k.GPU
	}
	p.TPSpans = p.Nodes > 1 && p.GPUsPerNode%e.Layout.TP != 0
	p.PPSpans = p.Nodes > 1 && e.Layout.PP > 1 && p.GPUsPerNode%(e.Layout.TP*e.Layout.PP) != 0
	return p
}

// IsAuto reports whether a value leaves the choice to shardeck.
func IsAuto(v string) bool { return v == "" || v == "auto" }

// mostNodes is more than any job has; past it, how GPUs lie on nodes is no question.
const mostNodes = 4096

// spread lays GPUs over the fewest nodes that each hold as many; where no such
// number of nodes exists below one GPU a node, the last node holds fewer (a rule
// refuses that).
func spread(gpus, perNode int) (nodes, each int) {
	if perNode <= 0 || gpus <= perNode {
		return 1, gpus
	}
	nodes = ceilDiv(gpus, perNode)
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
func pickQOS(asked string, p Placement, s Site) string {
	switch {
	case !IsAuto(asked):
		return asked
	case p.Nodes == 1 && p.GPUs <= s.DefaultQOS.SharedGPUs:
		return s.DefaultQOS.Shared
	}
	return s.DefaultQOS.Whole
}

// Queue finds a QOS by the name it is submitted with; nil if the site has none such.
func (s Site) Queue(name string) *Queue {
	for i := range s.Queues {
		if s.Queues[i].Name == name {
			return &s.Queues[i]
		}
	}
	return nil
}

// Kind is the kind of node that a job with this constraint is planned for: of all
// that may be given to it the site's default, which is the smaller card. It is nil
// where no node has such features.
func (s Site) Kind(constraint string) *NodeKind {
	if IsAuto(constraint) {
		constraint = s.Constraint
	}
	var found *NodeKind
	for i := range s.Partitions {
		k := &s.Partitions[i]
		if k.offers(constraint) && (found == nil || k.Default) {
			found = k
		}
	}
	return found
}

// offers reports whether nodes of this kind have the features asked for:
// alternatives joined by |, each of features joined by &.
func (k NodeKind) offers(constraint string) bool {
	has := map[string]bool{"": true}
	for _, f := range strings.Split(k.Constraint, "&") {
		has[f] = true
	}
	for _, alternative := range strings.Split(constraint, "|") {
		all := true
		for _, f := range strings.Split(alternative, "&") {
			all = all && has[f]
		}
		if all {
			return true
		}
	}
	return false
}
