package model

import (
	"strings"
	"testing"
)

var cards = map[string]GPU{
	"a100-40gb":      {Key: "a100-40gb", Title: "A100-40GB", Names: []string{"NVIDIA A100-SXM4-40GB"}, Bytes: 42297524224, Capability: "8.0"},
	"a100-80gb":      {Key: "a100-80gb", Title: "A100-80GB", Names: []string{"NVIDIA A100-SXM4-80GB"}, Bytes: 84990623744, Capability: "8.0"},
	"a100-pcie-40gb": {Key: "a100-pcie-40gb", Title: "A100-PCIe-40GB", Names: []string{"NVIDIA A100-PCIE-40GB"}, Bytes: 42297524224},
	"h100-80gb":      {Key: "h100-80gb", Title: "H100-80GB", Names: []string{"NVIDIA H100 80GB HBM3"}, Bytes: 85017493504},
	"h100-nvl-94gb":  {Key: "h100-nvl-94gb", Title: "H100-NVL-94GB", Names: []string{"NVIDIA H100 NVL"}, Bytes: 99980000000},
	"gh200-96gb":     {Key: "gh200-96gb", Title: "GH200-96GB", Names: []string{"NVIDIA GH200 480GB"}, Bytes: 101468602368},
}

// TestFindGPU: names of nvidia-smi, GRES types and features, in the forms that sites write.
func TestFindGPU(t *testing.T) {
	for _, c := range []struct {
		text  string
		bytes int64
		want  string // and those alike
	}{
		{"NVIDIA A100-SXM4-40GB", 0, "a100-40gb"},
		{"NVIDIA A100-SXM4-40GB", 42949672960, "a100-40gb"},
		{"nvidia_a100-sxm4-80gb", 0, "a100-80gb"},
		{"NVIDIA A100-PCIE-40GB", 0, "a100-pcie-40gb"},
		{"A100-PG509-200", 42949672960, "a100-40gb"}, // an OEM's
		{"a100", 0, "a100-40gb A100-80GB"},
		{"a100 gpu,a100,hbm80g", 0, "a100-80gb"},
		{"gpu,a100_80", 0, "a100-80gb"},
		{"A100-80G", 0, "a100-80gb"},
		{"h100", 0, "h100-80gb"},
		{"nvidia_h100_80gb_hbm3", 0, "h100-80gb"},
		{"h100nvl", 0, ""},
		{"h100_nvl", 0, "h100-nvl-94gb"},
		{"gh200", 0, "gh200-96gb"},
		{"nvidia_gh200_480gb", 0, "gh200-96gb"},
		{"NVIDIA H100", 68000000000, ""}, // 64 GB of another card
		{"NVIDIA GeForce RTX 4090", 25000000000, ""},
		{"nvidia_a100_3g.20gb", 0, "a100-3g.20gb"},
		{"1g.5gb", 0, "gpu-1g.5gb"},
		{"", 0, ""}, {"gpu", 0, ""}, {"100", 0, ""},
	} {
		g, alike := FindGPU(cards, c.text, c.bytes)
		got := strings.Join(alike, " ")
		if g != nil {
			got = strings.TrimSpace(g.Key + " " + got)
		}
		if got != c.want {
			t.Errorf("%q of %d bytes is %q, want %q", c.text, c.bytes, got, c.want)
		}
	}
	if g, _ := FindGPU(cards, "a100_3g.20gb", 0); !g.MIG || g.Bytes>>20 != 19456 || g.Capability != "8.0" || g.Title != "A100 MIG 3g.20gb" {
		t.Errorf("a MIG slice is %+v", g)
	}
}
