package app_test

import (
	"fmt"
	"testing"

	"shardeck/backend/app/apptest"
	"shardeck/model"
)

// What a replay plays: the recording where there is one of the layout and load, else a forecast by its engine, else it is refused in words.
func TestWhatReplaysPlay(t *testing.T) {
	b := apptest.New(t)
	with := func(id string, change func(*model.Experiment)) model.Experiment {
		e := b.BoardRow(t, id).Experiment
		change(&e)
		return e
	}
	for name, c := range map[string]struct {
		e    model.Experiment
		want string
	}{
		"as recorded":      {with("E1.2", func(*model.Experiment) {}), "llama-8b-tp2"},
		"by name":          {with("E1.2d", func(*model.Experiment) {}), "llama-8b-tp2-slow-gpu"},
		"not run yet":      {with("E1.6", func(*model.Experiment) {}), "llama-8b-pp2"},
		"of the sweep":     {with("E1.1", func(e *model.Experiment) { e.Data = model.Workload{BatchSize: 16, SeqLen: 512, MaxTokens: 64} }), "tp1-b16-s512"},
		"other pace":       {with("E1.2", func(e *model.Experiment) { e.ProfileIterations = 9 }), "llama-8b-tp2"},
		"TP 4":             {with("E1.2", func(e *model.Experiment) { e.Layout.TP = 4 }), "forecast of torch from 21"},
		"batch of 8":       {with("E1.2", func(e *model.Experiment) { e.Data.BatchSize = 8 }), "forecast of torch from 21"},
		"prompt":           {with("E1.1", func(e *model.Experiment) { e.Data.SeqLen = 1000 }), "forecast of torch from 21"},
		"fewer layers":     {with("E1.1", func(e *model.Experiment) { e.Model.Layers = 16 }), "forecast of torch from 21"},
		"vLLM, TP 4":       {with("V1.1", func(e *model.Experiment) { e.Layout.TP = 4 }), "forecast of vllm from 2"},
		"experts, batch":   {with("E3.1", func(e *model.Experiment) { e.Data.BatchSize = 2 }), "forecast of torch from 2"},
		"a sick GPU":       {with("E1.2d", func(e *model.Experiment) { e.Data.BatchSize = 8 }), "refused"},
		"too large":        {with("E1.2", func(e *model.Experiment) { e.Data.BatchSize = 4096 }), "refused"},
		"far outside":      {with("E1.1", func(e *model.Experiment) { e.Data.SeqLen = 100000 }), "refused"},
		"another format":   {with("E1.1", func(e *model.Experiment) { e.Model.Precision = "fp8" }), "refused"},
		"another family":   {with("E1.2", func(e *model.Experiment) { e.Model.Name = "mistralai/Mixtral-8x7B-v0.1" }), "refused"},
		"not of this node": {with("E1.2", func(e *model.Experiment) { e.Layout.TP = 8 }), "refused"},
	} {
		v := b.Check(c.e)
		got := "refused"
		switch p := v.Plays; {
		case p != nil && p.From > 0:
			got = fmt.Sprintf("forecast of %s from %d", p.Engine, p.From)
		case p != nil:
			got = p.Recording
		}
		if worst, _ := v.Worst(); got != c.want || v.OK() != (got != "refused") {
			t.Errorf("%s: plays %s; want %s (%+v)", name, got, c.want, worst)
		}
	}
}
