package traces

import (
	"context"
	"testing"

	"shardeck/ui/pane"
	"shardeck/ui/pane/panetest"
)

func drive(t *testing.T, l *panetest.Lab, w, h int) *panetest.Driver {
	t.Helper()
	return panetest.Drive(t, panetest.OfPane(New(l.Env(context.Background()))), w, h)
}

// opened is the pane with a run read in it.
func opened(t *testing.T, run string, w, h int) *panetest.Driver {
	t.Helper()
	return drive(t, panetest.New(), w, h).Send(pane.OpenMsg{To: pane.Traces, Run: run})
}

func TestFrames(t *testing.T) {
	opened(t, "llama-8b-tp2", 80, 18).Golden("80x18")
	opened(t, "llama-8b-tp2", 80, 18).Press("tab").Golden("collectives-80x18")
	opened(t, "llama-8b-tp2", 140, 39).Golden("140x39")
}

func TestSizes(t *testing.T) { panetest.Sizes(opened(t, "llama-8b-tp2", 80, 18)) }
