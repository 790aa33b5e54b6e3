package cockpit

import (
	"fmt"
	"testing"
	"time"

	"github.com/muesli/termenv"

	"shardeck/ui/panetest"
	"shardeck/ui/screen"
	"shardeck/ui/theme"
)

// coloured is start with the colours that most terminals have, which are most of what is sent.
func coloured(t testing.TB, w *panetest.Workspace, width, height int) *panetest.Driver {
	t.Helper()
	o := testOptions(w)
	o.Theme = theme.New(termenv.ANSI256, false)
	return panetest.Drive(t, whole{New(t.Context(), w.App, o)}, width, height)
}

// ranked is a workspace with a run of so many ranks, four to a node, that come to their calls at odd times.
func ranked(t testing.TB, n int) *panetest.Workspace {
	w := panetest.Open(t)
	const dir = "trace_collection/llama-8b-tp2/"
	w.Replace(dir+"config.yaml", "tp: 2", fmt.Sprint("tp: ", n))
	w.Remove(dir + "run.json")
	trace := panetest.LlamaTP2
	trace.Ranks, trace.Elements, trace.Decodes = n, 0, 8
	trace.Late = func(rank, call int) (compute, host time.Duration) {
		return time.Duration((rank*7919+call*104729)%97) * time.Microsecond, time.Duration((rank*31+call*17)%60) * time.Microsecond
	}
	w.Trace("llama-8b-tp2", trace)
	return w
}

// What a terminal of 140x45 may be sent for a move, and for all of a screen.
const mostOfAMove, mostOfAScreen = 900, 12 << 10

// TestBytesOfTheTimeline moves among all ranks of a run. What shows another time is another picture, and so is another page of ranks.
func TestBytesOfTheTimeline(t *testing.T) {
	for _, c := range []struct {
		ranks int
		ways  []string
	}{{2, nil}, {8, nil}, {64, []string{"f"}}} {
		w := ranked(t, c.ranks)
		for _, zoomed := range [][]string{nil, {"+"}} {
			d := coloured(t, w, 140, 45).Press("down").Press(zoomed...).Press("t", "+", "shift+tab").Press(c.ways...)
			sent := func(what string, most int, keys ...string) {
				t.Helper()
				for _, k := range keys {
					if n := d.Bytes(k); n > most {
						t.Errorf("%d ranks, zoomed %v: %s, %q: %d bytes, at most %d\n%s", c.ranks, zoomed, what, k, n, most, d.Frame())
					}
				}
				if n := d.Redraw(); n > mostOfAScreen {
					t.Errorf("%d ranks, zoomed %v: %s: %d bytes for all of it", c.ranks, zoomed, what, n)
				}
			}
			ranks := func() { sent("rank", mostOfAMove, "down", "down", "]", "]", "[", "[", "up", "up") }
			ranks()
			sent("call in sight", mostOfAMove, "c", "c", "c", "C", "c")
			sent("pages", mostOfAScreen, "pgdown", "pgdown", "pgdown", "G", "g")
			sent("zoom", mostOfAScreen, "+", "+")
			sent("call in sight", mostOfAMove, "c")
			ranks()
			sent("zoom", mostOfAScreen, "+", "+", "+", "+")
			ranks()
			sent("calls", mostOfAScreen, "c", "c", "c", "C")
			ranks()
			sent("pan, waits, gap", mostOfAScreen, "right", "left", "w", "w", "i", "-")
			for layer := range 3 {
				d.Press("J").Type(fmt.Sprint("decode 4 layer ", layer+1))
				sent("layer", mostOfAScreen, "enter")
				ranks()
			}
		}
	}
}

// TestPagesOfRanksAreFew: among more ranks than have room a move turns the page now and then, not each time.
func TestPagesOfRanksAreFew(t *testing.T) {
	d := coloured(t, ranked(t, 24), 140, 45).Press("down", "t", "+", "shift+tab", "f")
	sum := 0
	for range 24 {
		sum += d.Bytes("down")
	}
	if sum > 24*mostOfAMove/2 {
		t.Errorf("20 moves took %d bytes", sum)
	}
}

// TestBytesOfPictures holds charts, small multiples, heat map, waterfall, frontier and what else is drawn to the same budgets, among
// four panes and alone.
func TestBytesOfPictures(t *testing.T) {
	w := gridded(t)
	for name, c := range map[string]struct{ keys, moves []string }{
		"charts":          {[]string{"5", "home"}, []string{"right", "right", "down", "down", "up", "left"}},
		"small multiples": {[]string{"5", "v", "home"}, []string{"right", "right", "down", "down", "up", "left"}},
		"waterfall":       {[]string{"5", "home", "right", "e"}, nil},
		"frontier":        {[]string{"end", "v"}, []string{"down", "down", "up"}},
		"heat map":        {[]string{"end", "v", "v"}, []string{"down", "up"}},
		"points":          {[]string{"end", "v", "v", "v"}, []string{"down", "down", "up"}},
		"help":            {[]string{"?", "k"}, []string{"down", "down", "up"}},
		"legend":          {[]string{"?", "s", "i", "g", "n", "s"}, []string{"down", "up"}},
		"palette":         {[]string{":"}, []string{"down", "down", "up"}},
		"suggestions":     {[]string{"b"}, []string{"tab"}},
	} {
		for _, zoomed := range [][]string{nil, {"+"}} {
			w := w
			if name == "waterfall" { // of two runs that have traces
				w = panetest.Open(t)
			}
			d := coloured(t, w, 140, 45).Press(zoomed...).Press(c.keys...)
			if n := d.Redraw(); n > mostOfAScreen {
				t.Errorf("%s, zoomed %v: %d bytes for all of it", name, zoomed, n)
			}
			for _, k := range c.moves {
				if n := d.Bytes(k); n > mostOfAMove {
					t.Errorf("%s, zoomed %v, %q: %d bytes\n%s", name, zoomed, k, n, d.Frame())
				}
			}
		}
	}
}

// TestBytesOfALiveJob: while a job writes its log, a line or two at a time, its pane costs 200 bytes a frame in the mean, where a page of
// the log is turned twice that; other panes cost nothing.
func TestBytesOfALiveJob(t *testing.T) {
	for _, c := range []struct {
		keys []string
		most int // bytes of a frame in the mean
	}{{[]string{"3"}, 200}, {[]string{"3", "+"}, 200}, {[]string{"4", "+"}, 0}} {
		w := panetest.Open(t)
		d := coloured(t, w, 140, 45).Press(c.keys...)
		sum, log := 0, "logs/E1.3_3141592.out"
		for i := range 24 {
			line := fmt.Sprintf("shardeck: iteration %d of 30 timing", i+1)
			if i%2 == 1 {
				line = fmt.Sprintf("INFO 14:02:%02d Engine 000: Avg prompt throughput: 1%02d.4 tokens/s, Avg generation throughput: 2%02d.4 tokens/s", i, i, i)
			}
			w.Write(log, w.Read(log)+line+"\n")
			w.Pass(4 * time.Second)
			_, painted := screen.Changes(nil, d.S.View(), d.W)
			text, _ := screen.Changes(painted, d.Send(w.JobList()).S.View(), d.W)
			if sum += len(text); len(text) > 5*c.most/2 {
				t.Errorf("%v: frame %d took %d bytes", c.keys, i, len(text))
			}
		}
		t.Logf("%v: %d bytes a frame", c.keys, sum/24)
		if sum > 24*c.most {
			t.Errorf("%v: %d bytes a frame in the mean, at most %d", c.keys, sum/24, c.most)
		}
	}
}

// TestPictureFrames: what is drawn of a sweep and of a change, at the usual sizes.
func TestPictureFrames(t *testing.T) {
	w, other := gridded(t), panetest.Open(t)
	for _, size := range []struct{ width, height int }{{80, 24}, {140, 45}, {200, 60}} {
		for _, c := range []struct {
			name string
			keys []string
		}{{"multiples", []string{"5", "v"}}, {"frontier", []string{"1", "end", "v"}}, {"heat", []string{"1", "end", "v", "v"}}} {
			start(t, w, size.width, size.height).Press(c.keys...).Golden(fmt.Sprintf("%s-%dx%d", c.name, size.width, size.height))
		}
		d := start(t, other, size.width, size.height).Press("5", "home", "right", "e")
		d.Golden(fmt.Sprintf("waterfall-%dx%d", size.width, size.height))
	}
}
