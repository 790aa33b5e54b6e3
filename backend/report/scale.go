package report

import (
	"math"
	"shardeck/model/present/unit"
	"slices"

	"gonum.org/v1/plot"
)

// wide is the ratio of largest to smallest Y from which a panel is logarithmic:
// beyond it the small series would lie on the axis.
const wide = 20

// far is the largest X that a linear axis shows well; beyond it each doubling
// takes the same room.
const far = 8

// setScales chooses the axes: X has its ticks where runs are; Y starts at zero
// unless its values are orders of magnitude apart.
func setScales(c *plot.Plot, p Panel) {
	if !linear(p) {
		c.X.Scale = plot.LogScale{}
	}
	c.X.Tick.Marker = plot.ConstantTicks(ticksX(p))
	if logarithmic(p) {
		c.Y.Scale = plot.LogScale{}
		c.Y.Tick.Marker = plot.TickerFunc(decades)
	} else {
		c.Y.Tick.Marker = plot.TickerFunc(round)
	}
	setRange(c, p)
}

// setRange leaves air around the points.
func setRange(c *plot.Plot, p Panel) {
	low, high := rangeX(p)
	c.X.Min, c.X.Max = low, high
	bottom, top := rangeY(p)
	switch {
	case logarithmic(p):
		c.Y.Min, c.Y.Max = bottom/1.6, top*1.6
	case p.Kind == Efficiency:
		c.Y.Min, c.Y.Max = 0, math.Max(top, 100)*1.15
	default:
		c.Y.Min, c.Y.Max = 0, top*1.15
	}
}

func logarithmic(p Panel) bool {
	bottom, top := rangeY(p)
	if p.Scale != Auto {
		return p.Scale == Log && bottom > 0
	}
	return p.Kind != Efficiency && bottom > 0 && top/bottom > wide
}

// linear reports whether X lies on a linear axis.
func linear(p Panel) bool {
	low, high := extentX(p)
	if p.Scale != Auto {
		return p.Scale == Linear || low <= 0
	}
	return high <= far
}

// rangeX spans all points, and some air.
func rangeX(p Panel) (low, high float64) {
	low, high = extentX(p)
	if linear(p) {
		air := math.Max(0.25, (high-low)*0.15)
		return low - air, high + air
	}
	air := math.Max(math.Pow(high/low, 0.08), 1.12)
	return low / air, high * air
}

// extentX is the smallest and the largest X.
func extentX(p Panel) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range p.Series {
		for _, point := range s.Points {
			low, high = math.Min(low, point.X), math.Max(high, point.X)
		}
	}
	return low, high
}

// rangeY spans all points with their spread, and the ideal lines that fit.
func rangeY(p Panel) (bottom, top float64) {
	bottom, top = math.Inf(1), math.Inf(-1)
	for _, s := range p.Series {
		for _, point := range s.Points {
			bottom, top = math.Min(bottom, point.Value), math.Max(top, point.Value+point.HalfRange())
			if p.Ideal && p.Kind == Rate {
				top = math.Max(top, point.Ideal)
			}
		}
	}
	return bottom, top
}

// ticksX has one tick for each X that occurs.
func ticksX(p Panel) []plot.Tick {
	var at []float64
	for _, s := range p.Series {
		for _, point := range s.Points {
			at = append(at, point.X)
		}
	}
	slices.Sort(at)
	var ticks []plot.Tick
	for _, x := range slices.Compact(at) {
		ticks = append(ticks, plot.Tick{Value: x, Label: short(x)})
	}
	return ticks
}

// round puts about five ticks at round numbers.
func round(low, high float64) []plot.Tick {
	step := math.Pow(10, math.Floor(math.Log10((high-low)/2)))
	for _, factor := range []float64{5, 2.5, 2, 1, 0.5, 0.25, 0.2} {
		if (high-low)/(step*factor) >= 4 {
			step *= factor
			break
		}
	}
	var ticks []plot.Tick
	for v := math.Ceil(low/step) * step; v <= low+(high-low)*0.97; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: short(v)})
	}
	return ticks
}

// decades puts ticks at 1, 2 and 5 of every power of ten.
func decades(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for power := math.Floor(math.Log10(low)); power <= math.Ceil(math.Log10(high)); power++ {
		for _, digit := range []float64{1, 2, 5} {
			// a label at the very top would push the axis down
			if v := digit * math.Pow(10, power); v >= low && v <= high/math.Pow(high/low, 0.04) {
				ticks = append(ticks, plot.Tick{Value: v, Label: short(v)})
			}
		}
	}
	return ticks
}

// short prints a tick: thousands apart, no needless decimals.
func short(v float64) string {
	v = math.Round(v*1e6) / 1e6
	if v < 1000 {
		return unit.Full(v)
	}
	return unit.Number(v, 0)
}
