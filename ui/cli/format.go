package cli

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"shardeck/model"
)

// missing is what a table shows where there is no value.
const missing = "–"

// printJSON writes one indented JSON value. Text is kept as it is: no HTML escapes.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// number prints a value for people: fixed decimals, thousands apart.
func number(v float64, decimals int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return missing
	}
	text := strconv.FormatFloat(math.Abs(v), 'f', decimals, 64)
	whole, frac, dot := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + " " + whole[i:]
	}
	if dot {
		whole += "." + frac
	}
	if v < 0 && strings.Trim(whole, "0. ") != "" {
		whole = "-" + whole
	}
	return whole
}

// full prints a value in full precision, as `metric` does.
func full(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// bytes prints a size: 149 MB.
func bytes(n int64) string { return model.SizeWords(n) }

// span prints a duration as clocks do: 4:12, 1:02:03.
func span(d time.Duration) string {
	if d <= 0 {
		return missing
	}
	s := int(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// count is a number with its noun: "1 run", "3 runs".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
