package measure

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"shardeck/backend/intake"
	"shardeck/backend/strictyaml"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/check"
)

// ImportOptions say what to make a run of.
type ImportOptions struct {
	Path string // of a trace, a folder of traces, or one of the original scripts
	Name string // of the run; empty: that of the file or folder
	Copy bool   // copy the files rather than link to them
}

// Imported is what was made, and what was found on the way.
type Imported struct {
	Runs    []ImportedRun `json:"runs"`
	Configs []string      `json:"configs"` // of the original scripts, copied
	Faults  []ScriptFault `json:"faults"`  // known of the original scripts, and found in these
	Left    []string      `json:"left"`    // what was not taken, and why
}

// ImportedRun is one run that was made.
type ImportedRun struct {
	Run   string   `json:"run"`
	From  string   `json:"from"`
	Ranks []int    `json:"ranks"`
	Files []string `json:"files"`
	Open  bool     `json:"open"` // its config was written, and has values that nobody knows

	Doubts []string `json:"doubts,omitempty"` // of the numbers of others, each with what it is measured by
}

// Importer makes runs of what others wrote.
type Importer struct {
	ws    *workspace.Workspace
	world check.World
}

// Import makes a run of traces that others wrote: links to its files under our names, and what can be known of it in its
// config, the rest left open. Nothing that is there is overwritten. Of a folder of the original scripts it takes the
// configs and every run, and names the known faults. Of a row of ccl-bench its card tells the rest; see upstream.go.
func (im *Importer) Import(o ImportOptions) (Imported, error) {
	out := Imported{Runs: []ImportedRun{}, Configs: []string{}, Faults: []ScriptFault{}, Left: []string{}}
	if err := im.ws.Writable("import"); err != nil {
		return out, err
	}
	if texts, ours := scriptsIn(o.Path); ours {
		im.importScripts(o, texts, &out)
		return out, nil
	}
	if rows, others := rowsIn(o.Path); len(rows) > 0 {
		im.importEach(rows, o, &out)
		for _, dir := range others {
			out.Left = append(out.Left, model.Printable(filepath.Base(dir)+": it has no card of ccl-bench: if it has traces, import it by itself"))
		}
		return out, nil
	}
	made, err := im.importRun(o)
	if err == nil {
		out.Runs = append(out.Runs, made)
	}
	return out, err
}

var (
	notInNames  = regexp.MustCompile(`[^A-Za-z0-9._+=,-]+`)
	traceSuffix = regexp.MustCompile(`(\.pt)?(\.trace)?\.(json|sqlite|csv|txt|nsys-rep|qdrep)(\.gz)?$`)
)

// importRun makes one run.
func (im *Importer) importRun(o ImportOptions) (ImportedRun, error) {
	run, err := im.ws.Run(o.Path)
	if err == nil {
		err = run.Readable()
	}
	if err != nil {
		return ImportedRun{}, err
	}
	base := traceSuffix.ReplaceAllString(filepath.Base(run.Name), "")
	name := cmp.Or(o.Name, strings.Trim(notInNames.ReplaceAllString(base, "-"), "-."))
	dir := workspace.TracesDir + "/" + name
	if err := model.CheckOutputDir(dir); err != nil || strings.Contains(name, "/") {
		return ImportedRun{}, model.Invalid(fmt.Sprintf("%.60q cannot be the name of a run", name),
			"give one with --name: letters, digits and . _ + = , -")
	}
	made := ImportedRun{Run: name, From: model.Printable(run.Dir), Files: []string{}, Ranks: []int{}}
	from, texts := map[string]string{}, map[string][]byte{}
	for _, f := range run.Files {
		own := intake.OwnName(f)
		from[own] = f.Path
		made.Files = append(made.Files, own)
		if f.Rank >= 0 && !slices.Contains(made.Ranks, f.Rank) {
			made.Ranks = append(made.Ranks, f.Rank)
		}
	}
	slices.Sort(made.Ranks)
	facts := intake.FactsOf(run.KernelFiles())
	facts.World = max(facts.World, len(made.Ranks))
	info, config := infoOf(name, run, facts), openConfig(name, dir, run, facts)
	made.Open = from[string(model.FileConfig)] == ""
	if row := cmp.Or(rowIn(run.Dir), rowIn(o.Path)); row != nil { // traces may lie deeper than the card
		info.Origin, made.Doubts = "row "+model.Printable(filepath.Base(run.Dir))+" of ccl-bench", im.doubts(row, run, facts)
		info.Notes, info.Engine = append(info.Notes, made.Doubts...), cmp.Or(info.Engine, row.engine())
		config, made.Open = row.config(name, dir), made.Open && !row.whole()
		texts[string(model.FileWorkCard)] = row.text
	}
	if from[string(model.FileConfig)] == "" {
		texts[string(model.FileConfig)] = config
	}
	if from[string(model.FileRunJSON)] == "" {
		texts[string(model.FileRunJSON)], _ = json.MarshalIndent(info, "", "  ") // plain values: cannot fail
	}
	return made, im.ws.Adopt(dir, from, texts, o.Copy)
}

// engines are those that are run here, by the names that traces tell.
var engines = map[string]model.Engine{"vLLM": model.EngineVLLM}

// configText is a config that import writes: what is not known has no value, so that nothing counts as said.
func configText(name, dir, about, engine, model, layout, data string) []byte {
	return fmt.Appendf(nil, `# Made by shardeck import. What the traces or their card tell is here; give the rest its values: what has none is not known.
experiment_id: %s
description: %q
engine: %s
model: {%s}
parallelism: {%s
data: {%s}
profile_iterations:
output_dir: %s
`, notInNames.ReplaceAllString(name, "-"), about, engine, model, layout, data, dir)
}

// openConfig is the config of a run that others made.
func openConfig(name, dir string, run model.Run, f intake.Facts) []byte {
	engine := string(engines[f.Engine])
	layout := fmt.Sprintf("tp: , pp: , dp_replicate: 1, dp_shard: , ep: }   # %d ranks", f.World)
	if f.Engine != "" && engine == "" {
		engine = "                        # " + f.Engine + ", which is none of those that are run here"
	}
	if s := f.Sizes; s["tp"] > 0 || f.World == 1 {
		layout = fmt.Sprintf("tp: %d, pp: %d, dp_replicate: 1, dp_shard: %d, ep: %d}", max(s["tp"], 1), max(s["pp"], 1), max(s["dp"], 1), max(s["ep"], 1))
	}
	return configText(name, dir, "imported from "+run.Dir, engine, "name: , precision: ", layout, "batch_size: , seq_len: , max_tokens: ")
}

// infoOf is run.json of a run that others made; what was assumed of its ranks stays said.
func infoOf(name string, run model.Run, f intake.Facts) model.RunInfo {
	info := model.RunInfo{Schema: 1, Runner: "shardeck import", Experiment: name, WorldSize: f.World, GPU: f.Device,
		Notes: []string{"imported from " + run.Dir}, Start: run.Time, End: run.Time, Engine: engines[f.Engine]}
	if f.Version != "" {
		info.Versions = map[string]string{"vllm": f.Version}
	}
	if len(f.Hosts) == f.World {
		info.Hosts = f.Hosts
	}
	if run.Foreign {
		info.Notes = append(info.Notes, run.Warnings...)
	}
	return info
}

// ScriptFault is a known fault of the original scripts, and the files that have it.
type ScriptFault struct {
	Code  string   `json:"code"`
	Fault string   `json:"fault"`
	Files []string `json:"files"`
}

// knownFaults are templates/upstream.yaml, which says what its parts mean.
var knownFaults = strictyaml.Embedded[struct {
	Faults []knownFault `yaml:"faults"`
}]("upstream.yaml")

type knownFault struct {
	Code    string `yaml:"code"`
	File    string `yaml:"file"`
	Has     string `yaml:"has"`
	Lacks   string `yaml:"lacks"`
	Fault   string `yaml:"fault"`
	Example string `yaml:"example"`
}

// in says whether a file has the fault.
func (k knownFault) in(path, text string) bool {
	has := func(pattern string) bool { return pattern != "" && regexp.MustCompile(pattern).MatchString(text) }
	return strings.HasSuffix(path, k.File) && has(k.Has) && !has(k.Lacks)
}

// originals are files of which the original scripts have at least one.
var originals = []string{"vllm_profiler.py", "generate_all_configs.py", "generate_config.py", "generate_workload_card.py"}

// mostScript is more bytes than any script has.
const mostScript = 1 << 20

// scriptsIn reads the scripts in a folder, by path; false: it is no folder of the original scripts.
func scriptsIn(dir string) (texts map[string]string, ours bool) {
	texts = map[string]string{}
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, path)
		switch {
		case err != nil || d.IsDir() && (strings.HasPrefix(d.Name(), ".") && rel != "." || strings.Count(rel, string(filepath.Separator)) > 2):
			return fs.SkipDir
		case !d.Type().IsRegular() || !slices.Contains([]string{".py", ".sh"}, filepath.Ext(path)):
			return nil
		}
		if info, err := d.Info(); err == nil && info.Size() < mostScript {
			text, _ := os.ReadFile(path)
			texts[filepath.ToSlash(rel)] = string(text)
			ours = ours || slices.Contains(originals, d.Name())
		}
		return nil
	})
	return texts, ours
}

// importScripts takes the configs and runs of a folder of the original scripts, and names the faults of these.
func (im *Importer) importScripts(o ImportOptions, texts map[string]string, out *Imported) {
	for _, k := range knownFaults().Faults {
		f := ScriptFault{Code: k.Code, Fault: k.Fault}
		for path, text := range texts {
			if k.in(path, text) {
				f.Files = append(f.Files, path)
			}
		}
		if slices.Sort(f.Files); len(f.Files) > 0 {
			out.Faults = append(out.Faults, f)
		}
	}
	configs, _ := filepath.Glob(filepath.Join(o.Path, "experiments", "configs", "*.y*ml"))
	for _, path := range configs {
		rel := workspace.ConfigsDir + "/" + filepath.Base(path)
		text, err := os.ReadFile(path)
		if err == nil {
			err = im.ws.CreateFile(rel, text, 0o644)
		}
		if err != nil {
			out.Left = append(out.Left, err.Error())
		} else {
			out.Configs = append(out.Configs, rel)
		}
	}
	runs, _ := filepath.Glob(filepath.Join(o.Path, workspace.TracesDir, "*"))
	im.importEach(runs, o, out)
}

// importEach makes a run of each folder.
func (im *Importer) importEach(dirs []string, o ImportOptions, out *Imported) {
	for _, dir := range dirs {
		made, err := im.importRun(ImportOptions{Path: dir, Copy: o.Copy})
		if row := rowIn(dir); err != nil && row != nil && row.URL != "" && row.URL != "None" {
			err = fmt.Errorf("%w; its card says that its traces lie at %s", err, row.URL)
		}
		if err != nil {
			out.Left = append(out.Left, model.Printable(filepath.Base(dir)+": "+err.Error()))
		} else {
			out.Runs = append(out.Runs, made)
		}
	}
}
