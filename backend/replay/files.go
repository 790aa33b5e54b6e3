package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"

	"gopkg.in/yaml.v3"

	"shardeck/backend/atomicfile"
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

func (r Recording) timing() (timing, error) {
	var t timing
	b, err := fs.ReadFile(templates.FS, r.dir+"/timing_stats_0.json")
	if err == nil {
		err = json.Unmarshal(b, &t)
	}
	if err != nil {
		return t, fmt.Errorf("recording %s: %w", r.Name, err)
	}
	return t, nil
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
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(dir, path.Base(name)), b); err != nil {
			return err
		}
	}
	return nil
}

// cutTimings writes the timing files of a run that was stopped after k timed
// iterations: these alone, and nothing of the traced pass.
func (r Recording) cutTimings(k int, dir string) error {
	for _, name := range r.files("timing_stats_*.json") {
		b, err := fs.ReadFile(templates.FS, name)
		if err != nil {
			return err
		}
		var t timing
		if err := json.Unmarshal(b, &t); err != nil {
			return err
		}
		t = timing{Timed: head(t.Timed, k), TTFT: head(t.TTFT, k), TPOT: head(t.TPOT, k),
			Input: head(t.Input, k), Output: head(t.Output, k), Peak: t.Peak}
		if err := writeJSON(filepath.Join(dir, path.Base(name)), t); err != nil {
			return err
		}
	}
	return nil
}

func head[T any](v []T, k int) []T { return v[:min(k, len(v))] }

// writeConfig writes config.yaml: the recording's own workload and depth, since the
// numbers are of those, under the id, description and output_dir of the experiment.
func (r Recording) writeConfig(dir string, c config) error {
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
	set(root, "experiment_id", c.ID)
	set(root, "description", c.Description)
	set(root, "engine", string(model.EngineReplay))
	set(root, "output_dir", c.OutputDir)
	root.Content = append(root.Content, replayNode(model.Replay{Recording: r.Name, Factor: c.Replay.Factor, Engine: r.Engine})...)
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := errors.Join(e.Encode(&doc), e.Close()); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "config.yaml"), out.Bytes())
}

// replayNode is the key replay and its value.
func replayNode(r model.Replay) []*yaml.Node {
	var value yaml.Node
	r.Factor = firstOf(r.Factor, 1)
	_ = value.Encode(r) // a string and a number always encode
	return []*yaml.Node{{Kind: yaml.ScalarNode, Value: "replay"}, &value}
}

// set changes a scalar of the recording's config; an empty value keeps what is there.
func set(root *yaml.Node, key, value string) {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == key && value != "" {
			root.Content[i+1].SetString(value)
		}
	}
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
