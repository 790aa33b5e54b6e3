package cockpit

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"shardeck/model"
	"shardeck/ui/panetest"
	"shardeck/ui/widget"
)

// screens are the ways to every pane and to what may lie over it.
var screens = map[string][]string{
	"experiments": nil, "experiments marked": {"space", "space"}, "filter": {"/", "t", "p"}, "clone": {"c"},
	"config": {"e"}, "config typing": {"e", "down", "down", "down", "down", "down", "down", "enter"}, "script": {"e", "p"},
	"jobs": {"3"}, "log": {"3", "enter"}, "failed job": {"down", "down", "down", "enter"},
	"metrics": {"4"}, "run": {"4", "enter"}, "definition": {"4", "d"}, "columns": {"4", "c"},
	"charts": {"5"}, "side by side": {"5", "v"}, "any metric": {"5", "m"}, "traces": {"down", "t"}, "skew": {"down", "t", "S"},
	"waterfall": {"5", "home", "right", "e"}, "small multiples": {"5", "v", "down"}, "x-ray": {"down", "t", "x"}, "timeline": {"down", "t", "shift+tab", "+"},
	"suggestions": {"b"}, "help searched": {"?", "k", "e"}, "legend": {"?", "s", "i", "g", "n", "s"},
	"frontier": {"end", "v"}, "heat map": {"end", "v", "v"}, "points of a sweep": {"end", "v", "v", "v"},
	"help": {"?"}, "palette": {":", "r"}, "submit": {"s"}, "messages": {":", "m", "e", "s", "enter"},
}

// gridded is a workspace with a sweep of two fields, of which three points are measured.
func gridded(t testing.TB) *panetest.Workspace {
	w := panetest.Analysed(t)
	w.Write("experiments/sweeps/grid.yaml", "base: E1.1\nvary:\n  parallelism.tp: [1, 2]\n  data.batch_size: [4, 16]\n")
	for i, name := range []string{"grid-tp1-b4", "grid-tp2-b4", "grid-tp1-b16"} {
		tp, batch := name[7:8], name[10:]
		w.Measure(name, "E1.1", panetest.Timing{TTFT: 60, TPOT: []float64{8.5, 6.6, 9.4}[i]}, "batch_size: 4", "batch_size: "+batch, "tp: 1", "tp: "+tp)
		w.Analysis(name)
	}
	return w
}

// TestFramesKeepToTheirScreen draws every screen at every size, coming from another one:
// as many lines as the terminal has, none wider, a cursor somewhere, and keys on the last
// line.
func TestFramesKeepToTheirScreen(t *testing.T) {
	w := gridded(t)
	sizes := [][2]int{{60, 18}, {61, 19}, {79, 23}, {80, 24}, {100, 30}, {119, 34}, {120, 35}, {140, 45}, {200, 60}, {300, 100},
		{60, 100}, {300, 18}, {200, 35}, {118, 50}}
	for name, keys := range screens {
		t.Run(name, func(t *testing.T) {
			w := w
			if name == "waterfall" { // of two runs that have traces
				w = panetest.Open(t)
			}
			d := start(t, w, 80, 24).Press(keys...)
			for _, size := range sizes {
				d.Resize(size[0], size[1])
				if wrong := misfit(d.Frame(), size[0], size[1]); wrong != "" {
					t.Errorf("%dx%d: %s\n%s", size[0], size[1], wrong, d.Frame())
				}
			}
		})
	}
}

// misfit says what of a frame does not keep to its screen; empty: all does.
func misfit(frame string, width, height int) string {
	lines := strings.Split(frame, "\n")
	if len(lines) != height {
		return fmt.Sprintf("%d lines", len(lines))
	}
	for i, line := range lines {
		if w := widget.Width(line); w > width {
			return fmt.Sprintf("line %d is %d columns wide: %q", i, w, line)
		}
	}
	if strings.TrimSpace(lines[height-1]) == "" {
		return "no keys on the last line"
	}
	if !strings.Contains(frame, "▌") {
		return "nothing has the focus"
	}
	return ""
}

// TestTheSelectedRowStaysInSight moves to the end of long lists and changes the size: the
// row under the cursor is the same one, and is seen.
func TestTheSelectedRowStaysInSight(t *testing.T) {
	w := many(t, 120)
	for i := range 120 {
		w.Scheduler.Queue = append(w.Scheduler.Queue, model.Job{ID: fmt.Sprint(500 + i), Name: "somebody's", State: model.JobPending,
			Submit: panetest.Now.Add(-100 * time.Hour)})
	}
	for name, c := range map[string]struct {
		keys []string
		want string
	}{
		"experiments": {[]string{"end"}, "▌ L119 "}, "near the end": {[]string{"end", "up", "up", "up"}, "▌ L116 "},
		"jobs": {[]string{"3", "end"}, "▌ 500 "}, "config": {[]string{"e", "end"}, "▌ "},
		"metrics": {[]string{"4", "end"}, "▌ tp1-b1-s512 "}, "charts": {[]string{"5", "end"}, "▌ ▲ "},
	} {
		t.Run(name, func(t *testing.T) {
			d := start(t, w, 200, 60).Press(c.keys...)
			for _, size := range [][2]int{{60, 18}, {300, 100}, {80, 24}, {140, 45}, {61, 19}, {120, 35}} {
				d.Resize(size[0], size[1])
				if !strings.Contains(d.Frame(), c.want) {
					t.Errorf("%v: %q is out of sight:\n%s", size, c.want, d.Frame())
				}
			}
		})
	}
}

// TestWidestAndSmallest: all six panes at once, where there is room for them; the experiments alone, where there is for nothing else.
func TestWidestAndSmallest(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 200, 60).Expect("Experiments", "2 Config", "3 Jobs", "4 Metrics", "5 Charts", "6 Traces")
	d.Press("4").Expect("▌ 4 Metrics").Press("tab").Expect("▌ 5 Charts").Press("+").Absent("2 Config · ").Press("+")
	d.Press("1").Expect("▌ 1 Experiments", "│─ 2 Config · E1.1", "│─ 4 Metrics", "│─ 5 Charts", "│─ 6 Traces")
	d.Resize(44, 12)
	d.Press("down").Golden("experiments-44x12")
}

// TestSmallScreensShowOnePane, say what they need for more, and do nothing that cannot be seen.
func TestSmallScreensShowOnePane(t *testing.T) {
	d := start(t, panetest.Open(t), 80, 24)
	for _, size := range [][2]int{{59, 24}, {80, 17}, {40, 10}, {20, 5}, {3, 3}, {1, 1}} {
		d.Resize(size[0], size[1])
		lines := strings.Split(d.Frame(), "\n")
		if len(lines) != size[1] {
			t.Errorf("%v: %d lines", size, len(lines))
		}
		for _, line := range lines {
			if widget.Width(line) > size[0] {
				t.Errorf("%v: %q", size, line)
			}
		}
		if size[0] >= 20 && !strings.Contains(d.Frame(), "needs") {
			t.Errorf("%v: %q", size, d.Frame())
		}
		if size[0] >= 20 && size[1] >= 10 && !strings.Contains(d.Frame(), "▌ E1.") {
			t.Errorf("%v: no experiment in\n%s", size, d.Frame())
		}
		d.Press("s", "x", "e", "D", "enter")
	}
	d.Resize(40, 10)
	d.Press("down").Expect("▌ E1.2", "needs").Press("3").Expect("3141592").Press("1", "up")
	d.Resize(0, 0)
	d.Resize(80, 24)
	d.Expect("▌ E1.1").Absent("Submit", "Cancel")
}
