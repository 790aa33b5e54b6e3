package forecast

import (
	"math"
	"slices"

	"shardeck/model/metric"
)

// Level is how much of what will be measured an interval is to hold.
const Level = 0.8

// draws is how many outcomes an interval is made of.
const draws = 200

// normals are quantiles of the normal distribution, evenly spread; strides put them in orders of their own, so that sums of them are
// drawn without chance: the same question has the same answer.
var normals = func() (z [draws]float64) {
	for i := range z {
		z[i] = math.Sqrt2 * math.Erfinv(2*(float64(i)+0.5)/draws-1)
	}
	return z
}()

const strideB, strideC, strideD = 61, 83, 147

// What is expected of residuals before any are seen, and how many such stand beside those seen.
var (
	scatterBefore = [quantities]float64{ttft: 0.025, tpot: 0.012, iteration: 0.012}
	scatterWeight = 2.0
)

// doubts of what the device takes: deviations of logarithms, and what these and residuals are multiplied by.
type doubts struct{ posterior, structural, scale float64 }

// elsewhere is how wide intervals are for layouts of which there is no run, of what their terms come to. Of 20 forecasts on two H200 from
// runs on one (seven points, not launch-bound, made before their runs) 0.62 of the interval held 80 %; seven points stand for half of
// the truth, and the terms, which say 1, for the other. None of these points is in a table of errors.
const elsewhere = 0.79

// layoutScale is elsewhere, or 1 where a run had the layout.
func (f *fitted) layoutScale(c Config) float64 {
	if slices.ContainsFunc(f.runs, func(r Run) bool { return r.Config.Experiment.Layout == c.Experiment.Layout }) || len(f.runs) == 0 {
		return 1
	}
	return elsewhere
}

// spread is how far a metric may lie above or below the forecast, as logarithms of ratios: the constants' posterior, residuals of
// runs drawn again, a structural term for what the laws may have wrong at a distance from all runs, and the host, which may
// take longer or shorter by doubt (an sd): that shows where it comes near the device, of which hosted tells how near.
func (f *fitted) spread(q quantity, device doubts, hosted, doubt float64) (below, above float64) {
	eighth := hosted / max(1-hosted, 1e-3) // power of the host's time over the device's, as in work.time
	pool, scale := f.pool(q)
	posterior, structural := device.posterior*device.scale, device.structural*device.scale
	scale *= device.scale
	out := make([]float64, draws)
	for i := range out {
		out[i] = posterior*normals[i] + structural*normals[i*strideB%draws]
		if host := doubt * normals[i*strideD%draws]; eighth > 0 {
			out[i] += (math.Log1p(eighth*math.Exp(8*host)) - math.Log1p(eighth)) / 8
		}
		if j := i * strideC % draws; len(pool) > 2 {
			out[i] += scale * pool[j%len(pool)]
		} else {
			out[i] += scale * normals[j]
		}
	}
	slices.Sort(out)
	const tail = draws / 10 // (1 − Level) / 2 of them
	return min(out[tail], 0), max(out[draws-1-tail], 0)
}

// pool is the residuals of a metric about their median and what they are to be multiplied by; few of them are taken for normal, scale
// being their deviation.
func (f *fitted) pool(q quantity) (centred []float64, scale float64) {
	all, squares := f.scatter[q], 0.0
	middle := metric.Median(all)
	for _, r := range all {
		centred = append(centred, r-middle)
		squares += r * r
	}
	before := scatterBefore[q]
	deviation := math.Sqrt((scatterWeight*before*before + squares) / (scatterWeight + float64(len(all))))
	own := 0.0
	for _, r := range centred {
		own += r * r / float64(len(centred))
	}
	if len(centred) <= 2 || own < 1e-8 {
		return nil, deviation
	}
	return centred, deviation / math.Sqrt(own)
}
