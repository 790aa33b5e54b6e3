package lab

import (
	"fmt"
	"strings"
)

// context lines around a change, as diff -u has them.
const around = 3

// change is one line of a comparison: ' ' in both, '-' in the old, '+' in the new.
type change struct {
	sign byte
	text string
}

// unified is the difference of two texts as diff -u prints it, empty if there is none.
func unified(name, before, after string) string {
	if before == after {
		return ""
	}
	changes := compareLines(lines(before), lines(after))
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\n+++ %s (edited)\n", name, name)
	for _, h := range hunks(changes) {
		writeHunk(&b, changes, h)
	}
	return b.String()
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// compareLines finds the longest common subsequence; configs and scripts have at
// most some hundred lines, so the square of that is nothing.
func compareLines(a, b []string) []change {
	common := make([][]int32, len(a)+1)
	for i := range common {
		common[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []change
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, change{' ', a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out = append(out, change{'-', a[i]})
			i++
		default:
			out = append(out, change{'+', b[j]})
			j++
		}
	}
	return out
}

// hunks are the spans of changes with the lines around them, as pairs of indices.
func hunks(changes []change) [][2]int {
	var all [][2]int
	for i, c := range changes {
		if c.sign == ' ' {
			continue
		}
		from, to := max(i-around, 0), min(i+around+1, len(changes))
		if n := len(all); n > 0 && from <= all[n-1][1] {
			all[n-1][1] = to
			continue
		}
		all = append(all, [2]int{from, to})
	}
	return all
}

func writeHunk(b *strings.Builder, changes []change, h [2]int) {
	oldLine, newLine := 1, 1
	for _, c := range changes[:h[0]] {
		oldLine, newLine = oldLine+inOld(c), newLine+inNew(c)
	}
	oldCount, newCount := 0, 0
	for _, c := range changes[h[0]:h[1]] {
		oldCount, newCount = oldCount+inOld(c), newCount+inNew(c)
	}
	fmt.Fprintf(b, "@@ -%d,%d +%d,%d @@\n", start(oldLine, oldCount), oldCount, start(newLine, newCount), newCount)
	for _, c := range changes[h[0]:h[1]] {
		fmt.Fprintf(b, "%c%s\n", c.sign, c.text)
	}
}

// start is the first line of a hunk; one without lines starts before them.
func start(line, count int) int {
	if count == 0 {
		return line - 1
	}
	return line
}

func inOld(c change) int {
	if c.sign == '+' {
		return 0
	}
	return 1
}

func inNew(c change) int {
	if c.sign == '-' {
		return 0
	}
	return 1
}
