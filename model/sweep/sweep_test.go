package sweep

import (
	"strconv"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/condition"
)

func TestValues(t *testing.T) {
	for text, want := range map[string]string{
		"4": "4", "1,2, 4": "1 2 4", "1..4": "1 2 3 4", "512..2048+512": "512 1024 1536 2048", "1..64*2": "1 2 4 8 16 32 64",
		"1..3,8": "1 2 3 8", "auto,nccl": "auto nccl", "gpu&hbm40g": "gpu&hbm40g", "../x": "../x", "3..3": "3", "0..4*2": "",
		"4..1": "", "1..4+0": "", "1..8*1": "", "1..x": "", "1,,2": "", "": "", "1..100000": "", "1..9223372036854775807*3": "1",
	} {
		got, err := Values(text)
		switch {
		case want == "" && err == nil, want != "" && err != nil:
			t.Errorf("%q: %v, %v", text, got, err)
		case want == "1": // it ends where the numbers do
			if len(got) != 40 {
				t.Errorf("%q has %d values", text, len(got))
			}
		case strings.Join(got, " ") != want:
			t.Errorf("%q: %q", text, got)
		}
	}
}

func where(texts ...string) (all []condition.Condition) {
	for _, text := range texts {
		c, err := condition.Parse(text)
		if err != nil {
			panic(err)
		}
		all = append(all, c)
	}
	return all
}

func axis(path string, values ...string) Axis {
	return Axis{[]string{path}, model.Each(values, func(v string) []string { return []string{v} })}
}

// numbers are the values of a point by the last part of their paths.
func numbers(edits []model.Edit) (condition.Values, error) {
	v := condition.Values{}
	for _, e := range edits {
		n, err := strconv.Atoi(e.Value)
		if err != nil {
			return nil, err
		}
		v[e.Path[strings.LastIndexByte(e.Path, '.')+1:]] = n
	}
	return v, nil
}

func ids(points []Point) string {
	return strings.Join(model.Each(points, func(p Point) string {
		if p.Left != "" {
			return "(" + p.ID + ")"
		}
		return p.ID
	}), " ")
}

func TestSeveral(t *testing.T) {
	for text, path := range map[string]string{"1,2": "parallelism.tp", "1..8": "data.batch_size", "bf16,fp8": "model.precision"} {
		if !Several(path, text) {
			t.Errorf("%s: %s is one value", path, text)
		}
	}
	for text, path := range map[string]string{"4": "parallelism.tp", "a, b": "description", "gpu&hbm80g": "slurm.constraint",
		"": "model.name"} {
		if Several(path, text) {
			t.Errorf("%s: %q is several", path, text)
		}
	}
}

func TestPoints(t *testing.T) {
	tp, pp, batch := axis("parallelism.tp", "1", "2", "4"), axis("parallelism.pp", "1", "2"), axis("data.batch_size", "1", "16")
	for _, c := range []struct {
		name, want string
		s          Sweep
	}{
		{"the last varies fastest", "a-tp1-b1 a-tp1-b16 a-tp2-b1 a-tp2-b16 a-tp4-b1 a-tp4-b16", Sweep{Axes: []Axis{tp, batch}}},
		{"left out stays in the list", "a-tp1-pp1 a-tp1-pp2 a-tp2-pp1 a-tp2-pp2 a-tp4-pp1 (a-tp4-pp2)",
			Sweep{Axes: []Axis{tp, pp}, Where: where("tp * pp <= 4")}},
		{"repeats follow all points", "a-b1 a-b16 a-b1-r2 a-b16-r2", Sweep{Axes: []Axis{batch}, Repeat: 2}},
		{"values that go together", "a-s512-o128 a-s2048-o32",
			Sweep{Axes: []Axis{{[]string{"data.seq_len", "data.max_tokens"}, [][]string{{"512", "128"}, {"2048", "32"}}}}}},
		{"words name themselves", "a-auto a-nccl", Sweep{Axes: []Axis{axis("comm.all_reduce", "auto", "nccl")}}},
		{"nothing varies", "a", Sweep{}},
	} {
		c.s.ID = "a"
		got, err := c.s.Points(numbers)
		if want := strings.ReplaceAll(c.want, "a-auto", "a-allreduceauto"); err != nil || ids(got) != want {
			t.Errorf("%s: %s, %v; want %s", c.name, ids(got), err, want)
		}
	}
}

// An id is legal, short and no other's, whatever the values; it does not depend on the other values of the sweep.
func TestPointIDs(t *testing.T) {
	long := strings.Repeat("a/b ", 30)
	s := Sweep{ID: "scan", Axes: []Axis{axis("model.name", "meta-llama/Llama-3.1-8B", "x/Llama-3.1-8b", long),
		axis("vllm.max_num_seqs", "64", "128"),
		axis("env.X", "é", "--", "true")}, Repeat: 2}
	all, err := s.Points(numbers)
	if err != nil || len(all) != 36 {
		t.Fatal(len(all), err)
	}
	seen := map[string]bool{}
	for _, p := range all {
		if err := model.CheckID(p.ID); err != nil || seen[p.ID] || len(p.ID) > maxID+4 {
			t.Errorf("%q: %v, seen %v", p.ID, err, seen[p.ID])
		}
		seen[p.ID] = true
	}
	s.Axes[1] = axis("vllm.max_num_seqs", "32", "64", "128")
	more, _ := s.Points(numbers)
	for _, p := range more {
		if p.Edits[1].Value != "32" && !seen[p.ID] {
			t.Errorf("%s has another id now: %v", p.ID, p.Edits)
		}
	}
}

// What is asked of a server stands in an id that is too long: limits go first, and then the end.
func TestLongIDsOfLoads(t *testing.T) {
	for id, want := range map[string]string{"serving-of-llama": "serving-of-llama-rate1-n100-poisson",
		"serving": "serving-rate1-n100-poisson-ttft200"} {
		s := Sweep{ID: id, Axes: []Axis{axis("parallelism.tp", "1"), axis("slo.ttft", "200"), axis("slo.tpot", "20"), axis("load.rate", "1", "2"),
			axis("load.requests", "100"), axis("load.shape", "poisson", "constant")}}
		all, err := s.Points(numbers)
		if err != nil || len(all) != 4 || !strings.HasPrefix(all[0].ID, want) {
			t.Errorf("%+v, %v; want %s", all, err, want)
		}
	}
}

// TestLongNames: a long name says what a point uses, and leaves out what it does not.
func TestLongNames(t *testing.T) {
	layout := func(fields ...string) Axis {
		return Axis{Paths: []string{"parallelism.tp", "parallelism.pp", "parallelism.dp_replicate", "parallelism.ep", "data.batch_size",
			"profiling.kineto", "profiling.execution_trace"}, Values: [][]string{fields}}
	}
	for want, axis := range map[string]Axis{
		"llama-70b-layouts-b4":                layout("1", "1", "1", "1", "4", "false", "false"),
		"llama-70b-layouts-tp2-pp2-b1":        layout("2", "2", "1", "1", "1", "false", "false"),
		"llama-70b-layouts-dp2-ep2-b1-kineto": layout("1", "1", "2", "2", "1", "true", "false"),
	} {
		if all, err := (Sweep{ID: "llama-70b-layouts", Axes: []Axis{axis}}).Points(nil); err != nil || all[0].ID != want {
			t.Errorf("%v, %v: want %s", all, err, want)
		}
	}
}

func TestPointFaults(t *testing.T) {
	many := axis("data.batch_size", strings.Fields(strings.Repeat("1 ", 200))...)
	for want, s := range map[string]Sweep{
		"at most 10000":     {Axes: []Axis{many, many}},
		"nothing is called": {Axes: []Axis{axis("parallelism.tp", "1")}, Where: where("pp > 1")},
	} {
		if _, err := s.Points(numbers); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %s", err, want)
		}
	}
}

func TestEngines(t *testing.T) {
	at := func(change func(*model.Experiment)) Member {
		e := model.Defaults()
		e.ID, e.OutputDir = "x", "trace_collection/x"
		change(&e)
		return Member{Experiment: e}
	}
	points := []Member{
		at(func(e *model.Experiment) { e.Data = model.Workload{BatchSize: 64, SeqLen: 512, MaxTokens: 64} }),
		at(func(e *model.Experiment) { e.Layout.TP = 2 }),
		at(func(e *model.Experiment) {
			e.Data = model.Workload{BatchSize: 1, SeqLen: 2048, MaxTokens: 8}
			e.ID = "y"
		}),
		at(func(e *model.Experiment) { e.ProfileIterations = 9; e.Profiling.Kineto = false }),
		at(func(e *model.Experiment) { e.VLLM = map[string]any{"max_num_seqs": 8} }),
		at(func(e *model.Experiment) { e.Profiling.Nsys = true }),
		at(func(e *model.Experiment) { e.Profiling.Nsys = true }),
	}
	all := Engines(points, false)
	if got := model.Each(all, func(g Engine) int { return len(g.Points) }); len(got) != 5 || got[0] != 3 {
		t.Fatalf("points of the engines: %v; want 3 in the first of 5", got)
	}
	if want := (model.Workload{BatchSize: 64, SeqLen: 2048, MaxTokens: 512}); all[0].Size.Data != want || all[0].ModelLen() != 2560 {
		t.Errorf("size %+v, length %d", all[0].Size.Data, all[0].ModelLen())
	}
	loads := []Member{at(func(e *model.Experiment) { e.Load.Rate, e.SLO.TTFT = 2, 200 }), points[0],
		at(func(e *model.Experiment) { e.Load = model.Load{Concurrency: 64, Requests: 10, Shape: "constant"} }),
		at(func(e *model.Experiment) { e.Load.Rate = 8 })}
	if all := Engines(loads, false); len(all) != 2 || len(all[0].Points) != 3 || all[0].Size.Load.Concurrency != 64 {
		t.Errorf("%d engines for three loads and a batch", len(all))
	}
	if alone := Engines(points, true); len(alone) != len(points) {
		t.Errorf("isolated, %d points have %d engines", len(points), len(alone))
	}
}
