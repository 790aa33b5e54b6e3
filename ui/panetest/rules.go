package panetest

import (
	"fmt"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
)

var (
	llama    = model.Shape{Name: "meta-llama/Llama-3.1-8B", Short: "Llama-3.1-8B", Layers: 32, Heads: 32, KVHeads: 8, MaxLen: 131072}
	llama70  = model.Shape{Name: "meta-llama/Llama-3.1-70B", Short: "Llama-3.1-70B", Layers: 80, Heads: 64, KVHeads: 8, MaxLen: 131072}
	deepseek = model.Shape{Name: "deepseek-ai/DeepSeek-V2-Lite", Short: "DeepSeek-V2-Lite", Layers: 27, Heads: 16, KVHeads: 16, MaxLen: 163840,
		MoE: &model.MoE{Experts: 64, TopK: 6}}
)

func shape(name string) *model.Shape {
	for _, s := range []model.Shape{llama, deepseek, llama70} {
		if s.Name == name {
			return &s
		}
	}
	return nil
}

// Check knows the rules that the stories need: heads, EP, memory.
func (l *Lab) Check(e model.Experiment) check.Verdict {
	v := check.Verdict{Placement: place(e.Layout)}
	s := shape(e.Model.Name)
	if s == nil {
		v.Findings = append(v.Findings, check.Finding{Code: "model-unknown", Severity: check.SeverityWarning, Field: "model.name",
			Fault: "the shape of " + e.Model.Name + " is not known, so memory cannot be told", Fix: "add it to models.yaml of the workspace"})
		return v
	}
	v.Findings = append(v.Findings, heads(e, s)...)
	v.Findings = append(v.Findings, experts(e, s)...)
	v.Fit = fit(e, s)
	if v.Fit.Headroom < 0 {
		v.Findings = append(v.Findings, check.Finding{Code: "memory-weights", Severity: check.SeverityError, Field: "parallelism.tp",
			Fault: fmt.Sprintf("the weights need %d GiB of each A100-40GB", v.Fit.Weights>>30), Fix: "set slurm.constraint to gpu&hbm80g",
			Edits: []model.Edit{{Path: "slurm.constraint", Value: "gpu&hbm80g"}}})
	}
	hours := float64(e.Layout.GPUs()) / 4 * 0.5
	words := fmt.Sprintf("%d of 4 GPUs of a node for 30 min", e.Layout.GPUs())
	if e.Layout.GPUs() > 2 {
		hours = float64(v.Placement.Nodes) * 0.5
		words = "one whole node for 30 min"
	}
	v.Price = &check.Price{NodeHours: hours, Nodes: hours * 2, Hours: 0.5, Factor: 1, Words: words}
	return v
}

func heads(e model.Experiment, s *model.Shape) []check.Finding {
	if e.Layout.TP > 0 && s.Heads%e.Layout.TP == 0 {
		return nil
	}
	return []check.Finding{{Code: "tp-heads", Severity: check.SeverityError, Field: "parallelism.tp",
		Fault: fmt.Sprintf("TP=%d is not possible: %d heads do not divide by %d", e.Layout.TP, s.Heads, e.Layout.TP),
		Fix:   "set parallelism.tp to 4", Edits: []model.Edit{{Path: "parallelism.tp", Value: "4"}}}}
}

func experts(e model.Experiment, s *model.Shape) []check.Finding {
	if e.Layout.EP <= 1 || s.MoE != nil {
		return nil
	}
	return []check.Finding{{Code: "ep-dense", Severity: check.SeverityError, Field: "parallelism.ep",
		Fault: "EP=2 is not possible: " + s.Short + " has no experts", Fix: "set parallelism.ep to 1",
		Edits: []model.Edit{{Path: "parallelism.ep", Value: "1"}}}}
}

func place(l model.Layout) check.Placement {
	p := check.Placement{GPUs: l.GPUs(), Nodes: max((l.GPUs()+3)/4, 1), CPUsPerTask: 32, GPU: "A100-40GB", Constraint: "gpu", QOS: "regular"}
	p.GPUsPerNode = min(p.GPUs, 4)
	if p.GPUs <= 2 {
		p.QOS, p.Shared = "shared", true
	}
	return p
}

func fit(e model.Experiment, s *model.Shape) *check.Fit {
	const gib = 1 << 30
	weights := int64(float64(s.Layers) * float64(s.Heads) * 14.99 / 32 / 32 * gib / float64(max(e.Layout.TP*e.Layout.PP, 1)))
	f := &check.Fit{GPU: "A100-40GB", Total: 394 * gib / 10, Usable: 355 * gib / 10, Weights: weights, KVCache: 12 * gib / 10,
		Activations: 6 * gib / 10, Overhead: 21 * gib / 10}
	f.Headroom = f.Usable - f.Weights - f.KVCache - f.Activations - f.Overhead
	return f
}

// Legal gives the divisors that the rules above allow.
func (l *Lab) Legal(e model.Experiment, path string) []int {
	switch path {
	case "parallelism.tp":
		return []int{1, 2, 4, 8}
	case "parallelism.pp":
		return []int{1, 2, 4, 8}
	case "parallelism.dp_replicate", "parallelism.dp_shard":
		return []int{1, 2, 4}
	case "parallelism.ep":
		if s := shape(e.Model.Name); s == nil || s.MoE == nil || e.Layout.TP*e.Layout.DP() == 1 {
			return []int{1}
		}
		return []int{1, e.Layout.TP * e.Layout.DP()}
	}
	return nil
}

func script(r board.Row) string {
	e := r.Experiment
	return fmt.Sprintf(`#!/bin/bash
#SBATCH --job-name=%s
#SBATCH --account=m1234_g
#SBATCH --qos=%s
#SBATCH --constraint=gpu
#SBATCH --nodes=%d
#SBATCH --gpus-per-node=%d
#SBATCH --time=%s
#SBATCH --output=logs/%s_%%j.out
set -euo pipefail
srun python experiments/vllm_profiler.py --config %s
`, e.ID, r.Verdict.Placement.QOS, r.Verdict.Placement.Nodes, r.Verdict.Placement.GPUsPerNode, e.Slurm.Time, e.ID, r.File)
}
