package experiments

import (
	"bytes"
	"context"
	"path"
	"regexp"
	"slices"
	"strings"

	"shardeck/backend/config"
	"shardeck/backend/generated"
	"shardeck/backend/render"
	"shardeck/backend/workspace"
	"shardeck/model"
)

// Renaming is an experiment under its new id.
type Renaming struct {
	From  string           `json:"from"`
	ID    string           `json:"id"`
	File  string           `json:"file"`
	Moved []workspace.Move `json:"moved"` // folders of its results
	Notes []string         `json:"notes"`
}

// Rename gives an experiment another id: its file, its job script, its results where their folder is called by the id, what was
// submitted of it, baselines, sweeps of it and descriptions that name it follow. out is another output directory; empty: that of the
// new id. It is refused while a job of it has not ended, and while somebody edits it.
func (x *Life) Rename(ctx context.Context, id, to, out string) (done Renaming, err error) {
	if err := (NewOptions{ID: to}).checkFree(x.Experiments); err != nil {
		return done, err
	}
	f, free, err := x.hold(ctx, id, "renamed", to)
	if err != nil {
		return done, err
	}
	defer free()
	r := &renaming{x: x, f: f, from: f.Experiment.ID, to: to, c: workspace.Change{Kind: workspace.Renamed, To: to}}
	if err := r.plan(out); err != nil {
		return done, err
	}
	if err := x.apply(&r.c, r.from, x.Now()); err != nil {
		return done, err
	}
	done = Renaming{r.from, to, r.file, r.c.Moves, r.notes}
	for _, rel := range r.scripts {
		if now := x.Workspace.ReadFile(rel); now.Err == nil {
			_ = (&generation{x: x.Experiments}).script(now) // submit makes its own: nothing is lost
		}
	}
	return done, nil
}

// renaming is a rename as it is worked out.
type renaming struct {
	x        *Life
	f        workspace.File
	from, to string
	file     string   // of the new config
	scripts  []string // configs whose job scripts are ours: they are made anew
	notes    []string
	c        workspace.Change
}

func (r *renaming) plan(out string) error {
	w, was := r.x.journal(), r.f.Experiment.OutputDir
	if out == "" {
		out = calledBy(was, r.from, r.to)
	}
	if out != was {
		if err := model.CheckOutputDir(out); err != nil {
			return &model.Fault{Text: err.Error(), Kind: model.ErrInvalid}
		}
		if w.IsDir(out) {
			return model.Invalid(out+" is there already, with somebody's results", "choose another id, or another folder with --output-dir")
		}
		if !r.x.alone(r.f, outputDir) {
			return model.Invalid(was+" is the output directory of another experiment, too", "give each its own first")
		}
		for _, dir := range w.ResultDirs(was) {
			r.c.Moves = append(r.c.Moves, workspace.Move{From: dir, To: out + strings.TrimPrefix(w.Path(dir), w.Path(was))})
		}
	} else if w.IsDir(was) {
		r.notes = append(r.notes, "its results stay in "+was+": --output-dir moves them")
	}
	if err := r.config(out); err != nil {
		return err
	}
	for _, texts := range []func() ([]workspace.TextEdit, error){r.script, r.others, r.sweeps,
		func() ([]workspace.TextEdit, error) { return r.x.archive().Renamed(r.from, r.to) },
		func() ([]workspace.TextEdit, error) {
			return w.ResubmittedAs(r.from, r.to, was, out, r.x.alone(r.f, idOfExperiment))
		},
		func() ([]workspace.TextEdit, error) { return w.Baselined(was, out) }} {
		all, err := texts()
		if err != nil {
			return err
		}
		r.c.Texts = append(r.c.Texts, all...)
	}
	return nil
}

func idOfExperiment(e model.Experiment) string { return e.ID }

// calledBy is a path whose last part is an id, or begins with one, with another in its place.
func calledBy(file, from, to string) string {
	dir, base := path.Split(file)
	if rest, ok := strings.CutPrefix(base, from); ok && whole.MatchString(rest) {
		return dir + to + rest
	}
	return file
}

// whole is what may follow an id in the name of a file or folder: E1.1 does not begin E1.10 or E1.1.2.
var whole = regexp.MustCompile(`^($|[_-]|\.[^0-9])`)

// config is the file under its new name, with the new id and folder.
func (r *renaming) config(out string) error {
	doc, err := r.x.Workspace.OpenDocument(r.f.Rel)
	if err != nil {
		return err
	}
	edits := []model.Edit{{Path: "experiment_id", Value: r.to}}
	if out != r.f.Experiment.OutputDir {
		edits = append(edits, model.Edit{Path: "output_dir", Value: out})
	}
	if err := doc.SetAll(edits...); err != nil {
		return err
	}
	r.file = calledBy(r.f.Rel, r.from, r.to)
	texts, err := r.x.journal().Replace(r.f.Rel, r.file, func([]byte) []byte { return config.Renamed(doc.Text(), r.from, r.to) })
	r.c.Texts = append(texts, r.c.Texts...)
	return err
}

// script is the job script: one that was edited goes on under its new name, ours is made anew.
func (r *renaming) script() ([]workspace.TextEdit, error) {
	from, to := render.ScriptPath(r.from), render.ScriptPath(r.to)
	if _, edited := generated.Edited(r.x.Workspace, from); !edited {
		texts, err := r.x.journal().Replace(from, to, func(b []byte) []byte { return b })
		if len(texts) > 0 {
			r.scripts = append(r.scripts, r.file)
		}
		return slices.DeleteFunc(texts, func(t workspace.TextEdit) bool { return t.Now != nil }), err
	}
	r.notes = append(r.notes, to+" was edited: its paths follow, look whether the rest does")
	return r.x.journal().Replace(from, to, func(b []byte) []byte {
		return config.Renamed(bytes.ReplaceAll(b, []byte(r.f.Rel), []byte(r.file)), r.from, r.to)
	})
}

// others are the configs whose description says that they were made from this one.
func (r *renaming) others() (all []workspace.TextEdit, err error) {
	files, err := r.x.Workspace.Experiments()
	said := regexp.MustCompile(`^from ` + regexp.QuoteMeta(r.from) + `(,|$)`)
	for _, f := range files {
		if f.Path == r.f.Path || !said.MatchString(f.Experiment.Description) {
			continue
		}
		doc, err := r.x.Workspace.OpenDocument(f.Rel)
		if err != nil || doc.Set("description", said.ReplaceAllString(f.Experiment.Description, "from "+r.to+"$1")) != nil {
			continue // what cannot be edited stays as it is
		}
		texts, err := r.x.journal().Replace(f.Rel, f.Rel, func([]byte) []byte { return doc.Text() })
		if err != nil {
			return nil, err
		}
		if _, edited := generated.Edited(r.x.Workspace, render.ScriptPath(f.Experiment.ID)); !edited && len(texts) > 0 {
			r.scripts = append(r.scripts, f.Rel)
		}
		all = append(all, texts...)
	}
	return all, err
}

// sweeps are the files of sweeps over this experiment.
func (r *renaming) sweeps() (all []workspace.TextEdit, err error) {
	files, err := r.x.Workspace.Sweeps()
	for _, f := range files {
		texts, err := r.x.journal().Replace(f, f, func(b []byte) []byte { return baseOf(r.from).ReplaceAll(b, []byte("${1}"+r.to+"${2}")) })
		if err != nil {
			return nil, err
		}
		all = append(all, texts...)
	}
	return all, err
}

// baseOf is the line by which a sweep names its experiment.
func baseOf(id string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)^(base:[ \t]*["']?)` + regexp.QuoteMeta(id) + `(["']?[ \t\r]*(?:#.*)?)$`)
}
