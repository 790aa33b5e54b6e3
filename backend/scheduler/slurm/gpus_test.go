package slurm

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
)

func TestParseSMI(t *testing.T) {
	v := func(x float64) *float64 { return &x }
	got := parseSMI("nid001042, 0, 87, 31234, 40960, 250.12\nnid001042, 1, [N/A], 10, 40960, [Not Supported]\nsrun: a remark, of, six, words, with, commas\n\n")
	want := []model.GPUUse{
		{Node: "nid001042", Busy: v(87), Used: v(31234), Total: v(40960), Watts: v(250.12)},
		{Node: "nid001042", Index: 1, Used: v(10), Total: v(40960)},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestGPUArgs(t *testing.T) {
	for _, tt := range []struct {
		job  model.Job
		want []string
	}{{model.Job{ID: "41", Nodes: 4}, []string{"--jobid=41", "--overlap", "--nodes=4", "--ntasks-per-node=1"}}, {model.Job{ID: "5_0", RawID: "13"}, []string{"--jobid=13", "--nodes=1"}}} {
		for _, arg := range tt.want {
			if got := gpuArgs(tt.job); !slices.Contains(got, arg) {
				t.Errorf("job %s: no %s in %v", tt.job.ID, arg, got)
			}
		}
	}
}
