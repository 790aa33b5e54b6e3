package nsys

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fakeNsys plays nsys: it copies an export to where it is asked for, or fails.
type fakeNsys struct {
	export string // "": writes nothing
	err    error
	output string
	wait   bool // until the deadline
	args   []string
}

func (f *fakeNsys) Run(ctx context.Context, program string, args ...string) ([]byte, error) {
	f.args = append([]string{program}, args...)
	if f.wait {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if f.export != "" {
		text, err := os.ReadFile(f.export)
		if err != nil {
			return nil, err
		}
		to := args[slices.Index(args, "--output")+1]
		if err := os.WriteFile(to, text, 0o600); err != nil {
			return nil, err
		}
	}
	return []byte(f.output), f.err
}

func TestReport(t *testing.T) {
	temp := t.TempDir()
	path := write(t, "nsys_0.nsys-rep", "not for us to read")
	f := &fakeNsys{export: writeExport(t, "e.sqlite", twoWorkers())}
	ranks, err := Reader{Runner: f, Temp: temp}.Open(context.Background(), path, nil)
	if err != nil || len(ranks) != 2 || ranks[0].File != path {
		t.Fatalf("%d ranks, %v", len(ranks), err)
	}
	if f.args[0] != "nsys" || f.args[1] != "export" || f.args[len(f.args)-1] != path {
		t.Errorf("ran %q", f.args)
	}
	if left, _ := filepath.Glob(temp + "/*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestNewerExport: an export beside the report is read, unless the report is newer.
func TestNewerExport(t *testing.T) {
	to := writeExport(t, "nsys_0.sqlite", twoWorkers())
	path := strings.TrimSuffix(to, ".sqlite") + ".nsys-rep"
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := (Reader{}).Open(context.Background(), path, nil); err != nil {
		t.Errorf("with an export beside it: %v", err)
	}
	older := old.Add(-time.Hour)
	if err := os.Chtimes(to, older, older); err != nil {
		t.Fatal(err)
	}
	if _, err := (Reader{}).Open(context.Background(), path, nil); err == nil {
		t.Error("an export older than the report was read")
	}
}

func TestReportRefused(t *testing.T) {
	command := "run: nsys export --type sqlite --output 'a b.sqlite' 'a b.nsys-rep'"
	for name, c := range map[string]struct {
		runner Runner
		want   string
	}{
		"no runner":     {nil, "has to be exported by nsys first"},
		"not on PATH":   {&fakeNsys{err: &exec.Error{Name: "nsys", Err: exec.ErrNotFound}}, "not on PATH"},
		"wrote nothing": {&fakeNsys{output: "done"}, "ended without an export: done"},
		"only progress": {&fakeNsys{output: "Processing: [1%  ]\rProcessing: [===100%]"}, "ended without an export: Processing: [===100%]"},
		"took too long": {&fakeNsys{wait: true}, "took longer than 20ms"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Reader{Runner: c.runner, Deadline: 20 * time.Millisecond}.Open(context.Background(), write(t, "a b.nsys-rep", "x"), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), command) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestReportUnreadable: the same export again would fail again, so nobody is told to run it.
func TestReportUnreadable(t *testing.T) {
	f := &fakeNsys{err: errors.New("exit status 1"), output: "talk\n\x1b[31mExportation error: Cannot read from stream.\n"}
	_, err := Reader{Runner: f}.Open(context.Background(), write(t, "a.nsys-rep", "x"), nil)
	if err == nil || !strings.Contains(err.Error(),
		"could not read (exit status 1: Exportation error: Cannot read from stream.): it may be cut") ||
		strings.Contains(err.Error(), "run:") {
		t.Errorf("error %v", err)
	}
}

// TestRecording: what nsys leaves where its importer does not start.
func TestRecording(t *testing.T) {
	_, err := Reader{}.Open(context.Background(), write(t, "nsys_0.qdstrm", "x"), nil)
	if err == nil || !strings.Contains(err.Error(), "nsys made no report of") ||
		!strings.Contains(err.Error(), "QdstrmImporter -i nsys_0.qdstrm") {
		t.Errorf("error %v", err)
	}
}

// TestReportStopped: the caller's context stops nsys too, and is the error.
func TestReportStopped(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, err := Reader{Runner: &fakeNsys{wait: true}}.Open(ctx, write(t, "a.nsys-rep", "x"), nil)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}
