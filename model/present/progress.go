package present

import (
	"slices"
	"time"
	"unicode/utf8"

	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/model/progress"
)

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
	return "ends " + EstimatedStart(now.Add(*r.Left), now) + ", by " + unit.Plural(r.Earlier, "earlier run") + " of this layout"
}

// ProgressEach says how long an iteration takes, the median of those seen: "12.0 s each"; empty: none was timed.
func ProgressEach(r progress.Run) string {
	if len(r.Each) == 0 {
		return ""
	}
	return unit.Significant(r.Usual().Seconds()) + " s each"
}
