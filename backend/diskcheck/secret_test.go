package diskcheck

import (
	"errors"
	"os"
	"strings"
	"testing"

	"shardeck/backend/workspace"
	"shardeck/model"
)

// TestSecretIsItsOwnersAlone: a file that cannot be read, or that others can read, is told with its cure.
func TestSecretIsItsOwnersAlone(t *testing.T) {
	w := &workspace.Workspace{Root: t.TempDir()}
	t.Setenv("HOME", w.Root)
	err := errors.Join(os.WriteFile(w.Path("kept"), nil, 0o600), os.WriteFile(w.Path("open"), nil, 0o600), os.Chmod(w.Path("open"), 0o640))
	if err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]string{
		model.FromCaller: "", "kept": "", "~/kept": "", w.Path("kept"): "", "open": "can be read by others",
		"~/open": "can be read by others", "none": "cannot be read",
	} {
		fault, fix := Secret(w, "HF_TOKEN", from)
		if (fault == "") != (want == "") || !strings.Contains(fault, want) || (fix == "") != (want == "") ||
			fault != "" && !strings.Contains(fix, "chmod 600 "+from) {
			t.Errorf("%s: %q, %q, want %q", from, fault, fix, want)
		}
	}
}
