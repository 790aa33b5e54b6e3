package tests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// terminal is a tmux of its own, with one window that runs a program.
type terminal struct {
	t      *testing.T
	server string
}

// open starts command in a window of the given size; the test skips without tmux,
// except in CI.
func open(t *testing.T, width, height int, command string) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("tmux is missing, and CI may not go without it")
		}
		t.Skip("tmux is not installed: the whole program in a real terminal was not tried")
	}
	w := &terminal{t, filepath.Join(t.TempDir(), "tmux")}
	w.tmux("new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height), "bash --norc")
	w.tmux("set-option", "-g", "remain-on-exit", "on")
	t.Cleanup(func() { exec.Command("tmux", "-S", w.server, "kill-server").Run() })
	w.keys("PS1='ready> '; clear; stty -a | cksum", "Enter")
	w.wait("ready>")
	w.keys("clear; "+command, "Enter")
	return w
}

func (w *terminal) tmux(args ...string) string {
	w.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", w.server, "-f", "/dev/null"}, args...)...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func (w *terminal) keys(keys ...string) { w.tmux(append([]string{"send-keys"}, keys...)...) }

func (w *terminal) screen() string { return w.tmux("capture-pane", "-p") }

// wait polls the screen until all texts stand on it.
func (w *terminal) wait(texts ...string) string {
	w.t.Helper()
	var screen string
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		screen = w.screen()
		if all(screen, texts) {
			return screen
		}
	}
	w.t.Fatalf("waited in vain for %q; the screen is\n%s", texts, screen)
	return ""
}

func all(screen string, texts []string) bool {
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			return false
		}
	}
	return true
}

// TestDemoInTmux walks through all panes of the demo in a real terminal, at both
// sizes the screens are drawn for, and sees that the terminal is sane afterwards.
func TestDemoInTmux(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {140, 45}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			dir := t.TempDir()
			w := open(t, size[0], size[1], fmt.Sprintf("XDG_CACHE_HOME=%s/cache %s demo %s/demo", dir, binary, dir))
			w.wait("E1.2", "E3.2", "? help")
			for _, pane := range []struct{ key, text string }{
				{"2", "Tensor (TP)"}, {"3", "Jobs"}, {"4", "tok/s"}, {"5", "throughput against"}, {"6", "compute"}, {"1", "E1.1"},
			} {
				w.keys(pane.key)
				w.whole(size[0], size[1], pane.text)
			}
			w.keys("?")
			w.wait("Keys", "edit its config")
			w.keys("Escape")
			w.keys("q")
			w.wait("ready>")
			w.keys("stty -a | grep -o -- '-icanon\\|-echo ' | wc -l; echo the end", "Enter")
			if screen := w.wait("\nthe end"); !strings.Contains(screen, "\n0\n") {
				t.Errorf("the terminal is left raw:\n%s", screen)
			}
		})
	}
}

// whole waits for the texts, and for a frame that keeps to its terminal: the tabs on the
// first line, the keys on the last, nothing wrapped. A frame may be seen half painted, so
// one that is wrong is looked at again.
func (w *terminal) whole(width, height int, texts ...string) {
	w.t.Helper()
	var screen, wrong string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		screen = w.wait(texts...)
		if wrong = misplaced(screen, height); wrong == "" {
			return
		}
	}
	w.t.Errorf("%s at %dx%d:\n%s", wrong, width, height, screen)
}

// misplaced says what is wrong with a frame; empty if nothing is.
func misplaced(screen string, height int) string {
	lines := strings.Split(strings.TrimRight(screen, "\n"), "\n")
	switch {
	case len(lines) != height:
		return fmt.Sprintf("%d lines on a screen of %d", len(lines), height)
	case !strings.Contains(lines[0], "1 Experiments") || !strings.Contains(lines[len(lines)-1], "help"):
		return "tabs or keys are not where they belong"
	}
	return ""
}
