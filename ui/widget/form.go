package widget

import "shardeck/ui/theme"

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
	field, under := f.Fields[i], i == f.Cursor
	line := f.prefix(th, under) + f.label(th, field, under)
	if under && f.Input != nil {
		return f.typing(th, line, field.Hint, width)
	}
	line += f.value(th, field, under)
	room := width - Width(line) - 2
	if room < 6 || field.Hint == "" {
		return Clip(line, width)
	}
	return line + "  " + th.Paint(theme.Dim, Sentence(field.Hint, room))
}

// typing is the line of the field being typed into, its hint beside it where both fit.
func (f *Form) typing(th *theme.Theme, line, hint string, width int) string {
	room := max(width-Width(line)-1, 1)
	text := f.Input.View(th, room)
	free := room - Width(text) - valueWidth
	if free < 6 || hint == "" {
		return line + text
	}
	return line + pad("  "+text, valueWidth+4, false) + "  " + th.Paint(theme.Dim, Sentence(hint, free))
}

func (f *Form) prefix(th *theme.Theme, under bool) string {
	if !under {
		return "   "
	}
	if f.Focused {
		return " " + th.Paint(theme.Accent, th.Cursor) + " "
	}
	return " " + th.Paint(theme.Dim, th.Cursor) + " "
}

func (f *Form) label(th *theme.Theme, field Field, under bool) string {
	text := Fit(field.Label, labelWidth)
	if under && f.Focused {
		return th.Paint(theme.Accent, text)
	}
	return text
}

// value is drawn in its column; a longer one pushes the hint along. The arrows of a
// stepper stand in the blanks around it, so that nothing moves with the cursor.
func (f *Form) value(th *theme.Theme, field Field, under bool) string {
	left, right := "  ", "  "
	if under && field.Step {
		left, right = th.Left+" ", " "+th.Right
	}
	tone := field.Tone
	if under && f.Focused && tone == theme.Plain {
		tone = theme.Accent
	}
	text := th.Paint(tone, field.Value)
	if under && field.Step && f.Focused {
		left, right = th.Paint(theme.Accent, left), th.Paint(theme.Accent, right)
	}
	return pad(left+text+right, valueWidth+4, false)
}
