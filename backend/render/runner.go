package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"

	"shardeck/model"
	"shardeck/templates"
)

// RunnerFile is one file of the Python runner.
type RunnerFile struct {
	Name string // below experiments/
	Text []byte
}

// Runner is the Python runner: the modules of shardeck_runner/, then the program
// vllm_profiler.py, so that no job that starts meanwhile finds it without them.
func Runner() ([]RunnerFile, error) {
	root, err := fs.Sub(templates.FS, "runner")
	if err != nil {
		return nil, err
	}
	var files []RunnerFile
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, name)
		files = append(files, RunnerFile{name, text})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("this binary was built without the runner: %w", err)
	}
	return files, nil
}

// Models is shardeck_runner/models.json: the shapes that the workspace knows, one a
// line, since a job sees nothing but experiments/.
func Models(shapes []model.Shape) ([]byte, error) {
	lines := make([][]byte, len(shapes))
	for i, s := range shapes {
		line, err := json.Marshal(s)
		if err != nil {
			return nil, fmt.Errorf("the shape of %s: %w", s.Name, err)
		}
		lines[i] = line
	}
	return slices.Concat([]byte("[\n"), bytes.Join(lines, []byte(",\n")), []byte("\n]\n")), nil
}
