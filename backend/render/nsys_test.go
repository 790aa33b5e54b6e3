package render

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeNsys runs what it is given, and leaves a report where it was told to; told to
// end it passes that on and goes at once, with 0, as version 2023.4 was seen to do.
// NSYS_LEAVES is the kind of file it leaves.
const fakeNsys = `#!/bin/bash
case $1 in
  profile)
    shift
    opts=
    while case $1 in -*) true ;; *) false ;; esac; do
      opts="$opts $1"
      if [ "$1" = -o ]; then shift; to=$1; fi
      shift
    done
    echo "$opts" >"${NSYS_SAID}"
    if [ "${SLURM_PROCID-}" = 1 ]; then NSYS_LEAVES=${NSYS_LEAVES_1-}; fi
    "$@" &
    child=$! code=0
    trap 'kill -TERM $child; echo report >"$to.${NSYS_LEAVES:-nsys-rep}"; exit 0' TERM
    wait $child || code=$?
    echo report >"$to.${NSYS_LEAVES:-nsys-rep}"
    exit $code ;;
  export) shift; while [ "$1" != -o ]; do shift; done; echo db >"$2" ;;
  stats) shift; while [ "$1" != -o ]; do shift; done; echo csv >"$2_cuda_gpu_trace.csv" ;;
esac
`

// baseline tells the script of another config than its own.
const baseline = "CONFIG=E1.1_llama8b_baseline.yaml"

func newNsysSite(t *testing.T) *site {
	j := plain(t)
	j.Config = "experiments/configs/absent.yaml" // CONFIG names another
	text, err := NsysScript(j)
	if err != nil {
		t.Fatal(err)
	}
	return newSite(t, text)
}

func TestNsysScript(t *testing.T) {
	s := newNsysSite(t)
	said := filepath.Join(s.bin, "said")
	log, code := s.run("NSYS_SAID="+said, "WRITE=1", baseline)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, log)
	}
	want := map[string]string{"llama-8b-tp1-nsys": ".job args nsys_0.nsys-rep nsys_0.sqlite nsys_0_cuda_gpu_trace.csv timing_stats_0.json x"}
	if d := cmp.Diff(want, s.tree()); d != "" {
		t.Errorf("%s\n%s", d, log)
	}
	options, err := os.ReadFile(said)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []string{"--trace-fork-before-exec=true", "--cuda-graph-trace=node", "--capture-range=cudaProfilerApi",
		"--capture-range-end=stop"} {
		if !strings.Contains(string(options), o) {
			t.Errorf("nsys is not told %s: %s", o, options)
		}
	}
	if args, _ := os.ReadFile(filepath.Join(s.root, "trace_collection/llama-8b-tp1-nsys/args")); !strings.Contains(string(args), "--nsys") {
		t.Errorf("the runner is not told of nsys: %s", args)
	}
	if err := os.RemoveAll(filepath.Join(s.root, "trace_collection")); err != nil {
		t.Fatal(err)
	}
	log, code = s.run("NSYS_SAID="+said, "WRITE=1", baseline, "SLURM_JOB_ID=6", "SLURM_JOB_NUM_NODES=2", "SLURM_CPUS_PER_TASK=8")
	if tree := s.tree()["llama-8b-tp1-nsys"]; code != 0 || !strings.Contains(tree, "nsys_0.nsys-rep") ||
		!strings.Contains(tree, "nsys_1.nsys-rep") || strings.Count(log, "task ") != 2 {
		t.Errorf("exit code %d, %v\n%s", code, s.tree(), log)
	}
	if log, code := s.run("CONFIG=nothing.yaml"); code != 2 || !strings.Contains(log, "no config experiments/configs/nothing.yaml") {
		t.Errorf("exit code %d\n%s", code, log)
	}
}

// TestSignalsUnderNsys: nsys that is told to end goes before the runner has written
// anything, with 0; the script stays, and knows how the runner ended.
func TestSignalsUnderNsys(t *testing.T) {
	for name, c := range signals {
		t.Run(name, func(t *testing.T) {
			s := newNsysSite(t)
			log, code := s.interrupted("llama-8b-tp1-nsys", c, baseline, "NSYS_SAID=/dev/null")
			want := map[string]string{"llama-8b-tp1-nsys": ".job args nsys_0.nsys-rep nsys_0.sqlite nsys_0_cuda_gpu_trace.csv " +
				"ready terms timing_stats_0.json x"}
			if d := cmp.Diff(want, s.tree()); code != 3 || d != "" {
				t.Errorf("exit code %d, %s\n%s", code, d, log)
			}
		})
	}
}

// TestNsysWithoutReport: a run is not "done" when nsys left no report of it.
func TestNsysWithoutReport(t *testing.T) {
	for name, c := range map[string]struct {
		env  []string
		code int
		log  string
	}{
		"no importer":            {[]string{"NSYS_LEAVES=qdstrm"}, 10, "nsys recorded nsys_0.qdstrm but could not make a report of it"},
		"nothing":                {[]string{"NSYS_LEAVES=other"}, 10, "nsys left 0 of 1 reports"},
		"nothing, after a part":  {[]string{"NSYS_LEAVES=other", "CODE=3"}, 3, "nsys left 0 of 1 reports"},
		"nothing, after a fault": {[]string{"NSYS_LEAVES=other", "CODE=7"}, 7, "exit code 7"},
		"one node of two": {[]string{"SLURM_JOB_ID=6", "SLURM_JOB_NUM_NODES=2", "CODES=3,3", "NSYS_LEAVES_1=other"}, 3,
			"nsys left 1 of 2 reports"},
	} {
		s := newNsysSite(t)
		log, code := s.run(append(c.env, baseline, "NSYS_SAID=/dev/null", "WRITE=1")...)
		if code != c.code || !strings.Contains(log, c.log) || code == 7 && strings.Contains(log, "nsys left") {
			t.Errorf("%s: exit code %d\n%s", name, code, log)
		}
	}
}
