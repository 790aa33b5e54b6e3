package cockpit

import (
	"strings"
	"testing"

	"github.com/muesli/termenv"

	"shardeck/ui/panetest"
	"shardeck/ui/theme"
)

// TestThemeIsSeenBeforeItIsChosen: the cursor of the palette on a theme shows it, esc gives the old one back, enter keeps it for
// the next session, and one that is set counts for more.
func TestThemeIsSeenBeforeItIsChosen(t *testing.T) {
	w := panetest.Open(t)
	open := func(set string) *panetest.Driver {
		o := testOptions(w)
		o.Theme, o.Colours = theme.New(termenv.ANSI256, false), set
		return panetest.Drive(t, whole{New(t.Context(), w.App, o)}, 80, 24)
	}
	shows := func(d *panetest.Driver, ink string) {
		t.Helper()
		if view := d.S.View(); !strings.Contains(view, "38;5;"+ink+"m") {
			t.Fatalf("no ink %s in %q", ink, view[:200])
		}
	}
	d := open("auto")
	shows(d, "32")
	shows(d.Press(":").Type("theme dark"), "75")
	shows(d.Press("esc"), "32")
	shows(d.Press(":").Type("theme dark").Press("enter"), "75")
	d.Expect("theme dark is kept").Press("q")
	if kept := w.Read(stateFile); !strings.Contains(kept, `"theme":"dark"`) {
		t.Errorf("not kept: %s", kept)
	}
	shows(open("auto"), "75")
	shows(open("light"), "25")
}
