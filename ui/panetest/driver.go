package panetest

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"shardeck/ui/pane"
	"shardeck/ui/screen"
)

var update = flag.Bool("update", false, "rewrite the golden frames")

// after gives short waits at once and never ends long ones, which only repeat themselves.
func after(wait time.Duration, msg tea.Msg) tea.Cmd {
	if wait >= time.Second {
		return nil
	}
	return pane.Send(msg)
}

// Screen is what a driver drives: a pane (by OfPane) or the whole cockpit.
type Screen interface {
	Update(tea.Msg) tea.Cmd
	View() string
	Init() tea.Cmd
	SetSize(width, height int)
}

// Driver presses keys and expects text. Commands run at once, in the test's own
// goroutine, until none is left, or are kept back by Park.
type Driver struct {
	T      testing.TB
	S      Screen
	W, H   int
	Quit   bool      // the screen asked to end
	Seen   []tea.Msg // messages that commands gave
	Parked []tea.Cmd // commands held back by Park
	Park   bool      // hold commands back instead of running them
}

// Drive starts a screen at a size.
func Drive(t testing.TB, s Screen, width, height int) *Driver {
	t.Helper()
	d := &Driver{T: t, S: s}
	d.run(s.Init())
	d.Resize(width, height)
	return d
}

// Resize changes the size.
func (d *Driver) Resize(width, height int) {
	d.T.Helper()
	d.W, d.H = width, height
	d.S.SetSize(width, height)
	d.Check()
}

// Press presses keys, named as Bubble Tea names them: "down", "ctrl+f", "x".
func (d *Driver) Press(keys ...string) *Driver {
	d.T.Helper()
	for _, k := range keys {
		d.Send(Key(k))
	}
	return d
}

// Type types a text, letter by letter.
func (d *Driver) Type(text string) *Driver {
	d.T.Helper()
	for _, r := range text {
		d.Send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}})
	}
	return d
}

// Send gives the screen a message and runs what it asks for.
func (d *Driver) Send(msg tea.Msg) *Driver {
	d.T.Helper()
	d.run(d.S.Update(msg))
	d.Check()
	return d
}

// Release runs the commands that were held back.
func (d *Driver) Release() *Driver {
	d.T.Helper()
	d.Park = false
	parked := d.Parked
	d.Parked = nil
	for _, c := range parked {
		d.run(c)
	}
	d.Check()
	return d
}

// run runs a command and all that follows from it.
func (d *Driver) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	if d.Park {
		d.Parked = append(d.Parked, cmd)
		return
	}
	msg := cmd()
	if msg == nil {
		return
	}
	if cmds, ok := commands(msg); ok {
		for _, c := range cmds {
			d.run(c)
		}
		return
	}
	d.Seen = append(d.Seen, msg)
	if _, ok := msg.(tea.QuitMsg); ok {
		d.Quit = true
		return
	}
	d.run(d.S.Update(msg))
}

// commands opens batches and sequences; the latter's type is not exported.
func commands(msg tea.Msg) ([]tea.Cmd, bool) {
	v := reflect.ValueOf(msg)
	if v.Kind() != reflect.Slice || v.Type().Elem() != reflect.TypeFor[tea.Cmd]() {
		return nil, false
	}
	var cmds []tea.Cmd
	for i := range v.Len() {
		cmds = append(cmds, v.Index(i).Interface().(tea.Cmd))
	}
	return cmds, true
}

// Frame is the screen as text, without colours.
func (d *Driver) Frame() string { return ansi.Strip(d.S.View()) }

// Bytes is what a terminal is sent for keys: the frame after each is drawn over the one before.
func (d *Driver) Bytes(keys ...string) (n int) {
	d.T.Helper()
	_, painted := screen.Changes(nil, d.S.View(), d.W)
	for _, k := range keys {
		text, next := screen.Changes(painted, d.Press(k).S.View(), d.W)
		n, painted = n+len(text), next
	}
	return n
}

// Redraw is what a terminal is sent for the whole frame.
func (d *Driver) Redraw() int {
	text, _ := screen.Changes(nil, d.S.View(), d.W)
	return len(text)
}

// Check fails the test if the frame is not exactly the size set.
func (d *Driver) Check() {
	d.T.Helper()
	view := d.S.View()
	if d.W <= 0 || d.H <= 0 {
		if strings.Trim(view, "\n ") != "" {
			d.T.Fatalf("%dx%d: something drawn: %q", d.W, d.H, view)
		}
		return
	}
	lines := strings.Split(view, "\n")
	if len(lines) != d.H {
		d.T.Fatalf("%dx%d: %d lines:\n%s", d.W, d.H, len(lines), ansi.Strip(view))
	}
	for i, line := range lines {
		if w := ansi.StringWidth(line); w > d.W {
			d.T.Fatalf("%dx%d: line %d is %d columns: %q", d.W, d.H, i, w, ansi.Strip(line))
		}
	}
}

// Expect fails unless each text is on the screen.
func (d *Driver) Expect(texts ...string) *Driver {
	d.T.Helper()
	return d.look(texts, true)
}

// Absent fails if one of the texts is on the screen.
func (d *Driver) Absent(texts ...string) *Driver {
	d.T.Helper()
	return d.look(texts, false)
}

func (d *Driver) look(texts []string, want bool) *Driver {
	d.T.Helper()
	frame := d.Frame()
	for _, text := range texts {
		if strings.Contains(frame, text) != want {
			d.T.Fatalf("%q on the screen: %v, want %v:\n%s", text, !want, want, frame)
		}
	}
	return d
}

// Golden compares the frame with testdata/NAME.golden; -update writes it.
func (d *Driver) Golden(name string) {
	d.T.Helper()
	lines := strings.Split(d.Frame(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	got := strings.Join(lines, "\n") + "\n"
	path := filepath.Join("testdata", name+".golden")
	if *update {
		must(d.T, os.MkdirAll("testdata", 0o755))
		must(d.T, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	must(d.T, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		d.T.Errorf("%s: frame differs (run with -update to accept):\n%s", name, diff)
	}
}

// keyTypes are the keys that are no letters, by name.
var keyTypes = sync.OnceValue(func() map[string]tea.KeyType {
	types := map[string]tea.KeyType{}
	for t := tea.KeyType(-200); t < 200; t++ {
		types[t.String()] = t
	}
	return types
})

// Key makes the message of a key from its name.
func Key(name string) tea.KeyMsg {
	t, known := keyTypes()[name]
	switch {
	case name == "space":
		return tea.KeyMsg{Type: tea.KeySpace, Runes: []rune(" ")}
	case known && name != "" && t != tea.KeyRunes:
		return tea.KeyMsg{Type: t}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

// OfPane drives one pane alone.
func OfPane(p pane.Pane) Screen {
	p.SetFocus(true)
	return &single{p}
}

type single struct{ pane.Pane }

// Pane is the pane a driver drives.
func (d *Driver) Pane() pane.Pane { return d.S.(*single).Pane }

// Title is what stands at both ends of the pane's upper edge.
func Title(d *Driver) string {
	left, right := d.Pane().Title()
	return left + " | " + right
}

// Message is what the pane shows on its message line.
func Message(d *Driver) string { return d.Pane().Message().Text }

// Said is the newest note that a command gave.
func Said(d *Driver) string {
	note, _ := Last[pane.Note](d)
	return note.Text
}

// Has fails where a text does not hold a part.
func Has(t testing.TB, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("no %q in %q", part, text)
	}
}

// Last is the newest message of a type that commands gave.
func Last[M any](d *Driver) (M, bool) {
	for i := len(d.Seen) - 1; i >= 0; i-- {
		if m, ok := d.Seen[i].(M); ok {
			return m, true
		}
	}
	var none M
	return none, false
}

func (s *single) Update(msg tea.Msg) tea.Cmd {
	if reply, ok := msg.(pane.Reply); ok {
		return reply.Deliver()
	}
	p, cmd := s.Pane.Update(msg)
	s.Pane = p
	return cmd
}

// Sizes draws a pane at every awkward size; Check does the judging.
func Sizes(d *Driver) {
	d.T.Helper()
	for _, size := range [][2]int{{0, 0}, {1, 1}, {20, 5}, {40, 10}, {60, 18}, {80, 18}, {80, 24}, {120, 40}, {200, 60}, {300, 100},
		{3, 50}, {200, 2}} {
		d.Resize(size[0], size[1])
	}
}
