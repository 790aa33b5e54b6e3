package replay

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"

	"gopkg.in/yaml.v3"

	"shardeck/backend/atomicfile"
	"shardeck/backend/strictyaml"
	"shardeck/model"
	"shardeck/templates"
)

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

// timing is what rank 0 measured.
func (r Recording) timing() (timing, error) { return readTiming(r.dir + "/timing_stats_0.json") }

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

// files lists the recording's files that match a pattern, in templates.FS.
func (r Recording) files(pattern string) []string {
	names, _ := fs.Glob(templates.FS, r.dir+"/"+pattern) // the pattern is ours and sound
	return names
}

// copyFiles writes every file that matches the pattern into dir as it is.
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

// cutTimings writes the timing files of a run that was stopped after k timed
// iterations: these alone, and nothing of the traced pass.
func (r Recording) cutTimings(k int, dir string) error {
	for _, name := range r.files("timing_stats_*.json") {
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
// numbers are of those, under the id, description and output_dir of the experiment.
func (r Recording) writeConfig(dir string, e model.Experiment) error {
	text, err := fs.ReadFile(templates.FS, r.dir+"/config.yaml")
	if err != nil {
		return err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return err
	}
	root := doc.Content[0]
	root.HeadComment = "Replay of the recording " + r.Name + ": numbers of the machine that was recorded."
	own := map[string]string{"experiment_id": e.ID, "description": e.Description, "output_dir": e.OutputDir,
		"engine": string(model.EngineReplay)}
	for key, value := range own {
		if _, at := strictyaml.Find(root, key); at != nil && value != "" {
			at.SetString(value)
		}
	}
	var played yaml.Node
	err = played.Encode(map[string]model.Replay{"replay": {Recording: r.Name, Factor: cmp.Or(e.Replay.Factor, 1), Engine: r.Engine}})
	if err != nil {
		return err
	}
	root.Content = append(root.Content, played.Content...)
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(&doc), enc.Close()); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "config.yaml"), out.Bytes())
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
