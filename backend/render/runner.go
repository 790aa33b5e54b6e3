package render

import (
	"bytes"
	"encoding/json"
	"fmt"

	"shardeck/model"
	"shardeck/templates"
)

// Runner is the Python runner, experiments/vllm_profiler.py.
func Runner() ([]byte, error) { return python("vllm_profiler.py") }

// noShapes is the line of the reference engine that waits for the shapes of models.
// Python's raw text takes JSON as it is: JSON has no three quotes in a row.
const noShapes = `SHAPES = r"""[]"""`

// TorchEngine is the reference engine, experiments/torch_engine.py, with the shapes
// that the workspace knows written into it: the job has nothing but experiments/.
func TorchEngine(shapes []model.Shape) ([]byte, error) {
	text, err := python("torch_engine.py")
	if err != nil {
		return nil, err
	}
	if bytes.Count(text, []byte(noShapes)) != 1 {
		return nil, fmt.Errorf("the reference engine has no place for shapes: torch_engine.py must say %s once", noShapes)
	}
	var list bytes.Buffer
	list.WriteString(`SHAPES = r"""[`)
	for i, s := range shapes {
		line, err := json.Marshal(s)
		if err != nil {
			return nil, fmt.Errorf("the shape of %s: %w", s.Name, err)
		}
		if i > 0 {
			list.WriteByte(',')
		}
		list.WriteByte('\n')
		list.Write(line)
	}
	list.WriteString("\n]" + `"""`)
	return bytes.Replace(text, []byte(noShapes), list.Bytes(), 1), nil
}

func python(name string) ([]byte, error) {
	data, err := templates.FS.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("this binary was built without %s: %w", name, err)
	}
	return data, nil
}
