package present

import (
	"fmt"
	"strings"

	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/model/xray"
)

// XRay is a step by operator, most time first, and its gaps; their times add up to the step.
func XRay(s *xray.Step) Table {
	out := Table{Name: "operators", One: "operator", Columns: Columns("operator", ">time|ms", ">share|%", ">n|a layer/3", ">a layer|µs/2",
		">rate", ">of floor|%", ">gain|% at most")}
	for _, o := range s.ByTime() {
		cells := Texts(o.Name, unit.Millis(o.NS, 3), unit.Percent(o.NS, s.WallNS), unit.Missing, unit.Missing, rate(o), unit.Missing, unit.Missing)
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
		out.Add(Texts("gap: "+g.Cause, unit.Millis(g.NS, 3), unit.Percent(g.NS, s.WallNS), unit.Missing, unit.Missing, unit.Missing, unit.Missing,
			unit.Percent(g.NS, s.WallNS))...)
	}
	return out
}

// rate is what an operator achieved of what bounds it.
func rate(o xray.Operator) string {
	ns := float64(max(1, o.DurNS))
	switch {
	case o.Floor == "compute" && o.FLOPs != nil:
		return unit.Number(*o.FLOPs/ns/1e3, 0) + " TFLOP/s"
	case o.Floor == "link" && o.Link != nil:
		return unit.Number(*o.Link/ns, 0) + " GB/s link"
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
	if s.Graph {
		how = append(how, "replayed from CUDA graphs")
	}
	return []string{Joined(what...), Joined(how...)}
}

// XRaySentences say what costs most, what it could gain, who waited, and what is not certain.
func XRaySentences(s *xray.Step) (out []string) {
	most := s.ByTime()
	if len(most) == 0 {
		return nil
	}
	if best := model.First(most, func(o xray.Operator) bool { return o.FloorNS != nil }); best != nil {
		out = append(out, fmt.Sprintf("%s is at %s %% of its floor (%s); at its floor the step would be at most %s ms shorter (%s %%)", best.Name,
			unit.Percent(*best.FloorNS, max(1, best.DurNS)), floorWords[best.Floor], unit.Millis(best.CeilingNS(), 3), unit.Percent(best.CeilingNS(), s.WallNS)))
	}
	out = append(out, launchSentence(s))
	for _, o := range s.Operators {
		if o.WaitNS != nil && *o.WaitNS > s.WallNS/100 {
			out = append(out, fmt.Sprintf("%s waited %s ms for other ranks", o.Name, unit.Millis(*o.WaitNS, 3)))
		}
	}
	return append(out, uncertain(s)...)
}

// uncertain says which operators are not certain, those of one reason together, each with the kernel that took most of its time.
func uncertain(s *xray.Step) (out []string) {
	var why []string
	of := map[string][]string{}
	for _, o := range s.Operators {
		if o.Certain {
			continue
		}
		if of[o.Why] == nil {
			why = append(why, o.Why)
		}
		name := o.Name
		if len(o.Kernels) > 0 && o.Kernels[0] != name {
			kernel := []rune(o.Kernels[0])
			name += " (" + string(kernel[:min(len(kernel), 32)]) + ")"
		}
		of[o.Why] = append(of[o.Why], name)
	}
	for _, w := range why {
		out = append(out, "not certain, "+w+": "+strings.Join(of[w], ", "))
	}
	return out
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
