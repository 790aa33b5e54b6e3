package theme

import (
	"strings"
	"testing"
)

// TestLinks: a setting decides, then what the terminal says of itself; an unknown one, and tmux before any, gets none.
func TestLinks(t *testing.T) {
	for environment, want := range map[string]bool{
		"": false, "TERM=xterm-256color": false, "TERM=xterm-kitty": true, "TERM=dumb": false, "TERM=xterm-256color TERM_PROGRAM=vscode": true,
		"VTE_VERSION=4900": false, "VTE_VERSION=7200": true, "VTE_VERSION=7200 TMUX=/tmp/x": false, "TERM=screen STY=1 WT_SESSION=a": false,
		"WT_SESSION=a": true, "TERM_PROGRAM=Apple_Terminal": false,
	} {
		have := map[string]string{}
		for _, pair := range strings.Fields(environment) {
			name, value, _ := strings.Cut(pair, "=")
			have[name] = value
		}
		if getenv := func(name string) string { return have[name] }; Links("auto", getenv) != want || !Links("on", getenv) || Links("off", getenv) {
			t.Errorf("%s: want %v", environment, want)
		}
	}
	if got := Link("/a b/c.csv", "c.csv"); !strings.HasPrefix(got, "\x1b]8;;file://") || !strings.Contains(got, "/a%20b/c.csv") ||
		!strings.HasSuffix(got, "c.csv\x1b]8;;\a") {
		t.Errorf("%q", got)
	}
}
