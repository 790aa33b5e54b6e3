package catalog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
)

func TestSettingsLayers(t *testing.T) {
	files := map[string]string{
		"home/.config/shardeck/config.yaml": "account: user_g\ntheme: dark\nrefresh: 120\nruntime: {kind: venv, path: ~/env}\n",
		"ws/shardeck.yaml":                  "account: work_g\nruntime:\n  kind: conda # one for all\n  name: vllm-profiling\n",
	}
	c := mustLoad(t, files, perlmutter, "refresh=30", "data.batch_size=8")
	got := map[string]string{}
	for _, s := range c.Settings.List() {
		got[s.Key] = s.Value + " <- " + s.Origin
	}
	want := map[string]string{
		"account":         "work_g <- shardeck.yaml",
		"site":            "perlmutter <- detected",
		"scheduler":       "auto <- built in",
		"hf_home":         "/pscratch/sd/u/user/huggingface <- site perlmutter",
		"runtime.kind":    "conda <- shardeck.yaml",
		"runtime.modules": " <- built in",
		"runtime.name":    "vllm-profiling <- shardeck.yaml",
		"runtime.path":    "HOME/env <- ~/.config/shardeck/config.yaml",
		"refresh":         "30 <- --set",
		"workers":         "0 <- built in",
		"theme":           "dark <- ~/.config/shardeck/config.yaml",
		"ascii":           "false <- built in",
		"charts":          "auto <- built in",
		"images":          "auto <- built in",
		"links":           "auto <- built in",
		"mouse":           "false <- built in",
	}
	if _, rest, ok := strings.Cut(got["runtime.path"], "/home/env"); ok {
		got["runtime.path"] = "HOME/env" + rest
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	e := model.Defaults()
	e.ID, e.Slurm.Account = "E1.3", "own_g"
	if own := c.Settings.For(e); own.Account != "own_g" || own.Origin("account") != "E1.3" || c.Settings.Origin("account") != "shardeck.yaml" {
		t.Errorf("the experiment's account: %+v", own)
	}
	if set := mustLoad(t, files, nil, "account=set_g").Settings.For(e); set.Account != "set_g" {
		t.Errorf("--set wins over the experiment: %+v", set)
	}
	if here := mustLoad(t, nil, map[string]string{"NERSC_HOST": "perlmutter"}); here.Settings.HFHome != "" {
		t.Errorf("without SCRATCH there is no such folder: %q", here.Settings.HFHome)
	}
}

func FuzzSettings(f *testing.F) {
	for _, s := range []string{"account: a\nruntime: {kind: conda}\n", "refresh: 10", "a: &b [*b]", "? [x]: y", "runtime: null", "--- \n..."} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		vs, err := parseSettings("x.yaml", data)
		if err != nil {
			return
		}
		s := Settings{origin: map[string]string{}}
		for _, v := range vs {
			if err := s.set(v.key, v.text, v.origin); err != nil {
				t.Errorf("%q was accepted and then refused: %v", v.key, err)
			}
		}
	})
}
