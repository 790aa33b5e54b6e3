package calibration_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shardeck/backend/app"
	"shardeck/backend/app/apptest"
	"shardeck/backend/calibration"
	"shardeck/model/forecast"
)

// lay puts the calibration of two H200 into a workspace; its samples were thinned, nothing else.
func lay(t *testing.T, b *apptest.Bench, name string, change func(text string) string) {
	t.Helper()
	text, err := os.ReadFile("testdata/h200.json")
	if err != nil {
		t.Fatal(err)
	}
	path := b.Path("experiments/calibration/" + name + "/" + calibration.Samples)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(change(string(text))), 0o644); err != nil {
		t.Fatal(err)
	}
}

func same(text string) string { return text }

// The constants of a real calibration are those of public tables of the same GPU, which the priors hold, as near as machines of a kind
// are alike.
func TestTheConstantsOfAnH200(t *testing.T) {
	b := apptest.New(t)
	lay(t, b, "local-1x2", same)
	f, warnings, err := b.Calibrations.Find("")
	if err != nil || len(warnings) > 0 || f.GPU != "NVIDIA H200" || f.Ranks != 2 {
		t.Fatalf("%+v, %v, %v", f, warnings, err)
	}
	for _, want := range []struct {
		law          forecast.Law
		size, within float64 // of the prior's time
	}{
		{forecast.DecodeGEMM, 50e6, 0.15}, {forecast.DecodeGEMM, 235e6, 0.1}, {forecast.PrefillGEMM, 1e12, 0.1},
		{forecast.AllReduce, 1 << 14, 0.25}, {forecast.AllReduce, 1 << 20, 0.15}, {forecast.AllReduce, 1 << 26, 0.05},
	} {
		c := f.Constants[slices.IndexFunc(f.Constants, func(c forecast.Constant) bool { return c.Law == want.law })]
		prior, source := b.PriorOf(f.Measured, c)
		got, table := forecast.At(c.Pieces, want.size), forecast.At(prior, want.size)
		if math.Abs(got/table-1) > want.within || source == "" {
			t.Errorf("%s of %g: %.3g s, the table says %.3g (%s)", want.law, want.size, got, table, source)
		}
		if c.Error > 10 {
			t.Errorf("%s: samples lie %.1f %% from their law", want.law, c.Error)
		}
	}
	kept := calibration.File{}
	if text, err := os.ReadFile(b.Path("experiments/calibration/local-1x2/constants.json")); err != nil ||
		json.Unmarshal(text, &kept) != nil ||
		len(kept.Constants) != len(f.Constants) || kept.GPU != f.GPU || kept.Versions["torch"] == "" || kept.Date.IsZero() {
		t.Errorf("constants.json: %+v, %v", kept, err)
	}
}

// Of several the newest counts; one that is damaged is said, one that is under way or was moved aside is none.
func TestWhichCalibrationsCount(t *testing.T) {
	b := apptest.New(t)
	lay(t, b, "new", same)
	lay(t, b, "old", func(s string) string { return strings.Replace(s, `"2026-`, `"2025-`, 1) })
	lay(t, b, "damaged", func(s string) string { return s[:len(s)/2] })
	lay(t, b, "new@17", same)
	lay(t, b, "new.tmp-18", same)
	all, warnings := b.Calibrations.All()
	if len(all) != 2 || all[0].Name != "new" || all[1].Name != "old" {
		t.Errorf("%+v", all)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "damaged/calibration.json: is not sound JSON") {
		t.Error(warnings)
	}
	if m := b.Calibrations.Measured(); len(m) != 2 || !m[0].Date.Before(m[1].Date) {
		t.Error("forecasts take the newest last")
	}
	if _, _, err := b.Calibrations.Find("none"); err == nil || !strings.Contains(err.Error(), "there is no calibration none") {
		t.Error(err)
	}
}

func TestTheJob(t *testing.T) {
	b := apptest.New(t)
	p, err := b.Calibrations.Plan(t.Context(), calibration.Options{GPUs: 2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = b.Calibrations.Submit(t.Context(), p); err != nil || len(b.Stage.Submitted) != 1 {
		t.Fatal(err)
	}
	if r := b.Stage.Submitted[0]; r.GPUs != 2 || !strings.Contains(r.Script, "Submitted by: shardeck calibrate") ||
		!strings.Contains(r.Script, `"$OUT"/calibration.json`) {
		t.Errorf("%d GPUs\n%s", r.GPUs, r.Script)
	}
	found, err := filepath.Glob(b.Path(".shardeck/calibrate/*.json"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	text, _ := os.ReadFile(found[0])
	config := struct {
		Engine    string
		Calibrate []string
	}{}
	if err := json.Unmarshal(text, &config); err != nil || config.Engine != "torch" || len(config.Calibrate) == 0 {
		t.Errorf("%s, %v", text, err)
	}
	if _, err := b.Calibrations.Submit(t.Context(), p); err == nil || !strings.Contains(err.Error(), "submitted already") {
		t.Error("a second one was submitted: ", err)
	}
	for why, o := range map[string]calibration.Options{
		"the shape of": {Models: []string{"no/such"}}, "all GPUs of each node": {GPUs: 1, Nodes: 2},
	} {
		if _, err := b.Calibrations.Plan(t.Context(), o); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	b.Open(t, app.Options{ReadOnly: true})
	if _, err := b.Calibrations.Submit(t.Context(), p); err == nil {
		t.Error("submitted though read-only")
	}
}

// The bytes that a sample says of a decode GEMM are those that the memory moved, by the counters of Nsight Compute on an H200. (Of
// 2048 rows they are not: tiles read their inputs again, 1.4 to 2.1 times the bytes of the shape, and the law is of FLOPs.)
func TestBytesOfDecodeGEMMsAgainstCounters(t *testing.T) {
	b := apptest.New(t)
	lay(t, b, "local-1x2", same)
	f, _, err := b.Calibrations.Find("")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/ncu_h200.csv")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		var m, n, k int
		var read, write, ns float64
		if _, err := fmt.Sscanf(line, "%d,%d,%d,%f,%f,%f", &m, &n, &k, &read, &write, &ns); err != nil {
			t.Fatal(line, err)
		}
		at := slices.IndexFunc(f.Measured.Samples, func(s forecast.Sample) bool { return slices.Equal(s.Shape, []int{m, n, k}) })
		if at < 0 {
			t.Fatalf("no sample of %s", line)
		}
		if s := f.Measured.Samples[at]; math.Abs(s.Bytes/(read+write)-1) > 0.03 || math.Abs(s.Seconds*1e9/ns-1) > 0.2 {
			t.Errorf("%v: %.0f bytes in %.3g s, counters say %.0f in %.3g", s.Shape, s.Bytes, s.Seconds, read+write, ns/1e9)
		}
	}
}
