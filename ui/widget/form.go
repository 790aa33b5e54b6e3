package widget

import (
	"cmp"

	"shardeck/ui/theme"
)

// Field is one line of a form.
type Field struct {
	Label string
	Value string
	Hint  string     // what it means, or what it may be
	Tone  theme.Tone // of the value: Bad or Warn when something is wrong with it
	Step  bool       // ←→ go through values: drawn ◂ 4 ▸ under the cursor
}

// Form is a list of fields, one of which has the cursor and may be being typed into.
type Form struct {
	Window
	Fields  []Field
	Input   *Input // typing into the field under the cursor; nil: not
	Focused bool
}

// widths of a form's columns.
const (
	labelWidth = 15
	valueWidth = 10
)

// View draws the fields in the window.
func (f *Form) View(th *theme.Theme, width, height int) []string {
	f.Keep(len(f.Fields), height)
	var lines []string
	for i := f.First; i < min(f.First+height, len(f.Fields)); i++ {
		lines = append(lines, f.line(th, i, width))
	}
	return lines
}

func (f *Form) line(th *theme.Theme, i, width int) string {
	field, under, bright := f.Fields[i], i == f.Cursor, theme.Plain
	line := "   "
	if under && f.Focused {
		bright = theme.Accent
	}
	if under {
		line = " " + th.Paint(cmp.Or(bright, theme.Dim), th.Cursor) + " "
	}
	line += th.Paint(bright, Fit(field.Label, labelWidth))
	var room int
	if under && f.Input != nil {
		text := f.Input.View(th, max(width-Width(line)-1, 1))
		if room = max(width-Width(line)-1, 1) - Width(text) - valueWidth; room < 6 || field.Hint == "" {
			return line + text
		}
		line += pad("  "+text, valueWidth+4, false)
	} else {
		line += field.value(th, under, bright)
		if room = width - Width(line) - 2; room < 6 || field.Hint == "" {
			return Clip(line, width)
		}
	}
	return line + "  " + th.Paint(theme.Dim, Sentence(field.Hint, room))
}

// value is drawn in its column; a longer one pushes the hint along. The arrows of a
// stepper stand in the blanks around it, so that nothing moves with the cursor.
func (field Field) value(th *theme.Theme, under bool, bright theme.Tone) string {
	left, right := "  ", "  "
	if under && field.Step {
		left, right = th.Paint(bright, th.Left+" "), th.Paint(bright, " "+th.Right)
	}
	return pad(left+th.Paint(cmp.Or(field.Tone, bright), field.Value)+right, valueWidth+4, false)
}
