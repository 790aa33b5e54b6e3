package config

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/sweep"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// several are the fields of which several values were typed, by key, as they were typed. They make a sweep of the experiment, and
// are no part of its own file.
type several struct {
	varied     map[string]string // not changed: each edit makes another
	past, next []varyStep
}

// varyStep is an edit that can be taken back.
type varyStep struct {
	varied map[string]string
	draft  bool // it changed the draft too
}

// vary notes an edit of some keys: those with several values vary from now on, the others do no longer.
func (s *several) vary(draft bool, edits ...model.Edit) {
	s.past, s.next = append(s.past, varyStep{s.varied, draft}), nil
	s.varied = maps.Clone(s.varied)
	for _, e := range edits {
		if delete(s.varied, e.Path); sweep.Several(e.Path, e.Value) {
			if s.varied == nil {
				s.varied = map[string]string{}
			}
			s.varied[e.Path] = e.Value
		}
	}
}

// step takes an edit back, or makes it again; draft does so to the draft.
func (s *several) step(from, to *[]varyStep, draft func() bool) bool {
	last := len(*from) - 1
	if last < 0 {
		return draft()
	}
	step := (*from)[last]
	if step.draft {
		draft()
	}
	*from, *to = (*from)[:last], append(*to, varyStep{s.varied, step.draft})
	s.varied = step.varied
	return true
}

// set changes keys, all or none, and notes what they were. Several values of a key change nothing in the draft.
func (f *file) set(edits ...model.Edit) error {
	was, before := map[string]string{}, f.draft.Experiment()
	var single []model.Edit
	for _, e := range edits {
		if was[e.Path] = f.draft.Get(e.Path); !sweep.Several(e.Path, e.Value) {
			single = append(single, e)
		} else if _, err := sweep.AxisOf(e.Path, e.Value); err != nil {
			return err
		}
	}
	if err := f.draft.SetAll(single...); err != nil {
		return err
	}
	f.vary(!reflect.DeepEqual(before, f.draft.Experiment()), edits...)
	for path, value := range was {
		if _, known := f.first[path]; !known {
			f.first[path] = value
		}
	}
	return nil
}

// swept is the sweep that the form stands for, its fields in the order of the form: the experiment as it is on disk, its changes
// as one value each.
func (f *file) swept(id string, edits []model.Edit) sweep.Sweep {
	s := sweep.Sweep{ID: id, Base: f.id, Repeat: 1}
	place := func(e model.Edit) int {
		return slices.IndexFunc(fields, func(k field) bool { return k.path == e.Path })
	}
	edits = slices.SortedStableFunc(slices.Values(edits), func(a, b model.Edit) int { return place(a) - place(b) })
	for _, e := range edits {
		switch {
		case sweep.Several(e.Path, e.Value):
			axis, _ := sweep.AxisOf(e.Path, e.Value) // it was read when it was typed
			s.Axes = append(s.Axes, axis)
		case !slices.Contains([]string{"description", "output_dir"}, e.Path): // each point has its own
			s.Axes = append(s.Axes, sweep.Axis{Paths: []string{e.Path}, Values: [][]string{{e.Value}}})
		}
	}
	return s
}

// work works the sweep out, as it would be saved.
func (j *judged) work(e env, f *file) {
	j.varying = f.varied
	if len(j.varying) == 0 {
		return
	}
	for path, value := range j.varying {
		j.values[path] = value
	}
	j.sweepID = freeSweep(e.SweepIDs())
	j.plan, _, j.planErr = e.DraftSweep(e.Ctx, f.swept(j.sweepID, j.edits))
}

// sweepLines are what the panel says of a sweep: points, price, time, and what is impossible.
func (p panel) sweepLines() []string {
	if p.planErr != nil {
		return p.bad("Sweep", present.Problems(p.plan.File, p.planErr.Error()))
	}
	total := pane.Joined(p.width-20, strings.Split(present.SweepTotal(p.plan), " · ")...)
	lines := []string{labelled("Sweep", p.theme.Paint(theme.Strong, total))}
	if text := present.SweepTime(p.plan); text != "" {
		lines = append(lines, labelled("", pane.Joined(p.width-20, strings.Split(text, " · ")...)))
	}
	for _, text := range present.SweepRefused(p.plan) {
		if len(lines) < 4 {
			lines = append(lines, labelled("", p.theme.Paint(theme.Warn, widget.Sentence(text, p.width-20))))
		}
	}
	return lines
}

// askSweep asks for the id of the sweep that the form stands for, and whether to write it; not so where then, which gets
// its id, asks in its turn.
func askSweep(p *Pane, f *file, text string, then func(id string) tea.Cmd) tea.Cmd {
	return p.Dialog.Type(pane.Field{Prompt: "save as the sweep ", Text: text,
		Keys: []pane.Key{pane.Hint("id", "the name of its file, and of its points")},
		Take: func(id string) tea.Cmd {
			s := f.swept(strings.TrimSpace(id), f.edits)
			return p.sweep.Start(p.env.Ctx, func(ctx context.Context) (drafted, error) {
				plan, text, err := p.env.DraftSweep(ctx, s)
				return drafted{s, plan, text}, err
			}, func(d drafted, err error) tea.Cmd {
				if err != nil {
					askSweep(p, f, id, then)
					return pane.Fail(err)
				}
				if then != nil {
					return p.writeSweep(f, d, then)
				}
				return p.confirmSweep(f, d)
			})
		}})
}

// drafted is a sweep that is not written yet.
type drafted struct {
	sweep sweep.Sweep
	plan  sweep.Plan
	text  []byte
}

func (p *Pane) confirmSweep(f *file, d drafted) tea.Cmd {
	body := strings.Split(strings.TrimRight(string(d.text), "\n"), "\n")
	body = append(body, "", present.SweepTotal(d.plan), present.SweepTime(d.plan))
	body = append(append(body, present.SweepRefused(d.plan)...), "", f.id+" stays as it is; nothing is submitted yet.")
	popup := &widget.Popup{Title: "Write " + d.plan.File + "?", Body: body, Buttons: []string{"Save", "Not yet"}}
	return pane.Send(&pane.Ask{Popup: popup, Yes: func() tea.Cmd { return p.writeSweep(f, d, nil) }})
}

func (p *Pane) writeSweep(f *file, d drafted, then func(id string) tea.Cmd) tea.Cmd {
	return p.sweep.Start(p.env.Ctx, func(ctx context.Context) (drafted, error) {
		_, err := p.env.CreateSweep(ctx, d.sweep)
		return d, err
	}, func(_ drafted, err error) tea.Cmd {
		if err != nil {
			askSweep(p, f, d.sweep.ID, then)
			return pane.Fail(err)
		}
		return p.sweepMade(f, d.sweep.ID, then)
	})
}

// sweepMade goes to the sweep's row on the board; the form is the experiment's own again.
func (p *Pane) sweepMade(f *file, id string, then func(id string) tea.Cmd) tea.Cmd {
	delete(p.files, f.id)
	after := []tea.Cmd{p.show(f.id), p.unsaved.keepSoon(), pane.Send(pane.ReloadMsg{}),
		pane.Send(pane.OpenMsg{To: pane.Experiments, Sweep: id})}
	if then != nil {
		return tea.Sequence(append(after, pane.Say("the sweep "+id+" is saved"), then(id))...)
	}
	said := pane.Note{Text: "the sweep " + id + " is saved · s submits it · ↵ shows its points", Tone: theme.Good}
	return tea.Sequence(append(after, pane.Send(said))...)
}

// freeSweep is an id that no sweep has.
func freeSweep(taken []string) string {
	for n := 1; ; n++ {
		if id := fmt.Sprintf("scan%d", n); !slices.Contains(taken, id) {
			return id
		}
	}
}

func (f *file) undo() bool { return f.step(&f.past, &f.next, f.draft.Undo) }

func (f *file) redo() bool { return f.step(&f.next, &f.past, f.draft.Redo) }

// sweepNote says what stands in the way of the sweep, else how it is saved.
func sweepNote(j *judged) pane.Note {
	if j.planErr != nil {
		return pane.Note{Text: present.Problems(j.plan.File, j.planErr.Error())[0], Tone: theme.Bad}
	}
	return pane.Note{Text: "w saves it as a sweep, s submits it then · the experiment stays as it is"}
}
