package cli

import (
	"os"
	"strings"
)

// ink is one of the 16 ANSI colours: readable on light and dark grounds alike.
type ink string

const (
	red    ink = "31"
	green  ink = "32"
	yellow ink = "33"
	cyan   ink = "36"
	dim    ink = "2"
	bold   ink = "1"
)

// paint colours text when colours are wanted on the stream people look at.
func (a *app) paint(i ink, text string) string {
	if !a.colours() {
		return text
	}
	return "\x1b[" + string(i) + "m" + text + "\x1b[0m"
}

// colours follows --color, then NO_COLOR (any value), TERM=dumb, then whether
// standard output and standard error are a terminal.
func (a *app) colours() bool {
	switch a.color {
	case "always":
		return true
	case "never":
		return false
	}
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	return terminal(a.out) && terminal(a.err)
}

// plain writes text with ASCII alone when --ascii asks for it.
func (a *app) plain(text string) string {
	if !a.ascii {
		return text
	}
	return asciiOnly.Replace(text)
}

var asciiOnly = strings.NewReplacer("–", "-", "·", "|", "×", "x", "…", "...", "±", "+-", "µ", "u",
	"█", "#", "▓", "+", "░", ".", "─", "-", "→", "->", "≥", ">=", "≤", "<=", "−", "-", "\u202f", " ")
