package replay

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"

	"shardeck/backend/atomicfile"
	"shardeck/backend/strictyaml"
	"shardeck/model"
	"shardeck/templates"
)

const (
	demoDir  = "demo"
	serveDir = "demo/serving" // of servers under load: played back where a config asks for a load
	sweepDir = "demo/sweep"   // untraced runs: they fill the demo's charts, and are played back where a config asks for their workload
)

// Recording is one embedded run: its config, timing and thinned traces.
type Recording struct {
	Name             string // llama-8b-tp2
	model.Experiment        // that was recorded; its description is what was run, and on what
	Traced           int    // iterations in the traces
	Tokens           int    // output tokens of each traced iteration

	dir    string // in templates.FS
	traced bool   // kernels were recorded too
}

// parseConfig reads what a replay needs of an experiment's YAML, and no more: a job was
// checked when it was submitted. What the file does not say is as it is in e.
func parseConfig(text []byte, e model.Experiment) (model.Experiment, error) {
	err := yaml.Unmarshal(text, &e)
	return e, err
}

// Recordings lists the embedded runs that can be played back, by name; Servers those of servers under load.
func Recordings() []Recording { return slices.Clone(embedded()[0]) }

// Servers are the recordings of servers under load, by name.
func Servers() []Recording { return slices.Clone(embedded()[1]) }

// batches are the recordings of batches; those of times alone are one a workload.
func batches() []Recording { return slices.Concat(embedded()[0], embedded()[2]) }

// embedded are the recordings with traces, of servers, and of times alone: read once, since a sweep asks a thousand times.
var embedded = sync.OnceValue(func() [3][]Recording {
	return [3][]Recording{recordings(demoDir + "/*/kineto_trace_0.json.gz"), recordings(serveDir + "/*/" + string(model.FileServing)),
		recordings(sweepDir + "/*/timing_stats_0.json")}
})

func recordings(pattern string) (all []Recording) {
	names, _ := fs.Glob(templates.FS, pattern) // the pattern is sound
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
		e, err = parseConfig(text, model.Experiment{Layout: model.Defaults().Layout})
	}
	if err != nil {
		return Recording{}, fmt.Errorf("recording %s: %w", path.Base(dir), err)
	}
	traces, _ := fs.Glob(templates.FS, dir+"/kineto_trace_*") // the pattern is sound
	return Recording{path.Base(dir), e, cmp.Or(int(e.Profiling.TraceIterations), e.ProfileIterations),
		cmp.Or(int(e.Profiling.TraceTokens), e.Data.MaxTokens), dir, len(traces) > 0}, nil // nothing of a server is traced
}

// For returns the recording that an experiment means: the one it names, else the one of its model, layout and workload; of several the
// plain one with traces, by the shortest name; where there is none, the first of its model, else of any, whose engine a forecast is
// for. Of loads it is the nearest of its model and layout. The error lists those.
func For(e model.Experiment) (Recording, error) {
	all := batches()
	slices.SortStableFunc(all, func(a, b Recording) int {
		return cmp.Or(cmp.Compare(a.place(e), b.place(e)), len(a.Name)-len(b.Name))
	})
	if e.Load.On() {
		all = Servers()
		slices.SortStableFunc(all, func(a, b Recording) int { return cmp.Compare(farness(a.Load, e.Load), farness(b.Load, e.Load)) })
	}
	name := e.Replay.Recording
	i := slices.IndexFunc(all, func(r Recording) bool { return r.Name == name || name == "" && (!e.Load.On() || r.of(e)) })
	switch {
	case i >= 0:
		return all[i], nil
	case name != "":
		return Recording{}, fmt.Errorf("replay.recording: no recording is called %q; there are %s", name, recordingNames(all))
	}
	return Recording{}, none(e, all, "")
}

// none says that nothing was recorded of an experiment, why no forecast stands for it, and what there is.
func none(e model.Experiment, all []Recording, why string) error {
	what, alike := model.ShortModel(e.Model.Name), slices.DeleteFunc(slices.Clone(all), func(r Recording) bool { return !r.sameModel(e) })
	there := model.Grouped(alike, func(r Recording) string { return r.Layout.Short() })
	if len(alike) == 0 {
		there = model.Grouped(all, func(r Recording) string { return model.ShortModel(r.Model.Name) })
	} else if what += " with " + e.Layout.Short(); slices.ContainsFunc(alike, func(r Recording) bool { return sameLayout(r.Layout, e.Layout) }) {
		what += " of this load"
	}
	if why != "" {
		what += ", and no forecast: " + why
	}
	return &model.Fault{Text: "no recording of " + what, Kind: model.ErrInvalid, ToDo: "recorded are " +
		strings.Join(model.Each(there, func(g model.Group[string, Recording]) string { return g.Key }), ", ") + "; engine vllm measures others"}
}

// place orders what may be played for an experiment: what was recorded of it, then of its model; what has traces comes first.
func (r Recording) place(e model.Experiment) (n int) {
	if r.of(e) && r.Data == e.Data {
		return 0
	}
	for i, not := range []bool{!r.traced, !r.of(e), !r.sameModel(e)} {
		if not {
			n += 1 << i
		}
	}
	return n + 1
}

// of reports whether it is a recording of an experiment: of its model, layout and workload; what that leaves out is as it was recorded.
func (r Recording) of(e model.Experiment) bool {
	return r.sameModel(e) && sameLayout(r.Layout, e.Layout) && (e.Model.Layers == 0 || e.Model.Layers == r.Model.Layers) &&
		(e.Model.Precision == "" || e.Model.Precision == r.Model.Precision) &&
		(e.Load.On() || e.Data == model.Workload{} || e.Data == r.Data)
}

func (r Recording) sameModel(e model.Experiment) bool {
	return baseModel(r.Model.Name) == baseModel(e.Model.Name)
}

// farness is how far a load is from another, as a factor: one of another kind is farthest.
func farness(a, b model.Load) float64 {
	x, y := a.Rate, b.Rate
	if b.Rate == 0 {
		x, y = float64(a.Concurrency), float64(b.Concurrency)
	}
	if x <= 0 || y <= 0 {
		return math.Inf(1)
	}
	return max(x/y, y/x)
}

// baseModel is the last part of a hub id without the ending of tuned variants, whose shape is the same.
func baseModel(id string) string {
	id = strings.ToLower(model.ShortModel(id))
	return strings.TrimSuffix(strings.TrimSuffix(id, "-instruct"), "-chat")
}

// sameLayout takes the two kinds of data parallelism for one: their ranks do the same.
func sameLayout(a, b model.Layout) bool {
	return a.TP == b.TP && a.PP == b.PP && a.DP() == b.DP() && a.EP == b.EP
}

func recordingNames(all []Recording) string {
	words := model.Each(all, func(r Recording) string { return fmt.Sprintf("%s (%s, %s)", r.Name, path.Base(r.Model.Name), r.Layout) })
	slices.Sort(words)
	return strings.Join(words, "; ")
}

// timing holds the keys of timing_stats_<rank>.json that a replay reads. Seconds.
type timing struct {
	Timed  []float64         `json:"unprofiled_iteration_times"`
	TTFT   []json.RawMessage `json:"unprofiled_ttft"` // of an iteration: a number, or a list with one for each request
	TPOT   []json.RawMessage `json:"unprofiled_tpot"`
	Input  []json.RawMessage `json:"unprofiled_input_tokens,omitempty"`
	Output []json.RawMessage `json:"unprofiled_output_tokens,omitempty"`
	Traced []float64         `json:"iteration_times,omitempty"`
	Peak   int64             `json:"peak_memory_bytes,omitempty"`
}

func (p Play) timing() (timing, error) {
	if p.Forecast == nil {
		return readTiming(p.dir + "/timing_stats_0.json")
	}
	t := timing{Timed: []float64{p.Forecast.Metric("iteration_wall_clock").Value}}
	one := func(name string) []json.RawMessage {
		if m := p.Forecast.Metric(name); m.Value > 0 {
			return []json.RawMessage{fmt.Append(nil, m.Value/1e3)}
		}
		return []json.RawMessage{}
	}
	t.TTFT, t.TPOT = one("ttft"), one("tpot")
	return t, nil
}

func readTiming(name string) (t timing, err error) {
	b, err := fs.ReadFile(templates.FS, name)
	if err == nil {
		err = json.Unmarshal(b, &t)
	}
	if err != nil {
		err = fmt.Errorf("recording %s: %w", name, err)
	}
	return t, err
}

func (r Recording) files(pattern string) []string {
	names, _ := fs.Glob(templates.FS, r.dir+"/"+pattern) // the pattern is ours and sound
	return names
}

func (r Recording) copyFiles(pattern, dir string) error {
	for _, name := range r.files(pattern) {
		b, err := fs.ReadFile(templates.FS, name)
		if err == nil {
			err = writeFile(filepath.Join(dir, path.Base(name)), b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// cutTimings writes the timing files of a run that was stopped after k timed iterations, and no traced pass; of a forecast its one.
func (p Play) cutTimings(k int, dir string) error {
	if p.Forecast != nil {
		t, _ := p.timing() // which is in memory
		return writeJSON(filepath.Join(dir, "timing_stats_0.json"), t)
	}
	for _, name := range p.files("timing_stats_*.json") {
		t, err := readTiming(name)
		if err != nil {
			return err
		}
		t = timing{Timed: firstOf(t.Timed, k), TTFT: firstOf(t.TTFT, k), TPOT: firstOf(t.TPOT, k),
			Input: firstOf(t.Input, k), Output: firstOf(t.Output, k), Peak: t.Peak}
		if err := writeJSON(filepath.Join(dir, path.Base(name)), t); err != nil {
			return err
		}
	}
	return nil
}

func firstOf[T any](v []T, k int) []T { return v[:min(k, len(v))] }

// writeConfig writes config.yaml: the recording's own workload and depth, since the
// numbers are of those, under the id, description and output_dir of the experiment; of a forecast the experiment's own.
func (p Play) writeConfig(dir string, e model.Experiment) (err error) {
	text, head := p.own, "Forecast replay: numbers of no machine, neither measured nor recorded."
	if p.Forecast == nil {
		head = "Replay of the recording " + p.Name + ": numbers of the machine that was recorded."
		if text, err = fs.ReadFile(templates.FS, p.dir+"/config.yaml"); err != nil {
			return err
		}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return err
	}
	root := doc.Content[0]
	root.HeadComment = head
	own := map[string]string{"experiment_id": e.ID, "description": e.Description, "output_dir": e.OutputDir,
		"engine": string(model.EngineReplay)}
	for key, value := range own {
		if _, at := strictyaml.Find(root, key); at != nil && value != "" {
			at.SetString(value)
		}
	}
	var played yaml.Node
	err = played.Encode(map[string]model.Replay{"replay": {Recording: p.Name, Factor: cmp.Or(e.Replay.Factor, 1), Engine: p.Engine}})
	if err != nil {
		return err
	}
	if _, at := strictyaml.Find(root, "replay"); at != nil {
		*at = *played.Content[1]
	} else {
		root.Content = append(root.Content, played.Content...)
	}
	out, err := strictyaml.Encode(&doc, 2)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "config.yaml"), out)
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, append(b, '\n'))
}

// writeFile writes a file whole. What a crash loses can be replayed.
func writeFile(path string, b []byte) error {
	return atomicfile.WriteUnsynced(path, 0o644, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}
