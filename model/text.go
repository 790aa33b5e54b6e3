package model

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Printable cleans one line of text from outside (a job's name, a log line, a
// message of another program) for the screen: a tab becomes a blank, other control
// characters go, escape sequences with all their parts, and so do the marks that
// turn the direction of writing. Bytes that are no UTF-8 become U+FFFD.
func Printable(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		if n := escapeLen(s); n > 0 {
			s = s[n:]
			continue
		}
		r, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		switch {
		case r == '\t' || r == '\n':
			b.WriteByte(' ')
		case !hidden(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plain reports whether s is printable ASCII, as nearly all text is.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// hidden reports whether a character acts on the terminal or shows nothing.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || r == '\ufeff'
}

// escapeLen is the length of the escape sequence that s begins with, 0 if none.
func escapeLen(s string) int {
	if len(s) < 2 || s[0] != 0x1b {
		return 0
	}
	end := 2
	switch s[1] {
	case '[': // CSI: parameters, then a final byte
		for end < len(s) && s[end] >= ' ' && s[end] < '@' {
			end++
		}
		if end < len(s) && s[end] >= '@' && s[end] <= '~' {
			end++
		}
	case ']', 'P', '_', '^', 'X': // strings, ended by BEL or ESC \
		for end < len(s) && s[end] != 0x07 && s[end] != 0x1b {
			end++
		}
		if end < len(s) && s[end] == 0x07 {
			end++
		}
	}
	return end
}

// ParseTimeLimit reads a time limit as Slurm does: minutes, MM:SS, HH:MM:SS,
// D-HH, D-HH:MM or D-HH:MM:SS. A limit of nothing is an error.
func ParseTimeLimit(text string) (time.Duration, error) {
	if err := CheckTimeLimit(text); err != nil {
		return 0, err
	}
	days, clock, dated := strings.Cut(text, "-")
	if !dated {
		days, clock = "0", text
	}
	units := clockUnits(strings.Count(clock, ":"), dated)
	var total time.Duration
	for i, part := range append([]string{days}, strings.Split(clock, ":")...) {
		n, err := strconv.Atoi(part)
		if err != nil || n > 100_000 {
			return 0, fmt.Errorf("%.40q is not a time: write HH:MM:SS, as in 00:30:00", text)
		}
		total += time.Duration(n) * units[i]
	}
	if total <= 0 {
		return 0, fmt.Errorf("%.40q gives the job no time: write HH:MM:SS, as in 00:30:00", text)
	}
	return total, nil
}

// clockUnits are the units of the parts of a limit with so many colons, days first.
func clockUnits(colons int, dated bool) []time.Duration {
	units := []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second}
	if dated || colons == 2 {
		return units
	}
	return append(units[:1:1], units[2:]...) // MM or MM:SS
}

// FormatTimeLimit writes HH:MM:SS, hours counting past 24.
func FormatTimeLimit(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// DurationWords is a time as people say it: 30 min, 12 h, 1 h 30 min.
func DurationWords(d time.Duration) string {
	h, m := int(d/time.Hour), int(d.Round(time.Minute)/time.Minute)%60
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d/time.Second))
	case h == 0:
		return fmt.Sprintf("%d min", m)
	case m == 0:
		return fmt.Sprintf("%d h", h)
	}
	return fmt.Sprintf("%d h %d min", h, m)
}

// CompareNatural orders texts by their letters, and digits in them by number: E1.2 before E1.10.
func CompareNatural(a, b string) int {
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x != "" && y != "" {
			m, n := strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			if c := cmp.Or(cmp.Compare(len(m), len(n)), cmp.Compare(m, n)); c != 0 {
				return c
			}
			a, b = a[len(x):], b[len(y):]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// digits are those that a text begins with.
func digits(s string) string { return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))] }
