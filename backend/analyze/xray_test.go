package analyze

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/xray"
)

// xrayOf is the X-ray of a recording.
func xrayOf(t *testing.T, in Input) xray.Report {
	t.Helper()
	report, err := XRay(context.Background(), in, Holding{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// checkXRay checks that the steps of a recording are taken apart: times add up, and every kernel has a named operator.
func checkXRay(t *testing.T, in Input) {
	t.Helper()
	report := xrayOf(t, in)
	for _, rank := range report.Ranks {
		if len(rank.Steps) == 0 {
			t.Errorf("rank %d has no steps: %v", rank.Rank, report.Warnings)
		}
		for _, s := range rank.Steps {
			checkStep(t, rank, s)
		}
	}
}

func checkStep(t *testing.T, rank xray.Rank, s xray.Step) {
	t.Helper()
	var sum int64
	for _, o := range s.Operators {
		sum += o.NS
		if o.Name == "other" || !o.Certain && o.Why == "" || o.FloorNS != nil && *o.FloorNS > o.DurNS {
			t.Errorf("rank %d step %d: %+v", rank.Rank, s.Index, o)
		}
	}
	for _, g := range s.Gaps {
		sum += g.NS
	}
	if sum != s.WallNS {
		t.Errorf("rank %d step %d: operators and gaps last %d ns, the step %d", rank.Rank, s.Index, sum, s.WallNS)
	}
	for _, name := range []string{"norm", "qkv", "rope", "cache", "attention", "o"} {
		if o := operator(&s, name); o == nil || o.Layers != rank.Layers {
			t.Errorf("rank %d step %d: %s is not in each of %d layers: %+v", rank.Rank, s.Index, name, rank.Layers, o)
		}
	}
}

func operator(s *xray.Step, name string) *xray.Operator {
	return model.First(s.Operators, func(o xray.Operator) bool { return o.Name == name })
}

// The table of the first trial by hand: µs a layer, and GB/s of TP1. [reference/field.md §8]
func TestXRayByHand(t *testing.T) {
	for run, want := range map[string]map[string][2]float64{
		"vllm-llama-8b-tp1": {"qkv": {22.1, 2273}, "attention": {25.8, 1300}, "o": {16.9, 1987}, "gate_up": {83.6, 2810}, "down": {44.8, 2619}},
		"vllm-llama-8b-tp2": {"qkv": {14.3, 0}, "attention": {18.9, 0}, "o": {8.7, 0}, "gate_up": {43.0, 0}, "down": {25.0, 0}},
	} {
		rank := xrayOf(t, load(t, small(run))).Ranks[0]
		kinds := rank.Kinds()
		at := slices.IndexFunc(kinds, func(k xray.Kind) bool { return k.Phase == "decode" && k.Requests == 4 })
		for name, figures := range want {
			o := operator(kinds[at].Median, name)
			if us := float64(o.LayerNS) / 1e3; math.Abs(us-figures[0]) > 0.035*figures[0] {
				t.Errorf("%s: %s takes %.1f µs a layer, by hand %.1f", run, name, us, figures[0])
			}
			if rate := *o.Bytes / float64(o.DurNS); figures[1] > 0 && math.Abs(rate-figures[1]) > 0.02*figures[1] {
				t.Errorf("%s: %s reads %.0f GB/s, by hand %.0f", run, name, rate, figures[1])
			}
		}
	}
}

// On an eager recording with shapes the products that the X-ray infers from order are those that PyTorch recorded, each as often; and
// attention of decode steps sees as many tokens as its keys have.
func TestXRayEqualsRecordedShapes(t *testing.T) {
	const run = "llama-8b-tp2-stack"
	recorded, contexts := recordedShapes(t, filepath.Join(small(run), "kineto_trace_0.json.gz"))
	inferred, seen := map[string]int{}, map[int64]int{}
	for _, s := range xrayOf(t, load(t, small(run))).Ranks[0].Steps {
		for _, o := range s.Operators {
			for _, m := range o.Products {
				inferred[m.String()] += max(1, o.Layers)
			}
			if o.Name == "attention" && s.Phase == metric.Decode {
				seen[s.Context] += o.Layers
			}
		}
	}
	if d := cmp.Diff(recorded, inferred); d != "" || len(recorded) < 8 {
		t.Errorf("(-recorded +inferred):\n%s", d)
	}
	if d := cmp.Diff(contexts, seen); d != "" || len(contexts) == 0 {
		t.Errorf("context (-recorded +inferred):\n%s", d)
	}
}

// recordedShapes counts the products of a trace by M×N×K, and attention to more keys than queries by the keys of all requests.
func recordedShapes(t *testing.T, path string) (products map[string]int, contexts map[int64]int) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	var doc struct {
		TraceEvents []struct {
			Cat, Name string
			Args      struct {
				Dims []json.RawMessage `json:"Input Dims"`
			}
		}
	}
	if err = errors.Join(err, json.NewDecoder(text).Decode(&doc)); err != nil {
		t.Fatal(err)
	}
	products, contexts = map[string]int{}, map[int64]int{}
	for _, e := range doc.TraceEvents {
		var a, b []int
		if len(e.Args.Dims) < 2 || json.Unmarshal(e.Args.Dims[0], &a) != nil || json.Unmarshal(e.Args.Dims[1], &b) != nil {
			continue
		}
		switch {
		case e.Name == "aten::mm":
			products[xray.Matmul{M: a[0], N: b[1], K: a[1]}.String()]++
		case e.Name == "aten::scaled_dot_product_attention" && a[2] < b[2]:
			contexts[int64(b[0]*b[2])]++
		}
	}
	return products, contexts
}
