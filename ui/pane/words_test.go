package pane

import (
	"testing"

	"shardeck/backend/lab"
	"shardeck/model"
)

func TestKeptWords(t *testing.T) {
	row := func(run *model.Run) lab.Row {
		e := model.Defaults()
		e.OutputDir = "trace_collection/llama-8b-tp2"
		return lab.Row{Experiment: e, Run: run}
	}
	for _, c := range []struct {
		what string
		run  *model.Run
		want string
	}{
		{"none", nil, ""},
		{"whole", &model.Run{Name: "llama-8b-tp2", Dir: "/w/trace_collection/llama-8b-tp2", JobID: "123"},
			"has a result already, which is kept as llama-8b-tp2@123 once the new one is whole"},
		{"of no job", &model.Run{Name: "llama-8b-tp2", Dir: "/w/trace_collection/llama-8b-tp2"},
			"has a result already, which is kept as llama-8b-tp2@before-<the new job> once the new one is whole"},
		{"unfinished", &model.Run{Name: "llama-8b-tp2", Dir: "/w/trace_collection/llama-8b-tp2", Unfinished: true}, ""},
		{"an older one", &model.Run{Name: "llama-8b-tp2@122", Dir: "/w/trace_collection/llama-8b-tp2@122", JobID: "122"}, ""},
	} {
		if got := KeptWords(row(c.run)); got != c.want {
			t.Errorf("%s: %q", c.what, got)
		}
	}
}
