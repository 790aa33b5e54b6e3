package sweep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"shardeck/backend/config"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/sweep"
)

// DraftSweep works out a sweep that is not saved, of its id, base, axes and repeats, and says how its file would read. It is
// refused where it cannot be worked out.
func (s *Sweeps) DraftSweep(ctx context.Context, d sweep.Sweep) (sweep.Plan, []byte, error) {
	if err := model.CheckID(d.ID); err != nil {
		return sweep.Plan{}, nil, &model.Fault{Text: err.Error(), Kind: model.ErrInvalid}
	}
	file, text := workspace.SweepsDir+"/"+d.ID+".yaml", Text(d.Base, d.Axes, d.Repeat)
	read, err := Read(d.ID, "", text) // a fault has no place in a file that is not there
	if err != nil {
		return sweep.Plan{}, text, err
	}
	p, err := s.planOf(ctx, read, file)
	return p, text, err
}

// CreateSweep writes the file of a new sweep, as DraftSweep has it. It is refused where one of that id is there.
func (s *Sweeps) CreateSweep(ctx context.Context, d sweep.Sweep) (sweep.Plan, error) {
	if err := s.Workspace.Writable("write a sweep"); err != nil {
		return sweep.Plan{}, err
	}
	p, text, err := s.DraftSweep(ctx, d)
	if err != nil {
		return p, err
	}
	err = s.Workspace.CreateFile(p.File, text, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return p, model.Invalid(fmt.Sprintf("there is a sweep %s already", d.ID), "choose another id, or edit "+p.File)
	}
	return p, err
}

// WritePoints writes the configs of the points that lack one; points that are impossible get none. It returns their files.
func (s *Sweeps) WritePoints(ctx context.Context, p sweep.Plan) ([]string, error) {
	if err := s.Workspace.Writable("write configs"); err != nil {
		return nil, err
	}
	doc, err := s.Workspace.OpenDocument(p.Base.File)
	if err != nil {
		return nil, err
	}
	var wrote []string
	for _, x := range p.Points {
		if x.File != "" || x.State == sweep.LeftOut || x.State == sweep.Impossible {
			continue
		}
		if ctx.Err() != nil {
			return wrote, ctx.Err()
		}
		rel, err := s.writePoint(doc.Text(), x)
		if err != nil {
			return wrote, err
		}
		wrote = append(wrote, rel)
	}
	return wrote, nil
}

// writePoint writes one config, with the comments of the base.
func (s *Sweeps) writePoint(base []byte, x sweep.Status) (string, error) {
	rel := workspace.ConfigsDir + "/" + x.ID + ".yaml"
	doc, err := config.NewDocument(rel, base)
	if err != nil {
		return rel, err
	}
	own := []model.Edit{{Path: "experiment_id", Value: x.ID}, {Path: "description", Value: x.Experiment.Description},
		{Path: "output_dir", Value: x.Experiment.OutputDir}}
	if err := doc.SetAll(append(own, x.Edits...)...); err != nil {
		return rel, &model.Fault{Text: rel, Cause: err, Kind: model.ErrInvalid}
	}
	return rel, s.Workspace.CreateFile(rel, doc.Text(), 0o644)
}
