package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"shardeck/model/scaling"
)

// PointsCSV writes the points of a chart, one a row. Where there is no value the cell is
// empty, never zero. Numbers are full precision.
func PointsCSV(w io.Writer, c scaling.Chart) error {
	out := csv.NewWriter(w)
	y := header(c.Quantity, c.Unit)
	out.Write([]string{"series", "run", "layout", string(c.Axis), y, "spread_pct", "n", "speedup", "efficiency_pct", "serial_fraction", "ideal_" + y, "unsure"}) // errors are kept until Flush
	for _, s := range c.Series {
		for _, p := range s.Points {
			out.Write([]string{s.Name, p.Run, p.Layout, exact(p.X), exact(p.Value), above(0, p.Spread), above(0, float64(p.N)),
				above(0, p.Speedup), above(0, p.Efficiency), above(-1, p.Serial), above(0, p.Ideal), p.Unsure})
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("cannot write the points: %w", err)
	}
	return nil
}

// notInNames is what stands in no name of a column or file.
var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// header names the column of the value: throughput_tok_s, efficiency_pct.
func header(quantity, unit string) string {
	return Slug(strings.NewReplacer("%", "pct", "×", "").Replace(quantity+"_"+unit), "_")
}

// Slug is a text as a part of a name, its words joined by a sign.
func Slug(text, sign string) string {
	return strings.Trim(notInNames.ReplaceAllString(strings.ToLower(text), sign), sign)
}

// exact is a number in full.
func exact(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// above is a number in full, nothing for one that is none: not above a bound.
func above(none, v float64) string {
	if v > none {
		return exact(v)
	}
	return ""
}
