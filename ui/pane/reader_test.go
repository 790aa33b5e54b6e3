package pane_test

import (
	"context"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

// first runs the first command of a batch: the reading itself.
func first(t *testing.T, cmd tea.Cmd) tea.Msg {
	t.Helper()
	batch, ok := cmd().(tea.BatchMsg)
	if !ok || len(batch) != 2 {
		t.Fatalf("a reading is a call and a tick, got %T", batch)
	}
	return batch[0]()
}

// newReader reads in a workspace, and notes how each reading ended.
func newReader(w *panetest.Workspace) (*pane.Reader, *[]error) {
	var ended []error
	env, _ := w.Env()
	return pane.NewReader(env, w.App, func(err error) tea.Cmd { ended = append(ended, err); return nil }), &ended
}

// deliver gives the event loop a reply; what follows from it is a sequence, of which this is the first.
func deliver(t *testing.T, msg tea.Msg) tea.Msg {
	t.Helper()
	cmd := msg.(pane.Reply).Deliver()
	if cmd == nil {
		return nil
	}
	return cmd()
}

func TestResultGoesToAll(t *testing.T) {
	r, end := newReader(panetest.Open(t))
	msg := first(t, r.Start("llama-8b-tp2", pool.Visible))
	done, total, ok := strings.Cut(strings.TrimPrefix(r.Words(), "reading llama-8b-tp2: "), " of ")
	if !r.Busy() || !ok || done != total || !strings.HasSuffix(done, " kB") || len(done) > len("290 kB") {
		t.Errorf("busy %v, %q", r.Busy(), r.Words())
	}
	sent := deliver(t, msg)
	if len(*end) != 1 || (*end)[0] != nil || r.Busy() {
		t.Fatalf("ended %v", *end)
	}
	if got, ok := sent.(pane.AnalysedMsg); !ok || got.Analysis.Run != "llama-8b-tp2" {
		t.Errorf("sent %+v", sent)
	}
}

func TestTicksEndWithTheReading(t *testing.T) {
	r, _ := newReader(panetest.Open(t))
	batch := r.Start("llama-8b-tp2", pool.Visible)().(tea.BatchMsg)
	tick := batch[1]()
	next := deliver(t, tick)
	if next == nil {
		t.Fatal("no further tick while it reads")
	}
	if deliver(t, tick) != nil {
		t.Error("a tick was taken twice")
	}
	r.Stop()
	if deliver(t, next) != nil {
		t.Error("a tick after the end woke the program")
	}
}

func TestNewRunDropsTheOld(t *testing.T) {
	r, end := newReader(panetest.Open(t))
	late := first(t, r.Start("llama-8b-tp1", pool.Visible))
	next := first(t, r.Start("llama-8b-tp2", pool.Visible))
	if deliver(t, late); len(*end) > 0 {
		t.Error("a late reply was taken")
	}
	if deliver(t, next); len(*end) != 1 {
		t.Error("the newest reply was not taken")
	}
}

func TestErrorIsGiven(t *testing.T) {
	w := panetest.Open(t)
	w.Remove("trace_collection/llama-8b-tp2")
	r, end := newReader(w)
	if sent := deliver(t, first(t, r.Start("llama-8b-tp2", pool.Visible))); sent != nil || len(*end) != 1 || (*end)[0] == nil {
		t.Errorf("sent %v, ended %v", sent, *end)
	}
}

func TestGauge(t *testing.T) {
	var w pane.Work[int]
	env, _ := panetest.Open(t).Env()
	if w.Gauge(env.Theme, 50) != "" {
		t.Error("a gauge of nothing")
	}
	first(t, w.Start(env, func(_ context.Context, p pool.Progress) (int, error) { p(60<<20, 149<<20); return 0, nil },
		func(int, error) tea.Cmd { return nil }))
	if got := w.Gauge(env.Theme, 50); !strings.HasSuffix(got, "  63 MB of 156 MB") || !strings.Contains(got, "████") {
		t.Errorf("%q", got)
	}
}
