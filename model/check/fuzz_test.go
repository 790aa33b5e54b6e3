package check

import (
	"testing"

	"shardeck/model"
	"shardeck/model/modeltest"
)

// Whatever numbers and words an experiment holds, judging it must end, and say
// what a person can read.
func FuzzCheck(f *testing.F) {
	f.Add(1, 1, 1, 1, 1, 4, 2048, 512, 0, "00:30:00", "auto", "auto", uint8(0))
	f.Add(3, 2, 1, 2, 4, 7, 1<<24, 1, 5, "1-00", "preempt", "gpu&hbm80g", uint8(6))
	f.Add(0, -1, 1<<40, 4096, 65536, 0, -5, 1<<62, 1000, "", "", "|&", uint8(3))
	f.Add(4096, 4096, 4096, 4096, 1, 1<<20, 1<<24, 1<<24, 1, "99999", "x", "*", uint8(4))
	w := testWorld()
	f.Fuzz(func(t *testing.T, tp, pp, dr, ds, ep, batch, seq, out, layers int, limit, qos, constraint string, shape uint8) {
		e := modeltest.Of(modeltest.Shapes[int(shape)%len(modeltest.Shapes)], tp, pp, dr, ep)
		e.Layout.DPReplicate, e.Layout.DPShard = dr, ds
		e.Data = model.Workload{BatchSize: batch, SeqLen: seq, MaxTokens: out}
		e.Model.Layers = layers
		e.Slurm = model.SlurmRequest{Time: limit, QOS: qos, Constraint: constraint}
		v := Check(e, w)
		for _, found := range v.Findings {
			if found.Fault == "" || found.Code == "" || found.Field == "" {
				t.Errorf("incomplete finding %+v", found)
			}
		}
		if v.OK() && (v.Fit == nil || v.Price == nil || v.Fit.Weights <= 0 || v.Price.NodeHours < 0) {
			t.Errorf("accepted without fit or price: %+v %+v", e, v)
		}
		if v.OK() && Legal(e, "parallelism.tp", w) == nil {
			t.Errorf("accepted, and TP has no legal value: %+v", e.Layout)
		}
	})
}
