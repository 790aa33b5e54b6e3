package metrics

import (
	"testing"

	"shardeck/ui/panetest"
)

// Kind: a run that is not of the workspace stands beside those that are, and stays there when they are listed again.
func TestOpenByPath(t *testing.T) {
	w := panetest.Open(t)
	w.Write("theirs/rank-0.json", `{"traceEvents": [{"ph": "X", "cat": "kernel", "name": "a", "pid": 0, "tid": 7, "ts": 5, "dur": 9}]}`)
	d := drive(t, w, 120, 30).Press("O").Type(w.Path("theirs")).Press("enter").Expect("theirs", "llama-8b-tp2")
	d.Press("enter").Expect("gpu_busy", "100").Press("esc", "r").Expect("theirs")
}
