package model

import "strings"

// Nearest returns the word of known that word was most likely meant to be, for
// "did you mean": the one with the fewest letters to add, drop, change or swap,
// case aside. It is empty when none is near enough (a third of the letters may
// differ, and one always may). Of equals the first wins.
func Nearest(word string, known []string) string {
	best, least := "", 0
	w := strings.ToLower(word)
	for _, k := range known {
		d := distance(w, strings.ToLower(k))
		if d > 1+len(k)/3 || d >= max(len([]rune(w)), 2) {
			continue
		}
		if best == "" || d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is the optimal string alignment distance. Words past 64 letters are
// cut: nobody mistypes those into something near.
func distance(a, b string) int {
	x, y := cut([]rune(a)), cut([]rune(b))
	var older, prev []int
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		older, prev, row = prev, row, make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+differs(x[i-1], y[j-1]))
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
	}
	return row[len(y)]
}

func cut(r []rune) []rune { return r[:min(len(r), 64)] }

func differs(a, b rune) int {
	if a == b {
		return 0
	}
	return 1
}
