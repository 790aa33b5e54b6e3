package metrics

import (
	"errors"
	"fmt"
	"testing"

	"shardeck/backend/lab"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
	"shardeck/ui/theme"
)

func cellOf(value, change float64, n int, words string) lab.CompareCell {
	return lab.CompareCell{Value: &value, Change: &change, N: n, Spread: 0.2, Same: words != "", Words: words}
}

func TestDifferencesThatChanceCouldMake(t *testing.T) {
	l := panetest.New()
	l.Diffs = map[string]map[string]lab.CompareCell{
		"llama-8b-tp1": {"ttft": cellOf(95.3, 0, 5, ""), "tpot": cellOf(8.50, 0, 5, "")},
		"llama-8b-tp2": {"ttft": cellOf(61.1, -35.9, 5, ""), "tpot": cellOf(8.4, -1.2, 3, "too few samples: 5 against 3 cannot show a difference")},
	}
	d := at(t, l, "llama-8b-tp1").Press("b").Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp2"}).Expect("-35.9", "~-1.2")
	has(t, message(d), "ttft 61.1 ± 0.2 % (n 5) against 95.3 ± 0.2 % (n 5) of llama-8b-tp1")
	d.Press("right")
	has(t, message(d), "~ too few samples: 5 against 3 cannot show a difference · tpot 8.40")
	cells := d.Pane().(*Pane).cells(d.Pane().(*Pane).runs[0], nil)
	if cells[1].Tone != theme.Good || cells[2].Tone != theme.Plain {
		t.Errorf("tones %v and %v", cells[1].Tone, cells[2].Tone)
	}
	d.Press("y")
	if got, _ := panetest.Last[pane.CopyMsg](d); got.Text != "shardeck compare llama-8b-tp1 llama-8b-tp2" {
		t.Errorf("copied %q", got.Text)
	}
	before := l.Called("Differences")
	if d.Press("r"); l.Called("Differences") != before {
		t.Error("tested again though no run changed")
	}
	p := d.Pane().(*Pane)
	p.runs = p.runs[1:]
	if d.Press("r"); l.Called("Differences") != before+1 {
		t.Error("a new run was not tested")
	}
	d.Press("esc").Absent("~")
}

func TestBaselineFrames(t *testing.T) {
	for _, size := range [][2]int{{80, 18}, {140, 39}} {
		l := panetest.New()
		l.Diffs = map[string]map[string]lab.CompareCell{"llama-8b-tp1": {"tpot": cellOf(8.5, 0, 5, "")},
			"llama-8b-tp2": {"tpot": cellOf(8.4, -1.2, 3, "too few samples: 5 against 3 cannot show a difference")}}
		d := drive(t, l, size[0], size[1]).Press("a").Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp1"}).Press("b")
		d.Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp2"}).Press("right").Golden(fmt.Sprintf("baseline-%dx%d", size[0], size[1]))
	}
}

func TestDifferencesThatCannotBeTested(t *testing.T) {
	l := panetest.New()
	l.Err["Differences"] = errors.New("timing_stats_0.json: permission denied")
	d := at(t, l, "llama-8b-tp1").Press("b").Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp2"}).Expect("-22.0")
	has(t, said(d), "permission denied")
}
