package workspace

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"shardeck/backend/config"
	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// Runs lists the finished runs, newest first: the folders of trace_collection/ and those that experiments name
// as output_dir elsewhere, each with its older runs (name@id). Folders without any file of ours are no runs.
// Only names are read, and the small config.yaml and run.json.
func (w *Workspace) Runs() ([]model.Run, error) {
	f := finderOf(w)
	dirs, err := f.traceDirs()
	if err != nil {
		return nil, err
	}
	var runs []model.Run
	for _, dir := range dirs {
		if model.IsUnfinished(dir) {
			continue
		}
		run, err := f.readRun(dir, "", false)
		if err == nil && len(run.Files) > 0 {
			runs = append(runs, run)
		}
		for _, c := range model.ChoicesOf(err) { // each a run of its own
			if run, err := f.readRun(dir, c.Name[strings.LastIndex(c.Name, model.OldMark)+1:], false); err == nil {
				runs = append(runs, run)
			}
		}
	}
	for i := range runs {
		runs[i].Changed = f.changes(runs[i])
	}
	slices.SortStableFunc(runs, func(a, b model.Run) int { return b.Time.Compare(a.Time) })
	return runs, nil
}

// Changes are what the config that writes where a run lies says otherwise by now than the run recorded. Run leaves them out,
// as they cost a look at all configs.
func (w *Workspace) Changes(run model.Run) model.Changes { return finderOf(w).changes(run) }

func (w finder) changes(run model.Run) model.Changes {
	if now := w.owner(run.Dir); now != nil && now.Err == nil && run.Experiment != nil {
		return config.Changes(*run.Experiment, now.Experiment)
	}
	return nil
}

// finder looks for runs. It reads the experiments, once, where no run tells of itself.
type finder struct {
	*Workspace
	experiments func() ([]File, error)
}

func finderOf(w *Workspace) finder { return finder{w, sync.OnceValues(w.Experiments)} }

// traceDirs are the folders that may hold a run, each once, by name.
func (w finder) traceDirs() ([]string, error) {
	experiments, err := w.experiments()
	if err != nil {
		return nil, err
	}
	root := w.Path(TracesDir)
	names, err := subdirs(root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, InWords(TracesDir, err)
	}
	dirs := model.Each(names, func(name string) string { return filepath.Join(root, name) })
	for _, f := range experiments {
		if out := f.Experiment.OutputDir; out != "" && filepath.Dir(w.Path(out)) != root {
			dirs = slices.Concat(dirs, withOlderRuns(w.Path(out)), withOlderRuns(w.Path(f.Experiment.ResultDir(true))))
		}
	}
	slices.SortFunc(dirs, model.CompareNatural)
	return slices.Compact(dirs), nil
}

// withOlderRuns is an output directory with the older and unfinished runs beside it.
func withOlderRuns(out string) []string {
	names, _ := subdirs(filepath.Dir(out)) // not there yet: no run
	var dirs []string
	for _, n := range names {
		if base, _ := splitName(n); base == filepath.Base(out) {
			dirs = append(dirs, filepath.Join(filepath.Dir(out), n))
		}
	}
	return dirs
}

// splitName takes the names of runs apart: llama-8b-tp2@123 and llama-8b-tp2.tmp-123 are of job 123.
func splitName(name string) (base, job string) {
	for _, mark := range []string{model.TmpMark, model.OldMark} {
		if i := strings.LastIndex(name, mark); i > 0 && jobID.MatchString(name[i+len(mark):]) {
			return name[:i], name[i+len(mark):]
		}
	}
	return name, ""
}

// Run finds one run: by its name under trace_collection/, by the path of a folder or a trace, or by the id
// of its experiment. A run that is not finished is found by its whole name. NAME@2 is the second of several
// recordings that lie side by side in one folder.
func (w *Workspace) Run(name string) (model.Run, error) {
	f := finderOf(w)
	for _, dir := range f.candidates(name) {
		info, err := os.Stat(dir)
		choice := ""
		if at := strings.LastIndex(dir, model.OldMark); errors.Is(err, fs.ErrNotExist) && at > 0 && isDir(dir[:at]) {
			dir, choice = dir[:at], dir[at+len(model.OldMark):]
			info, err = os.Stat(dir)
		}
		switch {
		case errors.Is(err, fs.ErrPermission):
			return model.Run{}, InWords(dir, err)
		case err != nil:
			continue
		}
		run, err := f.readRun(dir, choice, info.IsDir())
		if choice != "" && errors.Is(err, ErrNotFound) {
			continue // of ours: an older run that is not there
		}
		return run, err
	}
	return model.Run{}, f.noRun(name)
}

// candidates are the folders a name may mean, the likeliest first.
func (w finder) candidates(name string) []string {
	if name == "" {
		return nil
	}
	name = FromHome(name)
	here, _ := filepath.Abs(name) // empty, where nothing lies, if the current folder is gone
	first, _, _ := strings.Cut(filepath.ToSlash(name), "/")
	if filepath.IsAbs(name) || first == "." || first == ".." { // which lies where the command runs
		return []string{here}
	}
	dirs := []string{w.Path(filepath.Join(TracesDir, name)), here, w.Path(name)}
	if slices.ContainsFunc(dirs, isDir) {
		return dirs // no experiment need be read
	}
	experiments, _ := w.experiments() // noRun says what is wrong
	for _, f := range experiments {
		out := f.Experiment.OutputDir
		if out != "" && (f.Experiment.ID == name || filepath.Base(out) == name) {
			dirs = append(dirs, w.Path(f.Experiment.ResultDir(false)), w.Path(f.Experiment.ResultDir(true)))
		}
	}
	there, _ := subdirs(w.Path(TracesDir)) // none: noRun says what is wrong
	for _, d := range there {
		if model.Printable(d) == name { // as it was shown
			dirs = append(dirs, w.Path(filepath.Join(TracesDir, d)))
		}
	}
	return append(dirs, Baselines{w.Workspace}.dirs(name)...)
}

// noRun says what there is instead of a run of that name.
func (w finder) noRun(name string) error {
	dirs, err := w.traceDirs()
	if err != nil {
		return err
	}
	if x := (Baselines{w.Workspace}).named(name); x != nil {
		return faultOf("no run of the baseline "+name+" is here any more", "shardeck baseline set "+name+" RUN", ErrNotFound)
	}
	output, names := "", []string(nil)
	experiments, _ := w.experiments()
	if f := model.First(experiments, func(f File) bool { return f.Experiment.ID == name }); f != nil {
		output = f.Experiment.OutputDir
	}
	for _, d := range dirs {
		base, job := splitName(filepath.Base(d))
		plain := strings.TrimSuffix(base, model.NsysMark)
		if model.IsUnfinished(d) && (base == name || plain == name || filepath.Base(output) == plain) {
			return faultOf(fmt.Sprintf("run %.80q has not finished", name),
				fmt.Sprintf("job %s writes, or left, %s", job, w.Rel(d)), ErrNotFound)
		}
		names = append(names, filepath.Base(d))
	}
	if strings.ContainsRune(name, filepath.Separator) {
		return faultOf(fmt.Sprintf("there is no file or folder %.200q", name), "check the path; a run of this workspace goes by its name alone",
			ErrNotFound)
	}
	if f, err := w.Experiment(name); err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%s has no run that can be found: its config cannot be read: %w", f.Experiment.ID, err)
	}
	hint := cmp.Or(model.DidYouMean(name, names), "see the names with ls "+TracesDir)
	if len(names) == 0 {
		hint = "there are no runs yet; submit an experiment first"
	}
	return faultOf(fmt.Sprintf("no run %.80q in %s", name, TracesDir), hint, ErrNotFound)
}

// readRun reads what a trace directory, or a file, says of itself: of several recordings in it the one chosen. deep looks
// for traces one folder deeper, too, where there are none.
func (w finder) readRun(path, choice string, deep bool) (model.Run, error) {
	dir := path
	if !isDir(path) {
		dir = filepath.Dir(path)
	}
	run := model.Run{Name: w.runName(path), Dir: dir, Unfinished: model.IsUnfinished(dir)}
	if err := w.listFiles(&run, path, choice, deep); err != nil {
		return model.Run{}, err
	}
	if choice != "" {
		run.Name += model.OldMark + choice
	}
	_, job := splitName(filepath.Base(run.Dir))
	info := w.runInfo(&run)
	run.JobID, run.Engine, run.GPU = cmp.Or(job, w.readJobFile(run.Dir), info.JobID), info.Engine, model.Printable(info.GPU)
	run.Origin, run.Forecast = model.Printable(info.Origin), info.Forecast
	if len(info.Versions) > 0 {
		run.Versions = model.Printable(fmt.Sprint(info.Versions))
	}
	w.attachConfig(&run)
	w.said(&run)
	run.Replay = info.Replay || info.Engine == model.EngineReplay ||
		run.Experiment != nil && run.Experiment.Engine == model.EngineReplay
	for _, m := range run.Marks() {
		if m.Word != model.ReplayWord && m.Word != model.ForecastWord && m.Word != "no config" { // which are said apart
			run.Warnings = append(run.Warnings, m.Text)
		}
	}
	run.Warnings, run.Problem = model.Each(run.Warnings, model.PrintableLines), model.PrintableLines(run.Problem)
	return run, nil
}

// runName is the path below trace_collection/, else the path below the root.
func (w finder) runName(dir string) string {
	if rel, err := filepath.Rel(w.Path(TracesDir), dir); err == nil && filepath.IsLocal(rel) && rel != "." {
		return model.Printable(filepath.ToSlash(rel))
	}
	return w.Rel(dir)
}

// runInfo reads run.json; what is wrong with it is a warning.
func (w finder) runInfo(run *model.Run) (info model.RunInfo) {
	data, err := w.Read(filepath.Join(run.Dir, "run.json"), maxRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return info
	}
	if err == nil {
		err = json.Unmarshal(data, &info)
	}
	if err != nil {
		run.Warnings = append(run.Warnings, "run.json is not used: "+err.Error())
	}
	return info
}

// attachConfig gives a run its experiment: that of its own config.yaml, else the one that writes there.
func (w finder) attachConfig(run *model.Run) {
	f := w.ReadFile(filepath.Join(run.Dir, "config.yaml"))
	if errors.Is(f.Err, fs.ErrNotExist) {
		if f := w.owner(run.Dir); f != nil {
			run.Experiment, run.Assumed = &f.Experiment, true
			run.Warnings = append(run.Warnings, "its own config was not recorded: taken from "+f.Rel+", which may have changed since")
			return
		}
		run.Problem = "no config.yaml in " + w.Rel(run.Dir) + ", and no experiment writes there: batch size, lengths and layout are not known"
		return
	}
	if ps, ok := errors.AsType[strictyaml.Problems](f.Err); ok && harmless(ps) {
		run.Warnings = append(run.Warnings, f.Err.Error())
	} else if f.Err != nil {
		run.Problem = cmp.Or(leftOpen(f.Rel, ps), f.Err.Error())
		return
	}
	run.Experiment = &f.Experiment
}

// leftOpen names the keys of a config that have no value yet, as an imported run's; empty: other things are wrong with it.
func leftOpen(file string, ps strictyaml.Problems) string {
	if len(ps) == 0 || slices.ContainsFunc(ps, func(p strictyaml.Problem) bool { return !p.NoValue }) {
		return ""
	}
	keys := model.Each(ps, func(p strictyaml.Problem) string { return p.Key })
	return fmt.Sprintf("%s leaves open what nobody told: %s; fill them in for what needs them", file, strings.Join(keys, ", "))
}

// owner is the config that writes a run there, plain or under nsys; nil: none does.
func (w finder) owner(dir string) *File {
	base, _ := splitName(filepath.Base(dir))
	out := filepath.Join(filepath.Dir(dir), base)
	experiments, _ := w.experiments()
	return model.First(experiments, func(f File) bool {
		written := f.Experiment.OutputDir
		if !strings.HasPrefix(base, filepath.Base(written)) { // most, told without building paths
			return false
		}
		return written != "" && (w.Path(written) == out || w.Path(f.Experiment.ResultDir(true)) == out)
	})
}

// harmless reports whether a config means the same without what is wrong in it:
// keys that another version wrote, or a name that could not be submitted again.
func harmless(ps strictyaml.Problems) bool {
	return !slices.ContainsFunc(ps, func(p strictyaml.Problem) bool {
		return !p.UnknownKey && p.Key != "output_dir" && p.Key != "experiment_id"
	})
}
