package measure

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/check"
)

type result struct {
	Value *float64
	Words []string
}

// made writes a file and returns a key made from it.
func made(t *testing.T, text string) (string, cacheKey) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kineto_trace_0.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, keyOf(t, path)
}

func keyOf(t *testing.T, path string) cacheKey {
	t.Helper()
	s, err := sourceOf(path)
	if err != nil {
		t.Fatal(err)
	}
	return cacheKey{What: "analysis", Version: "1", Sources: []sourceFile{s}}
}

func TestFoundOnlyWhileNothingChanged(t *testing.T) {
	seven := 7.25
	want := result{Value: &seven, Words: []string{"cut"}}
	changes := map[string]func(t *testing.T, path string, k *cacheKey){
		"size": func(t *testing.T, path string, k *cacheKey) {
			os.WriteFile(path, []byte("longer text"), 0o600)
			*k = keyOf(t, path)
		},
		"mtime": func(t *testing.T, path string, k *cacheKey) {
			os.Chtimes(path, time.Time{}, time.Unix(5, 1))
			*k = keyOf(t, path)
		},
		"version": func(_ *testing.T, _ string, k *cacheKey) { k.Version = "2" },
		"extra":   func(_ *testing.T, _ string, k *cacheKey) { k.Extra = "batch 8" },
		"what":    func(_ *testing.T, _ string, k *cacheKey) { k.What = "summary" },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			c := OpenCache(filepath.Join(t.TempDir(), "cache"))
			path, k := made(t, "text")
			var got result
			if c.get(k, &got) {
				t.Fatal("found before it was put")
			}
			if err := c.put(k, want); err != nil {
				t.Fatal(err)
			}
			if !c.get(keyOf(t, path), &got) || *got.Value != seven || got.Words[0] != "cut" {
				t.Fatalf("got %+v", got)
			}
			change(t, path, &k)
			if c.get(k, &got) {
				t.Errorf("found although the %s changed", name)
			}
		})
	}
}

func TestDamagedEntryIsAMiss(t *testing.T) {
	dir := t.TempDir()
	c := OpenCache(dir)
	_, k := made(t, "text")
	for _, text := range []string{"", "{", "{}\n{}", "\n", "\x00\x01"} {
		if err := os.WriteFile(filepath.Join(dir, k.file()), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if c.get(k, &result{}) {
			t.Errorf("an entry of %q was taken for a result", text)
		}
	}
	if err := c.put(k, result{}); err != nil || !c.get(k, &result{}) {
		t.Error("a damaged entry could not be written anew")
	}
}

func TestOffAndUnwritable(t *testing.T) {
	off := OpenCache("")
	if err := off.put(cacheKey{}, 1); err != nil || off.get(cacheKey{}, new(int)) || off.prune(0, 0, time.Now()) != 0 {
		t.Error("a cache that is off did something")
	}
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	if OpenCache(filepath.Join(file, "cache")).put(cacheKey{}, 1) == nil {
		t.Error("no error from a folder that cannot be made")
	}
}

func TestPruneKeepsWhatIsNew(t *testing.T) {
	c := OpenCache(t.TempDir())
	_, old := made(t, "old")
	_, young := made(t, "young one")
	c.put(old, 1)
	c.put(young, 2)
	day := 24 * time.Hour
	os.Chtimes(filepath.Join(c.dir, old.file()), time.Time{}, time.Now().Add(-100*day))
	if n := c.prune(90*day, 1<<20, time.Now()); n != 1 {
		t.Errorf("%d entries went, want 1", n)
	}
	if c.get(old, new(int)) || !c.get(young, new(int)) {
		t.Error("the wrong entry went")
	}
}

// What was written first goes first, until the rest fits; a day passes before anybody looks again.
func TestPruneKeepsTheCacheSmall(t *testing.T) {
	c := OpenCache(t.TempDir())
	keys, now := []cacheKey{}, time.Now()
	for i := range 4 {
		_, k := made(t, strings.Repeat("x", i))
		c.put(k, 1)
		os.Chtimes(filepath.Join(c.dir, k.file()), time.Time{}, now.Add(time.Duration(i-9)*time.Hour))
		keys = append(keys, k)
	}
	last := c.size(keys[2]) + c.size(keys[3])
	if n := c.prune(keepUnused, last, now); n != 2 || c.has(keys[0]) || c.has(keys[1]) || !c.has(keys[2]) || !c.has(keys[3]) {
		t.Errorf("%d entries went, not the 2 that were first", n)
	}
	c.pruneDaily(now)
	c.pruneDaily(now.Add(keepUnused + time.Hour)) // the mark is as old as what is to go
	if c.has(keys[3]) {
		t.Error("a later day did not prune")
	}
	c.put(keys[0], 1)
	os.Chtimes(filepath.Join(c.dir, keys[0].file()), time.Time{}, now.Add(-2*keepUnused))
	c.pruneDaily(now)
	if !c.has(keys[0]) {
		t.Error("pruned twice a day")
	}
}

func TestEntriesOfBytes(t *testing.T) {
	c := OpenCache(filepath.Join(t.TempDir(), "cache"))
	path, k := made(t, "text")
	want := "bytes\nand more"
	var got []byte
	take := func(r io.Reader) (err error) { got, err = io.ReadAll(r); return err }
	if c.has(k) || c.read(k, take) {
		t.Fatal("found before it was written")
	}
	failing := errors.New("no more")
	if err := c.write(k, func(w io.Writer) error { io.WriteString(w, "half"); return failing }); !errors.Is(err, failing) || c.has(k) {
		t.Fatalf("half an entry was kept: %v", err)
	}
	if err := c.write(k, func(w io.Writer) error { _, err := io.WriteString(w, want); return err }); err != nil {
		t.Fatal(err)
	}
	if !c.has(k) || !c.read(keyOf(t, path), take) || string(got) != want {
		t.Fatalf("got %q", got)
	}
	if c.read(k, func(io.Reader) error { return failing }) {
		t.Error("an entry that nobody understands was found")
	}
	other := k
	other.Version = "2"
	os.Rename(filepath.Join(c.dir, k.file()), filepath.Join(c.dir, other.file()))
	if c.read(other, take) {
		t.Error("an entry under another's name was taken for it")
	}
	off := OpenCache("")
	if off.has(k) || off.read(k, take) || off.write(k, nil) != nil {
		t.Error("a cache that is off did something")
	}
}

// TestRunKeyNamesAllThatCounts: an analysis is that of its files, its config, what is known
// of models, GPUs and nodes, and the program; where one of these differs, so does its key.
func TestRunKeyNamesAllThatCounts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "timing_stats_0.json")
	if err := os.WriteFile(file, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	key := func(change func(*Needs, *model.Run)) cacheKey {
		e := model.Defaults()
		s := Needs{Version: "1", Workspace: &workspace.Workspace{}, World: check.World{Site: model.Site{GPUsPerNode: 4}}}
		run := model.Run{Name: "a", Experiment: &e, Files: []model.RunFile{{Kind: model.FileTiming, Path: file}}}
		change(&s, &run)
		k, err := s.runKey(run)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	as := key(func(*Needs, *model.Run) {}).file()
	for what, change := range map[string]func(*Needs, *model.Run){
		"GPUs per node of the site": func(s *Needs, _ *model.Run) { s.World.Site.GPUsPerNode = 8 },
		"shapes of models":          func(s *Needs, _ *model.Run) { s.World.Shapes = []model.Shape{{Name: "m"}} },
		"kinds of GPUs":             func(s *Needs, _ *model.Run) { s.World.GPUs = map[string]model.GPU{"a100": {Title: "A100"}} },
		"program":                   func(s *Needs, _ *model.Run) { s.Version = "2" },
		"config":                    func(_ *Needs, r *model.Run) { r.Experiment.Layout.TP = 2 },
		"warnings":                  func(_ *Needs, r *model.Run) { r.Warnings = []string{"two of one rank"} },
		"problem":                   func(_ *Needs, r *model.Run) { r.Problem = "no config.yaml" },
		"files":                     func(_ *Needs, r *model.Run) { r.Files = nil },
	} {
		if key(change).file() == as {
			t.Errorf("other %s, and the same key", what)
		}
	}
	if key(func(_ *Needs, r *model.Run) { r.Name = "b" }).file() != as {
		t.Error("a run that was renamed is another")
	}
}
