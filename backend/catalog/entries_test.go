package catalog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"shardeck/backend/config"
	"shardeck/model"
	"shardeck/model/check"
)

func TestCatalogue(t *testing.T) {
	entries := builtinEntries(t)
	var defaults []string
	for _, e := range entries {
		if e.Default {
			defaults = append(defaults, e.ID+"_"+e.Slug+".yaml")
		}
	}
	want := []string{"E1.1_llama8b_baseline.yaml", "E1.2_llama8b_tp2.yaml", "E1.3_llama8b_tp4.yaml"}
	if diff := cmp.Diff(want, defaults); diff != "" {
		t.Error(diff)
	}
	text, err := entries[0].YAML()
	if diff := cmp.Diff(seedE11, string(text)); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// E1.1 as the original writes it.
const seedE11 = `experiment_id: E1.1
description: Llama-8B baseline on 1 GPU (TP=1, PP=1, EP=1)
model:
  name: meta-llama/Llama-3.1-8B
  precision: bfloat16
parallelism:
  tp: 1
  pp: 1
  dp_replicate: 1
  dp_shard: 1
  ep: 1
data:
  batch_size: 4
  seq_len: 2048
  max_tokens: 512
warmup_iterations: 2
profile_iterations: 5
output_dir: trace_collection/llama-8b-tp1
`

func builtinEntries(t *testing.T) []Entry {
	t.Helper()
	data, err := BuiltinCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := ParseCatalogue(CatalogueFile, data)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// experimentOf is an entry's experiment.
func experimentOf(t *testing.T, e Entry) model.Experiment {
	t.Helper()
	out, problems := config.Decode(CatalogueFile, e.Node())
	if problems != nil {
		t.Fatal(problems)
	}
	return out
}

// No entry has an error on Perlmutter, nor on a machine nothing is known of; no two stand in
// each other's way; and the default ones need no second look.
func TestCatalogueIsLegal(t *testing.T) {
	pm := mustLoad(t, nil, perlmutter, "account=m1234_g").World()
	here := mustLoad(t, nil, nil).World()
	var all []model.Experiment
	sizes := map[int]bool{}
	for _, entry := range builtinEntries(t) {
		e := experimentOf(t, entry)
		all = append(all, e)
		sizes[e.Layout.GPUs()] = true
		v := check.Check(e, pm)
		if w := check.Check(e, here); !v.OK() || !w.OK() || v.Fit == nil || v.Price == nil {
			t.Errorf("%s: %+v %+v", e.ID, v, w.Findings)
		}
		for _, f := range v.Findings {
			if f.Severity == check.SeverityWarning && (entry.Default || strings.HasPrefix(f.Code, "fit-") || f.Code == "node-part") {
				t.Errorf("%s: %s: %s", e.ID, f.Code, f.Fault)
			}
		}
	}
	dirs := map[string]string{}
	for _, e := range all {
		if other := dirs[e.OutputDir]; other != "" {
			t.Errorf("%s and %s write to %s", other, e.ID, e.OutputDir)
		}
		dirs[e.OutputDir] = e.ID
	}
	for _, n := range []int{1, 2, 4, 8, 16, 64} {
		if !sizes[n] {
			t.Errorf("no entry of %d GPUs", n)
		}
	}
}

// The layouts that must be refused, with the real data.
func TestRefused(t *testing.T) {
	w := mustLoad(t, nil, perlmutter).World()
	base := experimentOf(t, builtinEntries(t)[0])
	for _, tt := range []struct {
		model  string
		layout model.Layout
		code   string
	}{
		{"meta-llama/Llama-3.1-8B", model.Layout{TP: 3, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}, "tp-heads"},
		{"meta-llama/Llama-3.1-8B", model.Layout{TP: 2, PP: 1, DPReplicate: 1, DPShard: 1, EP: 2}, "ep-dense"},
		{"deepseek-ai/DeepSeek-V2-Lite", model.Layout{TP: 1, PP: 1, DPReplicate: 1, DPShard: 1, EP: 2}, "ep-size"},
		{"meta-llama/Llama-3.1-70B", model.Layout{TP: 4, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}, "fit-weights"},
	} {
		e := base
		e.Model.Name, e.Layout = tt.model, tt.layout
		v := check.Check(e, w)
		if v.OK() || v.Findings[0].Code != tt.code || v.Findings[0].Fix == "" || len(v.Findings[0].Edits) == 0 {
			t.Errorf("%s %v: %+v", tt.model, tt.layout, v.Findings)
		}
	}
}

func TestBadCatalogues(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "",
		"experiments:":          "",
		"experiment: []":        "did you mean experiments?",
		"experiments: {}":       "must be a list",
		"experiments: [1]":      "must hold keys",
		"experiments: [{a: 1}]": "experiment_id",
		"experiments: [{a: 1, a: 2, experiment_id: E1, slug: x}]":                           "given twice",
		"experiments: [{experiment_id: E1}]":                                                "slug",
		"experiments: [{experiment_id: E1, slug: ../x}]":                                    "slug",
		"experiments: [{experiment_id: E1, slug: x, default: maybe}]":                       "true or false",
		"experiments: [{experiment_id: E1, slug: x}, {experiment_id: E1, slug: y}]":         "twice",
		"experiments: [{experiment_id: E1, slug: x, default: true, data: {batch_size: 1}}]": "",
	} {
		entries, err := ParseCatalogue("x.yaml", []byte(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v, want %q", text, entries, err, want)
		}
	}
}

// A comment inside an entry reaches the config; the heading of a group of entries does not.
func TestEntryComments(t *testing.T) {
	entries, err := ParseCatalogue("x.yaml",
		[]byte("experiments:\n  # a group\n  - slug: a\n    experiment_id: E1\n    data: {batch_size: 4} # small\n"))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := entries[0].YAML()
	if got := string(text); strings.Contains(got, "a group") || !strings.Contains(got, "# small") ||
		!strings.Contains(got, "\n  batch_size: 4") {
		t.Errorf("%s", got)
	}
}

func FuzzCatalogue(f *testing.F) {
	data, _ := BuiltinCatalogue()
	f.Add(data)
	f.Add([]byte("experiments: [{slug: &a x, experiment_id: E1, data: *a}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := ParseCatalogue("x.yaml", data)
		if err != nil {
			return
		}
		for _, e := range entries {
			text, err := e.YAML()
			if err != nil || yaml.Unmarshal(text, &map[string]any{}) != nil && !strings.Contains(string(data), "*") {
				t.Errorf("%s does not come back: %v\n%s", e.ID, err, text)
			}
		}
	})
}
