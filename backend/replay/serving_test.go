package replay

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/backend/trace"
	"shardeck/model"
)

// replayed plays a config under load and returns its folder, its log and the error.
func replayed(ctx context.Context, t *testing.T, load string) (dir, log string, err error) {
	t.Helper()
	folder := t.TempDir()
	config := filepath.Join(folder, "c.yaml")
	text := "experiment_id: S1\nengine: replay\nmodel: {name: tiny/dense}\noutput_dir: trace_collection/s1\nreplay: {factor: " +
		"0.01}\nload: " + load + "\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	dir = filepath.Join(folder, "out")
	err = Run(ctx, Options{Config: config, OutputDir: dir, Out: &out})
	return dir, out.String(), err
}

// A replay of a load leaves what vLLM's own generator wrote of the recorded one that is nearest, and says which that is.
func TestReplayOfALoad(t *testing.T) {
	dir, log, err := replayed(t.Context(), t, "{rate: 3}")
	if err != nil {
		t.Fatal(err, log)
	}
	s, err := trace.OpenServing(filepath.Join(dir, "bench_serve.json"))
	info := readInfo(t, dir)
	if err != nil || s.Completed != 30 || info.Status != model.RunComplete || info.Serving == nil || info.Serving.Completed != 30 {
		t.Errorf("%v, %+v", err, info)
	}
	if notes := strings.Join(info.Notes, "; "); !strings.Contains(notes, "a load of 3/s, the recording has 4/s") ||
		strings.Contains(notes, "iterations") {
		t.Errorf("notes %s", notes)
	}
	if dir, _, err := replayed(t.Context(), t, "{concurrency: 16}"); err != nil ||
		!strings.Contains(readInfo(t, dir).ReplayOf, "tiny-at-once4") {
		t.Errorf("of the other kind: %v", err)
	}
}

func TestReplayOfALoadStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir, _, err := replayed(ctx, t, "{rate: 4}")
	info := readInfo(t, dir)
	if !errors.Is(err, ErrStopped) || info.Status != model.RunFailed || info.Serving != nil {
		t.Errorf("%v, %+v", err, info)
	}
	if _, err := os.Stat(filepath.Join(dir, "bench_serve.json")); err == nil {
		t.Error("a load that was not over left its result")
	}
}

func TestNoRecordingOfALoad(t *testing.T) {
	e := model.Defaults()
	e.Model.Name, e.Load.Rate = "meta-llama/Llama-3.1-8B", 2
	if _, err := For(e); err == nil || !strings.Contains(model.FixOf(err), "recorded are dense") {
		t.Errorf("%v", err)
	}
}
