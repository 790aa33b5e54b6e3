package model

import "testing"

// TestChangesSince: what numbers depend on is compared, each key once, in the order of the config; the rest is not.
func TestChangesSince(t *testing.T) {
	for name, c := range map[string]struct {
		run, now []Edit
		want     string
	}{
		"nothing": {[]Edit{{"data.batch_size", "4"}}, []Edit{{"data.batch_size", "4"}}, ""},
		"two in order": {[]Edit{{"data.batch_size", "4"}, {"parallelism.tp", "1"}}, []Edit{{"parallelism.tp", "2"}, {"data.batch_size", "8"}},
			"TP 1 → 2, batch 4 → 8"},
		"a key that came": {nil, []Edit{{"env.NCCL_ALGO", "Ring"}}, "env.NCCL_ALGO none → Ring"},
		"one that went":   {[]Edit{{"vllm.max_num_seqs", "8"}}, nil, "vllm.max_num_seqs 8 → none"},
		"a plain name":    {[]Edit{{"comm.all_reduce", "auto"}}, []Edit{{"comm.all_reduce", "nccl"}}, "all_reduce auto → nccl"},
		"of no number": {nil, []Edit{{"description", "x"}, {"experiment_id", "E"}, {"slurm.time", "1"}, {"profiling.kineto", "true"},
			{"warmup_iterations", "3"}}, ""},
		"any recording": {[]Edit{{"replay.recording", "a"}}, []Edit{{"replay.recording", ""}}, ""},
		"another one":   {[]Edit{{"replay.recording", "a"}}, []Edit{{"replay.recording", "b"}}, "recording a → b"},
	} {
		if got := ChangesSince(c.run, c.now).String(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestMarks: every reason for which a run's numbers are not its row's is one mark.
func TestMarks(t *testing.T) {
	changed, e := Changes{{"data.batch_size", "4", "8"}}, &Experiment{Engine: EngineVLLM}
	for name, c := range map[string]struct {
		run  Run
		want []string
	}{
		"its own":        {Run{Experiment: e, Engine: EngineVLLM}, nil},
		"changed":        {Run{Experiment: e, Changed: changed}, []string{"config changed since this run: batch 4 → 8"}},
		"another engine": {Run{Experiment: e, Engine: EngineTorch}, []string{"measured by the engine torch, not vllm"}},
		"replay":         {Run{Experiment: e, Engine: EngineReplay, Replay: true}, []string{"replay of a recording"}},
		"other replay": {Run{Experiment: e, Replay: true, Changed: changed},
			[]string{"the recording differs from its config: batch 4 → 8", "replay of a recording"}},
		"no config": {Run{Engine: EngineTorch}, nil},
	} {
		got := c.run.Marks()
		if len(got) != len(c.want) {
			t.Errorf("%s: %v", name, got)
			continue
		}
		for i, m := range got {
			if m.Text != c.want[i] || m.Word == "" {
				t.Errorf("%s: %+v, want %s", name, m, c.want[i])
			}
		}
	}
}
