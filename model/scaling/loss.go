package scaling

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"shardeck/model/present/unit"
)

// Loss says where the time of a rank went that more ranks should have saved: it compares
// the second run of a TraceDiff with the base divided among its ranks.
type Loss struct {
	Ranks    [2]int     `json:"ranks"`
	IdealNS  float64    `json:"ideal_ns"`   // the window, had the base's work been divided among the ranks
	WindowNS float64    `json:"window_ns"`  // as it was
	Percent  float64    `json:"efficiency"` // ideal / window, %: of the traced passes, which the profiler slows
	Parts    []LossPart `json:"parts"`      // what is over the ideal, the largest first; their sum is window − ideal
}

// LossPart is how much longer one part of the window is than its ideal; negative: shorter.
type LossPart struct {
	Name   string  `json:"name"` // compute, transfer, wait, copy or idle
	OverNS float64 `json:"over_ns"`
}

// lose adds the loss, or why there is none. Runs with as many ranks have none, and those
// whose steps are not known: what their windows hold cannot be compared.
func (d *TraceDiff) lose() {
	if d.Loss = lossOf(*d); d.Loss == nil {
		return
	}
	if why := d.unlikeWork(); why != "" {
		d.Loss, d.Notes = nil, append(d.Notes, why)
	}
}

func lossOf(d TraceDiff) *Loss {
	a, b := d.Runs[0], d.Runs[1]
	if a.Ranks == b.Ranks || a.Ranks*b.Ranks*a.Steps*b.Steps == 0 || len(d.Parts) == 0 {
		return nil
	}
	l := &Loss{Ranks: [2]int{a.Ranks, b.Ranks}}
	share := float64(a.Ranks) / float64(b.Ranks)
	for _, p := range d.Parts {
		ideal, now := p.Sides[0].NS*share, p.Sides[1].NS
		if p.Name == "window" {
			l.IdealNS, l.WindowNS = ideal, now
			continue
		}
		l.Parts = append(l.Parts, LossPart{p.Name, now - ideal})
	}
	if l.IdealNS <= 0 || l.WindowNS <= 0 {
		return nil
	}
	l.Percent = 100 * l.IdealNS / l.WindowNS
	slices.SortStableFunc(l.Parts, func(a, b LossPart) int { return cmp.Compare(b.OverNS, a.OverNS) })
	return l
}

// Words say in a sentence how far from the ideal a run is, and what took the rest:
// "72.6 % of ideal in the traces: transfer +4.31, idle +3.69, wait +2.67 ms".
func (l Loss) Words() string {
	over := math.Abs(l.WindowNS - l.IdealNS)
	var parts []string
	for _, p := range l.Parts {
		if p.OverNS != 0 && math.Abs(p.OverNS) >= over/50 {
			parts = append(parts, p.Name+" "+unit.Signed(p.OverNS/1e6, 2))
		}
	}
	return unit.Number(l.Percent, 1) + " % of ideal in the traces: " + strings.Join(parts, ", ") + " ms"
}

// leastWork is the share of the base's computing that a run must show for the ideal to be
// that of the same work: where profilers began apart, the start of a run is cut.
const leastWork = 0.95

// unlikeWork says why the windows of two runs do not hold the same work; empty: they may.
func (d TraceDiff) unlikeWork() string {
	for _, p := range d.Parts {
		if p.Name != "compute" {
			continue
		}
		was, now := p.Sides[0].NS*float64(d.Runs[0].Ranks), p.Sides[1].NS*float64(d.Runs[1].Ranks)
		if was > 0 && now < was*leastWork {
			return fmt.Sprintf("no ideal: all ranks of %s compute %.0f %% as long as those of %s, so its window holds less of the work: was its start cut?",
				d.Runs[1].Run, 100*now/was, d.Runs[0].Run)
		}
	}
	return ""
}
