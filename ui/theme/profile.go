package theme

import (
	"strings"

	"github.com/muesli/termenv"
)

// Profile chooses the colours: colour is auto, always or never; getenv reads the
// environment; tty says whether a terminal looks at the output. NO_COLOR with any
// value that is not empty means none, as no-color.org has it.
func Profile(colour string, getenv func(string) string, tty bool) termenv.Profile {
	term := getenv("TERM")
	switch {
	case colour == "never", colour != "always" && (!tty || getenv("NO_COLOR") != "" || term == "dumb"):
		return termenv.Ascii
	case strings.Contains(term, "256color"), getenv("COLORTERM") != "":
		return termenv.ANSI256
	}
	return termenv.ANSI
}
