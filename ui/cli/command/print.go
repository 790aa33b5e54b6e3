package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"shardeck/model/present"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// theme draws what people look at: colours follow --color, then NO_COLOR, TERM=dumb, then
// whether standard output and standard error are a terminal.
func (a *app) theme() *theme.Theme {
	if a.drawn == nil {
		a.drawn = theme.New(theme.Profile(a.color, os.Getenv, terminal(a.out) && terminal(a.err)), a.ascii)
	}
	return a.drawn
}

// paint colours a text by what it is for.
func (a *app) paint(r present.Role, text string) string {
	return a.theme().Paint(pane.Tone(r), text)
}

// plain writes text with ASCII alone when --ascii asks for it.
func (a *app) plain(text string) string { return a.theme().Plain(a.theme().Spell(text)) }

// say prints a line of the answer.
func (a *app) say(format string, args ...any) {
	fmt.Fprintln(a.out, a.plain(fmt.Sprintf(format, args...)))
}

// sayWrapped prints a text in lines of the screen's width, all but the first indented.
func (a *app) sayWrapped(text, indent string) {
	a.say("%s", strings.Join(widget.Wrap(text, a.width()-len(indent)), "\n"+indent))
}

// table prints a table as wide as the screen is; names are cut and columns left out for
// which there is no room.
func (a *app) table(t present.Table) {
	lines, left := pane.Drawn(a.theme(), t).Text(a.theme(), a.width())
	for _, line := range lines {
		fmt.Fprintln(a.out, a.theme().Plain(line))
	}
	a.left += left
}

// rows prints a table after a blank line, or nothing if it has no rows.
func (a *app) rows(t present.Table) {
	if len(t.Rows) > 0 {
		fmt.Fprintln(a.out)
		a.table(t)
	}
}

// show prints a result as JSON where that is asked for, else as text.
func (a *app) show(result any, text func()) error {
	if a.json {
		return a.printJSON(result)
	}
	text()
	return nil
}

// warnings prints what was amiss in a result.
func (a *app) warnings(all []string) {
	for _, w := range all {
		a.warn("warning: %s", w)
	}
}

// printJSON writes one indented JSON value. Text is kept as it is: no HTML escapes.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
