package cockpit

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// TestTerminalIsAskedNothing starts a program that contains the cockpit, this test's
// own, on a terminal that answers no question.
func TestTerminalIsAskedNothing(t *testing.T) {
	if os.Getenv("SHARDECK_TEST_CHILD") != "" {
		t.Skipf("CI is %q", os.Getenv("CI"))
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestTerminalIsAskedNothing$", "-test.v")
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "SHARDECK_TEST_CHILD=1", "CI=")
	began := time.Now()
	f, err := pty.Start(cmd)
	if err != nil {
		t.Skip("no pseudo-terminal here: ", err)
	}
	defer func() { _ = f.Close() }()
	out, _ := io.ReadAll(f) // ends with EIO when the program does
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if strings.Contains(string(out), "\x1b") {
		t.Errorf("the terminal was asked: %q", out)
	}
	if spent := time.Since(began); spent > 4*time.Second {
		t.Errorf("it waited %v for an answer", spent)
	}
	if !strings.Contains(string(out), `CI is ""`) {
		t.Errorf("the environment was not put back: %s", out)
	}
}
