package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"shardeck/bench/tiling"
)

// input is one mix of events, tiled to the two sizes.
type input struct {
	Name         string
	Sources      []string // recordings, for people
	Mid, Big, Gz string   // files
	Copied       string   // the big one, copied in large pieces
	MidMade      tiling.Made
	BigMade      tiling.Made
	GzBytes      int64
}

// remove deletes the files.
func (in input) remove() {
	for _, f := range []string{in.Mid, in.Big, in.Copied, in.Gz} {
		os.Remove(f)
	}
}

// mix is a name and the recordings that are tiled under it.
type mix struct {
	name  string
	paths []string
}

// eager are the recordings of the repository, first ranks.
func eager() (mix, error) {
	paths, err := filepath.Glob("../testdata/recordings/*/kineto_trace_0.json.gz")
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("no recordings in ../testdata/recordings; run this in the folder bench of the repository")
	}
	return mix{"eager", paths}, err
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
	in.Mid, in.Big, in.Copied, in.Gz = file("mid.json"), file("big.json"), file("copied.json"), file("big.json.gz")
	var err error
	if in.MidMade, err = tiling.File(in.Mid, sources, midSize); err != nil {
		return in, err
	}
	if in.BigMade, err = tiling.File(in.Big, sources, bigSize); err != nil {
		return in, err
	}
	if err = tiling.Copy(in.Copied, in.Big); err != nil {
		return in, err
	}
	if _, err = tiling.File(in.Gz, sources, bigSize); err != nil {
		return in, err
	}
	st, err := os.Stat(in.Gz)
	if err != nil {
		return in, err
	}
	in.GzBytes = st.Size()
	return in, nil
}
