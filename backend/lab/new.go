package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"shardeck/backend/config"
	"shardeck/backend/render"
	"shardeck/backend/workspace"
	"shardeck/model"
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
func (l *Lab) New(ctx context.Context, o NewOptions) (Row, []Wrote, error) {
	if err := l.Writable("write a config"); err != nil {
		return Row{}, nil, err
	}
	p, err := l.drawUp(o)
	if err != nil {
		return Row{}, nil, err
	}
	if err := l.ws.CreateFile(p.rel, p.doc.Text(), 0o644); err != nil {
		return Row{}, nil, kinded(err)
	}
	return l.born(ctx, p.rel)
}

// planned is a new experiment that is not written yet.
type planned struct {
	doc        *config.Document
	experiment model.Experiment
	rel        string // where it would be written
}

func (l *Lab) drawUp(o NewOptions) (planned, error) {
	if err := l.free(o.ID); err != nil {
		return planned{}, err
	}
	doc, err := l.template(o.From)
	if err != nil {
		return planned{}, err
	}
	for _, e := range o.all(doc) {
		if err := doc.Set(e.Path, e.Value); err != nil {
			return planned{}, &Fault{Text: fmt.Sprintf("%s=%s", e.Path, e.Value), Cause: err, Kind: ErrInvalid}
		}
	}
	if err := doc.Err(); err != nil {
		return planned{}, kinded(err)
	}
	e := doc.Experiment()
	rel, err := render.ConfigPath(o.ID, render.Slug(e))
	if err != nil {
		return planned{}, &Fault{Cause: err, Kind: ErrInvalid}
	}
	return planned{doc, e, rel}, nil
}

// born writes the script of a config that was just made.
func (l *Lab) born(_ context.Context, rel string) (Row, []Wrote, error) {
	g := &generation{lab: l, wrote: []Wrote{{Path: rel, Action: Created}}}
	f := l.ws.ReadFile(rel)
	if f.Err == nil && l.Check(f.Experiment).OK() {
		if err := g.script(f); err != nil {
			return l.rowOf(f), g.wrote, err
		}
	}
	row, err := l.Row(f.Experiment.ID)
	return row, g.wrote, err
}

// free refuses an id that is taken or cannot be one.
func (l *Lab) free(id string) error {
	if err := model.CheckID(id); err != nil {
		return &Fault{Text: err.Error(), Kind: ErrInvalid}
	}
	if slices.Contains(l.IDs(), id) {
		return invalid(fmt.Sprintf("there is an experiment %s already", id), "choose another id, or edit that one")
	}
	return nil
}

// template is the text that a new experiment starts from.
func (l *Lab) template(from string) (*config.Document, error) {
	if from != "" && slices.Contains(l.IDs(), from) {
		row, err := l.Row(from)
		if err != nil {
			return nil, err
		}
		doc, err := l.ws.OpenDocument(row.File)
		return doc, kinded(err)
	}
	entries, err := l.catalogue()
	if err != nil {
		return nil, err
	}
	if from == "" && len(entries) > 0 {
		from = entries[0].ID
	}
	e, ok := entry(entries, from)
	if !ok {
		return nil, noEntry(from, entries)
	}
	text, err := e.YAML()
	if err != nil {
		return nil, err
	}
	doc, err := config.NewDocument(e.ID, text)
	return doc, kinded(err)
}

// all are the edits that make it another experiment, before those asked for.
func (o NewOptions) all(doc *config.Document) []model.Edit {
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
func (l *Lab) Clone(id, newID string, edits ...model.Edit) (Row, error) {
	if _, err := l.ws.Experiment(id); err != nil {
		return Row{}, kinded(err)
	}
	row, _, err := l.New(context.Background(), NewOptions{ID: newID, From: id, Edits: edits})
	return row, err
}

// PlanClone is what Clone would make, judged; nothing is written.
func (l *Lab) PlanClone(id, newID string, edits ...model.Edit) (Row, error) {
	if _, err := l.ws.Experiment(id); err != nil {
		return Row{}, kinded(err)
	}
	p, err := l.drawUp(NewOptions{ID: newID, From: id, Edits: edits})
	if err != nil {
		return Row{}, err
	}
	e := l.overlaid(p.experiment)
	return Row{File: p.rel, Experiment: e, Verdict: l.Check(e)}, nil
}
