package metrics

import (
	"errors"
	"fmt"
	"testing"

	"shardeck/ui/pane"
	"shardeck/ui/panetest"
	"shardeck/ui/theme"
)

// alike is a workspace in which two runs differ in ttft, and by chance alone in tpot, of
// which one has few samples.
func alike(t *testing.T) *panetest.Workspace {
	t.Helper()
	w := panetest.Open(t)
	for rank := range 2 {
		w.Write(fmt.Sprintf("trace_collection/llama-8b-tp2/timing_stats_%d.json", rank),
			`{"unprofiled_iteration_times": [0.59, 0.59, 0.59, 0.59, 0.59],
 "unprofiled_ttft": [0.06115, 0.0612, 0.0612, 0.0612, 0.06125], "unprofiled_tpot": [0.0084, 0.0084]}`)
	}
	return w
}

func TestDifferencesThatChanceCouldMake(t *testing.T) {
	w := alike(t)
	d, l := listen(t, w, 80, 18)
	d.Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp1"}).Press("b")
	d.Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp2"}).Expect("-35.8", "?-1.3")
	has(t, message(d), "ttft 61.2 (n 5, spread 0.2 %) against 95.4 (n 5, spread 0.4 %) of llama-8b-tp1, within one run a side")
	d.Press("right")
	has(t, message(d), "? n too small: 5 against 2 iterations cannot show a difference within one run; 1 more iteration a side "+
		"would tell 1.3 % · tpot 8.40")
	p := d.Pane().(*Pane)
	cells := cells(p, p.list.Rows()[0])
	if cells[1].Tone != theme.Good || cells[2].Tone != theme.Plain {
		t.Errorf("tones %v and %v", cells[1].Tone, cells[2].Tone)
	}
	d.Press("y")
	if got, _ := panetest.Last[pane.CopyMsg](d); got.Text != "shardeck compare llama-8b-tp1 llama-8b-tp2" {
		t.Errorf("copied %q", got.Text)
	}
	before := l.differences
	if d.Press("r"); l.differences != before {
		t.Error("tested again though no run changed")
	}
	w.Measure("one-more", "E1.2", panetest.Timing{TTFT: 61, TPOT: 7})
	if d.Press("r"); l.differences != before+1 {
		t.Error("a new run was not tested")
	}
	d.Press("esc").Absent("?")
}

func TestBaselineFrames(t *testing.T) {
	for _, size := range [][2]int{{80, 18}, {140, 39}} {
		d := drive(t, alike(t), size[0], size[1]).Press("a").Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp1"}).Press("b")
		d.Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp2"}).Press("right").Golden(fmt.Sprintf("baseline-%dx%d", size[0], size[1]))
	}
}

func TestDifferencesThatCannotBeTested(t *testing.T) {
	d, l := listen(t, panetest.Open(t), 80, 18)
	l.err = errors.New("timing_stats_0.json: permission denied")
	d.Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp1"}).Press("b")
	d.Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp2"}).Expect("-22.0")
	has(t, said(d), "permission denied")
}
