package present

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// Trace is the tables of a run's traces, in the order of screens. Without a summary they have their columns alone.
func Trace(a *metric.Analysis) []Table {
	if a == nil || a.Trace == nil {
		a = &metric.Analysis{Trace: &metric.TraceSummary{}}
	}
	return []Table{kernels(a.Trace), collectives(a), lateCalls(a), ranks(a), classes(a.Trace)}
}

// Places of the tables in Trace.
const (
	Kernels = iota
	Collectives
	LateCalls
	Ranks
	Classes
)

// overRanks says of sums over several ranks that they are.
func overRanks(t *metric.TraceSummary, what string) string {
	if len(t.Ranks) < 2 {
		return ""
	}
	return what
}

func means(t *metric.TraceSummary) string {
	return overRanks(t, "means over "+unit.Plural(len(t.Ranks), "rank"))
}

// perRank is what a sum over the ranks is on one of them, in the mean.
func perRank[N int | int64](t *metric.TraceSummary, sum N) N {
	n := N(max(1, len(t.Ranks)))
	return (sum + n/2) / n
}

func kernels(t *metric.TraceSummary) Table {
	out := Table{Name: "kernels", One: "kernel", Remark: means(t), Empty: "no kernels in these traces",
		Columns: Columns("kernel…36", "class/2-13", ">time|ms", ">n|a rank/1", ">mean|µs/4", ">min|µs/5", ">max|µs/5", ">share|%")}
	names := metric.Telling(model.Each(t.Kernels, func(k metric.KernelStat) string { return k.Distinct }))
	for i, k := range t.Kernels {
		cells := Texts(names[i], k.Class, unit.Millis(perRank(t, k.TotalNS), 1), unit.Int(perRank(t, k.Count)),
			unit.Micros(k.TotalNS, float64(k.Count)), unit.Micros(k.MinNS, 1), unit.Micros(k.MaxNS, 1), unit.Number(k.Share, 1))
		cells[1].Role = Dim
		out.Rows = append(out.Rows, Row{cells, map[string]string{"name": k.Name, "kernel": k.Short, "class": k.Class}, k.Name})
	}
	return out
}

// Kernel is all there is to say of one kernel, in lines; its whole name comes first.
func Kernel(k metric.KernelStat, ranks int) []string {
	us := func(ns int64, n int) string { return unit.Micros(ns, float64(n)) + " µs" }
	return []string{k.Name, "", "class " + k.Class,
		fmt.Sprintf("%s ms in %s launches on %s, %s %% of kernel time", unit.Millis(k.TotalNS, 2), unit.Int(k.Count),
			unit.Plural(ranks, "rank"), unit.Number(k.Share, 1)),
		"one launch " + us(k.TotalNS, max(k.Count, 1)) + " in the mean, " + us(k.MinNS, 1) + " to " + us(k.MaxNS, 1)}
}

func collectives(a *metric.Analysis) Table {
	out := Table{Name: "collectives", One: "collective", Remark: overRanks(a.Trace, "means over ranks"),
		Empty: noCalls(a, "no collectives"),
		Columns: Columns("collective", ">size", ">n|a rank/1", ">transfer|µs", ">wait|µs/2",
			">unmatched|ms", ">bus|GB/s", ">alg|GB/s/4", ">total|ms/3")}
	unmatched := false
	for _, c := range a.Trace.Collectives {
		unmatched = unmatched || c.UnmatchedNS > 0
		bus, alg := unit.Missing, unit.Missing
		if c.AlgBW != nil {
			bus, alg = unit.Bandwidth(*c.BusBW), unit.Bandwidth(*c.AlgBW)
		}
		cells := Texts(c.Type, "", unit.Int(c.Count), meanMicros(c.TransferNS, c.Matched), meanMicros(c.WaitNS, c.Matched),
			unit.Millis(c.UnmatchedNS, 1), bus, alg, unit.Millis(c.WholeNS(), 1))
		cells[1] = bufferSize(c.Bytes, c.Inferred)
		out.Rows = append(out.Rows, Row{Cells: cells, Fields: map[string]string{"type": c.Type, "size": cells[1].Text}})
	}
	if !unmatched {
		return out.Without(5)
	}
	return out
}

// meanMicros is the mean of n times whose sum may not be known.
func meanMicros[T int64 | float64](ns *T, n float64) string {
	if ns == nil {
		return unit.Missing
	}
	return unit.Micros(int64(*ns), n)
}

// noCalls says why there are no calls, where that is known.
func noCalls(a *metric.Analysis, what string) string {
	if m := a.Metric("comm_overhead"); m.Value == nil && m.Reason != "" {
		return what + ": " + m.Reason
	}
	return what + " in these traces"
}

// bufferSize is the size of a call's buffer; negative: not known.
func bufferSize(bytes metric.Size, inferred bool) Cell {
	if bytes < 0 {
		return None()
	}
	cell := Cell{Text: unit.Memory(int64(bytes)), By: float64(bytes)}
	if inferred {
		cell.Lead = Estimate
	}
	return cell
}

func ranks(a *metric.Analysis) Table {
	late := map[int]metric.RankLate{}
	if a.Trace.Lateness != nil {
		for _, r := range a.Trace.Lateness.Ranks {
			late[r.Rank] = r
		}
	}
	out := Table{Name: "ranks", Empty: "no ranks in these traces", Columns: Columns(">rank", ">compute|%", ">transfer|%", ">wait|%",
		">unmatched|%", ">copy|%/1", ">idle|%", ">hidden|%/5", ">last in|calls/2", ">late|ms/2", ">start cut|ms/3", ">window|ms/6", ">kernels/7",
		"device/8-12")}
	for _, r := range a.Trace.Ranks {
		share := func(ns int64) string { return unit.Percent(ns, r.WindowNS) }
		transfer, wait := unit.Missing, unit.Missing
		if r.TransferNS != nil {
			transfer, wait = share(*r.TransferNS), share(*r.WaitNS)
		}
		calls, lost := unit.Missing, unit.Missing
		if l, ok := late[r.Rank]; ok {
			calls, lost = unit.Int(l.Calls), unit.Millis(l.LateNS, 1)
		}
		cells := Texts(unit.Int(r.Rank), share(r.ComputeNS), transfer, wait, share(r.UnmatchedNS), share(r.CopyNS),
			share(r.IdleNS), share(r.HiddenCommNS), calls, lost, unit.Millis(r.SkewNS, 1), unit.Millis(r.WindowNS, 1), unit.Int(r.Kernels), r.Device)
		if v := a.Metric("straggler").Value; v != nil && int(*v) == r.Rank {
			cells[0].Lead = Straggler
		}
		cells[13].Role = Dim
		out.Add(cells...)
	}
	if !a.Trace.HasUnmatched() {
		return out.Without(4)
	}
	return out
}

func classes(t *metric.TraceSummary) Table {
	out := Table{Name: "classes", One: "class", Remark: means(t), Empty: "no classes in these traces",
		Columns: Columns("class", ">time|ms", ">n", ">share|%")}
	for _, c := range t.Classes {
		cells := Texts(c.Name, unit.Millis(perRank(t, c.TotalNS), 1), unit.Int(perRank(t, c.Count)), unit.Number(c.Share, 1))
		row := Row{Cells: cells, Fields: map[string]string{"class": c.Name}}
		if c.Name == "other" {
			row.Full = OtherKernels(t)
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

// OtherKernels names the kernels of no known class, largest first, and says who can tell more; empty: there are none.
func OtherKernels(t *metric.TraceSummary) string {
	names := metric.OtherNames(t.Kernels)
	if names != "" {
		names += ": kernels.yaml in the workspace can say what they are"
	}
	return names
}

// Phases sums the phases of the lowest rank in a sentence: "prefill 2 × 14.26 = 28.5 ms".
func Phases(t *metric.TraceSummary) string {
	lowest := slices.DeleteFunc(slices.Clone(t.Phases), func(p metric.Phase) bool { return p.Rank != t.Phases[0].Rank })
	var words []string
	for _, g := range model.Grouped(lowest, func(p metric.Phase) string { return p.Name }) {
		n, all := 0, int64(0)
		for _, p := range g.All {
			n, all = n+p.Steps, all+p.EndNS-p.StartNS
		}
		words = append(words, fmt.Sprintf("%s %s × %s = %s ms", g.Key, unit.Int(n), unit.Millis(all/int64(max(n, 1)), 2), unit.Millis(all, 1)))
	}
	if len(words) == 0 {
		return cmp.Or(t.NoSteps, "no step annotations in the traces")
	}
	return strings.Join(words, " · ")
}

// ClassShares are the kernel classes that took time, in a sentence: "gemm 76.5 · norm 2.2 %".
func ClassShares(t *metric.TraceSummary) string {
	var words []string
	for _, c := range t.Classes {
		if c.TotalNS > 0 {
			words = append(words, c.Name+"\u00a0"+unit.Number(c.Share, 1))
		}
	}
	return strings.Join(words, " · ") + " %"
}

// SomeRanks are the places of at most so many ranks: of all, else of those that waited least, whom the others wait for, and of those that
// waited most, as many of each.
func SomeRanks(ranks []metric.RankSplit, most int) []int {
	order := make([]int, len(ranks))
	for i := range order {
		order[i] = i
	}
	if len(order) <= most {
		return order
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(metric.OrZero(ranks[a].WaitNS), metric.OrZero(ranks[b].WaitNS)) })
	return append(order[:most/2:most/2], order[len(order)-most/2:]...)
}

// SomeOf says that SomeRanks are not all; empty: they are.
func SomeOf(shown, all int) string {
	if shown == all {
		return ""
	}
	return fmt.Sprintf("%d of %d ranks: those that waited least and most", shown, all)
}

// StragglerSentence names the rank that others wait for, with what proves it, or says why none is named.
func StragglerSentence(m metric.Metric) string {
	text := "no straggler"
	switch {
	case m.Value != nil:
		text = fmt.Sprintf("straggler: rank %s", unit.Number(*m.Value, 0))
		if m.By.Latest != nil {
			text += ", " + unit.Number(m.By.Latest.Total, 1) + " ms late in all"
		}
		if m.Cause != "" {
			text += ", cause: " + m.Cause
		}
	case m.Reason != "none":
		text += " can be named: " + m.Reason
	}
	if m.Note != "" {
		text += " · " + m.Note
	}
	return text
}

// StartCut is the longest start that was cut because profilers did not start together; empty: none was.
func StartCut(ranks []metric.RankSplit) string {
	most := metric.RankSplit{}
	for _, r := range ranks {
		if r.SkewNS > most.SkewNS {
			most = r
		}
	}
	if most.SkewNS <= 0 {
		return ""
	}
	return unit.Duration(most.SkewNS) + " of start cut on rank " + unit.Int(most.Rank)
}

// Operators is the kernel time of a run by the operator, or other launcher, that launched the kernels; what
// they lie within where that is known of any.
func Operators(t metric.OpTimes) Table {
	out := Table{Name: "operators", One: cmp.Or(t.By, metric.Operator),
		Columns: Columns(cmp.Or(t.By, "op")+"…24", "within/1…24", ">time|ms", ">n", ">share|%")}
	for _, o := range t.Ops {
		out.Add(Texts(o.Name, o.Within, unit.Millis(o.TotalNS, 1), unit.Int(o.Count), unit.Number(o.Share, 1))...)
	}
	if t.JoinedNS == 0 {
		return out.Without(1)
	}
	return out
}

// launchers are the words for OpTimes.By.
var launchers = map[string]string{"": "an operator", metric.Module: "a module", metric.Frame: "a frame", metric.Annotation: "an annotation"}

// Asked is what execution traces tell of the calls that the program made, and how often each operator ran.
func Asked(t *metric.TraceSummary) []Table {
	calls := Table{Name: "collectives", One: "collective", Empty: "no calls of torch.distributed",
		Columns: Columns("collective", ">n", ">in", ">out", "type", "group/1")}
	for _, c := range t.Asked {
		group := unit.Missing
		if c.Group != nil {
			group = fmt.Sprint(c.Group)
		}
		cells := Texts(c.Name, unit.Int(c.Calls), "", "", c.DType, group)
		cells[2], cells[3] = bufferSize(c.InBytes, false), bufferSize(c.OutBytes, false)
		calls.Add(cells...)
	}
	ops := Table{Name: "operators", One: "operator", Empty: "no operators", Columns: Columns("op…40", ">n")}
	for _, o := range t.Ops {
		ops.Add(Texts(o.Name, unit.Int(o.Count))...)
	}
	return []Table{calls, ops}
}

// Attributed says how much of the kernel time has an operator, or other launcher, and why the rest has none.
func Attributed(t metric.OpTimes) string {
	text := unit.Percent(t.AttributedNS, t.KernelNS) + " % of the kernel time has " + launchers[t.By]
	if t.JoinedNS > 0 {
		text += ", " + unit.Percent(t.JoinedNS, t.KernelNS) + " % one that the execution trace has too"
	}
	rest := model.Each(t.Rest, func(r metric.OpRest) string {
		return fmt.Sprintf("%s %% (%s) %s", unit.Number(r.Share, 1), unit.Plural(r.Count, "kernel"), r.Reason)
	})
	return strings.TrimSuffix(text+"; the rest: "+strings.Join(rest, "; "), "; the rest: ")
}

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
