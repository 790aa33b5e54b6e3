package app_test

import (
	"errors"
	"testing"

	"shardeck/backend/app"
	"shardeck/backend/app/apptest"
	"shardeck/backend/experiments"
	"shardeck/backend/jobs"
	"shardeck/model"
)

func TestReadOnlyChangesNothing(t *testing.T) {
	b := apptest.New(t)
	b.Open(t, app.Options{ReadOnly: true})
	for what, err := range map[string]error{
		"submit":   second(b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{})),
		"generate": second(b.Generate(t.Context(), experiments.GenerateOptions{})),
		"clone":    second(b.Clone("E1.6", "E1.7")),
		"cancel":   b.Cancel(t.Context(), "1"),
		"export":   second(b.Export(t.Context())),
	} {
		if !errors.Is(err, model.ErrReadOnly) {
			t.Errorf("%s: %v, want model.ErrReadOnly", what, err)
		}
	}
	if len(b.Stage.Submitted) != 0 {
		t.Error("a read-only workspace submitted a job")
	}
	if _, err := b.Preview(t.Context(), "E1.6", false); err != nil {
		t.Errorf("a preview changes nothing and was refused: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }
