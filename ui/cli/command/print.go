package command

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"shardeck/backend/pool"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Theme follows --color, then NO_COLOR, TERM=dumb, then whether standard output and standard error are a terminal.
func (e *Env) Theme() *theme.Theme {
	if e.theme == nil {
		e.theme = theme.New(theme.Profile(e.Color, os.Getenv, Terminal(e.Out) && Terminal(e.Err)), e.ASCII)
	}
	return e.theme
}

// Paint colours a text by what it is for.
func (e *Env) Paint(r present.Role, text string) string {
	return e.Theme().Paint(pane.Tone(r), text)
}

// Plain writes text with ASCII alone when --ascii asks for it.
func (e *Env) Plain(text string) string { return e.Theme().Plain(e.Theme().Spell(text)) }

// Say prints a line of the answer.
func (e *Env) Say(format string, args ...any) {
	fmt.Fprintln(e.Out, e.Plain(fmt.Sprintf(format, args...)))
}

// SayWrapped prints a text in lines of the screen's width, all but the first indented.
func (e *Env) SayWrapped(text, indent string) {
	e.Say("%s", strings.Join(widget.Wrap(text, e.Width()-len(indent)), "\n"+indent))
}

// Table prints a table as wide as the screen is; names are cut and columns left out for which there is no room.
func (e *Env) Table(t present.Table) {
	lines, left := pane.Drawn(e.Theme(), t).Text(e.Theme(), e.Width())
	for _, line := range lines {
		fmt.Fprintln(e.Out, e.Theme().Plain(line))
	}
	e.left += left
}

// Rows prints a table after a blank line, or nothing if it has no rows.
func (e *Env) Rows(t present.Table) {
	if len(t.Rows) > 0 {
		fmt.Fprintln(e.Out)
		e.Table(t)
	}
}

// Show prints a result as JSON where that is asked for, else as text.
func (e *Env) Show(result any, text func()) error {
	if e.JSON {
		return e.PrintJSON(result)
	}
	text()
	return nil
}

// ShowEach does something to every item until a fault, and shows what was done, a line each.
func ShowEach[T, R any](e *Env, items []T, do func(T) (R, error), line func(R)) error {
	done, fault := []R{}, error(nil)
	for i := 0; i < len(items) && fault == nil; i++ {
		var r R
		if r, fault = do(items[i]); fault == nil {
			done = append(done, r)
		}
	}
	return cmp.Or(e.Show(done, func() {
		for _, r := range done {
			line(r)
		}
	}), fault)
}

// Warnings prints what was amiss in a result.
func (e *Env) Warnings(all []string) {
	for _, w := range all {
		e.Warn("warning: %s", w)
	}
}

// Finding prints what was found, after its level in so many columns, and what to do under it.
func (e *Env) Finding(level, text, fix string, width int) {
	e.Say("  %s  %s", e.Paint(present.Level(level), widget.Fit(level, width)), text)
	if fix != "" {
		e.Say("  %*s  fix: %s", width, "", fix)
	}
}

// PrintJSON writes one indented JSON value. Text is kept as it is: no HTML escapes.
func (e *Env) PrintJSON(v any) error {
	out := json.NewEncoder(e.Out)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

// Progress draws one line on a terminal while traces are read, and wipes it at the end. Without a terminal it is nil.
func (e *Env) Progress() pool.Progress {
	if e.JSON || !Terminal(e.Err) {
		return nil
	}
	var mu sync.Mutex
	next := time.Now().Add(300 * time.Millisecond) // what is quick needs no line
	shown := false
	return func(done, total int64) {
		mu.Lock()
		defer mu.Unlock()
		if done >= total && shown {
			fmt.Fprint(e.Err, "\r\x1b[K")
			shown = false
			return
		}
		if total <= 0 || time.Now().Before(next) {
			return
		}
		next, shown = time.Now().Add(200*time.Millisecond), true
		fmt.Fprintf(e.Err, "\r\x1b[Kreading traces: %s of %s (%d %%)", unit.FileSize(done), unit.FileSize(total), done*100/total)
	}
}
