package experiments

import (
	"cmp"
	"context"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/experiments"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/present/unit"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// LifeBackend is what the life of an experiment asks of the use cases.
type LifeBackend interface {
	Generate(ctx context.Context, o experiments.GenerateOptions) ([]experiments.Wrote, error)
	New(ctx context.Context, o experiments.NewOptions) (board.Row, []experiments.Wrote, error)
	Rename(ctx context.Context, id, to, out string) (experiments.Renaming, error)
	Delete(ctx context.Context, ids []string, results bool) ([]experiments.Deletion, error)
	Restore(name string) ([]experiments.Deletion, error)
	Archive(ids []string, on bool) error
	Say(run string, change func(*model.Said)) (model.Run, error)
}

// life makes, renames, deletes, hides and notes on experiments: those marked, or the one under the cursor.
type life struct {
	env    env
	list   *list.List[row]
	marks  marks
	dialog *pane.Dialog
	work   pane.Task[string]
	state  func(r row) string
}

// do does something to files, says what was done and has all read again; goes to an experiment then, if one is named.
func (l *life) do(to string, work func(ctx context.Context) (string, error)) tea.Cmd {
	return l.work.Start(l.env.Ctx, work, func(said string, err error) tea.Cmd {
		say := pane.Send(pane.Note{Text: said, Tone: theme.Good})
		if err != nil {
			say = pane.Refused(err)
		} else if clear(l.list.Marks); to != "" {
			l.list.Want(to)
		}
		return tea.Sequence(say, pane.Send(pane.ReloadMsg{}))
	})
}

func (l *life) generate() tea.Cmd {
	return l.do("", func(ctx context.Context) (string, error) {
		wrote, err := l.env.Generate(ctx, experiments.GenerateOptions{})
		return unit.Plural(len(wrote), "file") + " written · e edits an experiment, s submits it", err
	})
}

// create asks for a new experiment, from the catalogue or another one.
func (l *life) create() tea.Cmd {
	return l.dialog.Type(pane.Field{Prompt: "new experiment ", Text: freeID("E1.0", taken(l.list)) + " ",
		Keys: []pane.Key{pane.Hint("E9.1 from=E2.1", "tp=4 batch=8 model=… changes that")},
		Take: func(text string) tea.Cmd {
			words := strings.Fields(text)
			if len(words) == 0 {
				return nil
			}
			return l.do(words[0], func(ctx context.Context) (string, error) {
				edits, err := editsOf(words[1:])
				o := experiments.NewOptions{ID: words[0]}
				for _, e := range edits {
					if e.Path == "from" {
						o.From = e.Value
					} else {
						o.Edits = append(o.Edits, e)
					}
				}
				if err == nil {
					_, _, err = l.env.New(ctx, o)
				}
				return o.ID + " made · e edits it · s submits it", err
			})
		}})
}

func (l *life) rename() tea.Cmd {
	r, _ := l.list.Current()
	id := r.Experiment.ID
	return l.dialog.Type(pane.Field{Prompt: "rename " + id + " to ", Text: id, Take: func(to string) tea.Cmd {
		if to = strings.TrimSpace(to); to == id || to == "" {
			return nil
		}
		return l.do(to, func(ctx context.Context) (string, error) {
			done, err := l.env.Rename(ctx, id, to, "")
			said := id + " is " + to + " now"
			if n := len(done.Moved); n > 0 {
				said += ", with " + unit.Plural(n, "folder") + " of results"
			}
			for _, note := range done.Notes {
				short, _, _ := strings.Cut(note, ": ")
				said += " · " + short
			}
			return said, err
		})
	}})
}

// remove asks whether results go as well, and puts what is chosen into the trash.
func (l *life) remove() tea.Cmd {
	ids, runs := l.marks.chosen(), 0
	var body []string
	for _, r := range l.list.Chosen() {
		state := l.state(r)
		if n := len(r.Runs()); n > 0 {
			runs, state = runs+n, state+" · "+unit.Plural(n, "run")
		}
		body = append(body, r.Experiment.ID+"  "+r.Experiment.Layout.Short()+" · "+state)
	}
	popup := &widget.Popup{Title: "Delete " + named(ids) + "?", Buttons: []string{"Delete", "With results", "Leave"}, Choice: 2,
		Body: append(body, "", "It goes into a trash: z has it back, also after a restart.")}
	if runs == 0 {
		popup.Buttons, popup.Choice = []string{"Delete", "Leave"}, 1
	}
	remove := func(results bool) tea.Cmd {
		return l.do("", func(ctx context.Context) (string, error) {
			done, err := l.env.Delete(ctx, ids, results)
			return deleted(done) + " deleted · z has it back", err
		})
	}
	ask := &pane.Ask{Popup: popup, Yes: func() tea.Cmd { return remove(false) }}
	if runs > 0 {
		ask.Yes, ask.Do = nil, func(answer int) tea.Cmd { return remove(answer == 1) }
	}
	return l.dialog.Ask(ask)
}

func deleted(all []experiments.Deletion) string {
	return named(model.Each(all, func(d experiments.Deletion) string { return d.ID }))
}

func named(ids []string) string {
	if len(ids) == 1 {
		return ids[0]
	}
	return unit.Plural(len(ids), "experiment")
}

// undelete has the newest deletion back.
func (l *life) undelete() tea.Cmd {
	return l.do("", func(context.Context) (string, error) {
		done, err := l.env.Restore("")
		return "back again: " + deleted(done), err
	})
}

// archive hides what is chosen, or shows it again where all of that is hidden.
func (l *life) archive() tea.Cmd {
	ids, on := l.marks.chosen(), false
	for _, r := range l.list.Chosen() {
		on = on || !r.Archived
	}
	return l.do("", func(context.Context) (string, error) {
		if err := l.env.Archive(ids, on); err != nil || !on {
			return named(ids) + " back on the board", err
		}
		return named(ids) + " archived · / archived:yes shows it, a has it back", nil
	})
}

// note asks for a text that is kept with the newest run, tag for the words that find it.
func (l *life) note() tea.Cmd {
	return l.say("note on ", func(s *model.Said) string { return s.Note }, func(s *model.Said, text string) { s.Note = text })
}

func (l *life) tag() tea.Cmd {
	return l.say("tags of ", func(s *model.Said) string { return strings.Join(s.Tags, " ") },
		func(s *model.Said, text string) { s.Tags = strings.Fields(strings.ReplaceAll(text, "#", " ")) })
}

func (l *life) say(prompt string, of func(*model.Said) string, set func(*model.Said, string)) tea.Cmd {
	r, _ := l.list.Current()
	return l.dialog.Type(pane.Field{Prompt: prompt + r.Run.Name + ": ", Text: of(&r.Run.Said), Take: func(text string) tea.Cmd {
		return l.do("", func(context.Context) (string, error) {
			run, err := l.env.Say(r.Run.Name, func(s *model.Said) { set(s, text) })
			return run.Name + ": " + cmp.Or(run.Said.Words(), "nothing noted"), err
		})
	}})
}

func lifeKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.On("n", "n", "new", "make an experiment: E9.1 from=E2.1 tp=4"), Do: func(p *Pane) tea.Cmd { return p.life.create() }, Why: mayMake},
		{Key: pane.On("R", "R", "rename…", "give it another id; file, results and history follow"),
			Do: func(p *Pane) tea.Cmd { return p.life.rename() }, Why: mayChange},
		{Key: pane.On("D", "D", "delete…", "put it, or all that are marked, into the trash, results too or not"),
			Do: func(p *Pane) tea.Cmd { return p.life.remove() }, Why: mayChange},
		{Key: pane.On("z", "z", "undelete", "have back what was deleted last, also by an earlier session"),
			Do: func(p *Pane) tea.Cmd { return p.life.undelete() }, Why: mayMake},
		{Key: pane.On("a", "a", "archive", "hide it, or all that are marked: the filter archived:yes shows them, a has them back"),
			Do: func(p *Pane) tea.Cmd { return p.life.archive() }, Why: mayChange},
		{Key: pane.On("N", "N", "note…", "note something on its newest run"), Do: func(p *Pane) tea.Cmd { return p.life.note() }, Why: mayNote},
		{Key: pane.On("#", "#", "tags…", "words to find its newest run by: tag:word"), Do: func(p *Pane) tea.Cmd { return p.life.tag() }, Why: mayNote},
	}
}

// emptyKeys are those of a workspace without experiments.
func emptyKeys() pane.Table[*Pane] {
	return append(pane.Table[*Pane]{{Key: pane.Foot("enter", "↵", "generate", "write the first three experiments, E1.1 to E1.3, with their scripts"),
		Do: func(p *Pane) tea.Cmd { return p.life.generate() }, Why: mayMake}}, lifeKeys()...)
}

func mayMake(p *Pane) string { return pane.Locked(p.env.Backend, "change anything") }

// mayChange is mayWrite for what is an experiment with an id; a file that cannot be read can still be deleted.
func mayChange(p *Pane) string {
	r, _ := p.list.Current()
	switch {
	case len(p.list.Marks) > 0:
	case r.sweep != nil:
		return "a sweep is a file, " + r.sweep.File + ": e opens it"
	case r.pending() != "":
		return r.pending()
	case r.Experiment.ID == "":
		return cmp.Or(p.list.Missing(), "its file has no id: e opens it")
	}
	return mayMake(p)
}

func mayNote(p *Pane) string { return cmp.Or(mayMake(p), needRun(p)) }
