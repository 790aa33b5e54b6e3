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

// spread is how far a metric may lie above or below the forecast, as logarithms of ratios: the constants' posterior (an sd), residuals
// of runs drawn again, a structural term (an sd) for what the laws may have wrong at a distance from all runs, and the host, which may
// take longer or shorter by doubt (an sd): that shows where it comes near the device, of which hosted tells how near.
func (f *fitted) spread(q quantity, posterior, structural, hosted, doubt float64) (below, above float64) {
	eighth := hosted / max(1-hosted, 1e-3) // power of the host's time over the device's, as in work.time
	pool, scale := f.pool(q)
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
