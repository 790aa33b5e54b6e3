package experiments

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"shardeck/backend/config"
	"shardeck/backend/generated"
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
	p, err := o.plan(x)
	if err != nil {
		return board.Row{}, nil, err
	}
	if err := x.Workspace.CreateFile(p.rel, p.doc.Text(), 0o644); err != nil {
		return board.Row{}, nil, err
	}
	return p.withScript(x)
}

type planned struct {
	doc *config.Document
	rel string // where it would be written
}

func (o NewOptions) plan(x *Experiments) (planned, error) {
	if err := o.checkFree(x); err != nil {
		return planned{}, err
	}
	doc, err := o.template(x)
	if err != nil {
		return planned{}, err
	}
	for _, e := range o.edits(doc) {
		path, err := config.Path(e.Path)
		if err == nil {
			err = doc.Change(model.Edit{Path: path, Value: e.Value})
		}
		if err != nil {
			return planned{}, &model.Fault{Text: fmt.Sprintf("%s=%s", e.Path, e.Value), Cause: err, Kind: model.ErrInvalid}
		}
	}
	if err := doc.Err(); err != nil {
		return planned{}, err
	}
	rel, err := render.ConfigPath(o.ID, render.Slug(doc.Experiment()))
	if err != nil {
		return planned{}, &model.Fault{Cause: err, Kind: model.ErrInvalid}
	}
	return planned{doc, rel}, nil
}

func (p planned) withScript(x *Experiments) (board.Row, []Wrote, error) {
	g := &generation{x: x, wrote: []Wrote{{Path: p.rel, Action: generated.Created}}}
	f := x.Workspace.ReadFile(p.rel)
	if f.Err == nil && x.Check(f.Experiment).OK() {
		if err := g.script(f); err != nil {
			return x.rowOf(f), g.wrote, err
		}
	}
	row, err := x.Row(f.Experiment.ID)
	return row, g.wrote, err
}

func (o NewOptions) checkFree(x *Experiments) error {
	if err := model.CheckID(o.ID); err != nil {
		return &model.Fault{Text: err.Error(), Kind: model.ErrInvalid}
	}
	if slices.Contains(x.IDs(), o.ID) {
		return model.Invalid(fmt.Sprintf("there is an experiment %s already", o.ID), "choose another id, or edit that one")
	}
	return nil
}

func (o NewOptions) template(x *Experiments) (*config.Document, error) {
	from := o.From
	if from != "" && slices.Contains(x.IDs(), from) {
		row, err := x.Row(from)
		if err != nil {
			return nil, err
		}
		return x.Workspace.OpenDocument(row.File)
	}
	entries, err := catalogueOf(x.Workspace)
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
	p, err := NewOptions{ID: newID, From: id, Edits: edits}.plan(x)
	if err != nil {
		return board.Row{}, err
	}
	e := x.WithSets(p.doc.Experiment())
	return board.Row{File: p.rel, Experiment: e, Verdict: x.Check(e)}, nil
}
