package model

import (
	"errors"
	"testing"
)

func TestKernelFiles(t *testing.T) {
	kineto0, kineto1 := RunFile{FileKineto, "kineto_trace_0.json", 0, 5}, RunFile{FileKineto, "kineto_trace_1.json.gz", 1, 7}
	report, export, rows := RunFile{FileNsys, "nsys_0.nsys-rep", 0, 100}, RunFile{FileNsys, "nsys_0.sqlite", 0, 10},
		RunFile{FileNsys, "nsys_1.csv", 1, 1}
	timing := RunFile{FileTiming, "timing_stats_0.json", 0, 50}
	for name, c := range map[string]struct {
		files []RunFile
		bytes int64
		n     int
	}{
		"Kineto before nsys":      {[]RunFile{report, export, kineto0, kineto1, timing}, 12, 2},
		"nsys, a form a node":     {[]RunFile{report, export, rows, timing}, 11, 2},
		"only what must be made":  {[]RunFile{report}, 100, 1},
		"timings are no kernels":  {[]RunFile{timing}, 0, 0},
		"a folder without a file": {nil, 0, 0},
	} {
		r := Run{Name: "a", Files: c.files}
		if got := r.KernelFiles(); len(got) != c.n || r.TraceBytes() != c.bytes {
			t.Errorf("%s: %v, %d bytes", name, got, r.TraceBytes())
		}
		if err := r.Readable(); (err == nil) != (len(c.files) > 0) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFixOf(t *testing.T) {
	if got := FixOf(errors.Join(errors.New("a"), Invalid("b", "do c"))); got != "do c" || FixOf(errors.New("a")) != "" {
		t.Errorf("%q", got)
	}
}
