package et

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"shardeck/backend/trace"
)

// reference is what a plain reading with encoding/json finds in a Chakra trace.
type reference struct {
	Nodes []struct {
		ID     uint64 `json:"id"`
		Name   string `json:"name"`
		Parent uint64 `json:"ctrl_deps"`
		Attrs  []struct {
			Name  string
			Value any
		} `json:"attrs"`
	} `json:"nodes"`
	Finish int64 `json:"finish_ts"`
}

// lines says everything that both readings know, one fact a line.
func (r *reference) lines() (out []string) {
	for _, n := range r.Nodes {
		a := map[string]string{}
		for _, x := range n.Attrs {
			if f, ok := x.Value.(float64); ok {
				x.Value = int64(f)
			}
			a[x.Name] = fmt.Sprint(x.Value)
		}
		line := fmt.Sprint(n.ID, n.Parent, a["rf_id"], n.Name)
		if n.Name == commNode {
			line += fmt.Sprint(" ", a["collective_name"], a["dtype"], a["in_msg_nelems"], a["out_msg_nelems"], a["pg_size"])
		}
		out = append(out, line)
	}
	return out
}

func (t *Trace) lines() (out []string) {
	for _, n := range t.Nodes {
		line := fmt.Sprint(n.ID, n.Parent, fmt.Sprint(n.RF), t.Names[n.Name])
		if n.Call >= 0 {
			c := t.Colls[t.Calls[n.Call].Coll]
			line += fmt.Sprint(" ", c.Name, c.DType, fmt.Sprint(c.InElems), fmt.Sprint(c.OutElems), fmt.Sprint(c.GroupSize))
		}
		out = append(out, line)
	}
	return out
}

// recordings are the real traces that are there: one in the repository, those of the
// archive beside it, or those of the runs in the folder that SHARDECK_TRACES names.
func recordings(t *testing.T) []string {
	t.Helper()
	paths := []string{recording}
	dir := os.Getenv("SHARDECK_TRACES")
	if dir == "" {
		dir = unpackShared(t)
	}
	for _, deep := range []string{"*", "*/*"} {
		more, _ := filepath.Glob(filepath.Join(dir, deep, "torch_et_*.json"))
		paths = append(paths, more...)
	}
	return paths
}

// recording is rank 0 of a run of two pipeline stages, whose Kineto trace is among the
// repository's recordings.
const recording = "testdata/llama-8b-pp2_0.json.gz"

// unpackShared unpacks the archive of short runs, if it is there.
func unpackShared(t *testing.T) string {
	archive := filepath.Join("..", "..", "..", "..", "shared", "data", "small.txz")
	if _, err := os.Stat(archive); err != nil || testing.Short() {
		t.Log("only the repository's recording is read: the others are not there, or the test is to be short")
		return "nowhere"
	}
	dir := t.TempDir()
	cmd := exec.Command("tar", "xJf", archive, "-C", dir, "--wildcards", "*torch_et_*")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Logf("only the repository's recording is read: the others cannot be unpacked here: %v: %s", err, out)
	}
	return dir
}

// textOf is the text of a file, unpacked.
func textOf(t *testing.T, path string) []byte {
	t.Helper()
	src, err := trace.OpenSource(context.Background(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	text, err := io.ReadAll(src)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestReference: on every recording, at any block size, we find what encoding/json finds.
func TestReference(t *testing.T) {
	for _, path := range recordings(t) {
		raw := textOf(t, path)
		var ref reference
		if err := json.Unmarshal(raw, &ref); err != nil {
			t.Fatal(err)
		}
		for _, block := range []int{blockSize, 4096 + len(raw)%977} {
			tr, err := open(context.Background(), path, nil, block)
			if err != nil {
				t.Fatal(err)
			}
			if len(tr.Damage) > 0 || tr.Finish != ref.Finish {
				t.Errorf("%s: damage %v, finish %d", path, tr.Damage, tr.Finish)
			}
			if !slices.Equal(ref.lines(), tr.lines()) {
				t.Errorf("%s, blocks of %d: differs from encoding/json", path, block)
			}
		}
	}
}

// TestJoin: every operator of the Kineto trace of the same rank that names a record
// function is found here under the same name, and its collectives are these.
func TestJoin(t *testing.T) {
	tr, err := Open(context.Background(), recording, nil)
	if err != nil {
		t.Fatal(err)
	}
	var kineto struct {
		Events []struct {
			Cat, Name string
			Args      map[string]any
		} `json:"traceEvents"`
	}
	text := textOf(t, "../../../tests/recordings/llama-8b-pp2/kineto_trace_0.json.gz")
	if err := json.Unmarshal(text, &kineto); err != nil {
		t.Fatal(err)
	}
	joined, calls := 0, 0
	for _, e := range kineto.Events {
		rf, _ := e.Args["Record function id"].(float64)
		if e.Cat != "cpu_op" || rf == 0 {
			continue
		}
		n, ok := tr.ByRF(uint64(rf))
		if !ok || tr.Names[n.Name] != e.Name {
			t.Fatalf("record function %v is %q there, %+v here", rf, e.Name, n)
		}
		joined++
		if name, ok := e.Args["Collective name"]; ok {
			c := tr.Colls[tr.Calls[n.Call].Coll]
			if c.Name != name || float64(c.InElems) != e.Args["In msg nelems"] || c.DType != e.Args["dtype"] {
				t.Errorf("record function %v: %v there, %+v here", rf, e.Args, c)
			}
			if dst, ok := e.Args["Dst Rank"]; ok && float64(c.Dst) != dst {
				t.Errorf("record function %v goes to %v there, to %d here", rf, dst, c.Dst)
			}
			calls++
		}
	}
	if joined < 500 || calls != len(tr.Calls) {
		t.Errorf("%d operators and %d of %d calls were joined", joined, calls, len(tr.Calls))
	}
}

// TestParents: on every recording parents and record functions are found.
func TestParents(t *testing.T) {
	for _, text := range schemas {
		tr := read(t, text)
		for _, n := range tr.Nodes {
			if up, ok := tr.ByID(n.Parent); !ok || cmp.Compare(up.ID, n.ID) > 0 {
				t.Errorf("node %d: parent %d was not found", n.ID, n.Parent)
			}
		}
	}
}
