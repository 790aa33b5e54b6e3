package experiments

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"shardeck/backend/claim"
	"shardeck/backend/render"
	"shardeck/backend/workspace"
	"shardeck/model"
)

// Life is what becomes of an experiment once it is there: renamed, deleted and had back, archived, noted of.
type Life struct{ *Experiments }

func (x *Life) journal() workspace.Journal { return workspace.Journal{Workspace: x.Workspace} }

func (x *Life) archive() workspace.Archive { return workspace.Archive{Workspace: x.Workspace} }

// Deletion is what was deleted, or was had back.
type Deletion struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"` // of this deletion, where one id was deleted more than once
	File    string    `json:"file"`
	At      time.Time `json:"at"`
	Results []string  `json:"results"` // folders that went with it
}

// Resume does the rest of changes that a process began and did not live to finish, and removes halves of files that
// saves left so. What another one is at is left to it.
func (x *Life) Resume() {
	if x.Workspace.ReadOnly {
		return
	}
	x.Workspace.Clean()
	for _, c := range x.journal().Pending() {
		taken, err := claim.Take(x.Workspace, c.Experiment)
		if err != nil {
			continue
		}
		if err := x.journal().Finish(c); err != nil {
			x.Note(err.Error())
		} else {
			x.Note("the " + c.Kind + " of " + c.Experiment + ", which was broken off, is done now")
		}
		taken.Release()
	}
}

// apply gives a change its name and does it.
func (x *Life) apply(c *workspace.Change, id string, at time.Time) error {
	c.Experiment, c.At = id, at
	c.Key = workspace.NewTag(id, c.At)
	if c.Kind == workspace.Deleted {
		for i, m := range c.Moves {
			c.Moves[i].To = workspace.Away(m.From, c.Key)
		}
	}
	return x.journal().Apply(*c)
}

// hold takes an experiment, and other ids, for this process alone, once nothing is in the way of changing it.
func (x *Life) hold(ctx context.Context, id, how string, also ...string) (f workspace.File, free func(), err error) {
	if err := x.Workspace.Writable("change " + id); err != nil {
		return f, nil, err
	}
	f, err = x.Workspace.Experiment(id)
	if f.Path == "" {
		return f, nil, err
	}
	id = f.Experiment.ID
	if err := model.CheckID(id); err != nil {
		return f, nil, model.Invalid(f.Rel+" has no id that can be used", "put it right, or move the file by hand")
	}
	var held []*claim.Claim
	free = func() {
		for _, c := range held {
			c.Release()
		}
	}
	for _, one := range append([]string{id}, also...) {
		c, err := claim.Take(x.Workspace, one)
		if err != nil {
			free()
			return f, nil, err
		}
		held = append(held, c)
	}
	if why := x.inTheWay(ctx, f); why != nil {
		free()
		why.Text = id + " is not " + how + ": " + why.Text
		return f, nil, why
	}
	return f, free, nil
}

// inTheWay is why an experiment must stay as it is for now; nil: it need not.
func (x *Life) inTheWay(ctx context.Context, f workspace.File) *model.Fault {
	id := f.Experiment.ID
	if j := x.Unended(ctx, id); j != nil {
		text := "a job of it was sent and no reply came"
		if j.ID != "" {
			text = "job " + j.ID + " of it is " + j.State.Words()
		}
		return &model.Fault{Text: text, ToDo: "wait until it has ended, or shardeck cancel " + id, Kind: model.ErrActive}
	}
	unsaved, _, _ := x.Workspace.Ledger().Unsaved() // what cannot be read cannot be opened either
	if u := model.First(unsaved, func(u model.Unsaved) bool { return u.Experiment == id }); u != nil {
		return &model.Fault{Text: "the form holds changes of " + u.At.Local().Format("15:04") + " that are not saved",
			ToDo: "save them with w in the cockpit, or take them back with z", Kind: model.ErrRefused}
	}
	if other := editorOf(f.Path); other != "" {
		return &model.Fault{Text: "an editor has its file open (" + other + " is there)", ToDo: "close the editor; remove that file if none runs",
			Kind: model.ErrRefused}
	}
	if s := x.sweepOf(id); s != "" {
		return &model.Fault{Text: "it is a point of the sweep " + s + ", which knows it by its id", ToDo: "shardeck archive " + id + " hides it",
			Kind: model.ErrRefused}
	}
	return nil
}

// editorOf is the file by which an editor says that it has another one open: vim and nano, emacs, Kate; empty: there is none.
func editorOf(file string) string {
	dir, base := filepath.Split(file)
	for _, name := range []string{"." + base + ".sw?", ".#" + base, "." + base + ".kate-swp"} {
		if found, _ := filepath.Glob(dir + strings.ReplaceAll(name, "[", `\[`)); len(found) > 0 {
			return filepath.Base(found[0])
		}
	}
	return ""
}

// sweepOf is the sweep that an experiment is a point of: its id begins with the sweep's.
func (x *Life) sweepOf(id string) string {
	files, _ := x.Workspace.Sweeps()
	for _, f := range files {
		if s := strings.TrimSuffix(path.Base(f), path.Ext(f)); strings.HasPrefix(id, s+"-") {
			return s
		}
	}
	return ""
}

// alone reports whether no other config has a value of this one.
func (x *Life) alone(f workspace.File, of func(model.Experiment) string) bool {
	files, _ := x.Workspace.Experiments()
	return !slices.ContainsFunc(files, func(o workspace.File) bool { return o.Path != f.Path && of(o.Experiment) == of(f.Experiment) })
}

func outputDir(e model.Experiment) string { return e.OutputDir }

// Delete puts experiments into the trash, from which Restore has them back: configs and job scripts, with results also the folders of
// their runs. Their jobs stay in the history. It is refused as Rename is; those before one that is refused are deleted, and returned.
func (x *Life) Delete(ctx context.Context, ids []string, results bool) ([]Deletion, error) {
	at := x.Now()
	return model.Through(ids, func(id string) (Deletion, error) { return x.deleteOne(ctx, id, results, at) })
}

func (x *Life) deleteOne(ctx context.Context, id string, results bool, at time.Time) (Deletion, error) {
	f, free, err := x.hold(ctx, id, "deleted")
	if err != nil {
		return Deletion{}, err
	}
	defer free()
	c, w := workspace.Change{Kind: workspace.Deleted}, x.journal()
	id = f.Experiment.ID
	if out := f.Experiment.OutputDir; results && model.CheckOutputDir(out) == nil {
		if !x.alone(f, outputDir) {
			return Deletion{}, model.Invalid(out+" is the output directory of another experiment, too", "delete "+id+" without its results")
		}
		for _, dir := range w.ResultDirs(out) {
			c.Moves = append(c.Moves, workspace.Move{From: dir})
		}
	}
	if s, err := x.sweepsOver(id); err != nil || s != "" {
		return Deletion{}, model.Invalid(id+" is not deleted: the sweep "+s+" varies it", "remove "+s+" first, or shardeck archive "+id+" hides it")
	}
	gone := func([]byte) []byte { return nil }
	config, err1 := w.Replace(f.Rel, f.Rel, gone)
	script, err2 := w.Replace(render.ScriptPath(id), render.ScriptPath(id), gone)
	archived, err3 := x.archive().Renamed(id, "")
	if err := cmp.Or(err1, err2, err3); err != nil {
		return Deletion{}, err
	}
	c.Texts = slices.Concat(config, script, archived)
	if err := x.apply(&c, id, at); err != nil {
		return Deletion{}, err
	}
	return deletionOf(c), nil
}

// sweepsOver is the file of a sweep that varies an experiment; empty: none does.
func (x *Life) sweepsOver(id string) (string, error) {
	files, err := x.Workspace.Sweeps()
	for _, f := range files {
		if text, _ := x.Workspace.ReadText(f); baseOf(id).Match(text) {
			return f, nil
		}
	}
	return "", err
}

func deletionOf(c workspace.Change) Deletion {
	d := Deletion{ID: c.Experiment, Name: c.Key, At: c.At, Results: model.Each(c.Moves, func(m workspace.Move) string { return m.From })}
	if len(c.Texts) > 0 {
		d.File = c.Texts[0].Path
	}
	return d
}

// Deleted lists what Restore can have back, newest first.
func (x *Life) Deleted() ([]Deletion, error) {
	all, warnings, err := x.journal().Trash()
	for _, text := range warnings {
		x.Note(text)
	}
	return model.Each(all, deletionOf), err
}

// trashed is a deletion by its name, or the newest of an id; an empty one: the newest of all.
func (x *Life) trashed(name string) (workspace.Change, error) {
	all, _, err := x.journal().Trash()
	if c := model.First(all, func(c workspace.Change) bool { return name == "" || c.Experiment == name || c.Key == name }); c != nil {
		return *c, nil
	}
	fix := "the trash is empty"
	if len(all) > 0 {
		fix = "in the trash are " + strings.Join(model.Each(all, func(c workspace.Change) string { return c.Experiment }), ", ")
	}
	if err == nil {
		err = model.Unknown(fmt.Sprintf("nothing called %.60q was deleted", name), fix)
	}
	return workspace.Change{}, err
}

// Restore has experiments back from the trash, as they were: the newest of an id, or one by the name of its deletion; empty: all that were
// deleted last, together.
func (x *Life) Restore(name string) (done []Deletion, err error) {
	newest, err := x.trashed(name)
	if err != nil {
		return nil, err
	}
	all, _, err := x.journal().Trash()
	for _, c := range all {
		if err == nil && (c.Key == newest.Key || name == "" && c.At.Equal(newest.At)) {
			if err = x.restore(c); err == nil {
				done = append(done, deletionOf(c))
			}
		}
	}
	return done, err
}

func (x *Life) restore(c workspace.Change) error {
	if err := x.Workspace.Writable("restore " + c.Experiment); err != nil {
		return err
	}
	if err := (NewOptions{ID: c.Experiment}).checkFree(x.Experiments); err != nil {
		return &model.Fault{Text: c.Experiment + " is not restored", Cause: err, ToDo: "rename that one first", Kind: model.ErrRefused}
	}
	taken, err := claim.Take(x.Workspace, c.Experiment)
	if err != nil {
		return err
	}
	defer taken.Release()
	return x.journal().Undo(c)
}

// Purge removes for good what lies in the trash: the newest deletion of an id, or one by its name.
func (x *Life) Purge(name string) (Deletion, error) {
	c, err := x.trashed(name)
	if err == nil {
		err = x.Workspace.Writable("empty the trash")
	}
	if err != nil {
		return Deletion{}, err
	}
	return deletionOf(c), x.journal().Purge(c)
}

// Archive puts experiments out of sight of lists, or back; their files, runs and numbers stay where they are.
func (x *Life) Archive(ids []string, on bool) error {
	if err := x.Workspace.Writable("archive experiments"); err != nil {
		return err
	}
	for _, id := range ids {
		row, err := x.Row(id)
		if err == nil {
			err = x.archive().Put(row.Experiment.ID, on, x.Now())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Archived lists the experiments that are out of sight.
func (x *Life) Archived() []string {
	there := x.archive().IDs()
	return slices.DeleteFunc(x.IDs(), func(id string) bool { return !there[id] })
}

// Say changes what is noted of a run, of that name or the newest of an experiment, and returns it as it is then.
func (x *Life) Say(name string, change func(*model.Said)) (model.Run, error) {
	if err := x.Workspace.Writable("note anything"); err != nil {
		return model.Run{}, err
	}
	run, err := x.Workspace.Run(name)
	if err != nil {
		return run, err
	}
	change(&run.Said)
	slices.Sort(run.Said.Tags)
	run.Said.Tags = slices.Compact(run.Said.Tags)
	for _, tag := range run.Said.Tags {
		if err := tagWord.Check(tag, "%.40q cannot be a tag: use letters, digits, dots, dashes and underscores"); err != nil {
			return run, &model.Fault{Text: err.Error(), Kind: model.ErrInvalid}
		}
	}
	run.Said.Note = model.Printable(strings.Join(strings.Fields(run.Said.Note), " "))
	return run, x.Workspace.Say(run, run.Said)
}

var tagWord = model.NewPattern(`[A-Za-z0-9][A-Za-z0-9._-]*`, 40)
