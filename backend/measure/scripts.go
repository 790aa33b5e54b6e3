package measure

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"shardeck/backend/strictyaml"
	"shardeck/backend/workspace"
	"shardeck/model"
)

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

// scriptsIn reads the scripts in a folder, by path; none: it is no folder of the original scripts.
func scriptsIn(dir string) map[string]string {
	texts, ours := map[string]string{}, false
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
	if !ours {
		return nil
	}
	return texts
}

// importScripts takes the configs and runs of a folder of the original scripts, and names the faults of these.
func (rd *Reader) importScripts(o ImportOptions, texts map[string]string, out *Imported) error {
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
			err = rd.Workspace.CreateFile(rel, text, 0o644)
		}
		if err != nil {
			out.Left = append(out.Left, err.Error())
			continue
		}
		out.Configs = append(out.Configs, rel)
	}
	runs, _ := os.ReadDir(filepath.Join(o.Path, workspace.TracesDir))
	for _, d := range runs {
		made, err := rd.importRun(ImportOptions{Path: filepath.Join(o.Path, workspace.TracesDir, d.Name()), Copy: o.Copy})
		if err != nil {
			out.Left = append(out.Left, model.Printable(d.Name()+": "+err.Error()))
			continue
		}
		out.Runs = append(out.Runs, made)
	}
	return nil
}
