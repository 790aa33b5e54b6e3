// Package unit writes numbers with their units for people: one rounding and one family of
// units for tables, sentences, axes and messages. Sizes of memory are binary (MiB, GiB),
// those of files decimal (MB, GB). JSON and CSV have full precision instead.
package unit

import (
	"math"
	"strconv"
	"strings"
)

// Missing stands where there is no value.
const Missing = "–"

// Number writes a value with so many decimals and a blank between thousands: 11 279. What
// is not a number is Missing.
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

// Apart is how many decimals tell two values apart, at least so many; of equal ones it
// is that number.
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

// Bandwidth is that in GB/s: a decimal below 100; of a tiny buffer it is small, but never
// nothing.
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
