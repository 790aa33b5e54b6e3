package experiments

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"shardeck/backend/config"
	"shardeck/backend/render"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/board"
)

// NewOptions say what a new experiment is to be.
type NewOptions struct {
	ID    string
	From  string       // an experiment or an entry of the catalogue; empty: the catalogue's first
	Edits []model.Edit // in order
}

// New makes an experiment from another: its config, with the comments of the one it
// came from, and its script. Nothing is written if the config would not be valid; a
// layout that is not legal is written and says so in the row's verdict.
func (x *Experiments) New(_ context.Context, o NewOptions) (board.Row, []Wrote, error) {
	if err := x.Workspace.Writable("write a config"); err != nil {
		return board.Row{}, nil, err
	}
	p, err := x.plan(o)
	if err != nil {
		return board.Row{}, nil, err
	}
	if err := x.Workspace.CreateFile(p.rel, p.doc.Text(), 0o644); err != nil {
		return board.Row{}, nil, err
	}
	return x.writeScript(p.rel)
}

// planned is a new experiment that is not written yet.
type planned struct {
	doc        *config.Document
	experiment model.Experiment
	rel        string // where it would be written
}

func (x *Experiments) plan(o NewOptions) (planned, error) {
	if err := x.checkFree(o.ID); err != nil {
		return planned{}, err
	}
	doc, err := x.template(o.From)
	if err != nil {
		return planned{}, err
	}
	for _, e := range o.edits(doc) {
		if err := doc.Set(e.Path, e.Value); err != nil {
			return planned{}, &model.Fault{Text: fmt.Sprintf("%s=%s", e.Path, e.Value), Cause: err, Kind: model.ErrInvalid}
		}
	}
	if err := doc.Err(); err != nil {
		return planned{}, err
	}
	e := doc.Experiment()
	rel, err := render.ConfigPath(o.ID, render.Slug(e))
	if err != nil {
		return planned{}, &model.Fault{Cause: err, Kind: model.ErrInvalid}
	}
	return planned{doc, e, rel}, nil
}

// writeScript writes the script of a config that was just made.
func (x *Experiments) writeScript(rel string) (board.Row, []Wrote, error) {
	g := &generation{x: x, wrote: []Wrote{{Path: rel, Action: workspace.Created}}}
	f := x.Workspace.ReadFile(rel)
	if f.Err == nil && x.Check(f.Experiment).OK() {
		if err := g.script(f); err != nil {
			return x.rowOf(f), g.wrote, err
		}
	}
	row, err := x.Row(f.Experiment.ID)
	return row, g.wrote, err
}

// checkFree refuses an id that is taken or cannot be one.
func (x *Experiments) checkFree(id string) error {
	if err := model.CheckID(id); err != nil {
		return &model.Fault{Text: err.Error(), Kind: model.ErrInvalid}
	}
	if slices.Contains(x.IDs(), id) {
		return model.Invalid(fmt.Sprintf("there is an experiment %s already", id), "choose another id, or edit that one")
	}
	return nil
}

// template is the text that a new experiment starts from.
func (x *Experiments) template(from string) (*config.Document, error) {
	if from != "" && slices.Contains(x.IDs(), from) {
		row, err := x.Row(from)
		if err != nil {
			return nil, err
		}
		return x.Workspace.OpenDocument(row.File)
	}
	entries, err := x.catalogue()
	if err != nil {
		return nil, err
	}
	if from == "" && len(entries) > 0 {
		from = entries[0].ID
	}
	e, err := entry(entries, from)
	if err != nil {
		return nil, err
	}
	text, err := e.YAML()
	if err != nil {
		return nil, err
	}
	return config.NewDocument(e.ID, text)
}

// edits are the edits that make it another experiment, before those asked for.
func (o NewOptions) edits(doc *config.Document) []model.Edit {
	from := doc.Get("experiment_id")
	words := []string{"from " + from}
	for _, e := range o.Edits {
		words = append(words, e.Path[strings.LastIndexByte(e.Path, '.')+1:]+"="+e.Value)
	}
	own := []model.Edit{
		{Path: "experiment_id", Value: o.ID},
		{Path: "description", Value: strings.Join(words, ", ")},
		{Path: "output_dir", Value: workspace.TracesDir + "/" + o.ID},
	}
	return append(own, o.Edits...)
}

// Clone makes a new experiment from another; the result is written.
func (x *Experiments) Clone(id, newID string, edits ...model.Edit) (board.Row, error) {
	if _, err := x.Workspace.Experiment(id); err != nil {
		return board.Row{}, err
	}
	row, _, err := x.New(context.Background(), NewOptions{ID: newID, From: id, Edits: edits})
	return row, err
}

// PlanClone is what Clone would make, judged; nothing is written.
func (x *Experiments) PlanClone(id, newID string, edits ...model.Edit) (board.Row, error) {
	if _, err := x.Workspace.Experiment(id); err != nil {
		return board.Row{}, err
	}
	p, err := x.plan(NewOptions{ID: newID, From: id, Edits: edits})
	if err != nil {
		return board.Row{}, err
	}
	e := x.WithSets(p.experiment)
	return board.Row{File: p.rel, Experiment: e, Verdict: x.Check(e)}, nil
}
