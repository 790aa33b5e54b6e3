package charts

import (
	"context"
	"testing"

	"shardeck/ui/pane/panetest"
)

func drive(t *testing.T, l *panetest.Lab, w, h int) *panetest.Driver {
	t.Helper()
	return panetest.Drive(t, panetest.OfPane(New(l.Env(context.Background()))), w, h)
}

func TestFrames(t *testing.T) {
	drive(t, panetest.New(), 80, 18).Press("down").Golden("80x18")
	drive(t, panetest.New(), 140, 39).Golden("140x39")
}

func TestSizes(t *testing.T) { panetest.Sizes(drive(t, panetest.New(), 80, 18)) }
