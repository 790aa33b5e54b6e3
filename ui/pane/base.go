package pane

import (
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Base is what every pane has: its room on the screen, and the question or field that lies
// over it.
type Base struct {
	Width, Height int
	Dialog        Dialog
}

// SetSize gives the pane its room.
func (b *Base) SetSize(width, height int) { b.Width, b.Height = width, height }

// Capturing reports that a question or a field has the keys.
func (b *Base) Capturing() bool { return b.Dialog.Open() }

// Frame is the lines of a pane in its room, what is open over them; nothing without room.
func (b *Base) Frame(th *theme.Theme, lines func() []string) string {
	if b.Width <= 0 || b.Height <= 0 {
		return ""
	}
	return widget.Block(b.Dialog.Over(th, lines(), b.Width, b.Height), b.Width, b.Height)
}

// Press gives a key to what is open over the pane, else to its table, else to what moves.
func Press[P any](p P, b *Base, table Table[P], move func(key string) (tea.Cmd, bool), key tea.KeyMsg) tea.Cmd {
	if cmd, ok := b.Dialog.Key(key); ok {
		return cmd
	}
	if cmd, ok := table.Dispatch(p, key.String()); ok {
		return cmd
	}
	cmd, _ := move(key.String())
	return cmd
}
