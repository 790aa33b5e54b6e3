package config

import (
	"cmp"
	"context"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// keys is everything the form answers to.
func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("left right h l", "←→", "change", "go to the next legal value; numbers double and halve")},
		{Key: pane.Foot("up down k j", "↑↓", "field", "go to the field above or below")},
		{Key: pane.Foot("enter", "↵", "type", "type a value"), Do: (*Pane).typeValue, Why: mayEdit},
		{Key: pane.Foot("w ctrl+s", "w", "save", "save, after showing what changes"), Do: (*Pane).askSave, Why: mayEdit},
		{Key: pane.Foot("s", "s", "submit", "save if needed, show the price, and submit"), Do: (*Pane).submit, Why: mayEdit},
		{Key: pane.On("ctrl+f", "ctrl+f", "fix", "take the fix offered in the message line"), Do: (*Pane).fix, Why: mayEdit},
		{Key: pane.Foot("z", "z", "undo", "take back the last change (Z brings it again)"), Do: (*Pane).undo, Why: mayEdit},
		{Key: pane.On("Z", "Z", "redo", ""), Do: (*Pane).redo, Why: mayEdit},
		{Key: pane.Foot("p", "p", "script", "show the job script, and how it differs from the one submitted last"),
			Do: (*Pane).script, Why: needDraft},
		{Key: pane.On("f", "f", "findings", "list everything the checks found"), Do: (*Pane).showFindings, Why: needDraft},
		{Key: pane.Foot("e", "e", "$EDITOR", "open the file in $VISUAL, $EDITOR or vi"), Do: (*Pane).edit, Why: mayOpenEditor},
		{Key: pane.On("y", "y", "copy", "copy the command that submits it (OSC 52; it is shown as well)"),
			Do: (*Pane).copyCommand, Why: needDraft},
		{Key: pane.On("esc", "esc", "back", "back to the experiments; changes are kept until saved"),
			Do: func(*Pane) tea.Cmd { return pane.Send(pane.OpenMsg{To: pane.Experiments}) }},
	}
}

// Keys lists what the pane answers to now.
func (p *Pane) Keys() []pane.Key {
	switch {
	case p.Dialog.Open():
		return p.Dialog.Keys()
	case p.form.Input != nil:
		return []pane.Key{{Label: "↵", Verb: "take", Foot: true}, {Label: "esc", Verb: "leave as it was", Foot: true}}
	}
	if p.draft() == nil && p.env.Lab != nil {
		return pane.OnlyFoot(keys().Keys(), "esc")
	}
	return keys().Keys()
}

func (p *Pane) key(key tea.KeyMsg) tea.Cmd {
	if cmd, ok := p.Dialog.Key(key); ok {
		return cmd
	}
	if p.form.Input != nil {
		return p.typeKey(key)
	}
	k := key.String()
	if by, ok := changes[k]; ok {
		return p.change(by)
	}
	if by, ok := fieldMoves[k]; ok {
		p.form.MoveField(by)
		return nil
	}
	cmd, _ := keys().Dispatch(p, k)
	return cmd
}

var (
	changes    = map[string]int{"left": -1, "h": -1, "right": 1, "l": 1}
	fieldMoves = map[string]int{"up": -1, "k": -1, "shift+tab": -1, "down": 1, "j": 1}
)

func needDraft(p *Pane) string {
	if p.draft() == nil {
		return "no experiment is open: choose one in 1"
	}
	return ""
}

func mayEdit(p *Pane) string {
	if p.busy() {
		return cmp.Or(pane.Locked(p.env.Lab, "change or submit anything"), "wait: the draft is being saved")
	}
	return cmp.Or(pane.Locked(p.env.Lab, "change or submit anything"), needDraft(p))
}

func mayOpenEditor(p *Pane) string {
	if why := mayEdit(p); why != "" && p.draft() != nil {
		return why
	}
	if d := p.draft(); d != nil && d.Modified() {
		return "save with w first: the editor would not see your changes"
	}
	return needDraft(p)
}

// change goes to the next value of the field under the cursor.
func (p *Pane) change(by int) tea.Cmd {
	if why := mayEdit(p); why != "" {
		return pane.Warn(why)
	}
	f := p.field()
	value, ok := p.next(f, by)
	if !ok {
		return pane.Say(p.noFurther(f))
	}
	return p.set(f.path, value)
}

// noFurther is why ← or → has nowhere to go.
func (p *Pane) noFurther(f field) string {
	values := p.values(f)
	switch {
	case f.path == "parallelism.ep" && len(values) == 1:
		return f.label + " is 1: " + p.epOff()
	case f.legal && len(values) == 1:
		return "only " + values[0] + " goes with the other fields; ↵ types another, and the checks say why not"
	case len(values) > 1:
		return f.label + " takes " + strings.Join(values, " ") + ", no further"
	case f.count:
		return f.label + " goes no further"
	}
	return "↵ types a value for " + f.label
}

func (p *Pane) set(path, value string) tea.Cmd {
	if ask := p.undecided(); ask != nil {
		return ask
	}
	err := p.write(model.Edit{Path: path, Value: value})
	p.judge()
	if err != nil {
		return pane.Fail(err)
	}
	return pane.Say("")
}

func (p *Pane) typeValue() tea.Cmd {
	p.form.Input = widget.NewInput("", p.draft().Get(p.field().path))
	return nil
}

func (p *Pane) typeKey(key tea.KeyMsg) tea.Cmd {
	in := p.form.Input
	switch key.String() {
	case "esc":
		p.form.Input = nil
	case "enter":
		p.form.Input = nil
		if value := strings.TrimSpace(in.Value()); value != p.draft().Get(p.field().path) {
			return p.set(p.field().path, value)
		}
	default:
		in.Key(key)
	}
	return nil
}

// fix applies the edits of the finding in the message line.
func (p *Pane) fix() tea.Cmd {
	f, ok := p.finding()
	if !ok || len(f.Edits) == 0 {
		return pane.Say("nothing that a key can put right")
	}
	if ask := p.undecided(); ask != nil {
		return ask
	}
	err := p.write(f.Edits...)
	p.judge()
	if err != nil {
		return pane.Fail(err)
	}
	return pane.Send(pane.Note{Text: "done: " + f.Fix, Tone: theme.Good})
}

func (p *Pane) undo() tea.Cmd { return p.stepBack(p.draft().Undo, "nothing to undo") }

func (p *Pane) redo() tea.Cmd { return p.stepBack(p.draft().Redo, "nothing to redo") }

func (p *Pane) stepBack(step func() bool, none string) tea.Cmd {
	if !step() {
		return pane.Say(none)
	}
	p.judge()
	return pane.Say("")
}

// submit saves first if there is anything to save.
func (p *Pane) submit() tea.Cmd {
	ask := func() tea.Cmd { return p.flow.Start([]string{p.id}) }
	if !p.draft().Modified() {
		return ask()
	}
	cmd := p.askSave()
	p.then = ask
	return cmd
}

func (p *Pane) copyCommand() tea.Cmd {
	return pane.Send(pane.CopyMsg{Text: pane.SubmitCommand(p.env.Lab, p.id)})
}

func (p *Pane) script() tea.Cmd {
	l, e, id, modified := p.env.Lab, p.experim, p.id, p.draft().Modified()
	return p.preview.Start(p.env.Ctx, func(ctx context.Context) (jobs.Preview, error) {
		if modified {
			return l.PreviewOf(ctx, e, false)
		}
		return l.Preview(ctx, id, false)
	}, p.gotPreview)
}

func (p *Pane) showFindings() tea.Cmd {
	if len(p.verdict.Findings) == 0 {
		return pane.Say("the checks have nothing to say against it")
	}
	var body []string
	for _, f := range p.verdict.Findings {
		body = append(body, string(f.Severity)+": "+f.Fault)
		if f.Fix != "" {
			body = append(body, "  "+f.Fix)
		}
	}
	p.Dialog.Ask(&pane.Ask{Popup: widget.Show("Findings on "+p.id, body)})
	return nil
}

func (p *Pane) edit() tea.Cmd { return pane.Send(pane.EditMsg{Path: p.draft().Path()}) }
