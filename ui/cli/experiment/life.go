package experiment

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/experiments"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/cli/command"
)

// Rename gives an experiment another id.
func Rename(e *command.Env) *cobra.Command {
	out := ""
	c := e.Command("rename ID NEW", "give an experiment another id; file, results and history follow", `
Renames an experiment: its config and job script, the folders of its results where they
are called by its id (--output-dir moves them wherever they are), its jobs in the history,
baselines, sweeps of it, and what other configs and comments say of it. It is refused while
a job of it has not ended and while its file is being edited. Whatever interrupts it, the
next shardeck does the rest.`, func(ctx context.Context, a *app.App, words []string) error {
		r, err := a.Rename(ctx, words[0], words[1], out)
		return e.Answer(err, r, func() {
			e.Say("%s is %s now: %s", r.From, r.ID, r.File)
			for _, m := range r.Moved {
				e.Say("moved       %s → %s", m.From, m.To)
			}
			e.Warnings(r.Notes)
		})
	})
	c.Example = "  shardeck rename E9.1 E2.4\n  shardeck rename E1.2 llama-tp2 --output-dir trace_collection/llama-tp2"
	c.Flags().StringVar(&out, "output-dir", "", "where its results go; empty: after the new id, where they are called by the old")
	return c
}

// Delete puts experiments into the trash.
func Delete(e *command.Env) *cobra.Command {
	var results, purge bool
	c := e.Command("delete ID…", "put experiments into the trash; restore has them back", `
Deletes configs and job scripts, and with --results the folders of their runs, older ones
and those under nsys too. All of it goes into a trash, from which shardeck restore has it
back at any time; jobs stay in the history. It is refused while a job has not ended and
while the file is being edited. --purge removes for good what is in the trash already,
by id or by the name that shardeck restore lists.`, func(ctx context.Context, a *app.App, ids []string) error {
		question := map[bool]string{true: "Remove for good ", false: "Delete "}[purge]
		if question += strings.Join(ids, ", "); results {
			question += ", results too"
		}
		if err := e.Ask(ctx, question+"?"); err != nil {
			return err
		}
		done, err := []experiments.Deletion(nil), error(nil)
		if purge {
			done, err = model.Through(ids, a.Purge)
		} else {
			done, err = a.Delete(ctx, ids, results)
		}
		return cmp.Or(e.Show(append([]experiments.Deletion{}, done...), func() {
			for _, d := range done {
				if purge {
					e.Say("removed     %s", d.Name)
				} else {
					e.Say("deleted     %s%s · back: shardeck restore %s", d.ID, withResults(d), d.ID)
				}
			}
		}), err)
	})
	c.Example = "  shardeck delete E9.1 --results --yes\n  shardeck restore E9.1"
	c.Flags().BoolVar(&results, "results", false, "the folders of their runs, too")
	c.Flags().BoolVar(&purge, "purge", false, "remove for good what is in the trash")
	e.Asks(c, "do not ask")
	return c
}

func withResults(d experiments.Deletion) string {
	if len(d.Results) == 0 {
		return ""
	}
	return " with " + unit.Plural(len(d.Results), "folder") + " of results"
}

// Restore has experiments back from the trash.
func Restore(e *command.Env) *cobra.Command {
	return e.Command("restore [ID…]", "have experiments back that were deleted; alone it lists them", `
Has experiments back as they were, with the results that went with them, by id (the newest
deletion of it) or by the name of a deletion. It is refused where another experiment has
the id by now. Without an id it lists what is in the trash.`, func(_ context.Context, a *app.App, ids []string) error {
		if len(ids) == 0 {
			all, err := a.Deleted()
			return e.Answer(err, append([]experiments.Deletion{}, all...), func() { printTrash(e, all) })
		}
		every, err := model.Through(ids, a.Restore)
		done := slices.Concat(every...)
		return cmp.Or(e.Show(append([]experiments.Deletion{}, done...), func() {
			for _, d := range done {
				e.Say("restored    %s%s", d.ID, withResults(d))
			}
		}), err)
	})
}

func printTrash(e *command.Env, all []experiments.Deletion) {
	t := present.Table{Columns: present.Columns("ID", "deleted", "results", "name")}
	for _, d := range all {
		t.Add(present.Texts(d.ID, d.At.Local().Format(time.DateTime), cmp.Or(strings.Join(d.Results, " "), unit.Missing), d.Name)...)
	}
	if e.Rows(t); len(all) == 0 {
		e.Warn("the trash is empty")
	}
}

// Archive puts experiments out of sight.
func Archive(e *command.Env) *cobra.Command {
	var back bool
	c := e.Command("archive [ID…]", "put experiments out of sight of the board, or back; alone it lists them", `
Hides experiments from the board and from what is drawn of it. Nothing of them is touched:
every command finds them by their ids, and the board by the filter archived:yes.`, func(_ context.Context, a *app.App, ids []string) error {
		if len(ids) > 0 {
			if err := a.Archive(ids, !back); err != nil {
				return err
			}
		}
		all := append([]string{}, a.Archived()...)
		return e.Show(all, func() { e.Say("archived    %s", cmp.Or(strings.Join(all, ", "), "none")) })
	})
	c.Flags().BoolVar(&back, "back", false, "put them back on the board")
	return c
}

// Note writes down what is to be remembered of a run.
func Note(e *command.Env) *cobra.Command {
	var remove bool
	c := e.Command("note RUN [TEXT…]", "note something on a run, or say what is noted", `
Keeps a text with a run, in its folder, so that it goes where the run goes. The board, the
metrics and the filter note:~word show and find it. Without a text it says what is noted.`, func(_ context.Context, a *app.App, words []string) error {
		text := strings.Join(words[1:], " ")
		return say(e, a, words[0], text != "" || remove, func(s *model.Said) { s.Note = text })
	})
	c.Example = "  shardeck note E1.2 before the driver was updated"
	c.Flags().BoolVar(&remove, "remove", false, "forget the note")
	return c
}

// Tag gives a run words to find it by.
func Tag(e *command.Env) *cobra.Command {
	var remove bool
	c := e.Command("tag RUN [TAG…]", "give a run tags to find it by, or say which it has", `
Tags are single words kept with a run; the board shows them and finds them by tag:WORD.
--remove takes those named away again. Without a tag it says which there are.`, func(_ context.Context, a *app.App, words []string) error {
		return say(e, a, words[0], len(words) > 1, func(s *model.Said) {
			s.Tags = slices.DeleteFunc(s.Tags, func(t string) bool { return slices.Contains(words[1:], t) })
			if !remove {
				s.Tags = append(s.Tags, words[1:]...)
			}
		})
	})
	c.Example = "  shardeck tag llama-8b-tp2 reference paper"
	c.Flags().BoolVar(&remove, "remove", false, "take these tags away")
	return c
}

// say changes what is noted of a run, if that is asked for, and prints it.
func say(e *command.Env, a *app.App, name string, changes bool, change func(*model.Said)) error {
	run, err := a.Run(name)
	if err == nil && changes {
		run, err = a.Life.Say(name, change)
	}
	return e.Answer(err, struct {
		Run string `json:"run"`
		model.Said
	}{run.Name, run.Said}, func() { fmt.Fprintf(e.Out, "%s  %s\n", run.Name, cmp.Or(run.Said.Words(), "nothing noted")) })
}
