package pane

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Ask is a popup and what its buttons do. Sent as a message, it lies over everything,
// whatever pane is open; it waits while another one is.
type Ask struct {
	Popup *widget.Popup
	Yes   func() tea.Cmd           // nil: nothing but to read
	Do    func(answer int) tea.Cmd // with more than two buttons, instead of Yes: for all but the last
	No    func() tea.Cmd           // for the last button and Esc; nil: nothing follows
	Keys  []Key                    // for the footer, instead of the popup's own
}

// Key gives the popup a key; done says that it closed.
func (a *Ask) Key(key string) (cmd tea.Cmd, done bool) {
	answer, done := a.Popup.Key(key)
	switch {
	case !done:
		return nil, false
	case a.Do != nil && answer >= 0 && answer < len(a.Popup.Buttons)-1:
		return a.Do(answer), true
	case a.Do == nil && a.Yes != nil && answer == 0:
		return a.Yes(), true
	case a.No != nil:
		return a.No(), true
	}
	return nil, true
}

// Field is a text that is asked for in the last line of a pane.
type Field struct {
	Prompt, Text string
	History      *widget.History           // what ↑ and ↓ go through, and Enter adds to; nil: nothing
	Each         func(text string) tea.Cmd // after every key; nil: nothing
	Take         func(text string) tea.Cmd // Enter
	Tab          func(text string) tea.Cmd // Tab, which may Fill in the rest; nil: nothing
	Leave        func() tea.Cmd            // Esc; nil: nothing follows
	Keys         []Key                     // for the footer, after Enter and Esc: what may be typed
}

// Dialog is a question, a field or a list to search that lies over a pane and has its keys; zero: closed.
type Dialog struct {
	ask    *Ask
	field  Field
	input  *widget.Input
	finder *widget.Finder
	found  func(item int) tea.Cmd
}

// Ask opens a question, in place of whatever is open.
func (d *Dialog) Ask(a *Ask) tea.Cmd {
	d.ask = a
	return nil
}

// Type opens a field.
func (d *Dialog) Type(f Field) tea.Cmd {
	f.History.Rest()
	d.field, d.input = f, widget.NewInput(f.Prompt, f.Text)
	d.input.History = f.History
	return nil
}

// Find opens a list that is searched by typing; take is given the item that Enter chooses.
func (d *Dialog) Find(f *widget.Finder, take func(item int) tea.Cmd) tea.Cmd {
	d.finder, d.found = f, take
	return nil
}

// Fill puts a longer text into the field, unless somebody typed on since it held the old one.
func (d *Dialog) Fill(old, text string) {
	if d.input != nil && d.input.Value() == old {
		d.input.Set(text)
	}
}

// Close drops what is open; nothing follows.
func (d *Dialog) Close() { *d = Dialog{} }

// Open reports whether the dialog has the keys.
func (d *Dialog) Open() bool { return d.ask != nil || d.input != nil || d.finder != nil }

// Key gives a key to what is open; false: nothing is.
func (d *Dialog) Key(key tea.KeyMsg) (tea.Cmd, bool) {
	if a := d.ask; a != nil {
		d.ask = nil // what follows may open another one
		cmd, done := a.Key(key.String())
		if !done {
			d.ask = a
		}
		return cmd, true
	}
	if f := d.finder; f != nil {
		item, done := f.Key(key)
		if !done {
			return nil, true
		}
		if d.finder = nil; item >= 0 {
			return d.found(item), true
		}
		return nil, true
	}
	if d.input == nil {
		return nil, false
	}
	return d.typed(key), true
}

func (d *Dialog) typed(key tea.KeyMsg) tea.Cmd {
	in, f := d.input, d.field
	switch key.String() {
	case "enter":
		d.input = nil
		f.History.Add(in.Value())
		return f.Take(in.Value())
	case "esc":
		d.input = nil
		if f.Leave == nil {
			return nil
		}
		return f.Leave()
	case "tab":
		if f.Tab != nil {
			return f.Tab(in.Value())
		}
	}
	in.Key(key)
	if f.Each == nil {
		return nil
	}
	return f.Each(in.Value())
}

// Keys are those of what is open, for the footer.
func (d *Dialog) Keys() []Key {
	switch {
	case d.ask != nil && d.ask.Keys != nil:
		return d.ask.Keys
	case d.ask != nil:
		return keysOf(d.ask.Popup.Hints())
	case d.finder != nil:
		return keysOf(d.finder.Hints())
	case d.input != nil:
		return append([]Key{Hint("↵", "take"), Hint("esc", "leave")}, d.field.Keys...)
	}
	return nil
}

// Over draws what is open over the lines of a pane.
func (d *Dialog) Over(th *theme.Theme, lines []string, width, height int) []string {
	lines = d.input.Below(th, lines, width, height)
	if d.finder != nil {
		lines = d.finder.Over(th, lines, width, height)
	}
	if d.ask != nil {
		lines = d.ask.Popup.Over(th, lines, width, height)
	}
	return lines
}

// InFull shows texts whole that the message line cuts, each once.
func InFull(title string, width int, texts ...string) *Ask {
	var body []string
	for i, text := range texts {
		if text == "" || slices.ContainsFunc(texts[:i], func(t string) bool { return strings.Contains(t, text) }) {
			continue
		}
		if len(body) > 0 {
			body = append(body, "")
		}
		body = append(body, widget.Wrap(text, min(90, max(width-10, 20)))...)
	}
	if len(body) == 0 {
		body = []string{"there is nothing to say of this"}
	}
	return &Ask{Popup: widget.Show(title, body)}
}

// Finder is what an Opener asks of the use cases.
type Finder interface {
	// Run finds one run by its name, or by the path of a folder or a trace.
	Run(name string) (model.Run, error)
	// CompletePath lists the paths that begin so; those of folders end with a slash.
	CompletePath(part string) ([]string, error)
}

// Opener asks for the path of a trace, or of a folder of traces, and has a pane show it.
type Opener struct {
	Env
	By     Finder
	Dialog *Dialog
	To     Name // the pane

	typed widget.History
	names Task[[]string]
	found Task[model.Run]
}

// Ask opens the field.
func (o *Opener) Ask() tea.Cmd {
	return o.Dialog.Type(Field{Prompt: "open: ", History: &o.typed, Take: o.open, Tab: o.complete, Keys: []Key{Hint("tab", "complete")}})
}

// open finds the run at a path; of several that may be meant it asks for one.
func (o *Opener) open(text string) tea.Cmd {
	if text == "" {
		return nil
	}
	return o.found.Start(o.Ctx, func(context.Context) (model.Run, error) {
		run, err := o.By.Run(text)
		if err == nil {
			err = run.Readable()
		}
		return run, err
	}, func(run model.Run, err error) tea.Cmd {
		switch choices := model.ChoicesOf(err); {
		case len(choices) > 0:
			return o.choose(err, choices)
		case err != nil:
			return Fail(err)
		}
		return Send(OpenMsg{To: o.To, Run: run.Name})
	})
}

// choose asks for one of the first nine, which have a key each; the others can be typed.
func (o *Opener) choose(err error, choices []model.Choice) tea.Cmd {
	p := &widget.Popup{Title: "Which one?", Body: append(widget.Wrap(err.Error(), 70), "")}
	few := min(len(choices), 9)
	for i, c := range choices[:few] {
		p.Buttons = append(p.Buttons, fmt.Sprint(i+1))
		p.Body = append(p.Body, fmt.Sprintf("%d  %s", i+1, c.Text))
	}
	if more := choices[few:]; len(more) > 0 {
		p.Body = append(p.Body, fmt.Sprintf("%d more: %s …", len(more), more[0].Name))
	}
	p.Buttons = append(p.Buttons, "None")
	keys := []Key{Hint("1…"+fmt.Sprint(len(p.Buttons)-1), "choose"), Hint("←→ ↵", "choose"), Hint("esc", "back")}
	return o.Dialog.Ask(&Ask{Popup: p, Keys: keys, Do: func(i int) tea.Cmd { return o.open(choices[i].Name) }})
}

// complete fills in what all paths that begin so have in common, and names them where they differ.
func (o *Opener) complete(text string) tea.Cmd {
	complete := func(context.Context) ([]string, error) { return o.By.CompletePath(text) }
	return o.names.Start(o.Ctx, complete, func(found []string, err error) tea.Cmd {
		if err != nil || len(found) == 0 {
			return Warn("nothing begins with " + text)
		}
		common, names := found[0], []string{}
		for _, f := range found {
			for !strings.HasPrefix(f, common) {
				common = common[:len(common)-1]
			}
			names = append(names, path.Base(f))
		}
		o.Dialog.Fill(text, strings.ToValidUTF8(common, ""))
		if len(found) == 1 {
			return nil
		}
		return Say(strings.Join(names, "  "))
	})
}
