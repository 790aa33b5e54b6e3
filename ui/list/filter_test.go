package list

import (
	"strings"
	"testing"
)

func TestFilterIsTyped(t *testing.T) {
	l := newTested(t, five()...)
	l.press("G")
	l.AskFilter(&l.dialog)
	l.press("s", "p", "e", "e", "d", ":", "9")
	l.expect("[b2] d4")
	if got := l.Filtered(); got != "2 of 5 match speed:9" {
		t.Errorf("%q", got)
	}
	l.press("enter")
	l.expect("[b2] d4")
	l.AskFilter(&l.dialog)
	l.press("esc")
	l.expect("a1 [b2] c3 d4 e5")
	if l.Filtered() != "" || l.dialog.Open() {
		t.Error("Esc did not drop the filter")
	}
	l.AskFilter(&l.dialog)
	l.press("x", "up", "enter")
	l.expect("[b2] d4") // typed before
	l.SetFilter("tpp:4")
	text := strings.Join(l.NoMatch(60), "\n")
	if !strings.Contains(text, "no run matches tpp:4") || !strings.Contains(text, "there is no tpp: here; there are run speed") {
		t.Errorf("%s", text)
	}
	if l.SetFilter("zzz"); strings.Contains(strings.Join(l.NoMatch(60), "\n"), "there is no") {
		t.Error("a word is no key")
	}
}
