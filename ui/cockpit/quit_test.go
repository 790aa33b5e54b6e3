package cockpit

import (
	"context"
	"testing"

	"shardeck/ui/panetest"
)

func TestQuitAsksOnlyWhenSomethingWouldBeLost(t *testing.T) {
	d := start(t, panetest.Open(t), 80, 24)
	d.Press("q")
	if !d.Quit {
		t.Fatal("q did not quit")
	}
	d = start(t, panetest.Open(t), 80, 24)
	d.Press("e", "right", "esc", "q").Expect("Leave without saving?", "E1.1").Press("enter")
	if d.Quit {
		t.Fatal("left in spite of No")
	}
	d.Press("ctrl+c").Press("ctrl+c")
	if !d.Quit {
		t.Error("ctrl+c twice must always leave")
	}
}

func TestQuitFromATextField(t *testing.T) {
	d := start(t, panetest.Open(t), 80, 24)
	d.Press("/").Type("q").Expect("/ q")
	if d.Quit {
		t.Fatal("a letter quit")
	}
	if d.Press("ctrl+c"); !d.Quit {
		t.Error("ctrl+c must quit from a text field")
	}
}

func TestQuitWhileLoading(t *testing.T) {
	w := panetest.Open(t)
	d := &panetest.Driver{T: t, S: whole{New(context.Background(), w.App, testOptions(w))}, Park: true}
	d.Resize(80, 24)
	d.Expect("reading experiments").Press("2", "3", "q")
	d.Release()
	if !d.Quit {
		t.Error("did not quit")
	}
}
