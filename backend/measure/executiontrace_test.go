package measure_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/backend/app/apptest"
	"shardeck/backend/pool"
)

const smallET = `{"schema": "1.1.0-chakra.0.0.4", "pid": 1, "nodes": [
{"id": 1, "name": "[pytorch|profiler|execution_trace|process]", "ctrl_deps": 1, "inputs": {"values": [], "shapes": [], "types": []}, "outputs": {"values": [], "shapes": [], "types": []}, "attrs": [{"name": "rf_id", "type": "uint64", "value": 0}]},
{"id": 2, "name": "aten::mm", "ctrl_deps": 1, "inputs": {"values": [], "shapes": [], "types": []}, "outputs": {"values": [], "shapes": [], "types": []}, "attrs": [{"name": "rf_id", "type": "uint64", "value": 3}]},
{"id": 3, "name": "aten::mm", "ctrl_deps": 1, "inputs": {"values": [], "shapes": [], "types": []}, "outputs": {"values": [], "shapes": [], "types": []}, "attrs": [{"name": "rf_id", "type": "uint64", "value": 4}]}
]`

// TestExecutionTraceIsReadBeside: its operators are in the summary; a broken one is
// damage, and the kernels count all the same.
func TestExecutionTraceIsReadBeside(t *testing.T) {
	for name, text := range map[string]string{"whole": smallET + `, "start_ts": 1, "finish_ts": 2}`, "cut": smallET, "no trace": "hello"} {
		t.Run(name, func(t *testing.T) {
			b := apptest.New(t)
			path := filepath.Join(b.Dir, "trace_collection", "llama-8b-tp2", "torch_et_0.json")
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			a, err := b.Analyse(t.Context(), "llama-8b-tp2", pool.Wanted, nil)
			if err != nil {
				t.Fatal(err)
			}
			if a.Damaged != (name != "whole") || strings.Contains(strings.Join(a.Warnings, "\n"), "torch_et_0.json") != a.Damaged {
				t.Errorf("damaged %v: %q", a.Damaged, a.Warnings)
			}
			if a.Metric("gpu_busy").Value == nil {
				t.Error("the kernels were lost with it")
			}
			if ops := a.Trace.Ops; name != "no trace" && (len(ops) != 1 || ops[0].Name != "aten::mm" || ops[0].Count != 2) {
				t.Errorf("%+v", ops)
			}
		})
	}
}
