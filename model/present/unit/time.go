package unit

import (
	"fmt"
	"math"
	"time"
)

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

// Micros is the mean of n things that took so many nanoseconds in all, in µs without the
// unit; Missing of none.
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

// Ago says how long ago a moment was, coarsely, so that it need not tick: "2 h ago". It is
// empty of no moment.
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

// Moment writes a time of day where now is, with its date when it is not today's; Missing
// of none.
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
