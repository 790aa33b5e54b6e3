package config

import (
	"testing"

	"shardeck/model"
)

// TestChangeKeepsWordsTrue: descriptions and comments after edits, each a story of one file.
func TestChangeKeepsWordsTrue(t *testing.T) {
	const rest = "model: {name: meta-llama/Llama-3.1-8B, precision: bfloat16}\noutput_dir: trace_collection/x\n"
	type edits = []model.Edit
	for _, c := range []struct {
		name, text, want string
		edits            edits
	}{
		{"numbers follow", "experiment_id: E1\ndescription: Llama-8B tensor parallelism TP=2 on 2 GPUs\nparallelism: {tp: 2} # 2 GPUs\n",
			"experiment_id: E1\ndescription: Llama-8B tensor parallelism TP=4 on 4 GPUs\nparallelism: {tp: 4} # 4 GPUs\n",
			edits{{Path: "parallelism.tp", Value: "4"}}},
		{"a layout that it no longer is", "experiment_id: E1\ndescription: Llama-8B baseline on 1 GPU (TP=1, PP=1, EP=1)\nparallelism: {tp: 1}\n",
			"experiment_id: E1\ndescription: Llama-3.1-8B TP=2 on 2 GPUs\nparallelism: {tp: 2}\n", edits{{Path: "parallelism.tp", Value: "2"}}},
		{"and back", "experiment_id: E1\ndescription: Llama-8B baseline on 1 GPU\nparallelism: {tp: 1}\n",
			"experiment_id: E1\ndescription: Llama-8B baseline on 1 GPU\nparallelism: {tp: 1}\n",
			edits{{Path: "parallelism.tp", Value: "2"}, {Path: "parallelism.tp", Value: "1"}}},
		{"comments", "# the run on 2 GPUs, TP=2\nexperiment_id: E1\nparallelism:\n  tp: 2 # both GPUs\n  pp: 1 # as ever\ndata:\n  " +
			"batch_size: 4 # requests, 4 at a time\n",
			"# the run on 4 GPUs, TP=4\nexperiment_id: E1\nparallelism:\n  tp: 4\n  pp: 1 # as ever\ndata:\n  batch_size: 8 # " +
				"requests, 8 at a time\n",
			edits{{Path: "parallelism.tp", Value: "4"}, {Path: "data.batch_size", Value: "8"}}},
		{"what is no comment", "experiment_id: E1\ndescription: \"TP=2 # TP=2\"\nparallelism: {tp: 2} # why not\n",
			"experiment_id: E1\ndescription: \"TP=4 # TP=4\"\nparallelism: {tp: 4} # why not\n", edits{{Path: "parallelism.tp", Value: "4"}}},
		{"one's own words", "experiment_id: E1\ndescription: for the paper\nparallelism: {tp: 2}\n",
			"experiment_id: E1\ndescription: TP=2 is what I call it\nparallelism: {tp: 4}\n",
			edits{{Path: "description", Value: "TP=2 is what I call it"}, {Path: "parallelism.tp", Value: "4"}}},
	} {
		d, err := NewDocument("x.yaml", []byte(c.text+rest))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range c.edits {
			if err := d.Change(e); err != nil {
				t.Fatal(c.name, err)
			}
		}
		if got := string(d.Text()); got != c.want+rest {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
		for range c.edits {
			d.Undo()
		}
		if string(d.Text()) != c.text+rest {
			t.Errorf("%s: taken back it is\n%s", c.name, d.Text())
		}
	}
}
