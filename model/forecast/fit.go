package forecast

import (
	"cmp"
	"math"
	"slices"

	"shardeck/model"
)

// observation is one measured time, by the terms of which the laws say it.
type observation struct {
	plan  *plan
	q     quantity
	log   float64 // of the time in µs
	error float64 // of log, as far as the laws and the machine repeat
	trace bool
}

func (o *observation) residual(v *values) float64 {
	said := o.plan.logs(v)[o.q]
	if o.trace {
		said += math.Log(v[traceScale])
	}
	return o.log - said
}

// Errors of logarithms of what is measured: as far as laws of this form describe it.
const (
	ttftError = 0.025
	tpotError = 0.015
)

// spreadError is the deviation of the median of some three iterations, of the range of them.
const spreadError = 0.4

// vector and matrix are over the constants.
type (
	vector [constants]float64
	matrix [constants][constants]float64
)

// fitted is the laws of one machine: constants after all that was observed.
type fitted struct {
	machine
	runs       []Run
	plans      []plan // of runs
	at         values
	covariance matrix // of the logarithms
	scatter    [quantities][]float64
	most       [4]float64 // the largest of each size of runs
}

// freedom is the degrees of freedom of Student's t by which an observation far off counts less.
const freedom = 4

// solve finds the constants that are likeliest: logarithms normal about the priors, observations about the laws with heavy tails
// (Gauss–Newton, weights anew in each turn). The covariance is that of the posterior there.
func (f *fitted) solve(all []observation, from values) {
	f.at = from
	cost := f.cost(all, &f.at)
	for range 25 {
		normal, gradient := f.normal(all)
		step, inverse := solveSymmetric(normal, gradient)
		f.covariance = inverse
		next, better, size := f.at, false, 0.0
		for shrink := 1.0; shrink > 0.05 && !better; shrink /= 2 {
			size = 0
			for c := range next {
				move := min(max(shrink*step[c], -1), 1)
				next[c], size = f.at[c]*math.Exp(move), max(size, math.Abs(move))
			}
			if now := f.cost(all, &next); now <= cost {
				f.at, cost, better = next, now, true
			}
		}
		if !better || size < 1e-3 {
			return
		}
	}
}

func (f *fitted) cost(all []observation, v *values) (sum float64) {
	for i := range all {
		r := all[i].residual(v) / all[i].error
		sum += (freedom + 1) * math.Log1p(r*r/freedom)
	}
	for c, p := range f.priors {
		z := math.Log(v[c]/p.Value) / math.Log(p.Factor)
		sum += z * z
	}
	return sum
}

// normal is the matrix and the right side of the normal equations at the constants as they are.
func (f *fitted) normal(all []observation) (a matrix, b vector) {
	for c, p := range f.priors {
		precision := 1 / (math.Log(p.Factor) * math.Log(p.Factor))
		a[c][c] += precision
		b[c] -= precision * math.Log(f.at[c]/p.Value)
	}
	for i := range all {
		o := &all[i]
		r := o.residual(&f.at)
		slope := o.plan.slopes(&f.at)[o.q]
		if o.trace {
			slope[traceScale] = 1
		}
		z := r / o.error
		weight := (freedom + 1) / (freedom + z*z) / (o.error * o.error)
		for c := range slope {
			if slope[c] == 0 {
				continue
			}
			b[c] += weight * slope[c] * r
			for d := range slope {
				a[c][d] += weight * slope[c] * slope[d]
			}
		}
	}
	return a, b
}

// slopes are how the logarithm of each metric changes with that of each constant.
func (p *plan) slopes(v *values) (g [quantities]vector) {
	const h = 1e-4
	at, moved := p.logs(v), *v
	for c := range moved {
		moved[c] = v[c] * (1 + h)
		for q, log := range p.logs(&moved) {
			g[q][c] = (log - at[q]) / h
		}
		moved[c] = v[c]
	}
	return g
}

// solveSymmetric solves a·x = b by Cholesky's method, and inverts a, which is positive definite by its priors.
func solveSymmetric(a matrix, b vector) (x vector, inverse matrix) {
	var l matrix
	for i := range l {
		for j := 0; j <= i; j++ {
			sum := a[i][j]
			for k := range j {
				sum -= l[i][k] * l[j][k]
			}
			if i == j {
				l[i][i] = math.Sqrt(max(sum, 1e-12))
			} else {
				l[i][j] = sum / l[j][j]
			}
		}
	}
	back := func(b vector) vector {
		for i := range b {
			for k := range i {
				b[i] -= l[i][k] * b[k]
			}
			b[i] /= l[i][i]
		}
		for i := len(b) - 1; i >= 0; i-- {
			for k := i + 1; k < len(b); k++ {
				b[i] -= l[k][i] * b[k]
			}
			b[i] /= l[i][i]
		}
		return b
	}
	for c := range inverse {
		var unit vector
		unit[c] = 1
		inverse[c] = back(unit)
	}
	return back(b), inverse
}

// fitRuns fits the laws of a machine to runs of it, from constants near by (nil: the priors').
func fitRuns(m machine, runs []Run, plans []plan, from *values) *fitted {
	f := &fitted{machine: m, runs: runs, plans: plans}
	var all []observation
	for i := range runs {
		all = append(all, timed(&runs[i], &plans[i])...)
		all = append(all, f.operators(&runs[i])...)
	}
	for _, r := range runs {
		for i, v := range r.Config.sizes() {
			f.most[i] = max(f.most[i], v)
		}
	}
	start := m.start()
	f.solve(all, *cmp.Or(from, &start))
	for i := range runs {
		for q, measured := range runs[i].measured() {
			_, hosted := plans[i].time(&f.at)
			if measured > 0 && hosted[q] < 0.5 && runs[i].Spread[ttft] < steadySpread { // what the host sets has a doubt of its own
				o := observation{plan: &plans[i], q: quantity(q), log: math.Log(measured)}
				f.scatter[q] = append(f.scatter[q], o.residual(&f.at))
			}
		}
	}
	return f
}

// measured is the metrics of a run in µs; 0: not measured.
func (r Run) measured() [quantities]float64 {
	return [quantities]float64{r.TTFT * 1e3, r.TPOT * 1e3, r.Iteration * 1e6}
}

// timed are the observations of a run without a profiler.
func timed(r *Run, p *plan) (all []observation) {
	for q, sd := range map[quantity]float64{ttft: ttftError, tpot: tpotError} {
		if v := r.measured()[q]; v > 0 {
			if sd = math.Hypot(sd, spreadError*r.Spread[q]); r.Ragged {
				sd = math.Hypot(sd, raggedness)
			}
			all = append(all, observation{plan: p, q: q, log: math.Log(v), error: sd})
		}
	}
	slices.SortFunc(all, func(a, b observation) int { return cmp.Compare(a.q, b.q) })
	return all
}

// priorShare is how much of what was not known of a constant is not known still: 1, no run has told of it.
func (f *fitted) priorShare(c constant) float64 {
	sd := math.Log(f.priors[c].Factor)
	return min(1, math.Sqrt(f.covariance[c][c])/sd)
}

// variance is that of a logarithm with such slopes.
func (f *fitted) variance(g vector) (sum float64) {
	for c := range g {
		for d := range g {
			sum += g[c] * f.covariance[c][d] * g[d]
		}
	}
	return sum
}

// names are those of runs, each once.
func names(runs []Run) []string {
	all := model.Each(runs, func(r Run) string { return r.Name })
	slices.Sort(all)
	return slices.Compact(all)
}
