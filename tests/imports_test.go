package tests

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// source is one Go file of ours.
type source struct {
	dir     string // package directory, with forward slashes
	test    bool
	imports []string
	doc     string // package comment
}

// rule says what the packages under a directory may not import.
type rule struct {
	under    string
	because  string
	forbids  func(dir, path string) bool
	withTest bool // tests keep it too
}

// ours reports whether an import is a package of this module under a directory.
func ours(path string, under ...string) bool {
	for _, u := range under {
		if path == "shardeck/"+u || strings.HasPrefix(path, "shardeck/"+u+"/") {
			return true
		}
	}
	return false
}

// world holds the packages that reach files, processes and the network.
var world = []string{"os", "os/exec", "net", "net/http", "syscall", "io/ioutil"}

// useCases are the rooms that ui may ask.
var useCases = []string{"backend/app", "backend/calibration", "backend/experiments", "backend/forecast", "backend/jobs",
	"backend/measure", "backend/publish", "backend/site", "backend/sweep"}

// rules are the arrows main → ui → backend → model, and what each room must not touch.
var rules = []rule{
	{"model", "model imports nothing of ours but its parts",
		func(_, p string) bool { return strings.HasPrefix(p, "shardeck/") && !ours(p, "model") }, true},
	{"model", "model is pure: no files, processes, clocks or screens", func(_, p string) bool {
		return slices.Contains(world, p) || strings.HasPrefix(p, "github.com/charmbracelet/")
	}, false},
	{"backend", "backend does not know the screen", func(_, p string) bool {
		return ours(p, "ui") || strings.HasPrefix(p, "github.com/charmbracelet/") || p == "github.com/spf13/cobra"
	}, true},
	{"backend", "only app knows the rooms of use cases, and they do not know each other", func(dir, p string) bool {
		return ours(p, useCases...) && dir != "backend/app"
	}, false},
	{"backend/pool", "pool, trace and report know no other room", func(_, p string) bool { return ours(p, "backend") }, false},
	{"backend/atomicfile", "atomicfile knows nothing of ours", func(_, p string) bool { return strings.HasPrefix(p, "shardeck/") }, true},
	{"backend/strictyaml", "strictyaml knows no other room", func(_, p string) bool { return ours(p, "backend") }, false},
	{"backend/yamledit", "yamledit knows YAML, and no experiment",
		func(_, p string) bool { return ours(p, "model", "backend") && !ours(p, "backend/strictyaml") }, false},
	{"backend/config", "config touches no file: workspace does", func(_, p string) bool {
		return slices.Contains(world, p) || ours(p, "backend") && !ours(p, "backend/strictyaml", "backend/yamledit")
	}, false},
	{"backend/report", "pool, trace and report know no other room", func(_, p string) bool { return ours(p, "backend") }, false},
	{"backend/trace/stepname", "stepname knows its table, templates/steps.yaml, and nothing else of ours", func(_, p string) bool {
		return strings.HasPrefix(p, "shardeck/") && !ours(p, "templates", "backend/strictyaml", "model/metric")
	}, true},
	{"backend/trace", "pool, trace and report know no other room, but that trace reads its tables", func(_, p string) bool {
		return ours(p, "backend") && !ours(p, "backend/trace", "backend/strictyaml")
	}, false},
	{"backend/trace", "trace imports none of its readers, jsonscan none of its users", func(dir, p string) bool {
		return dir == "backend/trace" && ours(p, "backend") && p != "shardeck/backend/trace/jsonscan" ||
			dir == "backend/trace/jsonscan" && ours(p, "backend")
	}, false},
	{"backend/analyze/span", "span knows nothing of ours", func(_, p string) bool { return strings.HasPrefix(p, "shardeck/") }, true},
	{"backend/analyze/kernelname", "kernelname knows its table, templates/kernels.yaml, and nothing else of ours", func(_, p string) bool {
		return strings.HasPrefix(p, "shardeck/") && !ours(p, "templates", "backend/strictyaml")
	}, true},
	{"backend/analyze/align", "align knows no metric's family: it imports span, kernelname and what a trace holds", func(_, p string) bool {
		return ours(p, "backend") && !ours(p, "backend/analyze/span", "backend/analyze/kernelname", "backend/trace")
	}, false},
	{"templates", "templates is an embedded file system and nothing else", func(_, p string) bool { return p != "embed" }, false},
	{"ui", "ui asks the use cases, and names the priorities of pool", func(_, p string) bool {
		return ours(p, "backend") && !ours(p, append(useCases, "backend/pool")...)
	}, false},
	{"ui", "only the command line opens a workspace", func(dir, p string) bool {
		return ours(p, "backend/app") && !within(dir, "ui/cli")
	}, false},
	{"ui", "ui starts no process but the editor", func(dir, p string) bool { return p == "os/exec" && dir != "ui/cockpit" }, false},
	{"ui/pane", "panes open no file and start no process", func(_, p string) bool { return slices.Contains(world, p) }, false},
	{"ui/widget", "widgets open no file and start no process", func(_, p string) bool { return slices.Contains(world, p) }, false},
	{"ui/widget", "widgets know nothing of experiments, but how numbers are written", func(_, p string) bool {
		return ours(p, "model", "backend", "ui/pane", "ui/cockpit", "ui/cli") && p != "shardeck/model/present/unit"
	}, false},
	{"model/present/unit", "unit writes numbers and knows nothing of ours",
		func(_, p string) bool { return strings.HasPrefix(p, "shardeck/") }, true},
	{"ui/pane", "panes do not know the cockpit", func(_, p string) bool { return ours(p, "ui/cockpit", "ui/cli") }, false},
}

func TestImports(t *testing.T) {
	files := sources(t)
	for _, r := range rules {
		for _, f := range files {
			if !within(f.dir, r.under) || f.test && !r.withTest {
				continue
			}
			for _, path := range f.imports {
				if r.forbids(f.dir, path) {
					t.Errorf("%s imports %s: %s", f.dir, path, r.because)
				}
			}
		}
	}
}

func TestEveryPackageHasOneComment(t *testing.T) {
	comments := map[string]int{}
	for _, f := range sources(t) {
		if f.test && !strings.HasSuffix(f.dir, "test") {
			continue
		}
		comments[f.dir] += 0
		if f.doc == "" {
			continue
		}
		comments[f.dir]++
		if want := "Package " + filepath.Base(f.dir); !strings.HasPrefix(f.doc, want) && !strings.HasPrefix(f.doc, "Command ") {
			t.Errorf("the package comment of %s does not begin with %q, nor with Command", f.dir, want)
		}
	}
	for dir, n := range comments {
		if n != 1 {
			t.Errorf("%s has %d package comments, want one that tells its story", dir, n)
		}
	}
}

func within(dir, under string) bool { return dir == under || strings.HasPrefix(dir, under+"/") }

// sources reads the imports and package comments of every file of the module.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			all = append(all, read(t, path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d Go files found: is this the module's root?", len(all))
	}
	return all
}

func read(t *testing.T, path string) source {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.ToSlash(filepath.Dir(path))
	helper := strings.HasSuffix(dir, "test") // slurmtest, panetest: for tests alone
	s := source{dir: dir, test: helper || strings.HasSuffix(path, "_test.go"), doc: docOf(f)}
	for _, i := range f.Imports {
		s.imports = append(s.imports, strings.Trim(i.Path.Value, `"`))
	}
	return s
}

func docOf(f *ast.File) string {
	if f.Doc == nil {
		return ""
	}
	return f.Doc.Text()
}
