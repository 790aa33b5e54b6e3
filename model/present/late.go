package present

import (
	"fmt"
	"slices"
	"strings"

	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// lateCalls are the calls whose last rank was latest, the latest first.
func lateCalls(a *metric.Analysis) Table {
	out := Table{Name: "skew", One: "call", Empty: noCalls(a, "nobody is late"), Columns: Columns("call", ">size/5", "in/3", ">at|ms",
		">last|rank", ">late|µs", ">computing|µs/2", ">after first|µs/4", "group/6-10")}
	l := a.Trace.Lateness
	if l == nil {
		if m := a.Metric("comm_overhead"); m.Value != nil || m.Reason == "" {
			out.Empty = "no call was matched between ranks after the first: nobody can be named"
		}
		return out
	}
	out.Empty, out.Remark = "all ranks started every call at the same time", "the latest of "+unit.Plural(l.Calls, "call")
	for _, c := range l.Worst {
		rank, step := unit.Int(c.Rank), callStep(c)
		cells := Texts(c.Type+" "+unit.Int(c.Number), "", step, unit.Millis(c.AtNS, 2), rank, unit.Micros(c.LateNS, 1),
			unit.Micros(c.ComputeNS, 1), unit.Micros(c.SpreadNS, 1), callGroup(c.Group))
		cells[1], cells[2].Role, cells[8].Role = bufferSize(c.Bytes, c.Inferred), Dim, Dim
		fields := map[string]string{"type": c.Type, "rank": rank, "phase": c.Phase, "step": step}
		out.Rows = append(out.Rows, Row{cells, fields, lateCall(c)})
	}
	return out
}

// LateRanks is how often and by how much each rank was last.
func LateRanks(l *metric.Lateness) Table {
	t := Table{Columns: Columns(">rank", ">last in", ">late|ms", ">median|µs", ">most|µs")}
	for _, r := range l.Ranks {
		t.Add(Texts(unit.Int(r.Rank), unit.Int(r.Calls)+" of "+unit.Int(l.Calls), unit.Millis(r.LateNS, 1), unit.Micros(r.MedianNS, 1),
			unit.Micros(r.MaxNS, 1))...)
	}
	return t
}

// callStep is the step that a call is made in: "decode 12"; empty: no annotations.
func callStep(c metric.LateCall) string {
	if c.Step == 0 {
		return ""
	}
	return c.Phase + " " + unit.Int(c.Step)
}

// callGroup is the ranks that meet in a call: "0-7", or "0 4 8".
func callGroup(ranks []int) string {
	if n := len(ranks); n > 2 && ranks[n-1]-ranks[0] == n-1 && slices.IsSorted(ranks) {
		return fmt.Sprintf("%d-%d", ranks[0], ranks[n-1])
	}
	return strings.Trim(fmt.Sprint(ranks), "[]")
}

// lateCall is a late call in a sentence.
func lateCall(c metric.LateCall) string {
	text := fmt.Sprintf("rank %d was last to %s %s, by %s", c.Rank, c.Type, unit.Int(c.Number), unit.Duration(c.LateNS))
	if len(c.Group) > 2 {
		text += " (" + unit.Duration(c.SpreadNS) + " after the first)"
	}
	if c.ComputeNS > 0 {
		return text + ", " + unit.Duration(c.ComputeNS) + " of it computing longer"
	}
	return text + ", not by computing longer"
}

// LateBins says what the columns of a histogram of lateness are.
func LateBins(bins []metric.LateBin) string {
	if len(bins) == 0 {
		return ""
	}
	text := "under 1 µs late"
	if last := bins[len(bins)-1]; last.FromNS > 0 {
		text += ", then doubling to " + unit.Duration(2*last.FromNS)
	}
	return text
}
