package screen

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"go.uber.org/goleak"
)

// glass is a terminal in memory: what was written, and how it looks.
type glass struct {
	mu      sync.Mutex
	written bytes.Buffer
	screen  vt10x.Terminal
}

func newGlass(width, height int) *glass {
	return &glass{screen: vt10x.New(vt10x.WithSize(width, height))}
}

func (g *glass) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, _ = g.screen.Write(p)
	return g.written.Write(p)
}

// taken is what was written since the last time.
func (g *glass) taken() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.written.Reset()
	return g.written.String()
}

// cell is how one cell of the emulator looks.
func (g *glass) cell(x, y int) string {
	c := g.screen.Cell(x, y)
	return fmt.Sprint(string(c.Char), c.Mode, c.FG, c.BG)
}

func opened(t testing.TB, g *glass) *Screen {
	t.Helper()
	s, err := Open(strings.NewReader(""), g, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// scribble makes a line of pieces in colours, of at most so many columns.
func scribble(r *rand.Rand, width int) string {
	styles := []string{"", "", "\x1b[1;38;5;32m", "\x1b[38;5;244m", "\x1b[7m", "\x1b[1m\x1b[31m"}
	letters := []rune("ab –▌·×█░1 2  ")
	var b strings.Builder
	for width > 0 {
		n := min(1+r.IntN(9), width)
		style := styles[r.IntN(len(styles))]
		b.WriteString(style)
		for range n {
			b.WriteRune(letters[r.IntN(len(letters))])
		}
		if style != "" {
			b.WriteString("\x1b[0m")
		}
		if width -= n; r.IntN(12) == 0 {
			break
		}
	}
	return b.String()
}

// TestFramesLookAsDrawnWhole draws frame after frame, each a little different, and sees
// that the terminal shows what it would, had each been drawn on an empty screen.
func TestFramesLookAsDrawnWhole(t *testing.T) {
	const width, height = 40, 8
	r := rand.New(rand.NewPCG(4, 2))
	g := newGlass(width, height)
	s := opened(t, g)
	s.Resized(width)
	lines := make([]string, height)
	for n := range 400 {
		for range 1 + r.IntN(3) {
			lines[r.IntN(height)] = scribble(r, r.IntN(width+1))
		}
		if n%3 == 1 { // a list goes on, or back
			from, to := r.IntN(height), r.IntN(height)
			copy(lines[from:], lines[to:])
		}
		if n%50 == 49 {
			s.Redraw()
		}
		s.draw(strings.Join(lines, "\n"))
		fresh := newGlass(width, height)
		for i, line := range lines {
			fmt.Fprintf(fresh, "\x1b[%dH%s", i+1, line)
		}
		for i := range width * height {
			if x, y := i%width, i/width; g.cell(x, y) != fresh.cell(x, y) {
				t.Fatalf("frame %d, column %d of line %d is %s, not %s:\n%q", n, x, y, g.cell(x, y), fresh.cell(x, y), lines[y])
			}
		}
	}
}

func TestPatch(t *testing.T) {
	const red, off = "\x1b[31m", "\x1b[0m"
	for name, c := range map[string]struct{ was, is, want string }{
		"one letter":              {"elapsed 4:12", "elapsed 4:13", "\x1b[3;12H3"},
		"two places far apart":    {"a 1234567 b", "A 1234567 B", "\x1b[3;1HA\x1b[3;11HB"},
		"two places, near":        {"a 12 b", "A 12 B", "\x1b[3;1HA 12 B"},
		"shorter":                 {"abc def", "abc", "\x1b[3;5H\x1b[K"},
		"longer":                  {"abc", "abc def", "\x1b[3;5Hdef"},
		"blanks within":           {"abcdefghijkl|", "ab          |", "\x1b[3;3H\x1b[10X"},
		"colour alone":            {"ab", "a" + red + "b" + off, "\x1b[3;2H" + red + "b\x1b[m"},
		"gone":                    {"abc", "", "\x1b[3;1H\x1b[K"},
		"blanks at the end":       {"abc", "abc   ", ""},
		"two columns to a letter": {"漢a", "漢b", "\x1b[3H\x1b[2K漢b"},
	} {
		if got := patch(3, c.was, c.is); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestAListThatScrollsIsMoved: the terminal moves what goes on, and only what is new is sent.
func TestAListThatScrollsIsMoved(t *testing.T) {
	var rows []string
	for i := range 60 {
		rows = append(rows, fmt.Sprintf("  row %d %s", i, strings.Repeat(string(rune('a'+i%26)), 100)))
	}
	frame := func(first, cursor int) string {
		shown := append([]string{"title"}, rows[first:first+20]...)
		shown[1+cursor-first] = "\x1b[1m> " + shown[1+cursor-first][2:] + "\x1b[0m"
		return strings.Join(append(shown, "keys"), "\n")
	}
	for name, c := range map[string][4]int{"down": {5, 24, 6, 25}, "up": {5, 5, 4, 4}, "half a page": {0, 19, 10, 20}} {
		_, painted := Changes(nil, frame(c[0], c[1]), 140)
		text, _ := Changes(painted, frame(c[2], c[3]), 140)
		if most := 300 + 120*max(c[2]-c[0]-1, 0); len(text) > most || !strings.Contains(text, "\x1b[r") {
			t.Errorf("%s: %d bytes, at most %d: %q", name, len(text), most, text)
		}
	}
}

func TestNothingNewIsNothingWritten(t *testing.T) {
	g := newGlass(20, 4)
	s := opened(t, g)
	s.draw("a\nb")
	g.taken()
	s.draw("a\nb")
	if out := g.taken(); out != "" {
		t.Errorf("wrote %q", out)
	}
}

// TestLargeFramesAreOnePicture: what may arrive in pieces is to be shown at once; what is small costs nothing more.
func TestLargeFramesAreOnePicture(t *testing.T) {
	g := newGlass(80, 24)
	s := opened(t, g)
	s.Resized(80)
	g.taken()
	s.draw(strings.Repeat(strings.Repeat("x", 80)+"\n", 23))
	if out := g.taken(); !strings.HasPrefix(out, "\x1b[?2026h") || !strings.HasSuffix(out, "\x1b[?2026l") {
		t.Errorf("%.20q … %q", out, out[max(len(out)-20, 0):])
	}
	s.draw("y" + strings.Repeat(strings.Repeat("x", 80)+"\n", 23)[1:])
	if out := g.taken(); strings.Contains(out, "2026") || out == "" {
		t.Errorf("a letter: %q", out)
	}
}

// TestMouseComesAndGoes: its modes are switched while the terminal is ours, and taken back at the end only if it is on then.
func TestMouseComesAndGoes(t *testing.T) {
	g := newGlass(20, 4)
	s, err := Open(strings.NewReader(""), g, false)
	if err != nil || strings.Contains(g.taken(), mouseModes) {
		t.Fatal(err, "or the mouse is on though nobody asked")
	}
	for _, on := range []bool{true, false, true} {
		if want := map[bool]string{true: mouseModes, false: noMouseModes}[on]; s.Mouse(on) != nil || g.taken() != want {
			t.Errorf("on %v: not %q", on, want)
		}
	}
	if err := s.Close(); err != nil || !strings.Contains(g.taken(), noMouseModes) {
		t.Error(err, "or the mouse is still on")
	}
}

// TestTheNewestFrameWins shows more frames than can be painted: the last one stands there.
func TestTheNewestFrameWins(t *testing.T) {
	g := newGlass(20, 2)
	s := opened(t, g)
	for i := range 1000 {
		s.Show(fmt.Sprint("frame ", i))
	}
	for end := time.Now().Add(5 * time.Second); !strings.Contains(g.looks(), "frame 999"); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the screen says %q", g.looks())
		}
	}
}

func (g *glass) looks() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.screen.String()
}

func TestTerminalIsGivenBack(t *testing.T) {
	defer goleak.VerifyNone(t)
	master, slave, err := pty.Open()
	if err != nil {
		t.Skip("no pseudo-terminal here: ", err)
	}
	defer master.Close()
	go func() { _, _ = io.Copy(io.Discard, master) }()
	before := settings(t, slave)
	s, err := Open(slave, slave, true)
	if err != nil {
		t.Fatal(err)
	}
	if settings(t, slave) == before {
		t.Error("the terminal is not raw while it is ours")
	}
	_ = s.Away(func(in io.Reader, _ io.Writer) error {
		if in != io.Reader(slave) || settings(t, slave) != before {
			t.Error("somebody else got a terminal that is not as it was")
		}
		s.draw("not now")
		return nil
	})
	if err := s.Close(); err != nil || settings(t, slave) != before {
		t.Errorf("the terminal was not put back: %v", err)
	}
	slave.Close()
	master.Close()
}

// settings are what stty says of a terminal.
func settings(t *testing.T, f *os.File) string {
	t.Helper()
	c := exec.Command("stty", "-g")
	c.Stdin = f
	out, err := c.Output()
	if err != nil {
		t.Skip("no stty here: ", err)
	}
	return string(out)
}

// TestEveryModeIsTakenBack sees that each mode that is switched comes back.
func TestEveryModeIsTakenBack(t *testing.T) {
	back := map[string]string{"h": "l", "l": "h"}
	for _, mode := range regexp.MustCompile(`(\x1b\[\?\d+)([hl])`).FindAllStringSubmatch(modes+mouseModes, -1) {
		if undo := mode[1] + back[mode[2]]; !strings.Contains(noMouseModes+noModes, undo) {
			t.Errorf("%q is never taken back", mode[0])
		}
	}
}
