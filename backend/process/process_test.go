package process

import (
	"os"
	"strings"
	"testing"
)

func TestBornField(t *testing.T) {
	stat := "12 (a) b (c)) S 1 12 12 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 2"
	for text, want := range map[string]string{stat: "987654", strings.Replace(stat, ") S", ") Z", 1): "", "": "", "12 (x": ""} {
		if got := startField(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	if StartTime(os.Getpid()) == "" || StartTime(1<<30) != "" {
		t.Error("born cannot tell the living from the dead")
	}
}
