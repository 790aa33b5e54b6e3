package tests

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// typescript is a program under script(1): what it wrote so far, and its keys.
type typescript struct {
	t    *testing.T
	mu   sync.Mutex
	text bytes.Buffer
	keys io.WriteCloser
}

// Write takes what the program writes.
func (s *typescript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *typescript) written() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// press waits until the program has written a text, and presses keys.
func (s *typescript) press(text, keys string) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); !strings.Contains(s.written(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("waited in vain for %q in\n%q", text, s.written())
		}
	}
	if _, err := io.WriteString(s.keys, keys); err != nil {
		s.t.Fatal(err)
	}
}

// under starts a command in a terminal of a type, made by script(1); behind it stands whether the terminal is as it was.
func under(t *testing.T, term, command string) *typescript {
	t.Helper()
	const around = "stty rows 24 cols 80; was=$(stty -g); %s; test \"$(stty -g)\" = \"$was\"; echo \"whole=$?\""
	c := exec.Command("script", "-q", "-c", fmt.Sprintf(around, command), "/dev/null")
	c.Env = append(os.Environ(), "TERM="+term, "SHELL=/bin/sh", "XDG_CACHE_HOME="+t.TempDir(), "COLUMNS=", "SHARDECK_LINEAR=")
	s := &typescript{t: t}
	keys, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.keys, c.Stdout, c.Stderr = keys, s, s
	if err := c.Start(); err != nil {
		t.Skip("script is not installed: ", err)
	}
	t.Cleanup(func() { _ = keys.Close(); _ = c.Wait() })
	return s
}

// queries are what asks a terminal for an answer, which one that does not know them owes for ever: its kind, its state, its modes,
// its colours, its capabilities, its size.
var queries = regexp.MustCompile(`\x1b\[[>=]?\d*c|\x1b\[\??[56]n|\x1b\[\??\d+\$p|\x1b\[>\d*q|\x1b\[\?u|\x1b\[1[13-9]t|\x1b\[2[01]t` +
	`|\x1b\][\d;]*\?|\x1bP[+$]q|\x1b_G[^;]*a=q|\x1bZ|\x05`)

var modeSet = regexp.MustCompile(`\x1b\[\?(\d+)([hl])`)

// TestFiveTerminals starts the real program in each, presses keys, leaves, and sees that the terminal is whole again and was asked
// nothing.
func TestFiveTerminals(t *testing.T) {
	ws := filepath.Join(t.TempDir(), "ws")
	if out, err := exec.Command(binary, "demo", ws, "--no-open").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, term := range []string{"xterm-256color", "screen-256color", "linux", "vt100", "dumb"} {
		t.Run(term, func(t *testing.T) {
			s := under(t, term, binary+" -C "+ws)
			if term == "dumb" {
				s.press("linear mode", "q\n")
			} else {
				s.press("help", "M")
				s.press("mouse is on", "?")
				s.press("Keys", "\x1b")
				s.press("E1.2", "q")
			}
			s.press("whole=", "")
			left(t, term, s.written())
		})
	}
}

// left sees what a program has left of a terminal.
func left(t *testing.T, term, text string) {
	t.Helper()
	if !strings.Contains(text, "whole=0") {
		t.Error("the terminal is not as it was")
	}
	if q := queries.FindString(text); q != "" {
		t.Errorf("the terminal was asked %q", q)
	}
	modes := map[string]string{}
	for _, m := range modeSet.FindAllStringSubmatch(text, -1) {
		modes[m[1]] = m[2]
	}
	for mode, state := range modes {
		if want := map[bool]string{true: "h", false: "l"}[mode == "25"]; state != want {
			t.Errorf("mode %s was left %s", mode, state)
		}
	}
	if term == "dumb" && strings.Contains(text, "\x1b") {
		t.Errorf("a dumb terminal got an escape: %q", text)
	}
	if len(modes) < 6 != (term == "dumb") {
		t.Errorf("modes %v", modes)
	}
	if n := strings.Count(text, "\x1b[22;2t"); n != strings.Count(text, "\x1b[23;2t") {
		t.Errorf("the title was kept %d times, and given back otherwise", n)
	}
}
