package lab

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/aymanbagabas/go-udiff"

	"shardeck/backend/render"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/check"
)

// Preview is what Submit would submit; nsys, or profiling.nsys in the config, chooses
// the script for Nsight Systems. A script that the user edited is taken as it
// is, with a warning; nothing is written.
func (l *Lab) Preview(ctx context.Context, id string, nsys bool) (Preview, error) {
	row, err := l.Row(id)
	if err != nil {
		return Preview{}, err
	}
	return l.preview(ctx, row, nsys)
}

// PreviewOf is what Submit would submit if an experiment were saved as it stands in an editor.
func (l *Lab) PreviewOf(ctx context.Context, e model.Experiment, nsys bool) (Preview, error) {
	row, err := l.Row(e.ID)
	if err != nil {
		return Preview{}, err
	}
	row.Experiment, row.Problem = l.overlaid(e), ""
	row.Verdict = l.Check(row.Experiment)
	return l.preview(ctx, row, nsys)
}

func (l *Lab) preview(ctx context.Context, row Row, nsys bool) (Preview, error) {
	if row.Problem != "" {
		return Preview{Row: row}, invalid(row.Problem, "")
	}
	nsys = nsys || row.Experiment.WantsNsys()
	p := Preview{Row: row, Nsys: nsys, Config: row.File}
	if err := l.previewConfig(&p); err != nil {
		return p, err
	}
	script := l.previewPlain
	if nsys {
		script = l.previewNsys
	}
	if err := script(&p); err != nil {
		return p, err
	}
	p.Row.Verdict.Findings = append(p.Row.Verdict.Findings, l.oldRunner(row.Experiment)...)
	p.Keeps = l.keeps(row.Experiment.ResultDir(nsys))
	if s := l.last(row.Experiment.ID); s != nil {
		name := "the script submitted " + s.At.Local().Format("2 Jan 15:04")
		p.Diff = udiff.Unified(name, name+" (edited)", s.Script, p.Script)
	}
	return p, ctx.Err()
}

// keeps is the name that the job script gives to the result that lies in dir now.
func (l *Lab) keeps(dir string) string {
	run, err := l.ws.Run(l.ws.Path(dir))
	if err != nil || dir == "" {
		return "" // the usual case: there is none
	}
	return run.Name + model.OldMark + cmp.Or(run.JobID, "before-JOB")
}

// previewConfig gives the job a config of its own when --set changes keys of it: a
// job reads its config from a file, and the user's stays as it is.
func (l *Lab) previewConfig(p *Preview) error {
	if len(l.experimentSets) == 0 {
		return nil
	}
	doc, err := l.ws.OpenDocument(p.Row.File)
	if err != nil {
		return kinded(err)
	}
	for _, e := range l.experimentSets {
		if err := doc.Set(e.Path, e.Value); err != nil {
			return kinded(err)
		}
	}
	if doc.Modified() {
		sum := sha256.Sum256(doc.Text())
		p.Config = fmt.Sprintf("%s/configs/%s_%x.yaml", workspace.PrivateDir, p.Row.Experiment.ID, sum[:4])
		p.config = doc.Text()
	}
	return nil
}

// previewPlain is run_<id>.sh: as rendered now, or as the user edited it.
func (l *Lab) previewPlain(p *Preview) error {
	e := p.Row.Experiment
	p.Path, p.Log = render.ScriptPath(e.ID), workspace.LogsDir+"/"+e.ID+"_%j.out"
	if text, edited := l.ws.Edited(p.Path); edited {
		if p.config != nil {
			return invalid(fmt.Sprintf("%s was edited by hand, so --set cannot reach what it runs", p.Path),
				"change the config instead, or make the script anew: shardeck generate --force "+e.ID)
		}
		p.Script = text
		p.Row.Verdict.Findings = append(p.Row.Verdict.Findings, check.Finding{
			Code: "script-edited", Severity: check.SeverityWarning, Edits: []model.Edit{},
			Fault: fmt.Sprintf("%s was edited by hand and is submitted as it is", p.Path),
			Fix:   "to make it anew from the config: shardeck generate --force " + e.ID,
		})
		return nil
	}
	text, err := render.Script(l.jobOf(p.Config, e))
	if err != nil {
		return l.unscripted(p.Row, err)
	}
	p.Script = string(text)
	return nil
}

// previewNsys is made for this experiment; run_with_nsys.sh on disk is for running by hand.
func (l *Lab) previewNsys(p *Preview) error {
	e := p.Row.Experiment
	text, err := render.NsysScript(l.jobOf(p.Config, e))
	if err != nil {
		return l.unscripted(p.Row, err)
	}
	p.Script, p.Path, p.Log = string(text), render.NsysPath, workspace.LogsDir+"/"+e.ID+"_nsys_%j.out"
	return nil
}

// unscripted says why there is no script: first what is wrong with the experiment.
func (l *Lab) unscripted(row Row, err error) error {
	if refused := row.refusal(); refused != nil {
		return refused
	}
	return &Fault{Text: "no job script for " + row.Experiment.ID, Cause: err, Kind: ErrInvalid}
}
