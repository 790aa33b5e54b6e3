package catalog

import (
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"shardeck/model"
	"shardeck/model/check"
)

// published is testdata/configs.yaml.
type published struct {
	Name   string         `yaml:"name"`
	Params int64          `yaml:"params"`
	Count  string         `yaml:"count"`
	Source string         `yaml:"source"`
	Bytes  int64          `yaml:"bytes"`
	Size   string         `yaml:"size"`
	Config map[string]any `yaml:"config"`
}

func publishedModels(t *testing.T) []published {
	t.Helper()
	var file struct {
		Models []published `yaml:"models"`
	}
	data, err := os.ReadFile("testdata/configs.yaml")
	if err == nil {
		err = yaml.Unmarshal(data, &file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file.Models
}

var countWords = regexp.MustCompile(`^(?:hub, |tensors: |published: )`) // what a count is

// Parameters within 1 % of the published count, memory within 3 % of the checkpoint's size, for every family that is checked.
func TestPublishedModels(t *testing.T) {
	families, sized := map[string]bool{}, 0
	for _, p := range publishedModels(t) {
		s, err := ShapeOf(p.Name, p.Config)
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		if families[s.Family] = true; p.Source == "" || !countWords.MatchString(p.Count) || (p.Size == "") != (p.Bytes == 0) {
			t.Errorf("%s: where its config, its count or its size come from is not said", p.Name)
		}
		if off := float64(s.Params())/float64(p.Params) - 1; math.Abs(off) > 0.01 {
			t.Errorf("%s: %d parameters, published are %d (%+.2f %%)", p.Name, s.Params(), p.Params, 100*off)
		}
		if p.Bytes > 0 {
			sized++
			if off := float64(s.Bytes(2))/float64(p.Bytes) - 1; math.Abs(off) > 0.03 {
				t.Errorf("%s: %d bytes, the checkpoint has %d (%+.2f %%)", p.Name, s.Bytes(2), p.Bytes, 100*off)
			}
		}
		if len(s.Without) > 0 {
			t.Errorf("%s: counted without %v", p.Name, s.Without)
		}
		if s.MaxLen == 0 && s.Heads > 0 && p.Config["max_position_embeddings"] != nil {
			t.Errorf("%s: its positions are not read", p.Name)
		}
	}
	if len(families) < 15 || sized < 15 {
		t.Errorf("%d families, %d sizes of checkpoints: more were promised", len(families), sized)
	}
}

// A token, and a sequence, in the cache: by hand from the published shapes.
func TestCacheOfFamilies(t *testing.T) {
	one := model.Defaults().Layout
	for name, want := range map[string][3]int64{ // values of 1 token, of 10 000, and of the states
		"openai/gpt-oss-20b":             {24 * 8 * 2 * 64, 12*1024*10000 + 12*1024*128, 0},
		"google/gemma-2-9b":              {42 * 8 * 2 * 256, 21*4096*10000 + 21*4096*4096, 0},
		"XiaomiMiMo/MiMo-V2-Flash":       {9*4*320 + 39*8*320, 9*4*320*10000 + 39*8*320*128, 0}, // layers with a window have heads of their own
		"deepseek-ai/DeepSeek-V3":        {61 * 576, 61 * 576 * 10000, 0},
		"deepseek-ai/DeepSeek-V3.2":      {61 * (576 + 128), 61 * (576 + 128) * 10000, 0},
		"ai21labs/AI21-Jamba-1.5-Mini":   {4 * 8 * 2 * 128, 4 * 8 * 2 * 128 * 10000, 28 * (8192*3 + 8192*16)},
		"state-spaces/mamba-2.8b-hf":     {0, 0, 64 * (5120*3 + 5120*16)},
		"ibm-granite/granite-4.0-h-tiny": {4 * 4 * 2 * 128, 4 * 4 * 2 * 128 * 10000, 36 * ((3072+256)*3 + 48*64*128)},
		"Qwen/Qwen3-Next-80B-A3B-Instruct": {12 * 2 * 2 * 256, 12 * 2 * 2 * 256 * 10000,
			36 * ((2*16*128+32*128)*3 + 32*128*128)},
	} {
		p := model.First(publishedModels(t), func(p published) bool { return p.Name == name })
		s, err := ShapeOf(p.Name, p.Config)
		if err != nil {
			t.Fatal(err)
		}
		token, state := s.OnRank(one, 0).KVValues(1)
		many, _ := s.OnRank(one, 0).KVValues(10000)
		if got := [3]int64{token, many, state}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// What a config says that no table knows lowers the certainty, and is named; where nothing can be counted it says what is missing.
func TestOddConfigs(t *testing.T) {
	plain := map[string]any{"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 100}
	with := func(more map[string]any) map[string]any {
		all := map[string]any{}
		for _, m := range []map[string]any{plain, more} {
			for k, v := range m {
				if all[k] = v; v == nil {
					delete(all, k)
				}
			}
		}
		return all
	}
	for _, tt := range []struct {
		config  map[string]any
		without string
		fault   string
	}{
		{with(nil), "", ""},
		{with(map[string]any{"model_type": "llama9"}), `what is peculiar to model_type "llama9"`, ""},
		{with(map[string]any{"num_memory_layers": 3}), "num_memory_layers", ""},
		{with(map[string]any{"layer_types": []any{"full_attention", "telepathy"}}), "layer_types telepathy", ""},
		{with(map[string]any{"quantization_config": map[string]any{"quant_method": "quip9"}}), "quantisation quip9", ""},
		{with(map[string]any{"hidden_size": nil}), "", "hidden is missing"},
		{with(map[string]any{"num_hidden_layers": 99999999}), "", "layers is missing"},
		{with(map[string]any{"num_attention_heads": 0}), "", "heads is missing"},
		{map[string]any{}, "", "is missing"},
	} {
		s, err := ShapeOf("a/b", tt.config)
		if (err != nil) != (tt.fault != "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
			t.Errorf("%v: %v, want %q", tt.config, err, tt.fault)
		}
		if got := strings.Join(s.Without, ", "); err == nil && got != tt.without {
			t.Errorf("%v: counted without %q, want %q", tt.config, got, tt.without)
		}
	}
}

// Positions are those that the engine takes: with the factor of a rotary embedding that is stretched, in either form of configs.
func TestPositions(t *testing.T) {
	for _, tt := range []struct {
		key  string
		rope map[string]any
		want int
	}{
		{"rope_scaling", nil, 32768},
		{"rope_scaling", map[string]any{"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768.0}, 131072},
		{"rope_parameters", map[string]any{"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 32768}, 131072},
		{"rope_scaling", map[string]any{"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 4096.0}, 32768},
		{"rope_scaling", map[string]any{"type": "dynamic", "factor": 2.0}, 65536},
		{"rope_scaling", map[string]any{"rope_type": "llama3", "factor": 8.0, "original_max_position_embeddings": 8192.0}, 32768},
		{"rope_scaling", map[string]any{"type": "longrope", "factor": 32.0}, 32768},
		{"rope_parameters", map[string]any{"rope_type": "default", "rope_theta": 10000.0}, 32768},
	} {
		s, err := ShapeOf("a/b", map[string]any{"model_type": "qwen2", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
			"vocab_size": 100, "max_position_embeddings": 32768, tt.key: tt.rope})
		if err != nil || s.MaxLen != tt.want {
			t.Errorf("%s %v: %d positions, want %d (%v)", tt.key, tt.rope, s.MaxLen, tt.want, err)
		}
	}
}

// FuzzConfig: whatever a config says, reading it ends, and what is counted is not negative.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"model_type": "jamba", "hidden_size": 8, "num_hidden_layers": 4, "attn_layer_period": 0, "mamba_expand": -1, "vocab_size": 9}`))
	f.Add([]byte(`{"hidden_size": 64, "n_layer": 2, "n_head": 3, "vocab_size": 9, "quantization_config": {"quant_method": "gptq", "bits": -4, "group_size": -1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var config map[string]any
		if yaml.Unmarshal(data, &config) != nil {
			return
		}
		s, err := ShapeOf("a/b", config)
		if err != nil {
			return
		}
		if facts := check.FactsOf(s, Formats()); s.Layers < 1 || len(facts.TPs) == 0 {
			t.Errorf("%d layers, TP %v", s.Layers, facts.TPs)
		}
	})
}

// Lists of what is not quantised, as the makers of checkpoints write them: a module, a block, a layer, patterns of two kinds, under other
// names of a block, and what is beside the language model.
func TestLeftAlone(t *testing.T) {
	config := func(method, key string, list ...any) map[string]any {
		return map[string]any{"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4,
			"intermediate_size": 128,
			"vocab_size":        100, "quantization_config": map[string]any{"quant_method": method, "bits": 4, "group_size": 32, key: list}}
	}
	for _, tt := range []struct {
		config map[string]any
		want   map[string]string
	}{
		{config("awq", "modules_to_not_convert", "lm_head", "model.visual.layers.1.mlp"), map[string]string{}},
		{config("awq", "modules_to_not_convert", "down_proj"), map[string]string{"mlp.down_proj": "*"}},
		{config("fp8", "modules_to_not_convert", "model.layers.1.mlp.up_proj"), map[string]string{"mlp.up_proj": "010"}},
		{config("fp8", "ignored_layers", "language_model.model.layers.2.mixer.q_proj"), map[string]string{"self_attn.q_proj": "001"}},
		{config("modelopt", "exclude_modules", "model.language_model.layers.0.mlp*"), nil},
		{config("compressed-tensors", "ignore", "re:.*mlp\\.(gate|down)_proj.*"), map[string]string{"mlp.down_proj": "*", "mlp.gate_proj": "*"}},
		{config("compressed-tensors", "ignore", "model.layers.0.mlp"), map[string]string{}},
		{config("awq", "modules_to_not_convert", "model.layers.0.mlp"),
			map[string]string{"mlp.up_proj": "100", "mlp.down_proj": "100", "mlp.gate_proj": "100"}},
		{config("awq", "modules_to_not_convert", "model.layers.*.mlp"),
			map[string]string{"mlp.up_proj": "*", "mlp.down_proj": "*", "mlp.gate_proj": "*"}},
		{config("awq", "modules_to_not_convert", "["), map[string]string{}},
	} {
		s, err := ShapeOf("a/b", tt.config)
		if err != nil {
			t.Fatal(err)
		}
		if tt.want == nil {
			if s.Quant != nil {
				t.Errorf("%v: %+v", tt.config, s.Quant)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, s.Quant.Left); diff != "" {
			t.Errorf("%v: %s", tt.config["quantization_config"], diff)
		}
	}
	whole, err := ShapeOf("a/b", config("awq", "modules_to_not_convert", "model.layers.1"))
	if err != nil || len(whole.Quant.Left) != 7 || whole.Quant.Left["self_attn.o_proj"] != "010" {
		t.Errorf("a whole layer: %v, %v", whole.Quant.Left, err)
	}
}
