package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"shardeck/backend/analyze"
	"shardeck/backend/replay"
	"shardeck/backend/trace"
	"shardeck/backend/trace/kineto"
	"shardeck/model"
	"shardeck/model/metric"
)

// TestMetricsStayEqual analyses every full recording and the trimmed one of the
// demo: each metric, warning and share must be the same to the last digit.
func TestMetricsStayEqual(t *testing.T) {
	full := filepath.Join(unpack(t, "demo.txz"), "demo")
	for _, r := range replay.Recordings() {
		t.Run(r.Name, func(t *testing.T) {
			dir := filepath.Join(full, r.Name)
			if _, err := os.Stat(dir); err != nil {
				t.Skip("its full recording is not among those of demo.txz")
			}
			want := analyse(t, r, filepath.Join(dir, "kineto_trace_*.json"), dir)
			got := analyse(t, r, filepath.Join("..", "..", "templates", "demo", r.Name, "kineto_trace_*.json.gz"), dir)
			if want.Metric("gpu_busy").Value == nil {
				t.Fatalf("nothing was measured: %+v", want.Warnings)
			}
			want.Trace.Bytes, got.Trace.Bytes = 0, 0 // the files' own sizes
			if diff := cmp.Diff(plain(want), plain(got)); diff != "" {
				t.Error("thinning changed what is measured:", diff)
			}
		})
	}
}

// plain takes the suffix .gz off the names of sources.
func plain(a *metric.Analysis) *metric.Analysis {
	for _, m := range a.Metrics {
		for i := range m.Source {
			m.Source[i] = strings.TrimSuffix(m.Source[i], ".gz")
		}
	}
	return a
}

func analyse(t *testing.T, r replay.Recording, traces, dir string) *metric.Analysis {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	e := model.Defaults()
	if err := yaml.Unmarshal(text, &e); err != nil {
		t.Fatal(err)
	}
	in := analyze.Input{Run: r.Name, Experiment: &e, Ranks: map[int]*trace.Rank{}, Timing: map[int]*trace.Timing{}}
	files, _ := filepath.Glob(traces)
	for _, f := range files {
		rank, err := strconv.Atoi(strings.TrimPrefix(strings.Split(filepath.Base(f), ".")[0], "kineto_trace_"))
		if err != nil {
			t.Fatal(err)
		}
		if in.Ranks[rank], err = kineto.Open(t.Context(), f, nil); err != nil {
			t.Fatal(err)
		}
		if in.Timing[rank], err = trace.OpenTiming(filepath.Join(dir, "timing_stats_"+strconv.Itoa(rank)+".json")); err != nil {
			t.Fatal(err)
		}
	}
	if len(files) != r.Layout.GPUs() {
		t.Fatalf("%d traces for %d ranks: %s", len(files), r.Layout.GPUs(), traces)
	}
	a, err := analyze.Analyse(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
