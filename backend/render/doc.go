// Package render turns an experiment into the files that run it: its job script and,
// after the run, the card that describes it to others. The texts of the scripts are in
// templates/scripts; here is what goes into them, quoted for the shell by model/shell.
// The same input gives the same bytes. Nothing is written here: workspace does that.
package render

import (
	"fmt"
	"strings"

	"shardeck/model"
)

// Names of generated files, relative to the workspace.
const (
	configsDir = "experiments/configs/"
	scriptsDir = "experiments/slurm_scripts/"
)

// ConfigPath is where the config of a catalogue entry goes:
// experiments/configs/E1.3_llama8b_tp4.yaml.
func ConfigPath(id, slug string) (string, error) {
	if err := model.CheckID(id); err != nil {
		return "", err
	}
	if slug == "" {
		return configsDir + id + ".yaml", nil
	}
	if err := model.CheckID(slug); err != nil {
		return "", fmt.Errorf("slug of %s: %w", id, err)
	}
	return configsDir + id + "_" + slug + ".yaml", nil
}

// Slug is a file-name part for an experiment that has none: its model and layout,
// such as llama-3.1-8b_tp4_pp2.
func Slug(e model.Experiment) string {
	name := e.Model.Name[strings.LastIndex(e.Model.Name, "/")+1:]
	parts := []string{strings.ToLower(name)}
	for _, p := range []struct {
		word string
		n    int
	}{{"tp", e.Layout.TP}, {"pp", e.Layout.PP}, {"dp", e.Layout.DP()}, {"ep", e.Layout.EP}} {
		if p.n > 1 || p.word == "tp" && e.Layout.GPUs() == 1 {
			parts = append(parts, fmt.Sprint(p.word, p.n))
		}
	}
	slug := strings.Map(func(r rune) rune {
		if r < 0x80 && model.CheckID("x"+string(r)) == nil {
			return r
		}
		return '-'
	}, strings.Join(parts, "_"))
	return strings.Trim(slug, "-._")[:min(len(strings.Trim(slug, "-._")), 48)]
}

// ScriptPath is where the job script of an experiment goes.
func ScriptPath(id string) string { return scriptsDir + "run_" + id + ".sh" }

// NsysPath is where the script for Nsight Systems goes.
const NsysPath = scriptsDir + "run_with_nsys.sh"
