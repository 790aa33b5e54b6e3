package sweep

import (
	"fmt"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/sweep"
)

const whole = `# which layout
description: layouts of 8B
base: E1.1
vary:
  parallelism.tp: [1, 2]
  data.batch_size: 1..64*8
  zip:
    - {data.seq_len: [512, 2048], data.max_tokens: [128, 32]}
  vllm.compilation_config: [{level: 3}, null]
repeat: 3
where: [tp * pp <= 4, batch_size > 1 or tp == 1]
limit: {node_hours: 1.5, jobs: 2}
goal: {metric: throughput_tokens_sec, constraints: [ttft_p99 <= 200, tpot < 20]}
`

func TestRead(t *testing.T) {
	s, err := Read("scan", "experiments/sweeps/scan.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	told := func(a sweep.Axis) string {
		return strings.Join(a.Paths, "+") + "=" + strings.Join(model.Each(a.Values, func(v []string) string { return strings.Join(v, "+") }), ",")
	}
	want := "parallelism.tp=1,2 data.batch_size=1,8,64 data.seq_len+data.max_tokens=512+128,2048+32 vllm.compilation_config={level: 3},null"
	if got := strings.Join(model.Each(s.Axes, told), " "); got != want {
		t.Errorf("axes %s; want %s", got, want)
	}
	if s.ID != "scan" || s.Base != "E1.1" || s.Repeat != 3 || len(s.Where) != 2 || s.Limit.NodeHours != 1.5 || s.Limit.Jobs != 2 {
		t.Errorf("%+v", s)
	}
	if g := s.Goal; g == nil || g.Metric != "throughput_tokens_sec" || !g.Highest || len(g.Constraints) != 2 {
		t.Errorf("goal %+v", s.Goal)
	}
}

// A server's loads are written as in a config, with several values; they vary below all else, since one server takes them all.
func TestReadLoads(t *testing.T) {
	s, err := Read("scan", "scan.yaml",
		[]byte("base: E1.1\nload: {rate: [1, 2.5, 4], requests: 200, shape: poisson}\nslo: {ttft: 200}\nvary: {parallelism.tp: [1, "+
			"2]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(model.Each(s.Axes, func(a sweep.Axis) string { return a.Paths[0] + fmt.Sprint(a.Values) }), " ")
	if want := "parallelism.tp[[1] [2]] slo.ttft[[200]] load.rate[[1] [2.5] [4]] load.requests[[200]] load.shape[[poisson]]"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	for text, want := range map[string]string{"load: [1, 2]": "load must be fields", "load: {rat: [1]}": `"load.rat" is no field`,
		"load: {rate: [1, x]}": `"x" is not`} {
		if _, err := Read("scan", "scan.yaml", []byte("base: E1.1\n"+text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
}

// TestAliases: an alias is what it stands for, alone and in a list.
func TestAliases(t *testing.T) {
	s, err := Read("x", "x.yaml", []byte("base: E1.1\nvary:\n  parallelism.tp: &n [1, 2]\n  parallelism.pp: *n\n  data.batch_size: "+
		"[&b 4, 8..16+8]\n  zip: [{data.seq_len: *b}]\n"))
	if err != nil || len(s.Axes) != 4 || len(s.Axes[1].Values) != 2 || len(s.Axes[3].Values) != 1 {
		t.Errorf("%+v, %v", s.Axes, err)
	}
}

// TestGoalOfAStatistic: a goal may be one statistic of a metric, as a constraint may.
func TestGoalOfAStatistic(t *testing.T) {
	s, err := Read("x", "x.yaml", []byte("base: E1.1\ngoal: {metric: ttft_p99}"))
	if err != nil || s.Goal == nil || s.Goal.Metric != "ttft_p99" || s.Goal.Highest {
		t.Errorf("%+v, %v", s.Goal, err)
	}
	if _, err := Read("x", "x.yaml", []byte("base: E1.1\ngoal: {metric: ttft_p98}")); err == nil {
		t.Error("there is no p98")
	}
}

// Every fault is told at its line, in words, and hides no other.
func TestReadFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "is empty",
		"vary: {parallelism.tp: [1]}":  "base is missing",
		"base: E1.1\nvary: [1]":        "vary must be fields",
		"base: E1.1\nvary:\n  tp: [1]": `:3:3: vary: "tp" is no field that can vary`,
		"base: E1.1\nvari: {}":         "did you mean vary?",
		"base: E1.1\nvary:\n  parallelism.tp: [1, x]":                               `parallelism.tp: "x" is not`,
		"base: E1.1\nvary:\n  parallelism.tp: []":                                   "has no values",
		"base: E1.1\nvary:\n  parallelism.tp: [2, 1..2]":                            "the value 2 twice",
		"base: E1.1\nvary:\n  parallelism.tp: 4..1":                                 "is no range",
		"base: E1.1\nvary:\n  slurm.time: ['00:10:00']":                             "is no field that can vary",
		"base: E1.1\nvary:\n  output_dir: [a, b]":                                   "is no field that can vary",
		"base: E1.1\nvary:\n  zip: [{parallelism.tp: [1, 2], parallelism.pp: [1]}]": "what goes together has as many",
		"base: E1.1\nvary:\n  zip: [1]":                                             "zip must be fields",
		"base: E1.1\nwhere: [tp >]":                                                 "is no condition",
		"base: E1.1\nrepeat: 0":                                                     "repeat",
		"base: E1.1\ngoal: {metric: ttfs}":                                          "did you mean ttft?",
		"base: E1.1\ngoal: {metric: ttft, direction: best}":                         "one of max, min",
		"base: E1.1\ngoal: {metric: ttft, constraints: [tp0t < 3]}":                 "did you mean tpot?",
		"base: E1.1\ngoal: {}":                                                      "goal.metric",
		"base: E1.1\nbase: E1.2":                                                    "base",
		"base: E1.1\nvary:\n  parallelism.tp:\n":                                    "parallelism.tp has no values",
		"base: E1.1\nvary:\n  data.batch_size: [01, 1]":                             "the value 1 twice",
		"base: E1.1\nvary: {parallelism.tp: [1], zip: {parallelism.tp: [2]}}":       "parallelism.tp varies twice",
		"base: E1.1\nvary: {load.rate: [1]}\nload: {rate: [2]}":                     "load.rate varies twice",
		"base: E1.1\nvary: {zip: [{}]}":                                             "zip must be fields",
		"{":                                                                         "",
	} {
		_, err := Read("x", "x.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
}

// What is written is read as it was.
func TestText(t *testing.T) {
	axes := []sweep.Axis{{Paths: []string{"parallelism.tp"}, Values: [][]string{{"1"}, {"2"}}},
		{Paths: []string{"slurm.constraint"}, Values: [][]string{{"gpu&hbm40g"}, {"a: b"}, {"[x]"}}}}
	s, err := Read("x", "x.yaml", Text("E1.1", axes[:1], 2))
	if err != nil || s.Repeat != 2 || len(s.Axes) != 1 || len(s.Axes[0].Values) != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	if got := string(Text("E1.1", axes[1:], 1)); !strings.Contains(got, `[gpu&hbm40g, 'a: b'`) {
		t.Errorf("written %s", got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("base: E1.1\nvary: {zip: {a: [1]}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := Read("x", "x.yaml", text); err == nil && s.Base == "" {
			t.Error("a sweep without a base was read")
		}
	})
}
