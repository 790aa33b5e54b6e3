package replay

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"shardeck/model"
	"shardeck/templates"
)

const (
	demoDir  = "demo"
	sweepDir = "demo/sweep" // untraced runs: they fill the demo's charts and are not played back
)

// Recording is one embedded run: its config, timing and thinned traces.
type Recording struct {
	Name             string // llama-8b-tp2
	model.Experiment        // that was recorded; its description is what was run, and on what
	Traced           int    // iterations in the traces
	Tokens           int    // output tokens of each traced iteration

	dir string // in templates.FS
}

// parseConfig reads what a replay needs of an experiment's YAML, and no more: a job was
// checked when it was submitted. What the file does not say is zero, but for the layout.
func parseConfig(text []byte) (model.Experiment, error) {
	e := model.Experiment{Layout: model.Defaults().Layout}
	err := yaml.Unmarshal(text, &e)
	return e, err
}

// Recordings lists the embedded runs that can be played back, by name.
func Recordings() []Recording {
	names, err := fs.Glob(templates.FS, demoDir+"/*/kineto_trace_0.json.gz")
	if err != nil {
		return nil
	}
	var all []Recording
	for _, n := range names {
		if r, err := load(path.Dir(n)); err == nil {
			all = append(all, r)
		}
	}
	return all
}

func load(dir string) (Recording, error) {
	text, err := fs.ReadFile(templates.FS, dir+"/config.yaml")
	var e model.Experiment
	if err == nil {
		e, err = parseConfig(text)
	}
	if err != nil {
		return Recording{}, fmt.Errorf("recording %s: %w", path.Base(dir), err)
	}
	return Recording{path.Base(dir), e, cmp.Or(int(e.Profiling.TraceIterations), e.ProfileIterations),
		cmp.Or(int(e.Profiling.TraceTokens), e.Data.MaxTokens), dir}, nil
}

// Find returns the recording of a model and layout. Where several were made of the
// same, it is the plain one, the shortest name; the others are asked for by name.
func Find(modelName string, l model.Layout) (Recording, error) {
	all := Recordings()
	slices.SortStableFunc(all, func(a, b Recording) int { return len(a.Name) - len(b.Name) })
	for _, r := range all {
		if sameModel(r.Model.Name, modelName) && sameLayout(r.Layout, l) {
			return r, nil
		}
	}
	return Recording{}, fmt.Errorf("no recording of %s with %s; there are %s: choose one of these layouts, or set engine to vllm",
		modelName, l, recordingNames(all))
}

// Named returns the recording of that name.
func Named(name string) (Recording, error) {
	all := Recordings()
	if i := slices.IndexFunc(all, func(r Recording) bool { return r.Name == name }); i >= 0 {
		return all[i], nil
	}
	return Recording{}, fmt.Errorf("replay.recording: no recording is called %q; there are %s", name, recordingNames(all))
}

// For returns the recording that an experiment means: the one it names, else the
// one of its model and layout. The error lists those there are.
func For(e model.Experiment) (Recording, error) {
	if e.Replay.Recording != "" {
		return Named(e.Replay.Recording)
	}
	return Find(e.Model.Name, e.Layout)
}

// sameModel compares hub ids by their last part, tuned variants included: they
// have one shape, and a recording is of shapes.
func sameModel(a, b string) bool { return baseModel(a) == baseModel(b) }

func baseModel(id string) string {
	id = strings.ToLower(model.ShortModel(id))
	for _, tuned := range []string{"-instruct", "-chat"} {
		id = strings.TrimSuffix(id, tuned)
	}
	return id
}

// sameLayout takes the two kinds of data parallelism for one: their ranks do the same.
func sameLayout(a, b model.Layout) bool {
	return a.TP == b.TP && a.PP == b.PP && a.DP() == b.DP() && a.EP == b.EP
}

func recordingNames(all []Recording) string {
	words := make([]string, 0, len(all))
	for _, r := range all {
		words = append(words, fmt.Sprintf("%s (%s, %s)", r.Name, path.Base(r.Model.Name), r.Layout))
	}
	slices.Sort(words)
	return strings.Join(words, "; ")
}
