// Package report writes what leaves shardeck: the summary of runs as CSV and the
// scaling charts as PNG. It computes nothing; values come ready from backend/measure.
// Both files are written whole into a writer, so the caller decides where they lie.
package report

import "shardeck/model/scaling"

// Panel is one chart of the picture.
type Panel struct {
	Title  string
	X, Y   string // axis labels, with units
	Series []scaling.ChartSeries
	Ideal  bool   // a dashed line at 100 (efficiency), or through the Ideal of each series' points
	Kind   Kind   // what Y is
	Empty  string // what stands in the panel when no series has a point

	Scale Scale     // of both axes
	Nodes []float64 // X at which a node is full, marked
}

// Scale of a panel's axes.
type Scale int

// The scales: each axis as its values ask for, or both as told.
const (
	Auto Scale = iota
	Linear
	Log
)

// Kind of a panel's Y, which decides its scale.
type Kind int

// The kinds: a rate grows with GPUs, a time falls, an efficiency is a percentage of 100.
const (
	Rate Kind = iota
	Time
	Efficiency
)

// hasPoints reports whether there is anything to draw.
func (p Panel) hasPoints() bool {
	for _, s := range p.Series {
		if len(s.Points) > 0 {
			return true
		}
	}
	return false
}

// names lists the series of all panels, in order of first appearance.
func names(panels []Panel) []string {
	var all []string
	seen := map[string]bool{}
	for _, p := range panels {
		for _, s := range p.Series {
			if !seen[s.Name] && len(s.Points) > 0 {
				seen[s.Name] = true
				all = append(all, s.Name)
			}
		}
	}
	return all
}
