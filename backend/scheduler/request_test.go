package scheduler

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
)

func TestExpandLog(t *testing.T) {
	for _, c := range [][4]string{
		{"/l/%x-%j.out", "12", "E1.3", "/l/E1.3-12.out"},
		{"/l/%A_%a.out", "12_3", "n", "/l/12_%a.out"},
		{"/l/100%%j", "12", "n", "/l/100%j"},
		{"/l/plain", "L1", "n", "/l/plain"},
	} {
		if got := ExpandLog(c[0], c[1], c[2]); got != c[3] {
			t.Errorf("%s: %s, want %s", c[0], got, c[3])
		}
	}
}

func TestCheckScriptLength(t *testing.T) {
	dir := t.TempDir()
	r := Request{Script: "#!/bin/bash\n" + strings.Repeat("#", maxScript), Dir: dir, Tag: "t", Log: dir + "/%j.out"}
	if err := r.Check(); err == nil || !strings.Contains(err.Error(), "4 MiB") {
		t.Errorf("too long: %v", err)
	}
	r.Script = "#!/bin/bash\n"
	if err := r.Check(); err != nil {
		t.Errorf("short: %v", err)
	}
	for _, tag := range []string{"", "-x", strings.Repeat("x", 65), "a\nb", "a b"} {
		r.Tag = tag
		if r.Check() == nil {
			t.Errorf("tag %q was taken", tag)
		}
	}
}

func TestFault(t *testing.T) {
	err := error(&Fault{Text: "what", ToDo: "do", Kind: ErrMaybe, Cause: fs.ErrNotExist})
	if err.Error() != "what: file does not exist" || !errors.Is(err, ErrMaybe) || !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrNoJob) {
		t.Errorf("%v", err)
	}
}
