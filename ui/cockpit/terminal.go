package cockpit

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-osc52/v2"
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
)

// hostTerminal is what lies outside the frame: the clipboard, the bell, the title, and who else may have the screen for a while.
type hostTerminal struct {
	out     io.Writer // nil: there is none
	outside outside   // nil: not on a terminal
	editor  []string
	titled  bool                     // the title was changed
	link    func(path string) string // nil: no links
}

// edit hands the terminal to the user's editor; the event loop waits, and panes read the file again afterwards.
func (t *hostTerminal) edit(msg pane.EditMsg) tea.Cmd {
	words := editorWords(t.editor, msg)
	return t.elsewhere(func(o outside) error {
		return o.Away(func(in io.Reader, out io.Writer) error {
			c := exec.Command(words[0], words[1:]...)
			c.Stdin, c.Stdout, c.Stderr = in, out, out
			return c.Run()
		})
	}, func(err error) tea.Msg { return pane.EditedMsg{Err: err} })
}

// image shows an image below what the shell had on the screen, where it stays; Enter comes back.
func (t *hostTerminal) image(text string) tea.Cmd {
	return t.elsewhere(func(o outside) error {
		return o.Away(func(in io.Reader, out io.Writer) error { return showImage(text, in, out) })
	}, resumed)
}

func showImage(text string, in io.Reader, out io.Writer) error {
	if _, err := io.WriteString(out, text+"\r\n\r\nEnter goes back to shardeck "); err != nil {
		return fmt.Errorf("the terminal takes nothing: %w", err)
	}
	if _, err := bufio.NewReader(in).ReadString('\n'); err != nil {
		return fmt.Errorf("the terminal gives nothing: %w", err)
	}
	return nil
}

// How editors are told a line: before the file, behind it after a colon, or so with a flag of their own.
var (
	linePlus = []string{"vi", "vim", "nvim", "view", "gvim", "nano", "pico", "emacs", "emacsclient",
		"micro", "joe", "jed", "ne", "mg", "kak", "gedit"}
	lineColon = []string{"hx", "helix", "subl", "zed"}
	lineGoto  = []string{"code", "code-insiders", "codium", "cursor"}
)

// editorWords is the command that opens a file at a line; an editor that we do not know is given the file alone.
func editorWords(editor []string, msg pane.EditMsg) []string {
	words, at := slices.Clone(editor), fmt.Sprintf("%s:%d", msg.Path, msg.Line)
	switch name := filepath.Base(words[0]); {
	case msg.Line > 0 && slices.Contains(linePlus, name):
		return append(words, fmt.Sprintf("+%d", msg.Line), msg.Path)
	case msg.Line > 0 && slices.Contains(lineColon, name):
		return append(words, at)
	case msg.Line > 0 && slices.Contains(lineGoto, name):
		return append(words, "--goto", at)
	}
	return append(words, msg.Path)
}

// suspend goes back to the shell; what it says when it returns is what a signal would.
func (t *hostTerminal) suspend() tea.Cmd {
	return t.elsewhere(outside.Suspend, resumed)
}

func resumed(err error) tea.Msg {
	if err != nil {
		return pane.FailNote(err)
	}
	return tea.ResumeMsg{}
}

// elsewhere runs something that has the terminal to itself; keys are not read meanwhile.
func (t *hostTerminal) elsewhere(run func(outside) error, then func(error) tea.Msg) tea.Cmd {
	if t.outside == nil {
		return pane.Send(then(nil)) // not on a terminal
	}
	return func() tea.Msg {
		t.outside.Pause() // Bubble Tea waits for its reader to end
		return tea.Exec(errand(func() error { return run(t.outside) }), then)()
	}
}

// outside is what lets somebody else have the terminal for a while: the screen.
type outside interface {
	Away(run func(in io.Reader, out io.Writer) error) error
	Suspend() error
	Pause()
	Mouse(on bool) error
}

// errand is a function as Bubble Tea runs commands; it finds its streams itself.
type errand func() error

// Run does it.
func (e errand) Run() error { return e() }

// SetStdin, SetStdout and SetStderr are not for a function.
func (errand) SetStdin(io.Reader)  {}
func (errand) SetStdout(io.Writer) {}
func (errand) SetStderr(io.Writer) {}

// copy writes the OSC 52 sequence that puts a text into the user's clipboard.
func (t *hostTerminal) copy(text string) tea.Cmd {
	if text == "" {
		return nil
	}
	return t.write(osc52.New(text).String())
}

// ring writes bell, title and OSC 9 in one go. The terminal keeps its own title, once, for untitle.
func (t *hostTerminal) ring(text string) tea.Cmd {
	first := ""
	if !t.titled {
		first = "\x1b[22;2t"
	}
	t.titled = true
	return t.write(first + "\a\x1b]2;shardeck: " + text + "\a\x1b]9;shardeck: " + text + "\a")
}

// linked is a line of which the files that a note names are links.
func (t *hostTerminal) linked(note pane.Note, line string) string {
	if t.link == nil {
		return line
	}
	for _, path := range note.Files {
		line = strings.Replace(line, path, t.link(path), 1)
	}
	return line
}

// mouse turns the mouse on or off.
func (t *hostTerminal) mouse(on bool) tea.Cmd {
	if t.outside == nil {
		return nil
	}
	return func() tea.Msg {
		if err := t.outside.Mouse(on); err != nil {
			return pane.FailNote(err)
		}
		return nil
	}
}

func (t *hostTerminal) write(sequence string) tea.Cmd {
	if t.out == nil {
		return nil
	}
	return func() tea.Msg {
		if _, err := io.WriteString(t.out, sequence); err != nil {
			return pane.FailNote(err)
		}
		return nil
	}
}

func (t *hostTerminal) untitle() {
	if t.titled && t.out != nil {
		_, _ = io.WriteString(t.out, "\x1b[23;2t") // the program ends: there is nobody to tell of a fault
	}
}
