package render

import (
	"strings"
	"testing"

	"shardeck/model"
)

func TestPaths(t *testing.T) {
	if got, err := ConfigPath("E1.3", "llama8b_tp4"); err != nil || got != "experiments/configs/E1.3_llama8b_tp4.yaml" {
		t.Error(got, err)
	}
	if got, err := ConfigPath("x", ""); err != nil || got != "experiments/configs/x.yaml" {
		t.Error(got, err)
	}
	for _, bad := range [][2]string{{"a/b", "c"}, {"a", "../c"}} {
		if got, err := ConfigPath(bad[0], bad[1]); err == nil {
			t.Errorf("%v became %s", bad, got)
		}
	}
}

func TestSlug(t *testing.T) {
	e := model.Defaults()
	for name, want := range map[string]string{
		"meta-llama/Llama-3.1-8B": "llama-3.1-8b_tp1", "/models/my model;x": "my-model-x_tp1", "": "tp1", "ü": "tp1",
		"a/" + strings.Repeat("x", 200): strings.Repeat("x", 48),
	} {
		e.Model.Name = name
		got := Slug(e)
		if got != want {
			t.Errorf("%.20s: %q, want %q", name, got, want)
		}
		if err := model.CheckID(got); err != nil {
			t.Error(err)
		}
	}
	e.Model.Name, e.Layout = "deepseek-ai/DeepSeek-V2-Lite", model.Layout{TP: 2, PP: 1, DPReplicate: 1, DPShard: 2, EP: 4}
	if got := Slug(e); got != "deepseek-v2-lite_tp2_dp2_ep4" {
		t.Error(got)
	}
}
