package measure

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"shardeck/backend/intake"
	"shardeck/backend/workspace"
	"shardeck/model"
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
}

// Import makes a run of traces that others wrote: links to its files under our names, and what can be known of it in its
// config, the rest left open. Nothing that is there is overwritten. Of a folder of the original scripts it takes the
// configs and every run, and names the known faults.
func (rd *Reader) Import(o ImportOptions) (Imported, error) {
	out := Imported{Runs: []ImportedRun{}, Configs: []string{}, Faults: []ScriptFault{}, Left: []string{}}
	if err := rd.Workspace.Writable("import"); err != nil {
		return out, err
	}
	if texts := scriptsIn(o.Path); len(texts) > 0 {
		return out, rd.importScripts(o, texts, &out)
	}
	made, err := rd.importRun(o)
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
func (rd *Reader) importRun(o ImportOptions) (ImportedRun, error) {
	run, err := rd.Run(o.Path)
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
	made := ImportedRun{Run: name, From: run.Dir, Files: []string{}, Ranks: []int{}}
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
	if config := string(model.FileConfig); from[config] == "" {
		made.Open, texts[config] = true, openConfig(name, dir, run, facts)
	}
	if info := string(model.FileRunJSON); from[info] == "" {
		texts[info] = infoOf(name, run, facts)
	}
	return made, rd.Workspace.Adopt(dir, from, texts, o.Copy)
}

// openConfig is the config of a run that others made: what is not known has no value, so that nothing counts as said.
func openConfig(name, dir string, run model.Run, f intake.Facts) []byte {
	engine, layout := "engine:", "parallelism: {tp: , pp: , dp_replicate: 1, dp_shard: , ep: }   # "+fmt.Sprint(f.World)+" ranks"
	if f.Engine == "vLLM" {
		engine = "engine: vllm"
	} else if f.Engine != "" {
		engine = "engine:                         # " + f.Engine + ", which is none of those that are run here"
	}
	if s := f.Sizes; s["tp"] > 0 || f.World == 1 {
		layout = fmt.Sprintf("parallelism: {tp: %d, pp: %d, dp_replicate: 1, dp_shard: %d, ep: %d}", max(s["tp"], 1), max(s["pp"], 1), max(s["dp"], 1),
			max(s["ep"], 1))
	}
	return fmt.Appendf(nil, `# Made by shardeck import. What the traces tell is here; give the rest its values: what has none is not known.
experiment_id: %s
description: imported from %q
%s
model: {name: , precision: }
%s
data: {batch_size: , seq_len: , max_tokens: }
output_dir: %s
`, notInNames.ReplaceAllString(name, "-"), run.Dir, engine, layout, dir)
}

// infoOf is run.json of a run that others made; what was assumed of its ranks stays said.
func infoOf(name string, run model.Run, f intake.Facts) []byte {
	info := model.RunInfo{Schema: 1, Runner: "shardeck import", Experiment: name, WorldSize: f.World, GPU: f.Device,
		Notes: []string{"imported from " + run.Dir}, Start: run.Time, End: run.Time}
	if f.Engine == "vLLM" {
		info.Engine = model.EngineVLLM
	}
	if f.Version != "" {
		info.Versions = map[string]string{"vllm": f.Version}
	}
	if len(f.Hosts) == f.World {
		info.Hosts = f.Hosts
	}
	if run.Foreign {
		info.Notes = append(info.Notes, run.Warnings...)
	}
	text, _ := json.MarshalIndent(info, "", "  ") // plain values: cannot fail
	return append(text, '\n')
}
