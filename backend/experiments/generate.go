package experiments

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"shardeck/backend/catalog"
	"shardeck/backend/config"
	"shardeck/backend/generated"
	"shardeck/backend/render"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/check"
)

// GenerateOptions say what to generate.
type GenerateOptions struct {
	IDs   []string // of the catalogue, or of configs that are there; empty: the catalogue's default entries
	All   bool     // every entry
	Force bool     // overwrite what was edited
}

// nsysDefault is the experiment that run_with_nsys.sh runs unless CONFIG says otherwise.
const nsysDefault = "E1.3"

// Generate writes configs, job scripts and the runner. A file that a user edited is refused, which is an Action
// and no error. What was written before an error is listed with it.
func (x *Experiments) Generate(ctx context.Context, o GenerateOptions) ([]Wrote, error) {
	if err := x.Workspace.Writable("generate"); err != nil {
		return nil, err
	}
	g := &generation{x: x, force: o.Force}
	entries, err := g.entries(o)
	if err != nil {
		return g.wrote, err
	}
	made, err := model.Through(entries, func(e catalog.Entry) (workspace.File, error) {
		if ctx.Err() != nil {
			return workspace.File{}, ctx.Err()
		}
		return g.writeConfig(e)
	})
	if err != nil {
		return g.wrote, err
	}
	alone, err := model.Through(g.configsOnly, x.Workspace.Experiment)
	if err != nil {
		return g.wrote, err
	}
	return g.wrote, g.scripts(append(made, alone...))
}

type generation struct {
	x           *Experiments
	force       bool
	wrote       []Wrote
	configsOnly []string // ids asked for that are configs and no entries of the catalogue
}

// write writes generated files that belong together and notes what became of them.
func (g *generation) write(files map[string][]byte, force bool) error {
	outcomes, err := generated.Write(g.x.Workspace, files, force)
	if err != nil {
		return err
	}
	for _, rel := range slices.Sorted(maps.Keys(outcomes)) {
		g.wrote = append(g.wrote, Wrote{Path: rel, Action: outcomes[rel]})
	}
	return nil
}

// writeCatalogue makes the user's catalogue where there is none. Edited counts as unchanged.
func (g *generation) writeCatalogue() ([]catalog.Entry, error) {
	data, err := catalog.BuiltinCatalogue()
	if err != nil {
		return nil, err
	}
	if err := g.write(map[string][]byte{workspace.CatalogFile: data}, false); err != nil {
		return nil, err
	}
	if last := &g.wrote[len(g.wrote)-1]; last.Action == Refused {
		last.Action = Unchanged
	}
	return catalogueOf(g.x.Workspace)
}

// catalogueOf reads the user's catalogue, the embedded one where there is none.
func catalogueOf(w *workspace.Workspace) ([]catalog.Entry, error) {
	data, err := os.ReadFile(w.Path(workspace.CatalogFile))
	if errors.Is(err, fs.ErrNotExist) {
		data, err = catalog.BuiltinCatalogue()
	}
	if err != nil {
		return nil, model.Failed("the catalogue cannot be read", err, "")
	}
	entries, err := catalog.ParseCatalogue(workspace.CatalogFile, data)
	if err != nil {
		return nil, &model.Fault{Cause: err, Kind: model.ErrInvalid}
	}
	return entries, nil
}

func (g *generation) entries(o GenerateOptions) ([]catalog.Entry, error) {
	all, err := g.writeCatalogue()
	if err != nil {
		return nil, err
	}
	switch {
	case o.All && len(o.IDs) > 0:
		return nil, model.Invalid("--all and ids exclude each other", "name ids, or give --all alone")
	case o.All:
		return all, nil
	case len(o.IDs) == 0:
		return slices.DeleteFunc(slices.Clone(all), func(e catalog.Entry) bool { return !e.Default }), nil
	}
	var chosen []catalog.Entry
	for _, id := range o.IDs {
		e, err := entry(all, id)
		switch {
		case err == nil:
			chosen = append(chosen, *e)
		case slices.Contains(g.x.IDs(), id):
			g.configsOnly = append(g.configsOnly, id)
		default:
			return nil, err
		}
	}
	return chosen, nil
}

// entry finds an entry of the catalogue; the error names the nearest.
func entry(all []catalog.Entry, id string) (*catalog.Entry, error) {
	if e := model.First(all, func(e catalog.Entry) bool { return e.ID == id }); e != nil {
		return e, nil
	}
	fix := "its entries are listed in " + workspace.CatalogFile
	if near := model.DidYouMean(id, model.Each(all, func(e catalog.Entry) string { return e.ID })); near != "" {
		fix = near + " (" + fix + ")"
	}
	return nil, model.Unknown(fmt.Sprintf("no experiment %.60q in the catalogue", id), fix)
}

// writeConfig writes the config of an entry, and returns it as it lies on disk: a script follows an edited one.
func (g *generation) writeConfig(e catalog.Entry) (workspace.File, error) {
	means, problems := config.Decode(workspace.CatalogFile, e.Node())
	if len(problems) > 0 {
		return workspace.File{}, problems
	}
	rel, err := render.ConfigPath(e.ID, e.Slug)
	if err != nil {
		return workspace.File{}, &model.Fault{Cause: err, Kind: model.ErrInvalid}
	}
	// a config with this id under another name is the user's own, which a second file would only contradict, as one that was
	// renamed is, which writes where this entry would
	files, _ := g.x.Workspace.Experiments()
	own := func(f workspace.File) bool {
		return filepath.ToSlash(f.Rel) != rel && (f.Experiment.ID == e.ID || means.OutputDir != "" && f.Experiment.OutputDir == means.OutputDir)
	}
	if other := model.First(files, own); other != nil {
		g.wrote = append(g.wrote, Wrote{Path: other.Rel, Action: Unchanged})
		return *other, nil
	}
	data, err := e.YAML()
	if err != nil {
		return workspace.File{}, err
	}
	err = g.write(map[string][]byte{rel: data}, g.force)
	return g.x.Workspace.ReadFile(rel), err
}

// scripts writes the job script of each config, that for nsys and the runner, and the folders of logs.
func (g *generation) scripts(made []workspace.File) error {
	for _, f := range made {
		if f.Err != nil {
			return f.Err
		}
		if err := g.script(f); err != nil {
			return err
		}
	}
	if err := g.nsys(made); err != nil {
		return err
	}
	if err := g.writeRunner(); err != nil {
		return err
	}
	// plain sbatch opens the log before the script runs: from the workspace, and from
	// experiments/, as the original was used
	for _, dir := range []string{workspace.LogsDir, "experiments/" + workspace.LogsDir} {
		if err := g.x.Workspace.EnsureDir(dir); err != nil {
			return err
		}
	}
	return nil
}

func (g *generation) script(f workspace.File) error {
	text, err := render.Script(g.x.Script(f.Rel, f.Experiment))
	if err != nil {
		return &model.Fault{Text: "no job script for " + f.Experiment.ID, Cause: err, Kind: model.ErrInvalid}
	}
	return g.write(map[string][]byte{render.ScriptPath(f.Experiment.ID): text}, g.force)
}

// nsys writes run_with_nsys.sh for E1.3, else for the last made that runs on GPUs; replays have none.
func (g *generation) nsys(made []workspace.File) error {
	files, err := g.x.Workspace.Experiments()
	if err != nil {
		return err
	}
	if f := model.First(files, func(f workspace.File) bool { return f.Experiment.ID == nsysDefault }); f != nil {
		made = append(slices.Clone(made), *f)
	}
	for _, f := range slices.Backward(made) {
		if f.Err != nil || f.Experiment.Engine == model.EngineReplay {
			continue
		}
		text, err := render.NsysScript(g.x.Script(f.Rel, f.Experiment))
		if err != nil {
			return &model.Fault{Text: "no script for nsys", Cause: err, Kind: model.ErrInvalid}
		}
		return g.write(map[string][]byte{render.NsysPath: text}, g.force)
	}
	return nil
}

// Script is what the script of an experiment is made from.
func (x *Experiments) Script(config string, e model.Experiment) render.Job {
	return render.Job{Experiment: e, Placement: x.Check(e).Placement, Config: config, Settings: x.Settings(e)}
}

// Wrote says what Generate did with one file.
type Wrote = generated.Wrote

// Action is what became of a generated file.
type Action = generated.Outcome

// The actions that callers tell apart.
const (
	Unchanged = generated.Unchanged
	Refused   = generated.Refused
	Kept      = generated.Kept
)

// writeRunner writes what runs inside the job, its program last, so that no job which starts
// meanwhile finds it alone; and tells of what an older shardeck left.
func (g *generation) writeRunner() error {
	models, err := render.Models(g.x.World.Shapes)
	if err == nil {
		err = g.write(map[string][]byte{workspace.ModelsFile: models}, g.force)
	}
	if err != nil {
		return err
	}
	files, err := render.Runner()
	if err == nil {
		err = g.write(files, g.force)
	}
	if err != nil {
		return err
	}
	_, old := generated.Runner(g.x.Workspace)
	_, err = os.Lstat(g.x.Workspace.Path(workspace.OldEngine))
	switch {
	case old:
		g.x.Note(workspace.RunnerFile + " is an older shardeck's with your edits and runs as before, with the " + workspace.OldEngine +
			" beside it: move the edits to " + workspace.RunnerDir + ", then shardeck generate --force")
	case err == nil:
		g.x.Note(workspace.OldEngine + " is an older shardeck's and no longer used: remove it")
	}
	return nil
}

// OldRunner is the finding that the runner is an older shardeck's, which goes on working; replays have none.
func (x *Experiments) OldRunner(e model.Experiment) []check.Finding {
	if _, old := generated.Runner(x.Workspace); !old || e.Engine == model.EngineReplay {
		return nil
	}
	return []check.Finding{{Code: "runner-old", Severity: check.SeverityWarning, Edits: []model.Edit{},
		Fault: workspace.RunnerFile + " is the runner of an older shardeck, and runs as it is",
		Fix:   "to take the new one: shardeck generate"}}
}

// BringRunner writes what runs inside a job, where there is none and the job needs it.
func (x *Experiments) BringRunner(e model.Experiment) error {
	if there, _ := generated.Runner(x.Workspace); there || e.Engine == model.EngineReplay {
		return nil
	}
	return (&generation{x: x}).writeRunner()
}
