package render

import (
	"testing"
	"fmt"
	"shardeck/model"
)

func TestX(t *testing.T) {
	e := model.Defaults()
	e.ID, e.Description, e.Layout.TP, e.OutputDir, e.Model.Name, e.Data.BatchSize = "E1.3", "x", 4, "trace_collection/llama-8b-tp4", "m/x", 4
	b, err := Config(e)
	fmt.Println(string(b), err)
	j := Job{Experiment: e, Config: "experiments/configs/E1.3_llama8b_tp4.yaml", Placement: model.Placement{GPUs: 4, Nodes: 1, GPUsPerNode: 4, CPUsPerTask: 128, QOS: "regular", Constraint: "gpu"},
	Settings: Settings{HFHome: "$SCRATCH/huggingface", Runtime: Runtime{"conda", "vllm-profiling"}, AccountHint: "ends in _g"}}
	b, err = Script(j)
	fmt.Println(string(b), err)
	b, err = NsysScript(j)
	fmt.Println(string(b), err)
}
