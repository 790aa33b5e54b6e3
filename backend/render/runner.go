package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/templates"
)

// Runner is the Python runner, file by file: the program experiments/vllm_profiler.py
// and the modules of experiments/shardeck_runner/.
func Runner() (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(templates.FS, "runner", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files["experiments"+strings.TrimPrefix(name, "runner")], err = templates.FS.ReadFile(name)
		return err
	})
	return files, err
}

// Models is experiments/shardeck_runner/models.json: the shapes that the workspace
// knows, one a line, since a job sees nothing but experiments/.
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
