package theme

import (
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// linkers tell a terminal that makes links of OSC 8, by a variable and what begins its value. Of VTE it is since 0.50.
var linkers = []struct{ variable, begins string }{
	{"TERM", "xterm-kitty"}, {"TERM", "xterm-ghostty"}, {"TERM", "alacritty"}, {"TERM", "foot"}, {"TERM", "wezterm"}, {"TERM", "contour"},
	{"TERM_PROGRAM", "iTerm.app"}, {"TERM_PROGRAM", "WezTerm"}, {"TERM_PROGRAM", "vscode"}, {"TERM_PROGRAM", "ghostty"},
	{"TERM_PROGRAM", "rio"}, {"WT_SESSION", ""}, {"DOMTERM", ""},
}

// Links reports whether files are to be links: as a setting says, else where the terminal is known to make them. One that is not
// known, or stands behind tmux or screen, gets none; nobody is asked.
func Links(set string, getenv func(string) string) bool {
	switch {
	case set == "on", set == "off":
		return set == "on"
	case getenv("TMUX") != "", getenv("STY") != "":
		return false
	}
	vte, _ := strconv.Atoi(getenv("VTE_VERSION"))
	return vte >= 5000 || slices.ContainsFunc(linkers, func(l struct{ variable, begins string }) bool {
		have := getenv(l.variable)
		return have != "" && strings.HasPrefix(have, l.begins)
	})
}

// Link is a text that goes to a file of this machine, by its absolute path.
func Link(path, text string) string {
	host, _ := os.Hostname() // without one the link is of the machine that shows it
	to := url.URL{Scheme: "file", Host: host, Path: path}
	return ansi.SetHyperlink(to.String()) + text + ansi.ResetHyperlink()
}
