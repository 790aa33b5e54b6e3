package measure_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"shardeck/backend/app/apptest"
	"shardeck/model/compare"
	"shardeck/model/scaling"
)

// steps keeps what a progress is told.
type steps struct {
	mu          sync.Mutex
	done, total []int64
}

func (s *steps) note(done, total int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done, s.total = append(s.done, done), append(s.total, total)
}

// One bar over the bytes of both runs: it never starts anew for the second.
func TestComparisonHasOneProgress(t *testing.T) {
	b := apptest.New(t)
	const base, other = "llama-8b-tp1", "llama-8b-tp2"
	var size int64
	for _, name := range []string{base, other} {
		run := b.MustRun(t, name)
		size += run.TraceBytes()
	}
	var s steps
	if _, err := b.CompareTraces(t.Context(), base, other, s.note); err != nil {
		t.Fatal(err)
	}
	most := int64(0)
	for i, total := range s.total {
		if total != size {
			t.Fatalf("of %d bytes, want %d: those of both", total, size)
		}
		most = max(most, s.done[i])
	}
	if most != size {
		t.Errorf("%d of %d bytes at the end", most, size)
	}
	again := steps{}
	if _, err := b.CompareTraces(t.Context(), base, other, again.note); err != nil || len(again.done) > 0 {
		t.Errorf("read again what is in the cache: %v, %v", again.done, err)
	}
}

func TestComparisonEnds(t *testing.T) {
	b := apptest.New(t)
	if _, err := b.CompareTraces(t.Context(), "llama-8b-tp1", "no-such-run", nil); err == nil {
		t.Error("a run that is not there")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.CompareTraces(ctx, "llama-8b-tp1", "llama-8b-tp2", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// What more ranks should have brought is said of the same work alone.
func TestLossOfTheSameWork(t *testing.T) {
	b := apptest.New(t)
	c, err := b.CompareTraces(t.Context(), "llama-8b-tp1", "llama-8b-tp2", nil)
	if err != nil || c.Loss == nil {
		t.Fatalf("%+v, %v", c.Notes, err)
	}
	c, err = b.CompareTraces(t.Context(), "llama-8b-tp1", "deepseek-v2-lite-ep2", nil)
	if err != nil || c.Loss != nil || len(c.Warnings) == 0 {
		t.Errorf("of another model: %+v, %v", c.Loss, err)
	}
}

// What the pane shows of two runs is what compare prints of them.
// A forecast that was played twice is one number, not two samples of it.
func TestForecastsAreNoRepeats(t *testing.T) {
	for forecast, want := range map[string]int{"": 3, `"forecast": {"level": 0.8, "intervals": {}, "rests_on": []},`: 1} {
		b := apptest.New(t)
		for _, name := range []string{"x", "y"} {
			dir := b.Path("trace_collection/" + name)
			err := os.CopyFS(dir, os.DirFS(b.Path("trace_collection/tp2-b4-s512")))
			info, err2 := os.ReadFile(dir + "/run.json")
			info = bytes.Replace(info, []byte("{"), []byte("{"+forecast), 1)
			if err := errors.Join(err, err2, os.WriteFile(dir+"/run.json.new", info, 0o644), os.Rename(dir+"/run.json.new", dir+"/run.json")); err != nil {
				t.Fatal(err)
			}
		}
		c, err := b.Compare(t.Context(), []string{"x", "llama-8b-tp1"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range c.Rows {
			if got := row.Cells[0].Runs; row.Name == "tpot" && got != want {
				t.Errorf("%q: %d runs of the config, want %d", forecast, got, want)
			}
		}
	}
}

func TestDifferencesAreThoseOfCompare(t *testing.T) {
	b := apptest.New(t)
	const base, other = "llama-8b-tp1", "llama-8b-tp2"
	c, err := b.Compare(t.Context(), []string{base, other}, nil)
	if err != nil {
		t.Fatal(err)
	}
	found, err := b.Differences(t.Context(), base, []string{other, "no-such-run"})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, row := range c.Rows {
		want := row.Cells[1]
		got, ok := found[other][row.Name]
		if want.N == 0 {
			if ok {
				t.Errorf("%s has no samples: %+v", row.Name, got)
			}
			continue
		}
		seen++
		if !ok || *got.Value != *want.Value || *got.Change != *want.Change || got.Same != want.Same || got.N != want.N {
			t.Errorf("%s: %+v, want %+v", row.Name, got, want)
		}
	}
	if seen < 3 || len(found) != 2 {
		t.Errorf("%d metrics of %d runs", seen, len(found))
	}
	if _, err := b.Differences(t.Context(), "no-such-run", nil); err == nil {
		t.Error("a base that is not there")
	}
}

func TestTies(t *testing.T) {
	const first, second, third = "llama-8b-tp1", "llama-8b-tp2", "deepseek-v2-lite-ep2"
	for _, tt := range []struct {
		name, one, two, three string
		runs                  []string
		words                 string
	}{
		{"apart", "0.50, 0.51, 0.52, 0.53, 0.54", "0.90, 0.91, 0.92, 0.93, 0.94", "0.50, 0.51, 0.52, 0.53, 0.54", nil, ""},
		{"of two", "0.96, 0.99, 1.00, 1.03, 1.05", "0.90, 0.98, 1.01, 1.02, 1.10", "1.96, 1.99, 2.00, 2.03, 2.05",
			[]string{first, second}, "chance alone"},
		{"of three", "0.96, 0.99, 1.00, 1.03, 1.05", "0.90, 0.98, 1.01, 1.02, 1.10", "0.97, 0.98, 1.01, 1.02, 1.04",
			[]string{first, second, third}, "chance alone"},
		{"too few", "0.5, 0.51, 0.52", "0.9, 0.91, 0.92", "2, 2, 2, 2, 2, 2", nil,
			"n too small: 3 against 3 iterations cannot show a difference within one run"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := apptest.New(t)
			for run, iterations := range map[string]string{first: tt.one, second: tt.two, third: tt.three} {
				b.WriteTimings(t, run, iterations)
			}
			order := []string{first, second, third}
			got, err := b.Ties(t.Context(), []compare.Contest{{Metric: "iteration_wall_clock", Runs: order},
				{Metric: "comm_overhead", Runs: order}, {Metric: "iteration_wall_clock", Runs: []string{"no-such-run", first}}})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got[0].Runs, tt.runs) || !strings.HasPrefix(got[0].Words, tt.words) || (tt.words == "") != (got[0].Words == "") {
				t.Errorf("%+v, want %v, %q", got[0], tt.runs, tt.words)
			}
			if len(got[1].Runs)+len(got[2].Runs) > 0 {
				t.Errorf("ties of what has no samples: %+v", got[1:])
			}
		})
	}
}

func TestPointsThatChanceCouldMake(t *testing.T) {
	for _, tt := range []struct {
		name, two, want string
	}{
		{"sure", "0.5, 0.51, 0.52, 0.53, 0.54", ""},
		{"mixed", "0.9, 0.98, 1.01, 1.02, 1.1", "chance alone makes as large a difference in"},
		{"few", "0.5, 0.51", "n too small: 5 against 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := apptest.New(t)
			b.WriteTimings(t, "llama-8b-tp1", "0.96, 0.99, 1, 1.03, 1.05")
			b.WriteTimings(t, "llama-8b-tp2", tt.two)
			all, err := b.Scaling(t.Context(), scaling.AxisTP, "iteration_wall_clock")
			if err != nil {
				t.Fatal(err)
			}
			seen := false
			for _, s := range all {
				for i, p := range s.Points {
					if p.Run != "llama-8b-tp2" || i == 0 {
						continue
					}
					seen = true
					if len(p.Unsure) < len(tt.want) || p.Unsure[:len(tt.want)] != tt.want || tt.want == "" && p.Unsure != "" {
						t.Errorf("unsure %q, want %q", p.Unsure, tt.want)
					}
				}
			}
			if !seen {
				t.Errorf("no such point: %+v", all)
			}
		})
	}
}

func TestScalingOfTheDemo(t *testing.T) {
	b := apptest.New(t)
	series, err := b.Scaling(t.Context(), scaling.AxisGPUs, "tpot")
	if err != nil || len(series) < 8 {
		t.Fatalf("%d series, %v", len(series), err)
	}
	if _, err := b.Scaling(t.Context(), "altitude", "tpot"); err == nil {
		t.Error("an axis that is none was taken")
	}
	if _, err := b.Scaling(t.Context(), scaling.AxisGPUs, "nonsense"); err == nil {
		t.Error("a metric that is none was taken")
	}
}
