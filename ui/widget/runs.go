package widget

import (
	"strings"

	"shardeck/ui/theme"
)

// runs is a line in the making. Neighbours of one tone are painted as one, so that
// a line costs few bytes on a slow link; blanks take the tone before them.
type runs struct {
	th   *theme.Theme
	done strings.Builder
	text strings.Builder
	tone theme.Tone
}

func (r *runs) add(tone theme.Tone, text string) {
	if strings.TrimSpace(text) != "" && tone != r.tone {
		r.flush()
		lead := len(text) - len(strings.TrimLeft(text, " "))
		r.done.WriteString(text[:lead])
		text = text[lead:]
		r.tone = tone
	}
	r.text.WriteString(text)
}

// flush paints what was gathered, the blanks at its end unpainted.
func (r *runs) flush() {
	text := r.text.String()
	trimmed := strings.TrimRight(text, " ")
	r.done.WriteString(r.th.Paint(r.tone, trimmed))
	r.done.WriteString(text[len(trimmed):])
	r.text.Reset()
}

// String is the line, without blanks at its end.
func (r *runs) String() string {
	r.flush()
	return strings.TrimRight(r.done.String(), " ")
}
