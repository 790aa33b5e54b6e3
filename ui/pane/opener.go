package pane

import (
	"context"
	"fmt"
	"path"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/ui/widget"
)

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
			o.choose(err, choices)
			return nil
		case err != nil:
			return Fail(err)
		}
		return Send(OpenMsg{To: o.To, Run: run.Name})
	})
}

// mostButtons is how many choices have a key.
const mostButtons = 9

func (o *Opener) choose(err error, choices []model.Choice) {
	p := &widget.Popup{Title: "Which one?", Body: append(widget.Wrap(err.Error(), 70), "")}
	for i, c := range choices {
		if i < mostButtons {
			p.Buttons = append(p.Buttons, fmt.Sprint(i+1))
			p.Body = append(p.Body, fmt.Sprintf("%d  %s", i+1, c.Text))
		}
	}
	if more := len(choices) - mostButtons; more > 0 {
		p.Body = append(p.Body, fmt.Sprintf("%d more: %s …", more, choices[mostButtons].Name))
	}
	p.Buttons = append(p.Buttons, "None")
	keys := []Key{Hint("1…"+fmt.Sprint(len(p.Buttons)-1), "choose"), Hint("←→ ↵", "choose"), Hint("esc", "back")}
	o.Dialog.Ask(&Ask{Popup: p, Keys: keys, Do: func(i int) tea.Cmd { return o.open(choices[i].Name) }})
}

// complete fills in what all paths that begin so have in common, and names them where they differ.
func (o *Opener) complete(text string) tea.Cmd {
	return o.names.Start(o.Ctx, func(context.Context) ([]string, error) { return o.By.CompletePath(text) }, func(found []string, err error) tea.Cmd {
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
