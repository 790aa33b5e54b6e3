package cli

import (
	"fmt"

	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// printLate lists the calls whose last rank was latest, and how often each rank was last.
func (a *app) printLate(s *metric.TraceSummary, most int) {
	if most <= 0 {
		return
	}
	fmt.Fprintln(a.out)
	if s.Lateness == nil {
		fmt.Fprintln(a.out, "no call was matched between ranks: nobody can be late")
		return
	}
	t := newTable("late call", ">at ms", "in", ">last rank", ">late µs", ">computing", ">after first")
	worst := s.Lateness.Worst
	for _, c := range worst[:min(most, len(worst))] {
		t.add(fmt.Sprintf("%s %s", c.Type, unit.Number(float64(c.Number), 0)), unit.Millis(c.AtNS, 2), stepWord(c), fmt.Sprint(c.Rank),
			unit.Micros(c.LateNS, 1), unit.Micros(c.ComputeNS, 1), unit.Micros(c.SpreadNS, 1))
	}
	a.write(t)
	fmt.Fprintln(a.out)
	ranks := newTable(">rank", ">last in", ">late ms", ">median µs", ">most µs")
	for _, r := range s.Lateness.Ranks {
		ranks.add(fmt.Sprint(r.Rank), fmt.Sprintf("%s of %s", unit.Number(float64(r.Calls), 0), unit.Number(float64(s.Lateness.Calls), 0)), unit.Millis(r.LateNS, 1), unit.Micros(r.MedianNS, 1), unit.Micros(r.MaxNS, 1))
	}
	a.write(ranks)
}

// stepWord is the step that a call is made in: "decode 12".
func stepWord(c metric.LateCall) string {
	if c.Step == 0 {
		return unit.Missing
	}
	return fmt.Sprintf("%s %d", c.Phase, c.Step)
}
