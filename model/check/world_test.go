package check

import (
	"shardeck/model"
	"shardeck/model/modeltest"
)

// The cluster of the tests: Perlmutter in short. backend/catalog's tests check the
// real file.
func testWorld() World {
	return World{
		Shapes: modeltest.Shapes,
		GPUs: map[string]model.GPU{
			"a100-40gb": {Key: "a100-40gb", Title: "A100-40GB", Names: []string{"NVIDIA A100-SXM4-40GB"}, Bytes: 42_297_524_224, Capability: "8.0"},
			"a100-80gb": {Key: "a100-80gb", Title: "A100-80GB", Bytes: 84_990_623_744, Capability: "8.0"},
			"h100-80gb": {Key: "h100-80gb", Title: "H100-80GB", Bytes: 85_017_493_504, Capability: "9.0"},
		},
		Site: model.Site{
			Name: "perlmutter", Title: "Perlmutter", GPUsPerNode: 4, CPUsPerNode: 128, CPUsPerGPU: 32, MaxNodes: 16, Constraint: "gpu",
			Partitions: []model.NodeKind{
				{Constraint: "gpu&hbm40g", GPU: "a100-40gb", Nodes: 1536, Default: true},
				{Constraint: "gpu&hbm80g", GPU: "a100-80gb", Nodes: 8},
			},
			Queues: []model.Queue{
				{Name: "regular", Shown: []string{"gpu_regular"}, MaxHours: 48, Factor: 1, LargeNodes: 128, LargeFactor: 0.5},
				{Name: "shared", Shown: []string{"gpu_shared"}, MaxNodes: 1, MaxGPUs: 2, MaxHours: 48, Factor: 1, Shared: true},
				{Name: "debug", MaxNodes: 8, MaxHours: 0.5, Factor: 1},
				{Name: "interactive", MaxNodes: 4, MaxHours: 4, Factor: 1, Interactive: true},
				{Name: "preempt", MaxNodes: 128, MaxHours: 48, MinHours: 2, Factor: 0.25, FullHours: 2, Note: "may be stopped after 2 hours"},
				{Name: "overrun", MaxHours: 48},
			},
			DefaultQOS:  model.QOSRule{Shared: "shared", SharedGPUs: 2, Whole: "regular"},
			AccountHint: "a name ending in _g",
			Fabric:      "Slingshot 11",
			Known: []model.KnownIssue{{When: "pp-spans-nodes", Text: "a pipeline over nodes can hang",
				Fix: "keep it in one node", Ref: "vllm#26318"}},
		},
		Account: "m1234_g",
		Formats: model.Formats{
			Weights: []model.Quant{
				{Method: "fp8", Label: "FP8", Bits: 8, Scale: 4, Native: "8.9", Lowest: "8.0", Online: true, Below: "computed in 16 bits"},
				{Method: "awq", Label: "AWQ", Bits: 4, GroupIn: 128, GroupOut: 1, Scale: 2, ZeroBits: 4, CutIn: 128, Lowest: "7.5"},
			},
			Caches: []model.CacheType{{Type: "fp8", Bits: 8, Lowest: "8.9"}, {Type: "fp8_e5m2", Bits: 8, Lowest: "8.0"}},
		},
	}
}

// laptop is a machine that nothing is known of.
func laptop() World {
	w := testWorld()
	w.Site = model.Site{Name: "generic", Title: "this machine", MaxNodes: 1}
	return w
}
