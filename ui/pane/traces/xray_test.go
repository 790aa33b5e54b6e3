package traces

import (
	"testing"

	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

// The X-ray is of the rank chosen, of each kind of its steps.
func TestXRay(t *testing.T) {
	d, _ := listen(t, panetest.Open(t))
	d.Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2"})
	d.Press("]", "x").Expect("llama-8b-tp2, rank 1, step by operator", "operator", "of floor", "attention", "GB/s", "gain %")
	d.Press("esc").Absent("step by operator")
}
