// Package unit writes numbers with their units for people: one rounding and one family of units for tables, sentences, axes and
// messages. Sizes of memory are binary (MiB, GiB), those of files decimal (MB, GB). JSON and CSV have full precision instead.
package unit

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Missing stands where there is no value.
const Missing = "–"

// Number writes a value with so many decimals and a blank between thousands: 11 279. What is not a number is Missing.
func Number(v float64, decimals int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return Missing
	}
	text := strconv.FormatFloat(math.Abs(v), 'f', max(decimals, 0), 64)
	whole, fraction, point := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + " " + whole[i:]
	}
	if point {
		whole += "." + fraction
	}
	if v < 0 && strings.Trim(text, "0.") != "" {
		return "-" + whole
	}
	return whole
}

// Int is Number for whole numbers.
func Int(n int) string { return Number(float64(n), 0) }

// Known is Number of a value that may not be known; empty: it is not.
func Known(v *float64, decimals int) string {
	if v == nil {
		return ""
	}
	return Number(*v, decimals)
}

// Full is a value in full precision, as scripts read it.
func Full(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// Figure is Number for what was measured: what is more than nothing never reads as 0, so
// small values have the decimals that they need.
func Figure(v float64, decimals int) string { return Number(v, FirstDigit(v, decimals)) }

// mostDecimals is how small a value may be that is still told from nothing or another.
const mostDecimals = 9

// FirstDigit is how many decimals show a digit of a value, at least so many.
func FirstDigit(v float64, decimals int) int {
	for v != 0 && decimals < mostDecimals && strings.Trim(Number(v, decimals), "-0.") == "" {
		decimals++
	}
	return decimals
}

// Apart is how many decimals tell two values apart, at least so many; of equal ones it is that number.
func Apart(a, b float64, decimals int) int {
	for a != b && decimals < mostDecimals && Number(a, decimals) == Number(b, decimals) {
		decimals++
	}
	return decimals
}

// Signed is Number with a sign before what is more than nothing: +1.5, -0.2, 0.0.
func Signed(v float64, decimals int) string {
	text := Number(v, decimals)
	if v > 0 && strings.Trim(text, "0.") != "" {
		return "+" + text
	}
	return text
}

// Significant writes a value with three digits that count: 0.452, 11.3, 402, 11 279.
func Significant(v float64) string {
	a := math.Abs(v)
	switch {
	case a == 0:
		return "0"
	case a < 1:
		return Number(v, 3)
	case a < 10:
		return Number(v, 2)
	case a < 100:
		return Number(v, 1)
	}
	return Number(v, 0)
}

// Percent is a share in %, with one decimal; Missing of nothing.
func Percent(part, whole int64) string {
	if whole <= 0 {
		return Missing
	}
	return Number(100*float64(part)/float64(whole), 1)
}

// Bandwidth is that in GB/s: a decimal below 100; of a tiny buffer it is small, but never nothing.
func Bandwidth(v float64) string {
	switch {
	case v < 0.05:
		return "<0.1"
	case v < 100:
		return Number(v, 1)
	}
	return Number(v, 0)
}

// Plural puts a count before a noun: 1 run, 2 000 runs.
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Int(n) + " " + noun + "s"
}

// Memory writes a size of memory or of a buffer: 32 KiB, 149.4 MiB.
func Memory(bytes int64) string {
	v, unit := scaled(bytes, 1024, 1024, "B", "KiB", "MiB", "GiB", "TiB", "PiB")
	return strings.TrimSuffix(Number(v, 1), ".0") + " " + unit
}

// GiB writes a size of memory in GiB with one decimal and no unit.
func GiB(bytes int64) string { return Number(float64(bytes)/(1<<30), 1) }

// FileSize writes a size of files: 42 GB, 1.5 MB.
func FileSize(bytes int64) string {
	v, unit := scaled(bytes, 1000, 999.5, "B", "kB", "MB", "GB", "TB")
	if unit == "B" || v >= 9.95 {
		return Number(v, 0) + " " + unit
	}
	return Number(v, 1) + " " + unit
}

// scaled is a size in the largest unit in which it is not less than 1: each is step times
// the one before, and is used from so many of those.
func scaled(bytes int64, step, from float64, units ...string) (float64, string) {
	v, i := float64(bytes), 0
	for v >= from && i < len(units)-1 {
		v, i = v/step, i+1
	}
	return v, units[i]
}

// Duration writes nanoseconds in the unit that suits: 4.90 µs, 402 ms, 13.1 s.
func Duration(ns int64) string {
	v := float64(ns)
	switch a := math.Abs(v); {
	case a == 0:
		return "0 ms"
	case a < 1e3:
		return Number(v, 0) + " ns"
	case a < 1e6:
		return Significant(v/1e3) + " µs"
	case a < 1e10:
		return Significant(v/1e6) + " ms"
	}
	return Significant(v/1e9) + " s"
}

// Millis is nanoseconds in ms, without the unit.
func Millis(ns int64, decimals int) string { return Number(float64(ns)/1e6, decimals) }

// Micros is the mean of n things that took so many nanoseconds in all, in µs without the unit; Missing of none.
func Micros(ns int64, n float64) string {
	if n <= 0 {
		return Missing
	}
	return Number(float64(ns)/n/1e3, 1)
}

// Clock writes the time of a job as schedulers do: 1:52, 1:04:05, 2-03:00:00.
func Clock(d time.Duration) string {
	s := int(max(d, 0).Seconds())
	days, h, m, s := s/86400, s/3600%24, s/60%60, s%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d-%02d:%02d:%02d", days, h, m, s)
	case h > 0:
		return fmt.Sprintf("%d:%02d:%02d", h, m, s)
	}
	return fmt.Sprintf("%d:%02d", m, s)
}

// Ago says how long ago a moment was, coarsely, so that it need not tick: "2 h ago". It is empty of no moment.
func Ago(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	d := now.Sub(t)
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}

// Moment writes a time of day where now is, with its date when it is not today's; Missing of none.
func Moment(t, now time.Time) string {
	if t.IsZero() {
		return Missing
	}
	t = t.In(now.Location())
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04")
	}
	return t.Format("2 Jan 15:04")
}
