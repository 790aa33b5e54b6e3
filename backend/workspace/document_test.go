package workspace

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
			if diff := cmp.Diff(strings.Replace(text, nl(c.old), nl(c.new), 1), string(d.Bytes())); diff != "" {
				t.Errorf("%s=%s (%q):\n%s", c.path, c.value, eol, diff)
			}
			if got, err := d.Get(c.path); err != nil || got != c.value {
				t.Errorf("%s = %q, %v", c.path, got, err)
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
	if want := "experiment_id: A\noutput_dir: x\nslurm:\n  qos: debug"; string(d.Bytes()) != want {
		t.Errorf("%q", d.Bytes())
	}
}

func TestSetInFlowDocument(t *testing.T) {
	d, err := NewDocument("a.yaml", []byte(`{"experiment_id": "A", "parallelism": {}}`))
	if err != nil {
		t.Fatal(err)
	}
	for path, value := range map[string]string{"parallelism.tp": "2", "slurm.qos": "debug", "description": "a, b"} {
		if err := d.Set(path, value); err != nil {
			t.Errorf("%s: %v\n%s", path, err, d.Bytes())
		}
	}
	e, _ := d.Experiment()
	if e.Layout.TP != 2 || e.Slurm.QOS != "debug" || e.Description != "a, b" || e.ID != "A" {
		t.Errorf("%s", d.Bytes())
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
	e, _ := d.Experiment()
	if e.Description != "short" || e.Layout.TP != 4 {
		t.Errorf("%+v", e)
	}
	for _, comment := range []string{"# my experiment", "# the id", "# four GPUs", "# noisy", "# the end", "# 8B"} {
		if !strings.Contains(string(d.Bytes()), comment) {
			t.Errorf("lost %s in\n%s", comment, d.Bytes())
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
		if want := "experiment_id: A\nparallelism:\n  " + right + "\n  pp: 1\n"; string(d.Bytes()) != want {
			t.Errorf("%s became\n%s", wrong, d.Bytes())
		}
	}
}

func TestSetSameIsNoChange(t *testing.T) {
	d, err := NewDocument("a.yaml", []byte(seedConfig))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Keys() {
		v, err := d.Get(k)
		if err != nil {
			t.Errorf("%s: %v", k, err)
		}
		if err := d.Set(k, v); err != nil && v != "" {
			t.Errorf("%s=%q: %v", k, v, err)
		}
	}
	if d.Modified() {
		t.Errorf("changed:\n%s", cmp.Diff(seedConfig, string(d.Bytes())))
	}
}

func TestUndoByRestore(t *testing.T) {
	d, _ := NewDocument("a.yaml", []byte(handWritten))
	before := d.Bytes()
	if err := d.Set("parallelism.tp", "2"); err != nil {
		t.Fatal(err)
	}
	d.Restore(before)
	if d.Modified() || string(d.Bytes()) != handWritten {
		t.Error("Restore did not bring the text back")
	}
}

func TestSaveDocument(t *testing.T) {
	w := newWorkspace(t, map[string]string{"experiments/configs/a.yaml": handWritten})
	d, err := w.OpenDocument("experiments/configs/a.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Set("parallelism.tp", "2"); err != nil {
		t.Fatal(err)
	}
	if err := w.SaveDocument(d); err != nil || d.Modified() {
		t.Fatal(err, d.Modified())
	}
	if got := read(t, w, d.Name); got != strings.Replace(handWritten, "tp: 4 ", "tp: 2 ", 1) {
		t.Errorf("on disk:\n%s", got)
	}
	write(t, w, d.Name, "experiment_id: other\n")
	if err := d.Set("parallelism.tp", "1"); err != nil {
		t.Fatal(err)
	}
	if err := w.SaveDocument(d); err == nil || !strings.Contains(err.Error(), "changed on disk") {
		t.Errorf("saved over a foreign change: %v", err)
	}
	if err := os.Remove(w.Path(d.Name)); err != nil {
		t.Fatal(err)
	}
	if err := w.SaveDocument(d); err == nil {
		t.Error("saved a file that was removed")
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
		before, _ := d.Experiment()
		if d.Set(path, value) != nil {
			if string(d.Bytes()) != text {
				t.Fatalf("a refused change changed the text:\n%s", d.Bytes())
			}
			return
		}
		after, _ := d.Experiment()
		meant := model.Defaults()
		if err := Apply(&meant, path, value); err != nil {
			t.Fatal(err)
		}
		got, _ := Value(after, path)
		if want, _ := Value(meant, path); got != want && got != oneLine(want) {
			t.Errorf("%s=%q reads back as %q\n%s", path, value, got, d.Bytes())
		}
		for _, k := range Keys() {
			a, _ := Value(before, k)
			b, _ := Value(after, k)
			if k != path && a != b {
				t.Errorf("%s=%q: %s went from %q to %q\n%s", path, value, k, a, b, d.Bytes())
			}
		}
	})
}
