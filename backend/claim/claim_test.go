package claim

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shardeck/backend/process"
	"shardeck/backend/workspace"
	"shardeck/model"
)

// TestClaimIsExclusive: of all who try at once, also over what the dead left, no two have the experiment.
func TestClaimIsExclusive(t *testing.T) {
	w := &workspace.Workspace{Root: t.TempDir()}
	for round := range 40 {
		for n := range round % 3 {
			leave(t, w, "E1.3", n+1+round%2, fmt.Sprintf("%d 1 %s", os.Getpid(), process.Here()), 0)
		}
		var held, won atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				c, err := Take(w, "E1.3")
				if err != nil {
					if !errors.Is(err, model.ErrActive) {
						t.Error(err)
					}
					return
				}
				if held.Add(1) > 1 {
					t.Error("two hold it")
				}
				won.Add(1)
				time.Sleep(time.Millisecond)
				held.Add(-1)
				c.Release()
			})
		}
		all.Wait()
		if c, err := Take(w, "E1.3"); err != nil {
			t.Fatalf("round %d, after %d held it: %v", round, won.Load(), err)
		} else {
			c.Release()
		}
		if left, _ := os.ReadDir(w.Path(folder)); len(left) != 0 {
			t.Fatalf("round %d left %v", round, left)
		}
	}
}

// leave lays somebody's claim down.
func leave(t *testing.T, w *workspace.Workspace, id string, n int, holder string, age time.Duration) {
	t.Helper()
	if err := w.EnsureDir(folder); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(w.Path(folder), fmt.Sprintf("%s@%d", id, n))
	text := fmt.Sprintf(`{"user": "alice", "process": %q, "since": "2026-11-30T14:02:03Z"}`, holder)
	if holder == "" {
		text = "" // being written
	}
	then := time.Now().Add(-age)
	if err := errors.Join(os.WriteFile(file, []byte(text), 0o644), os.Chtimes(file, then, then)); err != nil {
		t.Fatal(err)
	}
}

// TestClaimTellsTheLivingFromTheDead: by pid and its start on this machine, by age on another.
func TestClaimTellsTheLivingFromTheDead(t *testing.T) {
	self := process.Here().Self()
	for name, c := range map[string]struct {
		holder string
		age    time.Duration
		says   string // of who holds it; empty: it is free
		passed bool
	}{
		"living":                {self.String(), time.Hour, fmt.Sprintf("alice on this machine, process %d, since ", self.PID), false},
		"pid gone":              {fmt.Sprintf("%d 1 %s", 1<<30, self.On), 0, "", false},
		"pid used again":        {fmt.Sprintf("%d 1 %s", self.PID, self.On), 0, "", false},
		"before a reboot":       {fmt.Sprintf("%d %s %s", self.PID, self.Born, strings.Fields(string(self.On))[0]+" other-boot"), 0, "", false},
		"elsewhere, young":      {"77 1 login02 boot", time.Minute, "alice on login02, process 77, since ", false},
		"elsewhere, old":        {"77 1 login02 boot", time.Hour, "", true},
		"being written":         {"", 0, "another shardeck", false},
		"never written, old":    {"", time.Hour, "", false},
		"of another experiment": {"other", 0, "", false},
	} {
		w := &workspace.Workspace{Root: t.TempDir()}
		id := "E1.3"
		if c.holder == "other" {
			id, c.holder = "E1.3.1", self.String()
		}
		leave(t, w, id, 1, c.holder, c.age)
		got, err := Take(w, "E1.3")
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.says == "" && (got.Passed != "") != c.passed:
			t.Errorf("%s: passed over %q", name, got.Passed)
		case c.says != "" && (err == nil || !errors.Is(err, model.ErrActive) || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v, want %s", name, err, c.says)
		}
		if got != nil && (!got.Held() || !Taken(w, "E1.3")) {
			t.Errorf("%s: it is not held", name)
		}
	}
}
