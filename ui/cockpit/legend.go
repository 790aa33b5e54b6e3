package cockpit

import (
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/ui/theme"
)

// legend is every sign that a pane may show, with what it means; the help lists it last.
func legend(th *theme.Theme) []command {
	signs := []struct{ sign, means string }{
		{th.Cursor, "the row under the cursor"},
		{th.Mark, "a marked row"},
		{th.Best, "the best of its row or column"},
		{th.Missing, "no value: the message line says why, for the cell under the cursor"},
		{present.Estimate, "inferred or bounded, not measured"},
		{present.Tie, "chance alone can explain the difference"},
		{present.TooFew, "too few samples to tell a difference"},
		{present.Straggler, "a rank that the others wait for"},
		{present.Foreign, "measured of another config, by another engine or on another GPU"},
		{th.Full, "bars: computing"},
		{th.Transit, "bars: communication under way"},
		{th.Wait, "bars: waiting for another rank"},
		{th.Unknown, "bars: communication that cannot be told apart into transfer and waiting"},
		{th.Idle, "bars: nothing runs"},
		{th.Levels[5], "timeline: how much of a column is compute"},
		{th.Eighths[3], "timeline: the end of a kernel, inside its column"},
		{th.Wall, "timeline: when a rank came to the call gone to; on the ruler, a round time"},
		{"0…9", "timeline, last in: the rank that came last to a call, where that is seen"},
		{th.Marks[0], "charts: a measured point"}, {th.Hollow[0], "charts: a forecast, not measured"},
		{th.Guide, "charts: a line to compare with, such as the ideal"},
		{th.More, "cut: there is more"},
		{th.Up + th.Down, "a list goes on above, below"},
		{th.Left + th.Right, "a value that the left and right keys change"},
	}
	return model.Each(signs, func(s struct{ sign, means string }) command {
		return command{group: "Signs", name: s.sign, help: s.means}
	})
}
