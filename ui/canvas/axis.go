package canvas

import "math"

// axis maps values to cells 0…cells.
type axis struct {
	low, high float64
	cells     int
	from      int // cell of low
	log       bool
	step      float64 // between ticks, linear only
}

// newAxis makes an axis whose end is a round number, so that its labels are too.
func newAxis(low, high float64, cells int, log bool) axis {
	a := axis{low: low, high: high, cells: max(cells, 1), log: log}
	if low == 0 && !log {
		a.step = tightStep(high, max(1, min(5, float64(cells)/2)))
		a.high = math.Ceil(high/a.step-1e-9) * a.step
	}
	return a
}

// tightStep is the round step, at most so many of which reach high, that wastes the least room above it.
func tightStep(high, most float64) float64 {
	best, end := 0.0, math.Inf(1)
	for step := roundUp(high/most, coarse); step <= high || best == 0; step = roundUp(step*1.01, coarse) {
		if e := math.Ceil(high/step-1e-9) * step; e < end*(1-1e-9) {
			best, end = step, e
		}
	}
	return best
}

// coarse and fine are the digits that a number may begin with to be round.
var (
	coarse = []float64{1, 2, 2.5, 5}
	fine   = []float64{1, 1.5, 2, 2.5, 3, 4, 5, 6, 8}
)

// roundUp is the next of the digits times a power of ten; 1 for nothing.
func roundUp(v float64, digits []float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, d := range digits {
		if d*power >= v*(1-1e-9) {
			return d * power
		}
	}
	return 10 * power
}

// roundBelow is the round number before one above 0.
func roundBelow(v float64) float64 {
	power, best := math.Pow(10, math.Floor(math.Log10(v))), 0.0
	for _, d := range fine {
		if d*power <= v*(1+1e-9) {
			best = d * power
		}
	}
	return best
}

// fraction is where a value lies, from 0 at low to 1 at high.
func (a axis) fraction(v float64) float64 {
	low, high := a.low, a.high
	if a.log {
		v, low, high = math.Log(v), math.Log(low), math.Log(high)
	}
	if high <= low {
		return 0.5
	}
	return (v - low) / (high - low)
}

// place is where a value lies in cells, and value what lies at a place.
func (a axis) place(v float64) float64 { return float64(a.from) + a.fraction(v)*float64(a.cells) }

func (a axis) value(place float64) float64 {
	share := (place - float64(a.from)) / float64(a.cells)
	if a.log {
		return a.low * math.Pow(a.high/a.low, share)
	}
	return a.low + share*(a.high-a.low)
}

func (a axis) at(v float64) int {
	return a.from + min(max(int(math.Round(a.fraction(v)*float64(a.cells))), 0), a.cells)
}

// ticks are the values worth a label, at most one to two rows.
func (a axis) ticks() []float64 {
	if a.log {
		return a.logTicks()
	}
	var out []float64
	for v := a.low; a.step > 0 && v <= a.high+a.step/1e6; v += a.step {
		out = append(out, v)
	}
	return out
}

// logTicks are the ends, and of the round numbers between those that stand apart: the coarsest that give at least one,
// 1 and 10, then 1 2 5, then all.
func (a axis) logTicks() []float64 {
	for _, digits := range [][]float64{{1}, {1, 2, 5}, fine} {
		out := []float64{a.low}
		for _, v := range roundBetween(a.low, a.high, digits) {
			if a.at(v) >= a.at(out[len(out)-1])+2 && a.at(v)+2 <= a.at(a.high) {
				out = append(out, v)
			}
		}
		if len(out) > 2 || len(digits) == len(fine) {
			return append(out, a.high)
		}
	}
	return nil
}

// roundBetween are the numbers between two that begin with one of the digits, rising.
func roundBetween(low, high float64, digits []float64) []float64 {
	var out []float64
	for power := math.Pow(10, math.Floor(math.Log10(low))); power < high; power *= 10 {
		for _, d := range digits {
			if v := d * power; v > low*(1+1e-9) && v < high*(1-1e-9) {
				out = append(out, v)
			}
		}
	}
	return out
}
