package trace

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOpenAll(t *testing.T) {
	paths := []string{recording("llama-8b-tp2", 0), filepath.Join(t.TempDir(), "kineto_trace_9.json"), recording("llama-8b-tp2", 1)}
	var done, total int64
	got := OpenAll(context.Background(), paths, 2, func(d, t int64) { done, total = d, t })
	for i, o := range got {
		want, err := OpenKineto(context.Background(), paths[i], nil)
		if (err == nil) != (o.Err == nil) || o.Path != paths[i] {
			t.Errorf("%s: error %v, alone %v", o.Path, o.Err, err)
		}
		if d := cmp.Diff(want, o.Rank); d != "" {
			t.Errorf("%s (-alone +all):\n%.1000s", o.Path, d)
		}
	}
	var size int64
	for _, p := range []string{paths[0], paths[2]} {
		st, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		size += st.Size()
	}
	if done != size || total != size {
		t.Errorf("progress ended at %d of %d, the files have %d bytes", done, total, size)
	}
	if got := OpenAll(context.Background(), nil, 0, nil); len(got) != 0 {
		t.Errorf("no files gave %+v", got)
	}
}

func TestOpenAllStops(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	paths := recordings(t)
	for _, o := range OpenAll(ctx, paths, 2, func(int64, int64) { stop() }) {
		if o.Rank != nil || !errors.Is(o.Err, context.Canceled) {
			t.Errorf("%s: %v, %v", o.Path, o.Rank != nil, o.Err)
		}
	}
}
