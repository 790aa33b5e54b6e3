package metric

import (
	"fmt"
	"math"
	"slices"

	"shardeck/model"
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

// SpreadOf is how far samples lie apart, (max − min) / middle, in %; nil where there are less than two, and where the middle is 0.
func SpreadOf(samples []float64, middle float64) *float64 {
	if middle == 0 || len(samples) < 2 {
		return nil
	}
	return new(100 * (slices.Max(samples) - slices.Min(samples)) / math.Abs(middle))
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
	middle := len(a) * total(ranks) // of sums of as many, times the number of ranks to stay whole
	if len(ranks) > exactMax {
		return normalP(ranks, len(a), sum)
	}
	far := difference(sum*len(ranks), middle)
	return exactP(ranks, len(a), func(s int) bool { return difference(s*len(ranks), middle) >= far })
}

// Greater is how often chance alone puts b as far above a, one-sided: the p-value of the Mann–Whitney rank test.
func Greater(a, b []float64) float64 {
	ranks, sum := doubleRanks(b, a)
	if len(ranks) > exactMax {
		p := normalP(ranks, len(b), sum) / 2
		if sum*len(ranks) < len(b)*total(ranks) {
			p = 1 - p
		}
		return p
	}
	return exactP(ranks, len(b), func(s int) bool { return s >= sum })
}

// SignedRank is Wilcoxon's test of differences against 0, which pairs or a limit give: how often chance alone makes their
// positive ranks sum to as much (greater), and a sum as far from the middle (two-sided). Differences of 0 tell nothing.
func SignedRank(diffs []float64) (greater, twoSided float64) {
	diffs = slices.DeleteFunc(slices.Clone(diffs), func(d float64) bool { return d == 0 })
	sizes := model.Each(diffs, math.Abs)
	ranks, _ := doubleRanks(sizes, nil)
	rank := map[float64]int{}
	slices.Sort(sizes)
	for i, x := range sizes {
		rank[x] = ranks[i]
	}
	seen := 0
	for _, d := range diffs {
		if d > 0 {
			seen += rank[d]
		}
	}
	all := total(ranks)
	ways := signWays(ranks)
	if ways == nil {
		squares := 0.0
		for _, r := range ranks {
			squares += float64(r) * float64(r)
		}
		z := (float64(seen) - float64(all)/2) / (math.Sqrt(squares) / 2)
		return math.Erfc(z/math.Sqrt2) / 2, math.Erfc(math.Abs(z) / math.Sqrt2)
	}
	for s, w := range ways {
		if s >= seen {
			greater += w
		}
		if difference(2*s, all) >= difference(2*seen, all) {
			twoSided += w
		}
	}
	return greater, twoSided
}

// signWays is how likely each sum of ranks with a random sign is; nil of too many to count.
func signWays(ranks []int) []float64 {
	if len(ranks) > exactMax {
		return nil
	}
	ways := make([]float64, total(ranks)+1)
	ways[0] = 1
	for _, r := range ranks {
		for s := len(ways) - 1; s >= 0; s-- {
			ways[s] /= 2
			if s >= r {
				ways[s] += ways[s-r] / 2
			}
		}
	}
	return ways
}

func total(ranks []int) (sum int) {
	for _, r := range ranks {
		sum += r
	}
	return sum
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
	for _, x := range a {
		sum += rank[x]
	}
	return model.Each(all, func(x float64) int { return rank[x] }), sum
}

// exactP is the share of all choices of n of the ranks whose sum is far.
func exactP(ranks []int, n int, far func(sum int) bool) float64 {
	sum := total(ranks)
	ways := make([][]float64, n+1) // by how many are chosen, and their sum
	for i := range ways {
		ways[i] = make([]float64, sum+1)
	}
	ways[0][0] = 1
	for _, r := range ranks {
		for k := n; k > 0; k-- {
			for s := sum; s >= r; s-- {
				ways[k][s] += ways[k-1][s-r]
			}
		}
	}
	var all, extreme float64
	for s, w := range ways[n] {
		all += w
		if far(s) {
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
