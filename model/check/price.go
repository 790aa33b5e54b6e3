package check

import (
	"fmt"
	"time"

	"shardeck/model"
)

// PriceOf is the most a job can cost: its placement for the whole time limit, in
// node hours. Whole nodes are charged whole; a shared node by its dominant
// fraction, max(GPUs/4, CPUs/128). It is nil where the site has no price for the
// QOS. [perlmutter.md §4]
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
