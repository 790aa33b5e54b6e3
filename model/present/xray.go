package present

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/model/xray"
)

// XRay is a step by operator, most time first, and its gaps; their times add up to the step.
func XRay(s *xray.Step) Table {
	out := Table{Name: "operators", One: "operator", Columns: Columns("operator", ">time|ms", ">share|%", ">n|a layer/3", ">a layer|µs/2",
		">rate", ">of floor|%", ">at most|gain %")}
	for _, o := range s.ByTime() {
		none := unit.Missing
		cells := Texts(o.Name, unit.Millis(o.NS, 3), unit.Percent(o.NS, s.WallNS), none, none, rate(o), none, none)
		cells[0].Role = Strong
		if o.Layers > 0 {
			cells[3], cells[4] = Cell{Text: unit.Number(float64(o.N)/float64(o.Layers), 0)}, Cell{Text: unit.Micros(o.LayerNS, 1)}
		}
		if o.FloorNS != nil && o.DurNS > 0 {
			lead := map[bool]string{false: Estimate}[o.Certain]
			cells[6] = Cell{Text: unit.Percent(*o.FloorNS, o.DurNS), Lead: lead}
			cells[7] = Cell{Text: unit.Percent(o.CeilingNS(), s.WallNS), Lead: lead}
		}
		out.Rows = append(out.Rows, Row{Cells: cells, Full: o.Name})
	}
	for _, g := range s.Gaps {
		none, share := unit.Missing, unit.Percent(g.NS, s.WallNS)
		out.Add(Texts("gap: "+gapWords[g.Cause], unit.Millis(g.NS, 3), share, none, none, none, none, share)...)
	}
	return out
}

var gapWords = map[string]string{"host": "host late", "stream": "other stream", "between": "in a row", "unknown": "unknown"}

// rate is what an operator achieved of what bounds it.
func rate(o xray.Operator) string {
	ns := float64(max(1, o.DurNS))
	switch {
	case o.FLOPs != nil && (o.Floor == "compute" || o.Floor == "" && o.Bytes != nil && *o.FLOPs > 300**o.Bytes):
		return unit.Number(*o.FLOPs/ns/1e3, 0) + " TFLOP/s"
	case o.Floor == "link" && o.Link != nil:
		if o.WaitNS != nil {
			ns = max(1, ns-float64(*o.WaitNS))
		}
		return unit.Number(*o.Link/ns, 0) + " GB/s"
	case o.Bytes != nil:
		return unit.Number(*o.Bytes/ns, 0) + " GB/s"
	}
	return unit.Missing
}

// Step says of which step a table is, in lines.
func Step(k xray.Kind, rank int) []string {
	s := k.Median
	what := []string{fmt.Sprintf("rank %d", rank), s.Phase}
	if s.Tokens >= 0 {
		what = append(what, unit.Plural(s.Tokens, "token"))
	}
	if s.Requests >= 0 {
		what = append(what, unit.Plural(s.Requests, "request"))
	}
	if s.Context >= 0 {
		what = append(what, unit.Int(int(s.Context))+" of context")
	}
	which := fmt.Sprintf("step %d, the median of %d", s.Index, k.Steps)
	if k.Steps == 1 {
		which = fmt.Sprintf("step %d", s.Index)
	}
	how := []string{unit.Millis(s.WallNS, 3) + " ms", which}
	if s.Repeats > 1 {
		how = append(how, fmt.Sprintf("%d kernels a layer, %d times alike", s.Period, s.Repeats))
	}
	if s.NextNS > s.WallNS/100 {
		how = append(how, "then idle for "+unit.Millis(s.NextNS, 3)+" ms")
	}
	if s.Graph {
		how = append(how, "replayed from CUDA graphs")
	}
	return []string{Joined(what...), Joined(how...)}
}

// XRaySentences say what costs most, what could gain most, who waited, and what is not certain.
func XRaySentences(s *xray.Step) (out []string) {
	byTime := s.ByTime()
	if len(byTime) == 0 {
		return nil
	}
	out = append(out, "costs most: "+ceiling(s, byTime[0]))
	byGain := func(a, b xray.Operator) int { return cmp.Compare(a.CeilingNS(), b.CeilingNS()) }
	if best := slices.MaxFunc(byTime, byGain); best.Name != byTime[0].Name {
		out = append(out, "could gain most: "+ceiling(s, best))
	}
	out = append(out, launchSentence(s))
	for _, o := range s.Operators {
		if o.WaitNS != nil && *o.WaitNS > s.WallNS/100 {
			out = append(out, fmt.Sprintf("%s waited %s ms for other ranks", o.Name, unit.Millis(*o.WaitNS, 3)))
		}
	}
	if s.Cut {
		out = append(out, "this step began before all ranks were recorded: its communication waited for profilers")
	}
	return append(out, uncertain(s)...)
}

// ceiling is how far an operator is from its floor, and what the step could gain there.
func ceiling(s *xray.Step, o xray.Operator) string {
	if o.FloorNS == nil {
		return fmt.Sprintf("%s, %s %% of the step", o.Name, unit.Percent(o.NS, s.WallNS))
	}
	return fmt.Sprintf("%s, at %s %% of its floor (%s); there the step would be at most %s ms shorter (%s %%)", o.Name,
		unit.Percent(*o.FloorNS, max(1, o.DurNS)), floorWords[o.Floor], unit.Millis(o.CeilingNS(), 3), unit.Percent(o.CeilingNS(), s.WallNS))
}

// uncertain says which operators are not certain, those of one reason together, each with the kernel that took most of its time.
func uncertain(s *xray.Step) (out []string) {
	doubted := slices.DeleteFunc(slices.Clone(s.Operators), func(o xray.Operator) bool { return o.Certain })
	for _, g := range model.Grouped(doubted, func(o xray.Operator) string { return o.Why }) {
		out = append(out, "not certain, "+g.Key+": "+strings.Join(model.Each(g.All, withKernel), ", "))
	}
	return out
}

// withKernel names an operator with the kernel that took most of its time.
func withKernel(o xray.Operator) string {
	if len(o.Kernels) == 0 || o.Kernels[0] == o.Name {
		return o.Name
	}
	kernel := []rune(o.Kernels[0])
	return o.Name + " (" + string(kernel[:min(len(kernel), 32)]) + ")"
}

var floorWords = map[string]string{"compute": "arithmetic", "memory": "reading memory once", "link": "the link between GPUs"}

// launchSentence says whether the host was slower than the device.
func launchSentence(s *xray.Step) string {
	cost := ""
	if s.PitchNS != nil && !s.Graph {
		cost = fmt.Sprintf(": %s µs from one launch to the next", unit.Micros(*s.PitchNS, 1))
		if s.CallNS != nil {
			cost += fmt.Sprintf(", %s of them in the call", unit.Micros(*s.CallNS, 1))
		}
	}
	switch {
	case s.Bound == nil:
		return "whether the host launched in time is not known: the trace has no launches, or they were not read"
	case *s.Bound:
		return "launch-bound, the device waited for the host" + cost
	}
	return "not launch-bound" + cost
}
