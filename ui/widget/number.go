package widget

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Number writes a value with so many decimals and a blank between thousands:
// 11 279. What is not a number is "–".
func Number(v float64, decimals int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	text := strconv.FormatFloat(math.Abs(v), 'f', max(decimals, 0), 64)
	whole, fraction, _ := strings.Cut(text, ".")
	if fraction != "" {
		fraction = "." + fraction
	}
	sign := ""
	if v < 0 && strings.Trim(text, "0.") != "" {
		sign = "-"
	}
	return sign + thousands(whole) + fraction
}

// mostDecimals is how small a value Figure still shows the first digit of.
const mostDecimals = 9

// Figure is Number for what was measured: what is more than nothing never reads as 0, so
// small values have the decimals that they need.
func Figure(v float64, decimals int) string { return Number(v, enough(v, decimals)) }

// enough is how many decimals show a digit of a value, at least so many.
func enough(v float64, decimals int) int {
	for v != 0 && decimals < mostDecimals && strings.Trim(Number(v, decimals), "-0.") == "" {
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

// Int is Number for whole numbers.
func Int(n int) string { return Number(float64(n), 0) }

func thousands(digits string) string {
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// Short writes a value with three figures that count: 0.452, 11.3, 402, 11 279.
func Short(v float64) string {
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

// Bytes writes a size with a binary unit: 32 KiB, 149.4 MiB.
func Bytes(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n), 0
	for v >= 1024 && unit < 5 {
		v, unit = v/1024, unit+1
	}
	text := strings.TrimSuffix(Number(v, 1), ".0")
	return text + " " + []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}[unit]
}

// GiB writes a size in GiB with one decimal and no unit.
func GiB(n int64) string { return Number(float64(n)/(1<<30), 1) }

// Millis writes nanoseconds in the unit that suits: 4.9 µs, 402 ms, 1.13 s.
func Millis(ns int64) string {
	v := float64(ns)
	switch a := math.Abs(v); {
	case a == 0:
		return "0 ms"
	case a < 1e3:
		return Number(v, 0) + " ns"
	case a < 1e6:
		return Short(v/1e3) + " µs"
	case a < 1e10:
		return Short(v/1e6) + " ms"
	}
	return Short(v/1e9) + " s"
}

// Clock writes a span as people say a job's time: 1:52, 1:04:05, 2-03:00:00.
func Clock(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	s := int(d.Seconds())
	days, h, m, s := s/86400, s/3600%24, s/60%60, s%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d-%02d:%02d:%02d", days, h, m, s)
	case h > 0:
		return fmt.Sprintf("%d:%02d:%02d", h, m, s)
	}
	return fmt.Sprintf("%d:%02d", m, s)
}

// Ago says how long ago a moment was, coarsely, so that it need not tick: "2 h ago".
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

// Moment writes a time of day, with its date when it is not today's.
func Moment(t, now time.Time) string {
	if t.IsZero() {
		return "–"
	}
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04")
	}
	return t.Format("2 Jan 15:04")
}

// Plural puts a count before a word: 1 run, 2 runs.
func Plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return Int(n) + " " + word + "s"
}
