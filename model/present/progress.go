package present

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/model/progress"
)

// GPUUse says what the GPUs of a job do, a line a node: "nid001042  busy 87 85 %  memory 31.2 31.2 of 40.0 GiB  250 248 W".
func GPUUse(all []model.GPUUse) (lines []string) {
	for _, node := range model.Grouped(all, func(u model.GPUUse) string { return u.Node }) {
		column := func(of func(model.GPUUse) *float64, decimals int, per float64) string {
			return strings.Join(model.Each(node.All, func(u model.GPUUse) string {
				v := of(u)
				if v == nil {
					return unit.Missing
				}
				return unit.Number(*v/per, decimals)
			}), " ")
		}
		text := node.All[0].Node + "  busy " + column(func(u model.GPUUse) *float64 { return u.Busy }, 0, 1) + " %  memory " +
			column(func(u model.GPUUse) *float64 { return u.Used }, 1, 1024)
		if total := node.All[0].Total; total != nil {
			text += " of " + unit.Number(*total/1024, 1)
		}
		lines = append(lines, text+" GiB  "+column(func(u model.GPUUse) *float64 { return u.Watts }, 0, 1)+" W")
	}
	return lines
}

// ProgressStages says what the stages of a run took, and before: "weights 1:40 · timing 0:34 of ~1:20 · profiling ~0:40"; empty: no
// time is known. Where that is wider than so many columns, stages that are over are left out.
func ProgressStages(r progress.Run, width int) string {
	var words []string
	known := false
	for _, s := range r.Stages {
		text := string(s.Name)
		switch {
		case s.Took != nil && s.Now && s.Usual != nil:
			text += " " + unit.Clock(*s.Took) + " of ~" + unit.Clock(*s.Usual)
		case s.Took != nil:
			text += " " + unit.Clock(*s.Took)
		case s.Usual != nil:
			text += " ~" + unit.Clock(*s.Usual)
		}
		known = known || s.Took != nil || s.Usual != nil
		if s.Name != model.StageDone {
			words = append(words, text)
		}
	}
	if !known {
		return ""
	}
	for at := slices.IndexFunc(r.Stages, func(s progress.Stage) bool { return s.Now }); at > 0 && utf8.RuneCountInString(Joined(words...)) > width; at-- {
		words = words[1:]
	}
	return Joined(words...)
}

// ProgressEnd says when a run is expected to end, by how many runs before, or why that is not known.
func ProgressEnd(r progress.Run, now time.Time) string {
	if r.Left == nil {
		return "when it ends is not known: " + r.Why
	}
	return "ends " + estimatedStart(now.Add(*r.Left), now) + ", by " + unit.Plural(r.Earlier, "earlier run") + " of this layout"
}

// ProgressEach says how long an iteration takes, the median of those seen: "12.0 s each"; empty: none was timed.
func ProgressEach(r progress.Run) string {
	if len(r.Each) == 0 {
		return ""
	}
	return unit.Significant(r.Usual().Seconds()) + " s each"
}
