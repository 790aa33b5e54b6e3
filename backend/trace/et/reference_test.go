package et

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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

// recordings are the real traces that are there.
func recordings(t testing.TB) []string {
	t.Helper()
	paths, _ := filepath.Glob("testdata/*.json")
	unpacked, _ := filepath.Glob("../../../../shared/data/small/*/torch_et_*.json")
	if dir := os.Getenv("SHARDECK_RECORDINGS"); dir != "" {
		more, _ := filepath.Glob(dir + "/*/*/torch_et_*.json")
		unpacked = append(unpacked, more...)
	}
	return append(paths, unpacked...)
}

// TestReference: on every recording, at any block size, we find what encoding/json finds.
func TestReference(t *testing.T) {
	paths := recordings(t)
	if len(paths) == 0 {
		t.Skip("no recordings here: unpack shared/data/small.txz beside itself, or name a folder of them in SHARDECK_RECORDINGS")
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
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
		t.Logf("%s: %d nodes", strings.TrimPrefix(path, "../../../../shared/data/"), len(ref.Nodes))
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
