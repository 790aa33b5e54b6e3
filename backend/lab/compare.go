package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"shardeck/backend/analyze"
	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/scaling"
)

// What a comparison is made of.
type (
	Comparison  = scaling.Comparison
	CompareRow  = scaling.CompareRow
	CompareCell = scaling.CompareCell
)

// side is one run of a comparison.
type side struct {
	run      model.Run
	analysis *metric.Analysis
	samples  map[string][]float64
}

// Compare reads runs and sets them side by side.
func (l *Lab) Compare(ctx context.Context, names []string, progress pool.Progress) (Comparison, error) {
	sides, err := l.sides(ctx, names, progress)
	if err != nil {
		return Comparison{}, err
	}
	c := Comparison{Warnings: []string{}}
	for _, s := range sides {
		c.Runs = append(c.Runs, s.run.Name)
		c.Warnings = append(c.Warnings, l.unlike(sides[0], s)...)
	}
	for _, d := range metric.Definitions {
		if r := compareRow(d, sides); anyValue(r) {
			c.Rows = append(c.Rows, r)
		}
	}
	c.Warnings = append(c.Warnings, unsure(c)...)
	return c, nil
}

// unsure says once why differences are marked "~", for each reason there is.
func unsure(c Comparison) []string {
	var out []string
	for _, r := range c.Rows {
		for _, cell := range r.Cells {
			text := "~: " + cell.Words
			if cell.Same && strings.HasPrefix(cell.Words, "too few") && !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out
}

func (l *Lab) sides(ctx context.Context, names []string, progress pool.Progress) ([]side, error) {
	runs, err := l.named(names)
	if err != nil {
		return nil, err
	}
	read, err := l.analyseAll(ctx, runs, progress)
	if err != nil {
		return nil, err
	}
	sides := make([]side, len(runs))
	for i, run := range runs {
		samples, err := analyze.Samples(ctx, l.newReading(run).input)
		if err != nil {
			return nil, err
		}
		sides[i] = side{run, read[i], samples}
	}
	return sides, nil
}

// named finds runs by their names.
func (l *Lab) named(names []string) ([]model.Run, error) {
	runs := make([]model.Run, len(names))
	for i, name := range names {
		run, err := l.Run(name)
		if err != nil {
			return nil, err
		}
		runs[i] = run
	}
	return runs, nil
}

// unlike says why a run may not be compared with the base, what was lost of it, and
// whether it is a replay.
func (l *Lab) unlike(base, s side) []string { return append(l.differs(base, s), replayed(s)...) }

func replayed(s side) []string {
	if !s.analysis.Replay {
		return nil
	}
	return []string{s.run.Name + " is a replay of a recording, not a measurement of this machine"}
}

func (l *Lab) differs(base, s side) []string {
	var out []string
	if a, b := base.run.Experiment, s.run.Experiment; a != nil && b != nil {
		if ok, why := l.comparable(*a, gpuOf(base.analysis)).Equal(l.comparable(*b, gpuOf(s.analysis))); !ok {
			out = append(out, fmt.Sprintf("%s is not comparable with %s: %s", s.run.Name, base.run.Name, why))
		}
	}
	if s.analysis.Damaged {
		out = append(out, s.run.Name+" has damaged files: see shardeck metrics "+s.run.Name)
	}
	return out
}

func compareRow(d metric.Definition, sides []side) CompareRow {
	r := CompareRow{Name: d.Name, Unit: d.Unit, Decimals: d.Decimals}
	for i, s := range sides {
		c := cellOf(s, d.Name)
		if i > 0 {
			against(&c, r.Cells[0], sides[0].samples[d.Name], s.samples[d.Name])
		}
		r.Cells = append(r.Cells, c)
	}
	if d.Name == "straggler" { // ranks are names, not amounts
		for i := range r.Cells {
			r.Cells[i].Change, r.Cells[i].Same = nil, false
		}
	}
	return r
}

// anyValue reports whether some run has the metric.
func anyValue(r CompareRow) bool {
	for _, c := range r.Cells {
		if c.Value != nil {
			return true
		}
	}
	return false
}

func cellOf(s side, name string) CompareCell {
	if list := s.samples[name]; len(list) > 0 {
		middle := metric.Median(list)
		c := CompareCell{Value: &middle, N: len(list)}
		if spread := metric.Spread(list); spread == spread { // NaN has no place in JSON
			c.Spread = spread
		}
		return c
	}
	m := s.analysis.Metric(name)
	return CompareCell{Value: m.Value, Reason: m.Reason}
}

// against compares a cell with that of the base.
func against(c *CompareCell, base CompareCell, was, now []float64) {
	if c.Value == nil || base.Value == nil || *base.Value == 0 {
		return
	}
	change := 100 * (*c.Value - *base.Value) / *base.Value
	c.Change = &change
	if len(was) > 0 && len(now) > 0 {
		d := metric.Compare(was, now)
		c.Same, c.Words = !d.Sure, d.Words
	}
}
