// Package tests tries the whole program: the built binary in a real terminal, the
// README's commands, what every key costs, and which package may import which.
package tests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"shardeck/backend/scheduler/slurmtest"
)

// binary is the program as users build it: static, outside the test's own process.
var binary string

// TestMain builds it, and lets every test stand in the repository's root.
func TestMain(m *testing.M) {
	if err := os.Chdir(".."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	dir, err := os.MkdirTemp("", "shardeck-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "shardeck")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	code := 1
	if err := build.Run(); err == nil {
		code = slurmtest.Main(m)
	}
	os.RemoveAll(dir)
	os.Exit(code)
}
