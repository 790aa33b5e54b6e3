package config

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// handWritten has what people write: comments everywhere, odd spacing, quotes of
// both kinds, flow and block, no order.
const handWritten = `# my experiment

experiment_id:   "E1.3"     # the id
description: >
  long text
  over lines
model: {name: 'meta-llama/Llama-3.1-8B',   precision: bfloat16}   # 8B

parallelism:
    # four GPUs
    tp: 4   # one node

    pp: 1
    dp_replicate: 1
    dp_shard: 1
    ep: 1
data: { batch_size: 4,
        seq_len: 2048, # prompt
        max_tokens: 512 }
output_dir: trace_collection/llama-8b-tp4
slurm:
env:
    "NCCL_DEBUG": INFO   # noisy
vllm:
    max_num_seqs: 8
    # the end
`

// TestSetChangesOneValue: the wanted bytes are the file with one replacement.
func TestSetChangesOneValue(t *testing.T) {
	for _, c := range []struct{ path, value, old, new string }{
		{"parallelism.tp", "2", "tp: 4   #", "tp: 2   #"},
		{"experiment_id", "E1.4", `"E1.3"     #`, `"E1.4"     #`},
		{"model.name", "Qwen/Qwen3-32B", "'meta-llama/Llama-3.1-8B'", "'Qwen/Qwen3-32B'"},
		{"model.precision", "float16", "bfloat16}", "float16}"},
		{"model.weights", "dummy", "bfloat16}", "bfloat16, weights: dummy}"},
		{"data.seq_len", "4096", "seq_len: 2048,", "seq_len: 4096,"},
		{"description", "short: one", ">\n  long text\n  over lines\n", "'short: one'\n"},
		{"output_dir", "trace_collection/x", "trace_collection/llama-8b-tp4", "trace_collection/x"},
		{"warmup_iterations", "3", "        max_tokens: 512 }\n", "        max_tokens: 512 }\nwarmup_iterations: 3\n"},
		{"engine", "replay", "  over lines\n", "  over lines\nengine: replay\n"},
		{"profiling.nsys", "true", "trace_collection/llama-8b-tp4\n", "trace_collection/llama-8b-tp4\nprofiling:\n    nsys: true\n"},
		{"slurm.time", "01:00:00", "slurm:\n", "slurm: {time: \"01:00:00\"}\n"},
		{"slurm.account", "m1_g", "slurm:\n", "slurm: {account: m1_g}\n"},
		{"env.NCCL_DEBUG", "WARN", "INFO   #", "WARN   #"},
		{"env.A", "b # c", "INFO   # noisy\n", "INFO   # noisy\n    A: 'b # c'\n"},
		{"env.A", "two\nlines", "INFO   # noisy\n", "INFO   # noisy\n    A: \"two\\nlines\"\n"},
		{"env.A", "yes", "INFO   # noisy\n", "INFO   # noisy\n    A: \"yes\"\n"},
		{"vllm.max_num_seqs", "16", "max_num_seqs: 8", "max_num_seqs: 16"},
		{"vllm.compilation_config", "{level: 3}", "max_num_seqs: 8\n", "max_num_seqs: 8\n    compilation_config: {level: 3}\n"},
	} {
		for eol, text := range map[string]string{"\n": handWritten, "\r\n": strings.ReplaceAll(handWritten, "\n", "\r\n")} {
			d, err := NewDocument("a.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Set(c.path, c.value); err != nil {
				t.Errorf("%s=%s: %v", c.path, c.value, err)
				continue
			}
			nl := func(s string) string { return strings.ReplaceAll(s, "\n", eol) }
			if diff := cmp.Diff(strings.Replace(text, nl(c.old), nl(c.new), 1), string(d.Text())); diff != "" {
				t.Errorf("%s=%s (%q):\n%s", c.path, c.value, eol, diff)
			}
			if got := d.Get(c.path); got != c.value {
				t.Errorf("%s = %q", c.path, got)
			}
		}
	}
}

func TestSetWithoutLastLineBreak(t *testing.T) {
	d, err := NewDocument("a.yaml", []byte("experiment_id: A\noutput_dir: x"))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Set("slurm.qos", "debug"); err != nil {
		t.Fatal(err)
	}
	if want := "experiment_id: A\noutput_dir: x\nslurm:\n  qos: debug"; string(d.Text()) != want {
		t.Errorf("%q", d.Text())
	}
}

func TestSetInFlowDocument(t *testing.T) {
	d, err := NewDocument("a.yaml", []byte(`{"experiment_id": "A", "parallelism": {}}`))
	if err != nil {
		t.Fatal(err)
	}
	for path, value := range map[string]string{"parallelism.tp": "2", "slurm.qos": "debug", "description": "a, b"} {
		if err := d.Set(path, value); err != nil {
			t.Errorf("%s: %v\n%s", path, err, d.Text())
		}
	}
	e := d.Experiment()
	if e.Layout.TP != 2 || e.Slurm.QOS != "debug" || e.Description != "a, b" || e.ID != "A" {
		t.Errorf("%s", d.Text())
	}
}

// TestSetFallsBack: values that cannot be changed in place are still changed, and
// comments stay.
func TestSetFallsBack(t *testing.T) {
	text := strings.Replace(handWritten, "description: >\n", "description: # why\n", 1)
	d, err := NewDocument("a.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Set("description", "short"); err != nil {
		t.Fatal(err)
	}
	e := d.Experiment()
	if e.Description != "short" || e.Layout.TP != 4 {
		t.Errorf("%+v", e)
	}
	for _, comment := range []string{"# my experiment", "# the id", "# four GPUs", "# noisy", "# the end", "# 8B"} {
		if !strings.Contains(string(d.Text()), comment) {
			t.Errorf("lost %s in\n%s", comment, d.Text())
		}
	}
}

func TestSetRefuses(t *testing.T) {
	for _, c := range []struct{ text, path, value, want string }{
		{handWritten, "parallelism.tp", "x", "whole number from 1 to 4096"},
		{handWritten, "parallelism.tq", "1", "did you mean parallelism.tp?"},
		{handWritten, "engine", "vlm", "one of vllm, torch, replay"},
		{handWritten, "description", "a\nb", "control character"},
		{"slurm: fast\n", "slurm.qos", "debug", "cannot be changed here"},
		{"env: [a]\n", "env.A", "b", "cannot be changed here"},
	} {
		d, err := NewDocument("a.yaml", []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Set(c.path, c.value); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: %v", c.path, c.value, err)
		}
		if d.Modified() {
			t.Errorf("%s=%s changed the text", c.path, c.value)
		}
	}
}

// TestSetRepairs: a wrong value is what an editor is for.
func TestSetRepairs(t *testing.T) {
	for wrong, right := range map[string]string{"tp: four": "tp: 2", `tp: "4"`: "tp: 2", "tp: -1 # no": "tp: 2 # no",
		"tp:": "tp: 2", "tp: # why": "tp: 2 # why", "tp: ~": "tp: 2", "tp:   [1]": "tp:   2"} {
		d, err := NewDocument("a.yaml", []byte("experiment_id: A\nparallelism:\n  "+wrong+"\n  pp: 1\n"))
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Set("parallelism.tp", "2"); err != nil {
			t.Errorf("%s: %v", wrong, err)
		}
		if want := "experiment_id: A\nparallelism:\n  " + right + "\n  pp: 1\n"; string(d.Text()) != want {
			t.Errorf("%s became\n%s", wrong, d.Text())
		}
	}
}

func TestSetSameIsNoChange(t *testing.T) {
	d, err := NewDocument("a.yaml", []byte(seedConfig))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Keys() {
		v := d.Get(k)
		if err := d.Set(k, v); err != nil && v != "" {
			t.Errorf("%s=%q: %v", k, v, err)
		}
	}
	if d.Modified() {
		t.Errorf("changed:\n%s", cmp.Diff(seedConfig, string(d.Text())))
	}
}

func TestUndoAndRedo(t *testing.T) {
	d, err := NewDocument("a.yaml", []byte(handWritten))
	if err != nil {
		t.Fatal(err)
	}
	if d.Undo() || d.Redo() || d.Modified() || d.Diff() != "" {
		t.Error("a document just opened is modified, or can be undone")
	}
	if d.Set("parallelism.tp", "2") != nil || d.Set("data.batch_size", "8") != nil {
		t.Fatal("not set")
	}
	if !d.Undo() || d.Experiment().Data.BatchSize != 4 || d.Get("data.batch_size") != "4" || !d.Redo() || d.Experiment().Data.BatchSize != 8 {
		t.Error("undo and redo do not come back to the same")
	}
	if last, first := d.Undo(), d.Undo(); !last || !first || d.Undo() || d.Modified() || string(d.Text()) != handWritten {
		t.Error("Undo did not bring the first text back")
	}
	if d.Set("parallelism.pp", "2") != nil || d.Redo() {
		t.Error("a change after undo does not forget what was undone")
	}
	for i := range 2 * maxUndo {
		if err := d.Set("data.batch_size", strconv.Itoa(i+1)); err != nil {
			t.Fatal(err)
		}
	}
	if len(d.past) != maxUndo {
		t.Errorf("%d states are remembered", len(d.past))
	}
}

// TestOneParseAnEdit: a key press in the form parses the text once, whatever is asked afterwards.
func TestOneParseAnEdit(t *testing.T) {
	parses := 0
	parse = func(file string, data []byte) (*yaml.Node, strictyaml.Problems) {
		parses++
		return parseText(file, data)
	}
	defer func() { parse = parseText }()
	d, err := NewDocument("a.yaml", []byte(handWritten))
	if err != nil || parses != 1 {
		t.Fatal(err, parses)
	}
	ask := func() {
		d.Experiment()
		d.Err()
		d.Modified()
		d.Diff()
		for _, k := range Keys() {
			d.Get(k)
		}
	}
	for _, step := range []struct {
		name string
		do   func()
		want int
	}{
		{"a number", func() { d.Set("parallelism.tp", "2") }, 1},
		{"a new key", func() { d.Set("profiling.nsys", "true") }, 1},
		{"of env", func() { d.Set("env.NCCL_DEBUG", "WARN") }, 1},
		{"of vllm", func() { d.Set("vllm.max_num_seqs", "16") }, 1},
		{"the same again", func() { d.Set("parallelism.tp", "2") }, 0},
		{"a wrong value", func() { d.Set("parallelism.tp", "x") }, 0},
		{"undo and redo", func() { d.Undo(); d.Undo(); d.Redo() }, 0},
	} {
		parses = 0
		step.do()
		ask()
		if parses != step.want {
			t.Errorf("%s: parsed %d times, want %d", step.name, parses, step.want)
		}
	}
}

// TestReadersDoNotWait: what the screen asks while a change is under way is the state before it.
func TestReadersDoNotWait(t *testing.T) {
	d, err := NewDocument("a.yaml", []byte(handWritten))
	if err != nil {
		t.Fatal(err)
	}
	began, goOn := make(chan bool, 10), make(chan bool)
	parse = func(file string, data []byte) (*yaml.Node, strictyaml.Problems) {
		began <- true
		if len(began) == 1 { // that of Set, not one of a reader
			<-goOn
		}
		return parseText(file, data)
	}
	defer func() { parse = parseText }()
	done := make(chan error)
	go func() { done <- d.Set("parallelism.tp", "2") }()
	for len(began) == 0 {
		runtime.Gosched()
	}
	if d.Get("parallelism.tp") != "4" || d.Experiment().Layout.TP != 4 || d.Modified() {
		t.Error("half a change is seen")
	}
	goOn <- true
	if err := <-done; err != nil || d.Experiment().Layout.TP != 2 {
		t.Error(err, d.Experiment().Layout)
	}
}

func TestDiff(t *testing.T) {
	d, err := NewDocument("a.yaml", []byte(handWritten))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Set("parallelism.tp", "2"); err != nil {
		t.Fatal(err)
	}
	want := "--- a.yaml\n+++ a.yaml (edited)\n@@ -8,7 +8,7 @@\n \n parallelism:\n     # four GPUs\n-    tp: 4   # one node\n+    " +
		"tp: 2   # one node\n \n     pp: 1\n     dp_replicate: 1\n"
	if diff := cmp.Diff(want, d.Diff()); diff != "" {
		t.Error(diff)
	}
}

// FuzzSet: whatever the text and the value, an accepted change means what it says
// and changes no other value.
func FuzzSet(f *testing.F) {
	f.Add(handWritten, byte(4), "2")
	f.Add(seedConfig, byte(0), "x: y # z")
	f.Add("description: 'it''s'\nslurm: {}\n", byte(2), "\"'")
	f.Add("model:\n- a\n", byte(3), "a")
	f.Add("? a\n: b\nenv:\n  A: |\n    x\n", byte(1), "v")
	f.Fuzz(func(t *testing.T, text string, which byte, value string) {
		d, err := NewDocument("f.yaml", []byte(text))
		if err != nil {
			return
		}
		keys := append(Keys(), "env.A", "env.B_C", "vllm.x")
		path := keys[int(which)%len(keys)]
		before := d.Experiment()
		if d.Set(path, value) != nil {
			if string(d.Text()) != text {
				t.Fatalf("a refused change changed the text:\n%s", d.Text())
			}
			return
		}
		after := d.Experiment()
		meant := model.Defaults()
		if err := Apply(&meant, path, value); err != nil {
			t.Fatal(err)
		}
		got, _ := Value(after, path)
		if want, _ := Value(meant, path); got != want && got != clean("description", want) {
			t.Errorf("%s=%q reads back as %q\n%s", path, value, got, d.Text())
		}
		for _, k := range Keys() {
			a, _ := Value(before, k)
			b, _ := Value(after, k)
			if k != path && a != b {
				t.Errorf("%s=%q: %s went from %q to %q\n%s", path, value, k, a, b, d.Text())
			}
		}
	})
}

// TestSetAll: all or none, and one step for Undo.
func TestSetAll(t *testing.T) {
	d, err := NewDocument("a.yaml", []byte(handWritten))
	if err != nil {
		t.Fatal(err)
	}
	for path, value := range map[string]string{"parallelism.tp": "many", "parallelism.tq": "1"} {
		if err := d.SetAll(model.Edit{Path: "data.batch_size", Value: "8"}, model.Edit{Path: path, Value: value}); err == nil || d.Modified() {
			t.Errorf("%s=%s: %v, and the document is another", path, value, err)
		}
	}
	edits := []model.Edit{{Path: "data.batch_size", Value: "8"}, {Path: "parallelism.tp", Value: "2"}, {Path: "parallelism.tp", Value: "1"},
		{Path: "parallelism.pp", Value: "1"}}
	if err := d.SetAll(edits...); err != nil || d.Experiment().Layout.TP != 1 || d.Experiment().Data.BatchSize != 8 {
		t.Errorf("%v\n%s", err, d.Text())
	}
	if !d.Undo() || d.Modified() || d.Undo() {
		t.Error("several edits are not taken back together")
	}
}
