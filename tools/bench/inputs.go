package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"shardeck/tools/bench/tiling"
)

// input is one mix of events, tiled to the two sizes.
type input struct {
	Name         string
	Sources      []string // recordings, for people
	Mid, Big, Gz string   // files
	Members      string   // Gz in many members
	Small        string   // the big one, written in small pieces
	MidMade      tiling.Made
	BigMade      tiling.Made
	GzBytes      int64
}

// remove deletes the files.
func (in input) remove() {
	for _, f := range []string{in.Mid, in.Big, in.Small, in.Gz, in.Members} {
		os.Remove(f)
	}
}

// mix is a name and the recordings that are tiled under it.
type mix struct {
	name  string
	paths []string
}

// eager are the recordings of the reference engine in the repository, vllm those of
// vLLM, first ranks.
func eager() (mix, error) { return recorded("eager", false, "../../tests/recordings") }

func vllm() (mix, error) {
	return recorded("vllm", true, "../../tests/recordings", "../../templates/demo")
}

// recorded finds recordings; those of vLLM are named after it.
func recorded(name string, ofVLLM bool, folders ...string) (mix, error) {
	m := mix{name: name}
	for _, folder := range folders {
		all, err := filepath.Glob(filepath.Join(folder, "*", "kineto_trace_0.json.gz"))
		if err != nil {
			return m, err
		}
		for _, p := range all {
			if strings.HasPrefix(filepath.Base(filepath.Dir(p)), "vllm-") == ofVLLM {
				m.paths = append(m.paths, p)
			}
		}
	}
	if len(m.paths) == 0 {
		return m, fmt.Errorf("no recordings in %s; run this in the folder bench of the repository", strings.Join(folders, ", "))
	}
	return m, nil
}

// parseMix reads NAME=FILE,FILE.
func parseMix(arg string) (mix, error) {
	name, files, ok := strings.Cut(arg, "=")
	if !ok || name == "" || files == "" {
		return mix{}, fmt.Errorf("%q names no recordings; write NAME=FILE,FILE", arg)
	}
	return mix{name, strings.Split(files, ",")}, nil
}

// make writes the documents of a mix into dir.
func (m mix) make(dir string, midSize, bigSize int64) (input, error) {
	in := input{Name: m.name}
	var sources []*tiling.Source
	for _, p := range m.paths {
		s, err := tiling.Load(p)
		if err != nil {
			return in, err
		}
		sources = append(sources, s)
		in.Sources = append(in.Sources, filepath.Join(filepath.Base(filepath.Dir(p)), filepath.Base(p)))
	}
	file := func(size string) string { return filepath.Join(dir, m.name+"-"+size) }
	in.Mid, in.Big, in.Small, in.Gz = file("mid.json"), file("big.json"), file("small.json"), file("big.json.gz")
	in.Members = file("big" + tiling.Members)
	var gz tiling.Made
	for _, f := range []struct {
		path  string
		size  int64
		piece int
		made  *tiling.Made
	}{
		{in.Mid, midSize, tiling.Large, &in.MidMade}, {in.Big, bigSize, tiling.Large, &in.BigMade},
		{in.Small, bigSize, tiling.Small, &in.BigMade}, {in.Gz, bigSize, tiling.Large, &gz}, {in.Members, bigSize, tiling.Large, &gz},
	} {
		var err error
		if *f.made, err = tiling.File(f.path, sources, f.size, f.piece); err != nil {
			return in, err
		}
	}
	st, err := os.Stat(in.Gz)
	if err != nil {
		return in, err
	}
	in.GzBytes = st.Size()
	return in, nil
}
