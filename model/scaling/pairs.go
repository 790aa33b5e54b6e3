package scaling

import (
	"fmt"
	"math"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// Pairing compares two values of a field by the pairs of configs that differ in nothing else.
type Pairing struct {
	Field  string       `json:"field"`
	Base   string       `json:"base"`
	Other  string       `json:"other"`
	Metric string       `json:"metric"`
	Unit   string       `json:"unit"`
	Pairs  []Pair       `json:"pairs"`
	Common []model.Edit `json:"common"`     // of the other fields that vary, those with one value in all pairs
	Change *float64     `json:"change_pct"` // the median over the pairs; nil: there is none
	Higher int          `json:"higher"`     // pairs in which the other value is the higher
	N      int          `json:"n"`          // pairs tested: those that differ
	P      float64      `json:"p_value"`    // of Wilcoxon's signed-rank test, two-sided
	Sure   bool         `json:"sure"`
	TooFew bool         `json:"n_too_small"`
}

// Pair is two configs that differ in one field.
type Pair struct {
	Of     []model.Edit `json:"of"` // the other fields that vary
	Base   Reading      `json:"base"`
	Other  Reading      `json:"other"`
	Change float64      `json:"change_pct"`
}

// PairsOf pairs experiments by a field that varies: each of its values with the first. Only what has a positive value in both counts.
func PairsOf(all []Entry, name, field string) ([]Pairing, error) {
	d, _, err := metric.FindStat(name)
	if err != nil {
		return nil, err
	}
	others := Grid{Row: field}.others(all)
	values, at := valuesOf(all, field), map[string]Reading{}
	repeats := repeatsOf(all)
	key := func(e Entry, value string) string { return keyAt(e, others) + "\x00" + value }
	for _, r := range repeats {
		if k := key(r.First, r.First.Value(field)); at[k].Value == nil {
			at[k] = r.Read(name)
		}
	}
	out := []Pairing{}
	for _, value := range values[min(1, len(values)):] {
		p := Pairing{Field: field, Base: values[0], Other: value, Metric: name, Unit: d.Unit, Pairs: []Pair{}}
		for _, r := range repeats {
			if r.First.Value(field) == values[0] {
				p.add(at[key(r.First, values[0])], at[key(r.First, value)], others, r.First)
			}
		}
		p.Common = factor(p.Pairs, func(x *Pair) *[]model.Edit { return &x.Of })
		p.test()
		out = append(out, p)
	}
	return out, nil
}

func (p *Pairing) add(base, other Reading, fields []string, e Entry) {
	if base.Value == nil || other.Value == nil || *base.Value <= 0 || *other.Value <= 0 {
		return
	}
	p.Pairs = append(p.Pairs, Pair{Of: editsAt(e, fields), Base: base, Other: other, Change: 100 * (*other.Value/(*base.Value) - 1)})
}

// test is the signed-rank test of the logarithms of the ratios: a pair of a large value counts no more than one of a small.
func (p *Pairing) test() {
	changes, logs := []float64{}, []float64{}
	for _, x := range p.Pairs {
		changes = append(changes, x.Change)
		if log := math.Log1p(x.Change / 100); log != 0 {
			logs = append(logs, log)
		}
		if x.Change > 0 {
			p.Higher++
		}
	}
	_, p.P = metric.SignedRank(logs)
	p.N, p.TooFew, p.Sure = len(logs), len(logs) < leastPairs, p.P < metric.Alpha
	if len(changes) > 0 {
		p.Change = new(metric.Median(changes))
	}
}

// Words say what the test found: "tpot with all_reduce custom: higher in 0 of 8 pairs, median -3.1 %".
func (p Pairing) Words() string {
	if p.Change == nil {
		return fmt.Sprintf("no two configs differ in %s %s and %s alone, with a value of %s in both", LastPart(p.Field), p.Base, p.Other, p.Metric)
	}
	text := fmt.Sprintf("%s with %s %s, not %s: higher in %d of %s, median %+.1f %%", p.Metric, LastPart(p.Field), p.Other, p.Base, p.Higher, unit.Plural(len(p.Pairs), "pair"), *p.Change)
	switch {
	case p.TooFew:
		return text + fmt.Sprintf("; n too small: the test needs %d pairs that differ", leastPairs)
	case !p.Sure:
		return text + fmt.Sprintf("; chance alone makes as large a difference in %.0f %% of cases", 100*p.P)
	}
	return text + fmt.Sprintf(" (signed-rank test, p %.2g)", p.P)
}

// leastPairs is the least number of pairs that the test can be sure of, two-sided: 2/2^6 < Alpha.
const leastPairs = 6
