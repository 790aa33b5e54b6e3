package experiments

import (
	"strings"
	"testing"

	"shardeck/ui/panetest"
)

// TestNumberOfAnotherConfig: an edit of the config after its run dims the run's numbers and says what differs, whatever kind
// of key it is; one on which no number depends says nothing.
func TestNumberOfAnotherConfig(t *testing.T) {
	for _, c := range []struct{ old, new, says string }{
		{"batch_size: 4", "batch_size: 8", "batch 4 → 8"},
		{"tp: 2", "tp: 4", "TP 2 → 4"},
		{"precision: bfloat16", "precision: float16", "precision bfloat16 → float16"},
		{"output_dir:", "comm: {all_reduce: nccl}\noutput_dir:", "all_reduce auto → nccl"},
		{"output_dir:", "env: {NCCL_ALGO: Ring}\noutput_dir:", "env.NCCL_ALGO none → Ring"},
		{"output_dir:", "vllm: {max_num_seqs: 8}\noutput_dir:", "vllm.max_num_seqs none → 8"},
		{"output_dir:", "engine: torch\noutput_dir:", "engine vllm → torch"},
		{"output_dir:", "slurm: {time: 01:00:00}\nprofile_iterations: 9\noutput_dir:", ""},
	} {
		w := panetest.Analysed(t)
		w.Replace(w.Config("E1.2"), c.old, c.new)
		d := drive(t, w, 140, 39).Press("down")
		if c.says == "" {
			d.Expect("17 618").Absent("≠", "config changed")
			continue
		}
		d.Expect("≠17 618", "done, changed", "config changed since this run: "+c.says)
		if text := d.Pane().Message().Text; !strings.Contains(text, c.says) {
			t.Errorf("%s: message %q", c.says, text)
		}
	}
}

// TestNumberOfAnotherMachine: a number by another engine or on another GPU than the row's, or of a replay, is marked.
func TestNumberOfAnotherMachine(t *testing.T) {
	info := "trace_collection/llama-8b-tp4-old/run.json"
	for _, c := range []struct{ old, new, mark, says string }{
		{`"engine": "vllm"`, `"engine": "torch"`, "≠28 226", "measured by the engine torch, not vllm"},
		{"NVIDIA A100-SXM4-40GB", "NVIDIA A100-SXM4-80GB", "≠28 226", "measured on NVIDIA A100-SXM4-80GB, not A100-40GB"},
		{`"engine": "vllm"`, `"engine": "vllm", "replay": true`, "28 226", "replay of a recording"},
	} {
		w := panetest.Open(t)
		w.Replace(info, c.old, c.new)
		w.Replace(w.Config("E2.1"), "trace_collection/llama-70b-tp4", "trace_collection/llama-8b-tp4-old")
		w.Replace(w.Config("E2.1"), "Llama-3.1-70B", "Llama-3.1-8B")
		d := drive(t, w, 140, 39)
		d.Press("/").Type("E2.1").Press("enter").Expect(c.mark, c.says)
	}
}

// TestSubmissionNamesWhatChanged: the question says what the result that is there was measured with.
func TestSubmissionNamesWhatChanged(t *testing.T) {
	w := panetest.Open(t)
	w.Replace(w.Config("E1.2"), "batch_size: 4", "batch_size: 8")
	drive(t, w, 140, 39).Press("down", "s").Expect("Submit E1.2?", "kept as llama-8b-tp2@3141570",
		"config changed since this run: batch 4 → 8")
}
