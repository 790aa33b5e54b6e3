package tests

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// demo opens the demo in a terminal, with an editor that waits for a line.
func demo(t *testing.T) *terminal {
	t.Helper()
	dir := t.TempDir()
	editor := filepath.Join(dir, "editor")
	if err := os.WriteFile(editor, []byte("#!/bin/sh\necho the editor\nread line\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	w := open(t, 80, 24, fmt.Sprintf("export XDG_CACHE_HOME=%s/cache VISUAL= EDITOR=%s again='%s demo %s/demo'; $again", dir, editor,
		binary, dir))
	w.wait("E1.2", "E3.2", "? help")
	return w
}

// sane sees that the shell has its terminal back as it was.
func (w *terminal) sane() {
	w.t.Helper()
	w.keys("stty -a | grep -o -- '-icanon\\|-echo ' | wc -l; echo the end", "Enter")
	if screen := w.wait("\nthe end"); !strings.Contains(screen, "\n0\n") {
		w.t.Errorf("the terminal is left raw:\n%s", screen)
	}
}

func TestSuspendedAndForegroundInTmux(t *testing.T) {
	w := demo(t)
	w.keys("Down", "C-z")
	w.wait("Stopped", "ready>")
	w.sane()
	w.keys("fg", "Enter")
	w.whole(80, 24, "▌ E1.2", "? help")
	w.keys("Down")
	w.wait("▌ E1.2d")
	w.keys("q")
	w.wait("ready>")
}

func TestEditorInTmux(t *testing.T) {
	w := demo(t)
	for range 2 { // the second time as well as the first
		w.keys("e")
		w.wait("▌Config · E1.1")
		w.keys("e")
		w.wait("the editor")
		w.keys("j", "Enter") // typed into the editor, and nowhere else
		w.whole(80, 24, "▌Config", "▌ Tensor (TP)")
		w.keys("Escape")
		w.wait("▌Experiments", "▌ E1.1")
	}
	w.keys("q")
	w.wait("ready>")
}

func TestTerminalIsSaneAfterAKill(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		w := demo(t)
		w.kill(signal)
		w.wait("ready>")
		w.sane()
	}
}

// TestUnsavedChangesOutliveTheSession changes a field and loses the link: at once, as sshd
// tells it, or without a word after a moment.
func TestUnsavedChangesOutliveTheSession(t *testing.T) {
	for _, c := range []struct {
		signal syscall.Signal
		after  time.Duration
	}{{syscall.SIGHUP, 0}, {syscall.SIGKILL, time.Second}} {
		w := demo(t)
		w.keys("Down", "e")
		w.wait("▌Config · E1.2", "◂ 2 ▸")
		w.keys("Left")
		w.wait("◂ 1 ▸", "modified")
		time.Sleep(c.after)
		w.kill(c.signal)
		w.wait("ready>")
		w.keys("reset; clear; $again", "Enter")
		w.wait("Unsaved changes to E1.2 from", "parallelism.tp: 1", "▌ Continue")
		w.keys("Enter")
		w.wait("▌Config · E1.2", "◂ 1 ▸", "modified")
		w.keys("w")
		w.wait("Save E1.2?")
		w.keys("Enter")
		w.wait("E1.2 saved")
		w.keys("q")
		w.wait("ready>")
		w.keys("clear; $again", "Enter")
		w.wait("◂ 1 ▸")
		if screen := w.wait("? help"); strings.Contains(screen, "Unsaved") {
			t.Errorf("offered again though saved:\n%s", screen)
		}
		w.keys("q")
		w.wait("ready>")
	}
}

// kill sends a signal to what the shell of the window runs.
func (w *terminal) kill(signal syscall.Signal) {
	w.t.Helper()
	shell := strings.TrimSpace(w.tmux("display-message", "-p", "#{pane_pid}"))
	text, err := os.ReadFile(fmt.Sprintf("/proc/%s/task/%s/children", shell, shell))
	if err != nil {
		w.t.Skip("processes are not told of here: ", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		w.t.Fatalf("the shell runs %q", text)
	}
	if err := syscall.Kill(pid, signal); err != nil {
		w.t.Fatal(err)
	}
}
