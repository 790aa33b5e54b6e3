package pane

import (
	"context"
	"errors"
	"testing"

	"shardeck/backend/lab"
)

func TestTaskDropsWhatIsOutOfDate(t *testing.T) {
	var task Task[string]
	ctx := context.Background()
	old := task.Start(ctx, func(ctx context.Context) (string, error) { <-ctx.Done(); return "old", ctx.Err() })
	fresh := task.Start(ctx, func(context.Context) (string, error) { return "new", nil })
	if _, ok := task.Take(old()); ok {
		t.Error("a superseded reply was taken")
	}
	done, ok := task.Take(fresh())
	if !ok || done.Value != "new" || done.Err != nil {
		t.Errorf("got %+v, %v", done, ok)
	}
	if task.Busy() {
		t.Error("still busy after its reply")
	}
}

func TestTaskIsCancelledByStop(t *testing.T) {
	var task Task[int]
	cmd := task.Start(context.Background(), func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
	task.Stop()
	if _, ok := task.Take(cmd()); ok || task.Busy() {
		t.Error("a stopped task must give nothing")
	}
}

func TestTaskTurnsAPanicIntoAnError(t *testing.T) {
	var task Task[int]
	done, ok := task.Take(task.Start(context.Background(), func(context.Context) (int, error) { panic("boom") })())
	var fault *Panic
	if !ok || !errors.As(done.Err, &fault) || fault.Stack == "" {
		t.Errorf("got %+v", done)
	}
}

func TestTaskOfAnotherIsNotTaken(t *testing.T) {
	var a, b Task[int]
	msg := a.Start(context.Background(), func(context.Context) (int, error) { return 1, nil })()
	b.Start(context.Background(), func(context.Context) (int, error) { return 2, nil })
	if _, ok := b.Take(msg); ok {
		t.Error("the reply of another task was taken")
	}
}

func TestFilter(t *testing.T) {
	row := map[string]string{"id": "E1.3", "tp": "4", "state": "running 4:12", "model": "meta-llama/Llama-3.1-70B"}
	for text, want := range map[string]bool{
		"": true, "tp:4": true, "tp:2": false, "!tp:2": true, "!tp:4": false, "state:running": true, "state:run": false,
		"model:~70b": true, "model:70b": false, "llama": true, "!llama": false, "tp:4 model:~70b": true, "tp:4 qwen": false,
		"nokey:4": false, "tp:": true, ":": true, "E1": true, "  tp:4  ": true,
	} {
		if got := ParseFilter(text).Match(row); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("tp:4 !model:~70b state:")
	f.Fuzz(func(t *testing.T, text string) {
		ParseFilter(text).Match(map[string]string{"id": "E1.1"})
	})
}

func TestFailNoteSaysTheFix(t *testing.T) {
	note := FailNote(&lab.Fault{Text: "E1.1 cannot be read", ToDo: "fix line 4"})
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
