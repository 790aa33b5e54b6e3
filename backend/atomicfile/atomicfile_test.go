package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

// alone fails if a folder holds anything but these.
func alone(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(names) {
		t.Fatalf("in the folder: %v, %v, want %v", entries, err, names)
	}
	for i, e := range entries {
		if e.Name() != names[i] {
			t.Errorf("%s is there, want %s", e.Name(), names[i])
		}
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(file, []byte("old"), 0o600), os.Symlink("file", link)); err != nil {
		t.Fatal(err)
	}
	if err := Write(link, []byte("new"), 0o755); err != nil {
		t.Fatal(err)
	}
	if mode(t, link)&fs.ModeSymlink == 0 || read(t, file) != "new" {
		t.Error("the link was replaced, not the file")
	}
	if got := mode(t, file).Perm(); got != 0o711 {
		t.Errorf("permissions became %v, want those of before, and that it can run", got)
	}
	alone(t, dir, "file", "link")
}

func TestNewFilesFollowTheUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	dir := t.TempDir()
	path := filepath.Join(dir, "deep", "er", "script.sh")
	if err := Write(path, []byte("x"), 0o755); err != nil {
		t.Fatal(err)
	}
	cached := filepath.Join(dir, "cached")
	if err := WriteUnsynced(cached, 0o644, func(w io.Writer) error { _, err := io.WriteString(w, "y"); return err }); err != nil {
		t.Fatal(err)
	}
	if a, b := mode(t, path), mode(t, cached); a != 0o750 || b != 0o640 || read(t, path)+read(t, cached) != "xy" {
		t.Errorf("permissions are %v and %v", a, b)
	}
}

func TestRefusalsLeaveAllAsItWas(t *testing.T) {
	dir := t.TempDir()
	locked := filepath.Join(dir, "locked")
	if err := os.WriteFile(locked, []byte("mine"), 0o444); err != nil {
		t.Fatal(err)
	}
	if err := Write(locked, []byte("x"), 0o644); !errors.Is(err, fs.ErrPermission) || read(t, locked) != "mine" {
		t.Errorf("a locked file: %v", err)
	}
	if err := Write(filepath.Join(locked, "x"), nil, 0o644); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("below a file: %v", err)
	}
	if err := Write(dir, nil, 0o644); err == nil {
		t.Error("a folder was overwritten")
	}
	if err := WriteUnsynced(filepath.Join(dir, "none", "x"), 0o644, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a folder that is not there: %v", err)
	}
	alone(t, dir, "locked")
}

// TestHalfAFileIsNone: what fails on the way leaves the old file and nothing beside it.
// What a killed write left goes; what is just being written, and what others called alike, stays.
func TestClean(t *testing.T) {
	dir := t.TempDir()
	for name, age := range map[string]time.Duration{".a.yaml.tmp-12-0011aabb": time.Hour, ".b.yaml.tmp-12-0011aabb": 0, "c.tmp-12-0011aabb": time.Hour,
		".d.yaml": time.Hour} {
		path, at := filepath.Join(dir, name), time.Now().Add(-age)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	Clean(dir, filepath.Join(dir, "nowhere"))
	left, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(left) != 3 || slices.Contains(left, filepath.Join(dir, ".a.yaml.tmp-12-0011aabb")) {
		t.Errorf("left %v", left)
	}
}

func TestHalfAFileIsNone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("no more")
	err := WriteUnsynced(path, 0o600, func(w io.Writer) error { io.WriteString(w, "ha"); return broken })
	if !errors.Is(err, broken) || read(t, path) != "old" {
		t.Errorf("%v, on disk %q", err, read(t, path))
	}
	alone(t, dir, "file")
}
