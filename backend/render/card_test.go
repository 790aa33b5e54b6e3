package render

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"shardeck/model"
	"shardeck/templates"
)

func shapeOf(t *testing.T, name string) *model.Shape {
	t.Helper()
	data, err := templates.FS.ReadFile("models.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Models []model.Shape }
	if err := yaml.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	for i := range list.Models {
		if list.Models[i].Is(name) {
			return &list.Models[i]
		}
	}
	t.Fatalf("no shape of %s", name)
	return nil
}

func cardOf(t *testing.T, e model.Experiment, shape *model.Shape, f Facts) string {
	t.Helper()
	out, err := Card(e, shape, f)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

var perlmutterFacts = Facts{
	Contributor: "A. Researcher", Contact: "a@example.org",
	GPU: "NVIDIA A100-SXM4-40GB", CUDA: "12.9", NCCL: "2.27.5", Engine: "vllm 0.13.0", WorldSize: 4,
	GPUsPerNode: 4, Topology: "slingshot", ScaleOutGbps: 200, ScaleUpGbps: 2400,
	Traces: []model.FileKind{model.FileTiming, model.FileKineto, model.FileET},
}

func TestGoldenCards(t *testing.T) {
	moe := byID(t, "E3.6").Experiment
	moe.Env = map[string]string{"NCCL_DEBUG": "INFO", "HF_TOKEN": "secret", "FI_PROVIDER": "cxi"}
	golden(t, "card_E3.6.yaml", []byte(cardOf(t, moe, shapeOf(t, moe.Model.Name), perlmutterFacts)))
	unknown := byID(t, "E1.1").Experiment
	unknown.Model.Name, unknown.Description = "/models/mine", "nothing: is known"
	golden(t, "card_unknown.yaml", []byte(cardOf(t, unknown, nil, Facts{})))
}

// TestCardCounts: TP × PP × DP, never the sum, and EP is not a factor.
func TestCardCounts(t *testing.T) {
	for id, want := range map[string]string{"E1.1": "total_count: 1\n", "E1.3": "total_count: 4\n", "E3.6": "total_count: 4\n",
		"E3.5": "total_count: 4\n", "E4.7": "total_count: 64\n", "E1.8": "total_count: 4\n"} {
		e := byID(t, id).Experiment
		if text := cardOf(t, e, nil, Facts{GPUsPerNode: 4}); !strings.Contains(text, want) {
			t.Errorf("%s lacks %q:\n%s", id, want, text)
		}
	}
}

// TestCardMoEFromTheShape, never from the name.
func TestCardMoEFromTheShape(t *testing.T) {
	e := byID(t, "E1.1").Experiment
	e.Model.Name = "me/deepseek-mixtral-moe"
	for want, shape := range map[string]*model.Shape{
		"moe:\n": nil, "moe: false\n": shapeOf(t, "meta-llama/Llama-3.1-8B"), "moe: true\n": shapeOf(t, "Qwen/Qwen3-30B-A3B"),
	} {
		if text := cardOf(t, e, shape, Facts{}); !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
}

// TestCardSaysWhatItKnows: traces that exist, layers that ran, ranks that were there.
func TestCardSaysWhatItKnows(t *testing.T) {
	e := byID(t, "E1.3").Experiment
	e.Model.Layers = 4
	text := cardOf(t, e, shapeOf(t, e.Model.Name), Facts{WorldSize: 2, Replay: true, Traces: []model.FileKind{model.FileNsys}})
	for _, want := range []string{"num_layers: 4\n", "the traces are of 2 ranks", "traces:\n    - nsys\n",
		"metrics_specific_trace: []", "a replay: measured on another machine"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
}

func TestCardIsYAMLWhateverTheText(t *testing.T) {
	for _, h := range hostile {
		e := byID(t, "E1.1").Experiment
		e.Description, e.Env = h, map[string]string{"NCCL_X": h}
		text := cardOf(t, e, nil, Facts{GPU: h, CUDA: h, NCCL: h, Contributor: h})
		var back map[string]any
		if err := yaml.Unmarshal([]byte(text), &back); err != nil {
			t.Errorf("%q: %v\n%s", h, err, text)
		}
	}
}
