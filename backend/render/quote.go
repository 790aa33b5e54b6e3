package render

import (
	"regexp"
	"strings"

	"shardeck/model"
	"shardeck/model/shell"
)

// leadingVar is what a path of the settings may begin with: $SCRATCH/…, ${HOME}/…, ~/….
var leadingVar = regexp.MustCompile(`^(?:\$([A-Za-z_][A-Za-z0-9_]*)|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|(~))(/.*)?$`)

// quotePath is shell.Quote, but a leading variable or ~ keeps its meaning, so that a
// setting such as $SCRATCH/huggingface holds for every user.
func quotePath(s string) string {
	m := leadingVar.FindStringSubmatch(s)
	if m == nil {
		return shell.Quote(s)
	}
	name := m[1] + m[2]
	if m[3] == "~" {
		name = "HOME"
	}
	rest := m[4]
	if rest != "" {
		rest = shell.Quote(rest)
	}
	return `"${` + name + `:?is not set, and a path of the settings needs it}"` + rest
}

// commentText writes text for a comment: one line, printable.
func commentText(s string) string {
	return strings.Join(strings.Fields(model.Printable(strings.Map(lineBreakToSpace, s))), " ")
}

func lineBreakToSpace(r rune) rune {
	if r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' {
		return ' '
	}
	return r
}
