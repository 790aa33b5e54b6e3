package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
)

// PointRow is one point of a chart as its CSV holds it. Pointers are nil where there is
// no value.
type PointRow struct {
	Series, Run, Layout, Unsure                         string
	X                                                   float64
	Y, SpreadPct, Speedup, EfficiencyPct, Serial, Ideal *float64
	N                                                   int
}

// PointsCSV writes the points of a chart, one a row; x and y name its axes. Where there is
// no value the cell is empty, never zero. Numbers are full precision.
func PointsCSV(w io.Writer, x, y string, rows []PointRow) error {
	out := csv.NewWriter(w)
	out.Write([]string{"series", "run", "layout", x, y, "spread_pct", "n", "speedup", "efficiency_pct", "serial_fraction", "ideal_" + y, "unsure"}) // errors are kept until Flush
	for _, r := range rows {
		n := ""
		if r.N > 0 {
			n = strconv.Itoa(r.N)
		}
		out.Write([]string{r.Series, r.Run, r.Layout, exact(&r.X), exact(r.Y), exact(r.SpreadPct), n, exact(r.Speedup), exact(r.EfficiencyPct), exact(r.Serial), exact(r.Ideal), r.Unsure})
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("cannot write the points: %w", err)
	}
	return nil
}

// exact is a number in full, nothing for none.
func exact(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}
