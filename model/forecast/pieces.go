package forecast

import (
	"cmp"
	"math"
	"slices"
)

// Point is one measurement: seconds at a size in bytes or FLOPs.
type Point struct{ Size, Seconds float64 }

// Piece is a straight part of a law: seconds = T0 + size/Rate from size Above up to that of the next piece.
type Piece struct {
	Above float64 `json:"above"` // bytes or FLOPs; 0: the first
	T0    float64 `json:"t0_s"`  // seconds
	Rate  float64 `json:"per_s"` // bytes or FLOPs a second; 0: time does not grow with size here
}

// mostPieces is how many a law may have: latency, a middle and bandwidth.
const mostPieces = 3

// leastPoints is how many measurements a piece stands on.
const leastPoints = 3

// PieceAt is the piece of a law that a size lies in; nil: there is none.
func PieceAt(pieces []Piece, size float64) (at *Piece) {
	for i := range pieces {
		if i == 0 || size > pieces[i].Above {
			at = &pieces[i]
		}
	}
	return at
}

// At is the time by a law, in seconds.
func At(pieces []Piece, size float64) float64 {
	p := cmp.Or(PieceAt(pieces, size), &Piece{})
	if p.Rate > 0 {
		return p.T0 + size/p.Rate
	}
	return p.T0
}

// fitPieces fits seconds = t0 + size/rate in up to most pieces, by least squares of the relative error, with neither t0 nor
// rate below 0. Another piece is taken where the Bayesian information criterion pays for its three parameters (two and a
// bound). No points, or none of a positive time: none.
func fitPieces(points []Point, most int) []Piece {
	points = slices.DeleteFunc(slices.Clone(points), func(p Point) bool { return !(p.Seconds > 0) || math.IsInf(p.Seconds+p.Size, 0) })
	slices.SortFunc(points, func(a, b Point) int { return cmp.Or(cmp.Compare(a.Size, b.Size), cmp.Compare(a.Seconds, b.Seconds)) })
	if len(points) == 0 {
		return nil
	}
	best, least := []Piece(nil), math.Inf(1)
	for k := 1; k <= most; k++ {
		pieces, squares := split(points, k)
		if pieces == nil {
			break
		}
		n := float64(len(points))
		if score := n*math.Log(squares/n+noise*noise) + float64(3*k-1)*math.Log(n); score < least {
			best, least = pieces, score
		}
	}
	return best
}

// noise is the relative error of one measurement: closer than this nothing is worth another piece.
const noise = 0.01

// split is the best law of k pieces, and its summed squares of relative errors; nil: there are too few points.
func split(points []Point, k int) ([]Piece, float64) {
	if k == 1 {
		p := line(points)
		return []Piece{p}, squares(points, p)
	}
	var best []Piece
	least := math.Inf(1)
	for at := leastPoints * (k - 1); at <= len(points)-leastPoints; at++ {
		if points[at].Size == points[at-1].Size {
			continue
		}
		head, cost := split(points[:at], k-1)
		if head == nil {
			continue
		}
		last := line(points[at:])
		if cost += squares(points[at:], last); cost < least {
			last.Above = points[at-1].Size
			best, least = append(slices.Clone(head), last), cost
		}
	}
	return best, least
}

// line is one straight piece through some points: with u = 1/y and v = x/y it makes Σ(t0·u + v/rate − 1)² least.
func line(points []Point) Piece {
	var uu, uv, vv, u, v float64
	for _, p := range points {
		a, b := 1/p.Seconds, p.Size/p.Seconds
		uu, uv, vv, u, v = uu+a*a, uv+a*b, vv+b*b, u+a, v+b
	}
	t0, per := u/uu, 0.0 // flat
	if det := uu*vv - uv*uv; det > 1e-9*uu*vv {
		t0, per = (vv*u-uv*v)/det, (uu*v-uv*u)/det
	}
	switch {
	case per <= 0:
		return Piece{T0: u / uu}
	case t0 < 0:
		return Piece{Rate: vv / v}
	}
	return Piece{T0: t0, Rate: 1 / per}
}

func squares(points []Point, p Piece) (sum float64) {
	for _, x := range points {
		off := At([]Piece{p}, x.Size)/x.Seconds - 1
		sum += off * off
	}
	return sum
}
