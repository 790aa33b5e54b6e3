package metric

import (
	"fmt"
	"math"
	"slices"
)

// Mean is the arithmetic mean; NaN of nothing.
func Mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(len(xs))
}

// Median is the middle value, or the mean of the two in the middle; NaN of nothing.
func Median(xs []float64) float64 { return Quantile(xs, 0.5) }

// Quantile is the value below which a part p, from 0 to 1, of the samples lies: with n sorted samples the point p·(n−1),
// linear between neighbours (type 7 of Hyndman and Fan, NumPy's default). NaN of nothing.
func Quantile(xs []float64, p float64) float64 {
	if len(xs) == 0 || math.IsNaN(p) {
		return math.NaN()
	}
	s := slices.Clone(xs)
	slices.Sort(s)
	at := min(max(p, 0), 1) * float64(len(s)-1)
	i := int(at)
	if i+1 >= len(s) {
		return s[len(s)-1]
	}
	return s[i] + (at-float64(i))*(s[i+1]-s[i])
}

// SpreadOf is how far samples lie apart, (max − min) / median, in %; NaN where the median is 0.
func SpreadOf(least, most, median float64) float64 {
	if median == 0 {
		return math.NaN()
	}
	return 100 * (most - least) / math.Abs(median)
}

// Change is the difference from a value in % of it; not ok where that is 0.
func Change(was, now float64) (percent float64, ok bool) {
	if was == 0 {
		return 0, false
	}
	return 100 * (now - was) / math.Abs(was), true
}

// Alpha is the level of the rank test: a difference that chance alone makes this often is marked "~".
const Alpha = 0.05

// Difference is what a test says of two sets of samples.
type Difference struct {
	P      float64 // how often chance alone makes as large a difference, two-sided
	Sure   bool    // P < Alpha
	TooFew bool    // so few samples that no difference would be sure: neither the same nor another
	Words  string  // why it is not sure; empty where it is
	Within bool    // the samples are iterations, of one run a side: another run of either may differ by more
	Higher bool    // the second is the higher
	N      [2]int  // samples of each side that were tested
}

// Compare tests whether two sets of samples differ, by the Mann–Whitney rank test: exact up to exactMax samples together,
// ties counted, else by the normal approximation. What names the samples: iterations, runs.
func Compare(a, b []float64, what string) Difference {
	n, m := len(a), len(b)
	d := Difference{P: 1, N: [2]int{n, m}}
	switch {
	case n == 0 || m == 0:
		d.Words = "no samples to compare"
		return d
	case slices.ContainsFunc(slices.Concat(a, b), math.IsNaN):
		d.Words = "a sample is missing"
		return d
	}
	d.P, d.Higher = rankP(a, b), Median(b) > Median(a)
	if d.TooFew = leastP(n, m) >= Alpha; d.TooFew {
		d.Words = fmt.Sprintf("n too small: %d against %d %s cannot show a difference", n, m, what)
		return d
	}
	if d.Sure = d.P < Alpha; !d.Sure {
		d.Words = fmt.Sprintf("chance alone makes as large a difference in %.0f %% of cases", 100*d.P)
	}
	return d
}

// leastP is the least p-value that the test can give, two-sided.
func leastP(n, m int) float64 { return 2 / choose(n+m, n) }

// exactMax is the number of samples up to which every split is counted.
const exactMax = 60

// rankP is the two-sided p-value of the rank sum of a among a and b.
func rankP(a, b []float64) float64 {
	ranks, sum := doubleRanks(a, b)
	if len(ranks) > exactMax {
		return normalP(ranks, len(a), sum)
	}
	return exactP(ranks, len(a), sum)
}

// doubleRanks gives every sample twice its rank, so that the middle ranks of ties are whole numbers, and the sum over a.
func doubleRanks(a, b []float64) (ranks []int, sum int) {
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	rank := map[float64]int{}
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j] == all[i] {
			j++
		}
		rank[all[i]] = i + 1 + j // twice the mean of i+1 … j
		i = j
	}
	for _, x := range all {
		ranks = append(ranks, rank[x])
	}
	for _, x := range a {
		sum += rank[x]
	}
	return ranks, sum
}

// exactP is the share of all choices of n of the ranks whose sum is at least as far from the middle as the one seen.
func exactP(ranks []int, n, seen int) float64 {
	total := 0
	for _, r := range ranks {
		total += r
	}
	ways := make([][]float64, n+1) // by how many are chosen, and their sum
	for i := range ways {
		ways[i] = make([]float64, total+1)
	}
	ways[0][0] = 1
	for _, r := range ranks {
		for k := n; k > 0; k-- {
			for s := total; s >= r; s-- {
				ways[k][s] += ways[k-1][s-r]
			}
		}
	}
	// The mean sum is n·total/N; both sides are scaled by N to stay whole.
	far := difference(seen*len(ranks), n*total)
	var all, extreme float64
	for s, w := range ways[n] {
		all += w
		if difference(s*len(ranks), n*total) >= far {
			extreme += w
		}
	}
	return extreme / all
}

// normalP is the large-sample approximation, with the corrections for ties, by the ranks' own variance, and for continuity.
func normalP(ranks []int, n, seen int) float64 {
	size := float64(len(ranks))
	var mean, variance float64
	for _, r := range ranks {
		mean += float64(r) / size
	}
	for _, r := range ranks {
		variance += (float64(r) - mean) * (float64(r) - mean) / (size - 1)
	}
	sd := math.Sqrt(float64(n) * (size - float64(n)) / size * variance)
	if sd == 0 {
		return 1
	}
	z := max(0, math.Abs(float64(seen)-float64(n)*mean)-1) / sd
	return math.Erfc(z / math.Sqrt2)
}

// choose is the number of ways to take k of n.
func choose(n, k int) float64 {
	out := 1.0
	for i := range min(k, n-k) {
		out *= float64(n-i) / float64(i+1)
	}
	return out
}

func difference(a, b int) int { return max(a-b, b-a) }
