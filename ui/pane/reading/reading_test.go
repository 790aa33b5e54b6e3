package reading

import (
	"context"
	"errors"
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

func TestResultGoesToAll(t *testing.T) {
	r := New(panetest.New().Env(context.Background()))
	msg := first(t, r.Start("llama-8b-tp2", pool.Visible))
	if !r.Busy() || r.Words() != "reading llama-8b-tp2: 63 MB of 156 MB" {
		t.Errorf("busy %v, %q", r.Busy(), r.Words())
	}
	cmd, ended, err := r.Update(msg)
	if !ended || err != nil || r.Busy() {
		t.Fatalf("ended %v, %v", ended, err)
	}
	if got, ok := cmd().(pane.AnalysedMsg); !ok || got.Analysis.Run != "llama-8b-tp2" {
		t.Errorf("sent %+v", got)
	}
}

func TestTicksEndWithTheReading(t *testing.T) {
	r := New(panetest.New().Env(context.Background()))
	batch := r.Start("llama-8b-tp2", pool.Visible)().(tea.BatchMsg)
	tick := batch[1]()
	if cmd, _, _ := r.Update(tick); cmd == nil {
		t.Error("no further tick while it reads")
	}
	r.Stop()
	if cmd, ended, _ := r.Update(tick); cmd != nil || ended {
		t.Error("a tick after the end woke the program")
	}
}

func TestNewRunDropsTheOld(t *testing.T) {
	r := New(panetest.New().Env(context.Background()))
	late := first(t, r.Start("llama-8b-tp1", pool.Visible))
	next := first(t, r.Start("llama-8b-tp2", pool.Visible))
	if _, ended, _ := r.Update(late); ended {
		t.Error("a late reply was taken")
	}
	if _, ended, _ := r.Update(next); !ended {
		t.Error("the newest reply was not taken")
	}
}

func TestErrorIsGiven(t *testing.T) {
	l := panetest.New()
	l.Err["Analyse"] = errors.New("kineto_trace_0.json: permission denied")
	r := New(l.Env(context.Background()))
	if _, ended, err := r.Update(first(t, r.Start("llama-8b-tp2", pool.Visible))); !ended || err == nil {
		t.Errorf("ended %v, %v", ended, err)
	}
}
