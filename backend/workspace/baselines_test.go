package workspace

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"shardeck/model"
)

// A baseline keeps its runs when a newer one takes their name, and is found wherever a run is.
func TestBaselines(t *testing.T) {
	const config = "experiment_id: E1\noutput_dir: trace_collection/tp2\n"
	w := newWorkspace(t, map[string]string{"trace_collection/tp2/config.yaml": config, "trace_collection/tp2/run.json": `{"job_id": "7"}`,
		"trace_collection/tp2/timing_stats_0.json": "{}", "trace_collection/other/timing_stats_0.json": "{}"})
	b := Baselines{w}
	if all, err := b.List(); err != nil || len(all) != 0 {
		t.Fatalf("%v, %v", all, err)
	}
	one, err := w.Run("tp2")
	other, err2 := w.Run("other")
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	if _, err := b.Put("other", time.Now(), nil); err == nil || !strings.Contains(err.Error(), "name of a run") {
		t.Errorf("a run's name: %v", err)
	}
	for range 2 { // the second in place of the first
		if _, err := b.Put("main", time.Now(), []model.Run{one, other}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(w.Path("trace_collection/tp2"), w.Path("trace_collection/tp2@7")); err != nil {
		t.Fatal(err)
	}
	write(t, w, "trace_collection/tp2/run.json", `{"job_id": "8"}`)
	write(t, w, "trace_collection/tp2/timing_stats_0.json", "{}")
	if runs := b.Runs("main"); len(runs) != 2 || runs[0].Name != "tp2@7" || runs[1].Name != "other" {
		t.Errorf("%+v", runs)
	}
	if run, err := w.Run("main"); err != nil || run.Name != "tp2@7" {
		t.Errorf("%s, %v", run.Name, err)
	}
	future := time.Now().Add(time.Hour)
	if err := os.Chtimes(w.Path("trace_collection/other/timing_stats_0.json"), future, future); err != nil {
		t.Fatal(err)
	}
	if runs := b.Runs("main"); len(runs) != 1 {
		t.Errorf("a run of no job that has changed since is another: %+v", runs)
	}
	if err := os.RemoveAll(w.Path("trace_collection/tp2@7")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Run("main"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "no run of the baseline") {
		t.Errorf("%v", err)
	}
	if err := b.Remove("mian"); err == nil {
		t.Error("removed what is not there")
	}
	if err := b.Remove("main"); err != nil || b.Runs("main") != nil {
		t.Errorf("%v", err)
	}
	write(t, w, BaselinesFile, "{")
	if _, err := b.List(); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("%v", err)
	}
	if _, err := b.Put("main", time.Now(), nil); err == nil {
		t.Error("a damaged file was written over")
	}
}
