package cockpit

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"github.com/muesli/termenv"

	"shardeck/ui/panetest"
)

// terminal is a real pseudo-terminal with an emulator behind it.
type terminal struct {
	t      *testing.T
	master *os.File
	mu     sync.Mutex
	screen vt10x.Terminal
	bytes  int
	end    chan error
}

// open starts the cockpit on a pseudo-terminal of a size.
func open(t *testing.T, width, height int) *terminal {
	t.Helper()
	return openWith(t, width, height, Options{})
}

// openWith is open with a few options of its own.
func openWith(t *testing.T, width, height int, o Options) *terminal {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skip("no pseudo-terminal here: ", err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}); err != nil {
		t.Fatal(err)
	}
	tt := &terminal{t: t, master: master, screen: vt10x.New(vt10x.WithSize(width, height)), end: make(chan error, 1)}
	go tt.read()
	w := panetest.Open(t)
	o.In, o.Out, o.Profile, o.Now = slave, slave, termenv.ANSI256, func() time.Time { return panetest.Now }
	go func() {
		tt.end <- Run(context.Background(), w.App, o)
		_ = slave.Close()
	}()
	t.Cleanup(func() { _ = master.Close() })
	return tt
}

func (tt *terminal) read() {
	buffer, rest := make([]byte, 1<<16), []byte(nil)
	for {
		n, err := tt.master.Read(buffer)
		if err != nil {
			return
		}
		whole := append(rest, buffer[:n]...)
		cut := wholeRunes(whole)
		tt.mu.Lock()
		tt.bytes += n
		_, _ = tt.screen.Write(whole[:cut])
		tt.mu.Unlock()
		rest = append([]byte(nil), whole[cut:]...)
	}
}

// wholeRunes is where the last letter that is complete ends: the emulator takes no halves.
func wholeRunes(b []byte) int {
	for i := len(b) - 1; i >= max(len(b)-4, 0); i-- {
		if utf8.RuneStart(b[i]) {
			if utf8.FullRune(b[i:]) {
				return len(b)
			}
			return i
		}
	}
	return len(b)
}

func (tt *terminal) text() string {
	tt.mu.Lock()
	defer tt.mu.Unlock()
	return tt.screen.String()
}

// expect waits until a text is on the screen.
func (tt *terminal) expect(text string) {
	tt.t.Helper()
	waitFor(tt.t, text+" on the screen", func() bool { return strings.Contains(tt.text(), text) })
}

func (tt *terminal) press(keys string) {
	tt.t.Helper()
	if _, err := tt.master.WriteString(keys); err != nil {
		tt.t.Fatal(err)
	}
}

// cost is the bytes written by what it does and the quiet second after it.
func (tt *terminal) cost(do func()) int {
	settle := func() int { tt.mu.Lock(); defer tt.mu.Unlock(); return tt.bytes }
	before := settle()
	do()
	time.Sleep(time.Second)
	return settle() - before
}

func TestOnARealTerminal(t *testing.T) {
	tt := open(t, 80, 24)
	tt.expect("E3.2")
	tt.press("j")
	tt.expect("▌ E1.2")
	tt.press("e")
	tt.expect("◂ 2 ▸")
	tt.press("\x1b[C")
	tt.expect("◂ 4 ▸")
	tt.press("z?")
	tt.expect("─ Keys ─")
	tt.press("\x1b")
	tt.expect("◂ 2 ▸") // z has taken the change back: there is nothing to ask about
	tt.press("q")
	ended(t, tt.end)
}

func TestScreenIsTheFrame(t *testing.T) {
	tt := open(t, 140, 45)
	tt.expect("E3.2")
	time.Sleep(500 * time.Millisecond)
	frame := start(t, panetest.Open(t), 140, 45).Frame()
	got := strings.Split(tt.text(), "\n")
	for i, want := range strings.Split(frame, "\n") {
		if strings.TrimRight(got[i], " ") != strings.TrimRight(want, " ") {
			t.Errorf("line %d of the terminal\n%q\nof the frame\n%q", i, got[i], want)
		}
	}
	tt.press("q")
	ended(t, tt.end)
}

func TestBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	tt := open(t, 140, 45)
	tt.expect("E3.2")
	time.Sleep(time.Second)
	if n := tt.cost(func() { time.Sleep(2 * time.Second) }); n != 0 {
		t.Errorf("%d bytes with nothing changing", n)
	}
	n := tt.cost(func() { tt.press("j") })
	t.Logf("a selection move and all panes that follow: %d bytes", n)
	n = tt.cost(func() { tt.press("\x0c") })
	t.Logf("a full redraw: %d bytes", n)
	if n == 0 || n > 10<<10 {
		t.Errorf("a full redraw took %d bytes", n)
	}
	tt.press("q")
	ended(t, tt.end)
}

// TestBytesOfAMove counts a selection move alone: nothing rests, so no pane follows.
func TestBytesOfAMove(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	tt := openWith(t, 140, 45, Options{after: func(time.Duration, tea.Msg) tea.Cmd { return nil }})
	tt.expect("E3.2")
	for _, where := range []string{"among four panes", "zoomed"} {
		time.Sleep(500 * time.Millisecond)
		n := tt.cost(func() { tt.press("j") })
		t.Logf("a selection move %s: %d bytes", where, n)
		if n == 0 || n > 700 {
			t.Errorf("a selection move %s took %d bytes", where, n)
		}
		tt.press("+")
	}
	tt.press("q")
	ended(t, tt.end)
}

// TestBytesOfReading holds the panes that results are read in to the same budgets, each
// with the whole screen.
func TestBytesOfReading(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	tt := openWith(t, 140, 45, Options{after: func(wait time.Duration, msg tea.Msg) tea.Cmd { return nil }})
	tt.expect("E3.2")
	tt.press("j+4")
	for _, pane := range []struct{ key, shows string }{{"4", "TPOT"}, {"5", "speed-up"}, {"v", "iteration time"}, {"v", "speed-up"},
		{"6", "▌kernels"}} {
		tt.press(pane.key)
		tt.expect(pane.shows)
		time.Sleep(500 * time.Millisecond)
		redraw := tt.cost(func() { tt.press("\x0c") })
		move := tt.cost(func() { tt.press("j") })
		t.Logf("pane %s: a full redraw %d bytes, a selection move %d", pane.key, redraw, move)
		if redraw == 0 || redraw > 10<<10 || move == 0 || move > 700 {
			t.Errorf("pane %s: a full redraw took %d bytes, a selection move %d", pane.key, redraw, move)
		}
	}
	tt.press("q")
	ended(t, tt.end)
}

func BenchmarkView(b *testing.B) {
	d := start(b, many(b, 1000), 200, 60)
	for b.Loop() {
		_ = d.S.View()
	}
}
