package pane

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
)

// replies notes what a task was given, in the order of its replies.
type replies[T any] struct {
	values []T
	errs   []error
}

func (r *replies[T]) take(value T, err error) tea.Cmd {
	r.values, r.errs = append(r.values, value), append(r.errs, err)
	return nil
}

func deliver(msg tea.Msg) { msg.(Reply).Deliver() }

func TestTaskDropsWhatIsOutOfDate(t *testing.T) {
	var task Task[string]
	var got replies[string]
	ctx := context.Background()
	old := task.Start(ctx, func(ctx context.Context) (string, error) { <-ctx.Done(); return "old", ctx.Err() }, got.take)
	fresh := task.Start(ctx, func(context.Context) (string, error) { return "new", nil }, got.take)
	if deliver(old()); len(got.values) > 0 || !task.Busy() {
		t.Error("a superseded reply was taken")
	}
	msg := fresh()
	if deliver(msg); !slices.Equal(got.values, []string{"new"}) || got.errs[0] != nil {
		t.Errorf("got %+v", got)
	}
	if task.Busy() {
		t.Error("still busy after its reply")
	}
	if deliver(msg); len(got.values) != 1 {
		t.Error("a reply was taken twice")
	}
}

func TestTaskIsFreeWhenItsReplyIsTaken(t *testing.T) {
	var task Task[int]
	deliver(task.Start(context.Background(), func(context.Context) (int, error) { return 1, nil }, func(int, error) tea.Cmd {
		if task.Busy() {
			t.Error("busy with what has come")
		}
		return nil
	})())
}

func TestTaskIsCancelledByStop(t *testing.T) {
	var task Task[int]
	var got replies[int]
	cmd := task.Start(context.Background(), func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }, got.take)
	task.Stop()
	if deliver(cmd()); len(got.values) > 0 || task.Busy() {
		t.Error("a stopped task must give nothing")
	}
}

func TestTaskTurnsAPanicIntoAnError(t *testing.T) {
	var task Task[int]
	var got replies[int]
	deliver(task.Start(context.Background(), func(context.Context) (int, error) { panic("boom") }, got.take)())
	var fault *Panic
	if len(got.errs) != 1 || !errors.As(got.errs[0], &fault) || fault.Stack == "" {
		t.Errorf("got %+v", got)
	}
}

func TestTimerBeginsAnew(t *testing.T) {
	var timer Timer
	n := 0
	env := Env{After: func(_ time.Duration, msg tea.Msg) tea.Cmd { return Send(msg) }}
	start := func() tea.Msg { return timer.Start(env, time.Second, func() tea.Cmd { n++; return nil })() }
	first, second := start(), start()
	if deliver(first); n > 0 {
		t.Error("a wait that began anew ended early")
	}
	if deliver(second); n != 1 {
		t.Errorf("done %d times", n)
	}
	third := start()
	timer.Stop()
	if deliver(third); n != 1 {
		t.Error("done though it was stopped")
	}
}

func TestFailNoteSaysTheFix(t *testing.T) {
	note := FailNote(&model.Fault{Text: "E1.1 cannot be read", ToDo: "fix line 4"})
	if note.Text != "E1.1 cannot be read. fix line 4" {
		t.Errorf("%q", note.Text)
	}
}

func TestJoinedLeavesWholeParts(t *testing.T) {
	if got := Joined(20, "one two", "three four five", "six"); got != "one two · six" {
		t.Errorf("%q", got)
	}
}

func TestTableSaysWhyAKeyCannotAct(t *testing.T) {
	table := Table[int]{{Key: Key{Keys: []string{"x"}}, Do: nil}, {Key: Key{Keys: []string{"y"}}, Do: nil}}
	if _, ok := table.Dispatch(1, "x"); ok {
		t.Error("an entry without a function is handled elsewhere")
	}
}
