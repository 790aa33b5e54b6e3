package present

import (
	"fmt"
	"strings"

	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// Operators is the kernel time of a run by the operator that launched the kernels; what
// they lie within where that is known of any.
func Operators(t metric.OpTimes) Table {
	out := Table{Name: "operators", One: "operator", Columns: Columns("op…24", "within/1…24", ">time|ms", ">n", ">share|%")}
	for _, o := range t.Ops {
		out.Add(Texts(o.Name, o.Within, unit.Millis(o.TotalNS, 1), unit.Int(o.Count), unit.Number(o.Share, 1))...)
	}
	if t.JoinedNS == 0 {
		return out.Only(0, 2, 3, 4)
	}
	return out
}

// Attributed says how much of the kernel time has an operator, and why the rest has none.
func Attributed(t metric.OpTimes) string {
	text := unit.Percent(t.AttributedNS, t.KernelNS) + " % of the kernel time has an operator"
	if t.JoinedNS > 0 {
		text += ", " + unit.Percent(t.JoinedNS, t.KernelNS) + " % one that the execution trace has too"
	}
	var rest []string
	for _, r := range t.Rest {
		rest = append(rest, fmt.Sprintf("%s %% (%s kernels) %s", unit.Number(r.Share, 1), unit.Int(r.Count), r.Reason))
	}
	if len(rest) == 0 {
		return text
	}
	return text + "; the rest: " + strings.Join(rest, "; ")
}
