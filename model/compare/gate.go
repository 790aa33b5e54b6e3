package compare

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// Rule is what a gate lets not pass: a metric that has changed by more than a margin, or that is beyond a limit.
type Rule struct {
	Text     string
	Metric   string // or one statistic of it: ttft_p99
	Unit     string
	Above    bool    // too high is what fails, else too low
	Limit    float64 // in the metric's unit; with Relative the change in %, 3 or -5
	Relative bool
}

// gateSamples is the least number of samples a side that a gate judges: with fewer no rank test could fail it.
const gateSamples = 4

// limitLevel is the level of the test against a limit, which is of one side: the least p-value that gateSamples can give.
const limitLevel = 1.0 / (1 << gateSamples)

var ruleText = regexp.MustCompile(`^\s*([A-Za-z0-9_.-]+)\s*([<>])=?\s*([+-]?)\s*([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s*(\S*)\s*$`)

// ParseRule reads a rule as people type it: tpot>+3%, throughput<-5%, ttft_p99>200. A sign or a % means a change, but that a %
// without a sign is the unit of a metric that is in %.
func ParseRule(text string) (Rule, error) {
	m := ruleText.FindStringSubmatch(text)
	if m == nil {
		return Rule{}, model.Invalid(fmt.Sprintf("%.60q is no rule of a gate", text), "write one such as 'tpot>+3%', 'throughput<-5%' or 'ttft_p99>200'")
	}
	d, stat, err := metric.FindStat(m[1])
	if err != nil {
		return Rule{}, err
	}
	r := Rule{Text: strings.TrimSpace(text), Metric: d.Name, Unit: d.Unit, Above: m[2] == ">"}
	if stat != "" {
		r.Metric += "_" + string(stat)
	}
	r.Limit, _ = strconv.ParseFloat(m[3]+m[4], 64) // of digits; what is out of range is refused below
	r.Relative = m[5] == "%" && (m[3] != "" || d.Unit != "%")
	switch {
	case math.IsInf(r.Limit, 0) || r.Relative && r.Limit <= -100:
		err = model.Invalid(fmt.Sprintf("%.60q: no value is beyond that", text), "")
	case m[3] != "" && !r.Relative:
		err = model.Invalid(fmt.Sprintf("%.60q: a change is in %%", text), "write "+m[1]+m[2]+m[3]+m[4]+"% for a change, "+m[1]+m[2]+m[4]+" for a limit")
	case m[5] != "" && m[5] != "%" && m[5] != d.Unit:
		err = model.Invalid(fmt.Sprintf("%.60q: %s is in %s", text, d.Name, cmp.Or(d.Unit, "numbers")), "leave the unit out")
	}
	return r, err
}

// Judgement is what a gate says of a run by one rule.
type Judgement struct {
	Rule     string   `json:"rule"`
	Base     string   `json:"base"`
	Run      string   `json:"run"`
	Was      *float64 `json:"base_value"` // the median over the samples; nil: none
	Now      *float64 `json:"value"`
	Change   *float64 `json:"change_pct"`
	N        [2]int   `json:"n"`
	Samples  string   `json:"samples"` // what was tested: runs, or iterations within one run a side
	P        *float64 `json:"p_value"` // one-sided, of the change beyond the margin, or of the value beyond the limit; nil: not tested
	Failed   bool     `json:"failed"`
	Unjudged bool     `json:"unjudged"` // it failed as it could not be judged
	Words    string   `json:"words"`
}

// Judge tests a run against its base. A change fails where the rank test is sure that it is more than the margin: the
// margin is taken off the run's samples before they are tested, at half of Alpha, as the test is of one side. A limit fails where the median is beyond
// it and the signed-rank test of the samples against it agrees. What cannot be judged fails.
func (r Rule) Judge(base, side Side) Judgement {
	j := Judgement{Rule: r.Text, Base: base.Run.Name, Run: side.Run.Name}
	a, b := base.Samples[r.Metric], side.Samples[r.Metric]
	was, now, what := sampled(a, b, r.Relative)
	j.Samples, j.N = what, [2]int{len(was), len(now)}
	lacks := func(s Side) Judgement {
		return j.unjudged(fmt.Sprintf("%s has no %s: %s", s.Run.Name, r.Metric, cmp.Or(s.Analysis.Named(r.Metric).Reason, "it has no value")))
	}
	switch {
	case len(b) == 0:
		return lacks(side)
	case r.Relative && len(a) == 0:
		return lacks(base)
	case r.Relative && side.Unlike(base.Measured) != "" && side.Run.Name != base.Run.Name:
		return j.unjudged("not comparable: " + side.Unlike(base.Measured))
	case len(now) < gateSamples || r.Relative && len(was) < gateSamples:
		return j.unjudged(fmt.Sprintf("n too small: %s, and a gate needs %d a side", j.counted(r), gateSamples))
	}
	j.Now = new(metric.Median(now))
	if !r.Relative {
		return r.limit(j, now)
	}
	j.Was = new(metric.Median(was))
	return r.change(j, was, now)
}

// sampled are the samples that are tested: runs where a side has several, else iterations.
func sampled(a, b metric.Samples, both bool) (was, now []float64, what string) {
	if a.Shares(b) && both {
		a, b = a[:min(1, len(a))], b[:min(1, len(b))]
	}
	if len(b) > 1 || both && len(a) > 1 {
		return a.Values(), b.Values(), "runs"
	}
	if len(a) > 0 {
		was = a[0].Iterations
	}
	if len(b) > 0 {
		now = b[0].Iterations
	}
	return was, now, "iterations within one run"
}

func (j Judgement) counted(r Rule) string {
	if r.Relative {
		return fmt.Sprintf("%d against %d %s", j.N[0], j.N[1], j.Samples)
	}
	return fmt.Sprintf("%d %s", j.N[1], j.Samples)
}

func (j Judgement) unjudged(words string) Judgement {
	j.Failed, j.Unjudged, j.Words = true, true, words
	return j
}

// change tests whether the change is more than the margin.
func (r Rule) change(j Judgement, was, now []float64) Judgement {
	if percent, ok := metric.Change(*j.Was, *j.Now); ok {
		j.Change = &percent
	}
	if *j.Was <= 0 {
		return j.unjudged(fmt.Sprintf("%s of %s is %s: nothing is a change of it in %%", r.Metric, j.Base, unit.Full(*j.Was)))
	}
	shifted := model.Each(now, func(v float64) float64 { return v / (1 + r.Limit/100) })
	j.P = new(metric.Greater(was, shifted))
	if !r.Above {
		j.P = new(metric.Greater(shifted, was))
	}
	j.Failed = *j.P < metric.Alpha/2
	j.Words = fmt.Sprintf("%s %s → %s %s, %s %%: %s %s %% (%s, p %.2g)", r.Metric, r.number(*j.Was, *j.Now), r.number(*j.Now, *j.Was), r.Unit,
		unit.Signed(*j.Change, 1), r.verdict(j.Failed), unit.Signed(r.Limit, unit.FirstDigit(r.Limit, 0)), j.counted(r), *j.P)
	return j
}

// limit tests whether the value is beyond the limit.
func (r Rule) limit(j Judgement, now []float64) Judgement {
	sign := map[bool]float64{true: 1, false: -1}[r.Above]
	greater, _ := metric.SignedRank(model.Each(now, func(v float64) float64 { return sign * (v - r.Limit) }))
	j.P, j.Failed = &greater, greater <= limitLevel && sign*(*j.Now-r.Limit) > 0
	j.Words = fmt.Sprintf("%s %s %s: %s %s (%s, p %.2g)", r.Metric, r.number(*j.Now, r.Limit), r.Unit, r.verdict(j.Failed),
		unit.Full(r.Limit), j.counted(r), greater)
	return j
}

// number is a value with the decimals that tell it from another.
func (r Rule) number(v, other float64) string {
	d, _, _ := metric.FindStat(r.Metric) // it was found
	return unit.Number(v, unit.Apart(v, other, d.Decimals))
}

func (r Rule) verdict(failed bool) string {
	return map[bool]string{true: "surely", false: "not surely"}[failed] + map[bool]string{true: " above", false: " below"}[r.Above]
}
