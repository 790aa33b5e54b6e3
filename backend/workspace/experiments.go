package workspace

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"shardeck/backend/config"
	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// File is one config of the workspace: the experiment it means, or why it cannot be used.
type File struct {
	Path       string // absolute
	Rel        string // relative to the root, with forward slashes
	Experiment model.Experiment
	Err        error // strictyaml.Problems; the experiment then holds what could be read
}

// Experiments reads every config in experiments/configs, in natural order of their names (E1.2 before E1.10). A
// broken file carries its own Err and hides no other; ids and output directories used twice are errors of each
// file that does. A workspace without that folder has none, which is no error.
func (w *Workspace) Experiments() ([]File, error) {
	names, err := w.yamlFiles(ConfigsDir)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	files := model.Each(names, w.ReadFile)
	markDoubles(files)
	return files, nil
}

// Sweeps lists the files of experiments/sweeps, in natural order; a workspace without that folder has none.
func (w *Workspace) Sweeps() ([]string, error) { return w.yamlFiles(SweepsDir) }

// ReadText reads a YAML file of the workspace as it is.
func (w *Workspace) ReadText(rel string) ([]byte, error) { return w.Read(rel, strictyaml.MaxBytes) }

// yamlFiles are the YAML files of a folder, in natural order, by their paths in the workspace.
func (w *Workspace) yamlFiles(dir string) (files []string, err error) {
	entries, err := os.ReadDir(w.Path(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, InWords(dir, err)
	}
	for _, e := range entries {
		ext, hidden := strings.ToLower(path.Ext(e.Name())), strings.HasPrefix(e.Name(), ".") // hidden ones we and editors make
		if (ext == ".yaml" || ext == ".yml") && !hidden && !e.IsDir() {
			files = append(files, path.Join(dir, e.Name()))
		}
	}
	slices.SortFunc(files, model.CompareNatural)
	return files, nil
}

// ReadFile reads one config, by a path relative to the workspace or an absolute one.
func (w *Workspace) ReadFile(rel string) File {
	abs := w.Path(rel)
	f := File{Path: abs, Rel: w.Rel(abs)}
	data, err := w.Read(rel, strictyaml.MaxBytes)
	if f.Rel != w.rawRel(abs) {
		err = model.Invalid(f.Rel+": its name holds bytes that neither a terminal nor a job script carries", "rename the file")
	}
	if err != nil {
		f.Experiment, f.Err = model.Defaults(), err
		f.Experiment.ID = config.ID(f.Rel, nil)
		return f
	}
	f.Experiment, f.Err = config.Read(f.Rel, data)
	return f
}

// doubled are the values that two experiments must not share, and why.
var doubled = []struct {
	key, why string
	of       func(model.Experiment) string
}{
	{"experiment_id", "give each experiment its own id", func(e model.Experiment) string { return e.ID }},
	{"output_dir", "the runs would overwrite each other; give each its own directory", func(e model.Experiment) string { return e.OutputDir }},
}

func markDoubles(files []File) {
	for _, d := range doubled {
		owners := map[string][]int{}
		for i, f := range files {
			if v := d.of(f.Experiment); v != "" {
				owners[v] = append(owners[v], i)
			}
		}
		for value, who := range owners {
			for i, at := range who {
				if len(who) > 1 {
					other := files[who[(i+1)%len(who)]].Rel
					addProblem(&files[at], d.key, fmt.Sprintf("%s %s is also used by %s: %s", d.key, value, path.Base(other), d.why))
				}
			}
		}
	}
}

func addProblem(f *File, key, text string) {
	var ps strictyaml.Problems
	if f.Err == nil || errors.As(f.Err, &ps) {
		f.Err = append(slices.Clip(ps), strictyaml.Problem{File: f.Rel, Key: key, Text: text})
	}
}

// Experiment finds a config by its id or file name. Its error is its Err; of none, it names the nearest.
func (w *Workspace) Experiment(id string) (File, error) {
	files, err := w.Experiments()
	if err != nil {
		return File{}, err
	}
	byID := model.First(files, func(f File) bool { return f.Experiment.ID == id && id != "" })
	byName := model.First(files, func(f File) bool {
		base := filepath.Base(f.Path)
		return base == id || strings.TrimSuffix(base, path.Ext(base)) == id
	})
	if f := cmp.Or(byID, byName); f != nil {
		return *f, f.Err
	}
	ids := model.Each(files, func(f File) string { return f.Experiment.ID })
	hint := cmp.Or(model.DidYouMean(id, ids), "the experiments are "+strings.Join(ids, ", "))
	if len(ids) == 0 {
		hint = "there are none yet; shardeck generate writes the first three"
	}
	return File{}, faultOf(fmt.Sprintf("no experiment %.60q in %s", id, ConfigsDir), hint, ErrNotFound)
}

// OpenDocument reads a config to edit it.
func (w *Workspace) OpenDocument(rel string) (*config.Document, error) {
	data, err := w.Read(rel, strictyaml.MaxBytes)
	if err != nil {
		return nil, err
	}
	return config.NewDocument(w.Rel(w.Path(rel)), data)
}

// SaveDocument writes a changed document where it was read, unless the file there changed (ErrChanged).
func (w *Workspace) SaveDocument(d *config.Document) error {
	onDisk, err := w.Read(d.Name, strictyaml.MaxBytes)
	if err != nil || !bytes.Equal(onDisk, d.File()) {
		return faultOf(d.Name, "changed on disk since it was read: reopen it and make the change again", ErrChanged)
	}
	text := d.Text()
	if bytes.Equal(text, onDisk) {
		return nil
	}
	if err := w.WriteFile(d.Name, text, 0o644); err != nil {
		return err
	}
	d.Saved(text)
	return nil
}
