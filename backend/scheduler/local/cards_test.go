package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
)

// machine puts programs that answer as nvidia-smi or rocm-smi would, case by first argument, alone on PATH.
func machine(t *testing.T, program string, answers map[string]string) {
	t.Helper()
	dir, text := t.TempDir(), "#!/bin/sh\ncase $1 in\n"
	for arg, answer := range answers {
		text += arg + ") echo '" + answer + "' ;;\n"
	}
	text += "*) echo 'Field is not a valid field to query.'; exit 2 ;;\nesac\n"
	if err := os.WriteFile(filepath.Join(dir, program), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	t.Setenv("CUDA_VISIBLE_DEVICES", "")
}

const (
	fullQuery = "--query-gpu=index,uuid,name,memory.total,memory.reserved,compute_cap"
	oldQuery  = "--query-gpu=index,uuid,name,memory.total"
	listA100  = "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aa11)\nGPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-bb22)"
)

// TestCards: what drivers of several ages, MIG and AMD's tool tell of the GPUs here.
func TestCards(t *testing.T) {
	for _, c := range []struct {
		name, program string
		answers       map[string]string
		visible       string
		want          []Card
		note          string
	}{
		{"one H200", nvidiaSMI, map[string]string{fullQuery: "0, GPU-11, NVIDIA H200, 143771, 615, 9.0",
			"-L": "GPU 0: NVIDIA H200 (UUID: GPU-11)"}, "",
			[]Card{{"0", "GPU-11", "NVIDIA H200", 143156 << 20, "9.0"}}, ""},
		{"an older driver", nvidiaSMI, map[string]string{oldQuery: "0, GPU-aa11, A100-SXM4-40GB, 40536\n1, GPU-bb22, A100-SXM4-40GB, 40536"}, "",
			[]Card{{"0", "GPU-aa11", "A100-SXM4-40GB", 40536 << 20, ""}, {"1", "GPU-bb22", "A100-SXM4-40GB", 40536 << 20, ""}}, ""},
		{"the list alone", nvidiaSMI, map[string]string{"-L": listA100}, "",
			[]Card{{"0", "GPU-aa11", "NVIDIA A100-SXM4-40GB", 0, ""}, {"1", "GPU-bb22", "NVIDIA A100-SXM4-40GB", 0, ""}}, ""},
		{"some are ours", nvidiaSMI, map[string]string{"-L": listA100}, "GPU-bb", nil, ""},
		{"some are ours, by name", nvidiaSMI, map[string]string{"-L": listA100}, "GPU-bb22",
			[]Card{{"1", "GPU-bb22", "NVIDIA A100-SXM4-40GB", 0, ""}}, ""},
		{"MIG", nvidiaSMI, map[string]string{"-L": "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aa11)\n  MIG 3g.20gb     Device  0: " +
			"(UUID: MIG-c1)\n  MIG 3g.20gb     Device  1: (UUID: MIG-c2)",
			fullQuery: "0, GPU-aa11, NVIDIA A100-SXM4-40GB, 40960, 527, 8.0"}, "",
			[]Card{{"MIG-c1", "MIG-c1", "NVIDIA A100-SXM4-40GB MIG 3g.20gb", 0, "8.0"},
				{"MIG-c2", "MIG-c2", "NVIDIA A100-SXM4-40GB MIG 3g.20gb", 0, "8.0"}}, ""},
		{"a card for a screen", nvidiaSMI, map[string]string{oldQuery: "0, GPU-1, NVIDIA T400, 2048\n1, GPU-2, NVIDIA RTX A6000, 49140"}, "",
			[]Card{{"1", "GPU-2", "NVIDIA RTX A6000", 49140 << 20, ""}}, "1 × NVIDIA T400 is here too"},
		{"AMD", rocmSMI, map[string]string{"--showproductname": `{"card0": {"VRAM Total Memory (B)": "206141652992", "VRAM Total Used Memory (B)": "1", "Card Series": "AMD Instinct MI300X"}, "system": {"Driver version": "6"}}`}, "",
			[]Card{{"0", "", "AMD Instinct MI300X", 206141652992, ""}}, ""},
		{"no driver", nvidiaSMI, nil, "", nil, ""},
	} {
		machine(t, c.program, c.answers)
		t.Setenv("CUDA_VISIBLE_DEVICES", c.visible)
		got, from, note := Cards(t.Context())
		if c.visible == "GPU-bb" { // a UUID may be cut short
			c.want = []Card{{"1", "GPU-bb22", "NVIDIA A100-SXM4-40GB", 0, ""}}
		}
		if d := cmp.Diff(c.want, got); d != "" || (from == "") != (len(c.want) == 0) || !strings.Contains(note, c.note) {
			t.Errorf("%s: from %q, %q\n%s", c.name, from, note, d)
		}
	}
}

// TestSiteOfThisMachine: a known card, one that no table has, and slices.
func TestSiteOfThisMachine(t *testing.T) {
	gpus := map[string]model.GPU{"h200-141gb": {Key: "h200-141gb", Title: "H200-141GB", Names: []string{"NVIDIA H200"}, Bytes: 150110011392}}
	machine(t, nvidiaSMI, map[string]string{fullQuery: "0, GPU-11, NVIDIA H200, 143771, 615, 9.0\n1, GPU-12, NVIDIA H200, 143771, 615, 9.0"})
	s, from, ok := Site(t.Context(), model.Site{MaxNodes: 9}, gpus)
	if !ok || from != nvidiaSMI || s.GPUsPerNode != 2 || s.MaxNodes != 1 || len(s.GPUs)+len(s.Assumed) != 0 ||
		s.Kind(model.SlurmRequest{Constraint: "gpu&hbm80g"}).GPU != "h200-141gb" {
		t.Errorf("%+v", s)
	}
	machine(t, nvidiaSMI, map[string]string{fullQuery: "0, GPU-11, NVIDIA Whatever 9000, 99999, 99, 12.0"})
	s, _, _ = Site(t.Context(), model.Site{}, gpus)
	want := model.GPU{Key: "nvidia-whatever-9000", Title: "NVIDIA Whatever 9000", Names: []string{"NVIDIA Whatever 9000"},
		Bytes: 99900 << 20, Capability: "12.0"}
	if d := cmp.Diff([]model.GPU{want}, s.GPUs); d != "" || s.Partitions[0].GPU != want.Key ||
		!strings.Contains(strings.Join(s.Assumed, "\n"), "its memory is nvidia-smi's") {
		t.Errorf("%s %+v", d, s.Assumed)
	}
	machine(t, nvidiaSMI, map[string]string{"-L": "GPU 0: NVIDIA H200 (UUID: GPU-aa11)\n  MIG 1g.18gb     Device  0: (UUID: MIG-c1)"})
	if s, _, _ = Site(t.Context(), model.Site{}, gpus); len(s.GPUs) != 1 || !s.GPUs[0].MIG || s.GPUs[0].Key != "h200-1g.18gb" {
		t.Errorf("%+v", s.GPUs)
	}
	t.Setenv("PATH", t.TempDir())
	if _, _, ok := Site(t.Context(), model.Site{}, gpus); ok {
		t.Error("a machine without GPUs is a site")
	}
}
