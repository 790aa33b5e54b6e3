package experiments

import (
	"strings"
	"testing"

	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

// TestBestLayout: b asks once for the experiment under the cursor, each other goal is a button, and nothing is written without one.
func TestBestLayout(t *testing.T) {
	w := panetest.Analysed(t)
	d := drive(t, w, 80, 18)
	before := w.Digest()
	d.Press("b")
	ask, ok := panetest.Last[*pane.Ask](d)
	if !ok || ask.Popup.Title != "Best layout by latency, for the workload of E1.1" {
		t.Fatalf("b asked %+v", ask)
	}
	body := strings.Join(ask.Popup.Body, "\n")
	if !strings.Contains(body, "best: ") && !strings.Contains(body, "no answer: ") {
		t.Errorf("there is no answer in\n%s", body)
	}
	if got := strings.Join(ask.Popup.Buttons, " "); !strings.HasPrefix(got,
		"throughput node-hours") || !strings.HasSuffix(got, "Close") || ask.Popup.Choice != len(ask.Popup.Buttons)-1 {
		t.Errorf("buttons %s, chosen %d", got, ask.Popup.Choice)
	}
	for _, path := range w.Changed(before) {
		if strings.HasPrefix(path, "experiments/") {
			t.Errorf("b wrote %s", path)
		}
	}
}
