package et

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

func TestSchemas(t *testing.T) {
	want := []Collective{
		{Coll: trace.Coll{Name: "allreduce", DType: "BFloat16", InElems: 16, OutElems: 16, GroupSize: 2, GroupName: "1",
			GroupRanks: []int{2, 3}, Src: -1, Dst: -1}, Calls: 1, InBytes: 32, OutBytes: 32},
		{Coll: trace.Coll{Name: "send", DType: "Float", InElems: 8, OutElems: 8, GroupSize: 2, GroupName: "1",
			GroupRanks: []int{2, 3}, Src: -1, Dst: 3}, Calls: 1, InBytes: 32, OutBytes: 32},
	}
	for schema, text := range schemas {
		t.Run(schema, func(t *testing.T) {
			tr := read(t, text)
			if len(tr.Damage)+len(tr.Notes) > 0 {
				t.Errorf("damage %v, notes %q", tr.Damage, tr.Notes)
			}
			if tr.Schema != schema || tr.PID != 628 || tr.Start != 69439 || tr.Finish != 75708 || len(tr.Nodes) != 7 {
				t.Errorf("schema %q, pid %d, %d to %d, %d nodes", tr.Schema, tr.PID, tr.Start, tr.Finish, len(tr.Nodes))
			}
			got := tr.Collectives()
			if len(got) != 3 || !got[2].Control || got[2].Name != "barrier" || got[2].GroupSize != 4 {
				t.Fatalf("collectives %+v", got)
			}
			if diff := cmp.Diff(want, got[:2]); diff != "" {
				t.Errorf("collectives (-want +got):\n%s", diff)
			}
			if len(tr.Groups) != 2 || tr.Groups[1].Description != "tp" || !cmp.Equal(tr.Groups[0].Ranks, []int{0, 1, 2, 3}) {
				t.Errorf("groups %+v", tr.Groups)
			}
			n, ok := tr.ByRF(6)
			if !ok || n.ID != 5 || tr.Calls[n.Call].RF != 6 {
				t.Errorf("record function 6 is %+v, %v", n, ok)
			}
			if path := tr.Path(n); !cmp.Equal(path, []string{"c10d::allreduce_", "record_param_comms"}) {
				t.Errorf("path %q", path)
			}
			if _, ok := tr.ByRF(0); ok {
				t.Error("record function 0, which is none, was found")
			}
			ops := []Op{{commNode, 3}, {groupNode, 1}, {"c10d::allreduce_", 1}}
			if diff := cmp.Diff(ops, tr.Ops); diff != "" {
				t.Errorf("ops (-want +got):\n%s", diff)
			}
		})
	}
}

// faulty are documents with a fault each, and the words that say so.
var faulty = []struct {
	name, text    string
	nodes         int
	damage, notes string
}{
	{name: "cut inside a node", text: schemas["1.1.1-chakra.0.0.4"][:2000], nodes: 3, damage: "ended before the list of nodes was closed"},
	{name: "cut between nodes", text: document("1.1.1-chakra.0.0.4", chakra("aten::mm", 4, 2, 5, "", "", ""),
		chakra("aten::mm", 5, 2, 6, "", "", ""))[:500], nodes: 1, damage: "ended before the list of nodes was closed"},
	{name: "cut after the list", text: strings.Split(schemas["1.1.1-chakra.0.0.4"], "\"finish_ts\"")[0], nodes: 7,
		damage: "ended before the document was closed"},
	{name: "no finish_ts", text: strings.Replace(schemas["1.1.1-chakra.0.0.4"], "],\n  \"finish_ts\": 75708", "]", 1), nodes: 7,
		damage: "no finish_ts"},
	{name: "cut before the list", text: `{"schema": "1.1.1-chakra.0.0.4", "pid": 6`, damage: "ended before the list of nodes began"},
	{name: "text after the end", text: schemas["1.0.1"] + "}", nodes: 7, damage: "text after the end"},
	{name: "stray quote in a name", text: document("1.1.1-chakra.0.0.4", chakra("a", 2, 1, 3, "", "", ""),
		strings.Replace(chakra("bcd", 3, 1, 4, "", "", ""), "bcd", `b"d`, 1), chakra("e", 4, 1, 5, "", "", "")), nodes: 2,
		damage: "1 node is not JSON"},
	{name: "stray quote in the last name", text: document("1.1.1-chakra.0.0.4", chakra("a", 2, 1, 3, "", "", ""),
		strings.Replace(chakra("bcd", 3, 1, 4, "", "", ""), "bcd", `b"d`, 1)), nodes: 1, damage: "1 node is not JSON"},
	{name: "stray quote in a flat node", text: document("1.0.1", flat("a", 2, 1, 3, ""),
		strings.Replace(flat("bcd", 3, 1, 4, ""), "bcd", `b"d`, 1), flat("e", 4, 1, 5, "")), nodes: 2, damage: "1 node is not JSON"},
	{name: "bare words", text: document("1.0.1", flat("a", 2, 1, 3, ""), "nonsense here", flat("e", 4, 1, 5, "")), nodes: 2,
		damage: "1 node is not JSON"},
	{name: "NaN among inputs", text: document("1.0.1", flat("a", 2, 1, 3, `, "inputs": [NaN, inf, -Infinity]`)), nodes: 1},
	{name: "node without id", text: document("1.0.1", flat("a", 2, 1, 3, ""), `{"name": "b"}`, flat("e", 4, 1, 5, "")), nodes: 2,
		damage: "1 node is not JSON or has no name or id"},
	{name: "giant node", text: document("1.0.1", flat("a", 2, 1, 3, ""),
		flat(strings.Repeat("x", jsonscan.MaxPiece+2*blockSize), 3, 1, 4, ""), flat("e", 4, 1, 5, "")), nodes: 2,
		damage: "larger than 16 MiB"},
	{name: "invalid UTF-8", text: document("1.0.1", strings.Replace(flat("abc", 2, 1, 3, ""), "abc", "a\xff\x1b[31m", 1)), nodes: 1},
	{name: "list of groups cut", text: document("1.1.1-chakra.0.0.4",
		chakra(groupNode, 3, 2, 1, `{"values": ["[{\"pg_name\": \"0\", \"ranks\": [0, 1], \"gro"]}`, "", "")), nodes: 1,
		damage: "list of process groups"},
	{name: "missing comms info", text: document("1.1.1-chakra.0.0.4",
		chakra(commNode, 3, 2, 1, `{"values": []}`, "", `,{"name": "debug", "type": "string", "value": "missing comms info"}`)),
		nodes: 1, notes: "missing comms info"},
	{name: "sizes that are no numbers", text: document("1.1.1-chakra.0.0.4",
		chakra(commNode, 3, 2, 1, "", "", strings.ReplaceAll(commAttrs("allreduce", "Float", 777, 777, "0", 2), "777", "N/A"))),
		nodes: 1, damage: "1 collective call has a size or group that is no number"},
	{name: "later schema", text: document("2.0.0", flat("a", 2, 1, 3, "")), nodes: 1, notes: "is not one of those known"},
	{name: "no nodes", text: document("1.1.1-chakra.0.0.4"), notes: "no nodes"},
	{name: "bare word beside the nodes", text: strings.Replace(document("1.0.1", flat("a", 2, 1, 3, "")), "75708", "NaN", 1),
		nodes: 1, damage: "the value of finish_ts is not as it should be"},
}

func TestFaults(t *testing.T) {
	for _, f := range faulty {
		t.Run(f.name, func(t *testing.T) {
			tr := read(t, f.text)
			said := ""
			for _, d := range tr.Damage {
				said += d.String() + "\n"
			}
			if len(tr.Nodes) != f.nodes {
				t.Errorf("%d nodes, want %d; %s", len(tr.Nodes), f.nodes, said)
			}
			if (f.damage == "") != (said == "") || !strings.Contains(said, f.damage) {
				t.Errorf("damage %q, want %q", said, f.damage)
			}
			if notes := strings.Join(tr.Notes, "\n"); (f.notes == "") != (notes == "") || !strings.Contains(notes, f.notes) {
				t.Errorf("notes %q, want %q", notes, f.notes)
			}
			for _, name := range tr.Names {
				if strings.ContainsAny(name, "\x1b\n") {
					t.Errorf("name %q is not clean", name)
				}
			}
		})
	}
}

// TestForeign: other files are errors that say what they are.
func TestForeign(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "the file is empty",
		"   \n":                       "an empty document",
		`{"schemaVersion": 1, "tra`:   "a Kineto trace",
		`{"traceEvents": []}`:         "a Kineto trace",
		`{"iteration_times": [1]}`:    "a timing file",
		`{"job_id": "1"}`:             "the description of a run",
		`{"a": 1}`:                    "JSON of another kind",
		`{"a": 1`:                     "JSON of another kind, or one cut off",
		`{"nodes": 7}`:                "whose nodes is no list",
		`[1, 2]`:                      "begins with",
		"model: llama\n":              "begins with",
		"SQLite format 3\x00rest":     "SQLite file",
		`{"schema": "1.0.1" oops "x"`: "not JSON (at byte",
	} {
		_, err := Open(context.Background(), write(t, "x.json", text), nil)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "x.json") {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
	if _, err := Open(context.Background(), "/nowhere/torch_et_0.json", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, write(t, "x.json", schemas["1.0.1"]), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

// TestGzip: the same, whatever the name; a cut one gives what can be had.
func TestGzip(t *testing.T) {
	text := document("1.0.1", strings.Split(strings.Repeat(flat("aten::mm", 5, 1, 3, "")+"\x00", 500), "\x00")[:500]...)
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write([]byte(text))
	w.Close()
	plain, packed := read(t, text), read(t, z.String())
	if diff := cmp.Diff(plain.Ops, packed.Ops); diff != "" || len(packed.Damage) > 0 {
		t.Errorf("gzip differs: %s %v", diff, packed.Damage)
	}
	cut := read(t, z.String()[:z.Len()-20])
	if len(cut.Damage) == 0 || !strings.Contains(cut.Damage[0].Text, "gzip file is cut off") {
		t.Errorf("damage %v", cut.Damage)
	}
}

// TestCutAnywhere: a file cut at any byte is an error or is marked, never silent.
func TestCutAnywhere(t *testing.T) {
	text := strings.TrimSpace(schemas["1.1.1-chakra.0.0.4"])
	path := write(t, "torch_et_0.json", "")
	for n := 1; n < len(text); n += 7 {
		if err := os.WriteFile(path, []byte(text[:n]), 0o600); err != nil {
			t.Fatal(err)
		}
		tr, err := Open(context.Background(), path, nil)
		if err == nil && len(tr.Damage) == 0 {
			t.Fatalf("cut at byte %d: no error and no damage", n)
		}
	}
}

// TestProgress: by bytes of the disk, up to all of them.
func TestProgress(t *testing.T) {
	path := write(t, "torch_et_0.json", schemas["1.0.1"])
	var done, total int64
	if _, err := Open(context.Background(), path, func(d, n int64) { done, total = d, n }); err != nil {
		t.Fatal(err)
	}
	if want := int64(len(schemas["1.0.1"])); done != want || total != want {
		t.Errorf("progress ended at %d of %d, want %d", done, total, want)
	}
}

// Writers of 2022 leave the size of the group out: that of the process group counts, else the parts of the buffer.
func TestCallsWithoutGroupSize(t *testing.T) {
	const tensor = `[10, 1, 0, 1024, 2, "cuda:0"]`
	inputs := func(group, name, split string) string {
		return fmt.Sprintf(`, "inputs": [%s, 7, %s, 0, %q, %s, []], "input_types": ["Tensor(c10::Half)"]`, tensor, group, name, split)
	}
	groups := flat(groupNode, 2, 1, 0, `, "inputs": ["[{\"pg_name\": \"9\", \"ranks\": [4, 5, 6], \"group_size\": 3}]"]`)
	tr := read(t, document("1.0.1", groups, flat(commNode, 3, 1, 3, inputs("9", "allreduce", "[]")),
		flat(commNode, 4, 1, 4, inputs("8", "all_to_allv", "[1, 2, 3, 4]")),
		flat(commNode, 5, 1, 5, inputs("8", "allreduce", "[]")), flat(commNode, 6, 1, 6, `, "inputs": [7, 0, 2, "wait", [], []]`)))
	if len(tr.Damage)+len(tr.Notes) != 0 || len(tr.Calls) != 4 {
		t.Fatalf("%d calls, damage %v, notes %q", len(tr.Calls), tr.Damage, tr.Notes)
	}
	for i, want := range []trace.Coll{
		{Name: "allreduce", DType: "Half", InElems: 1024, OutElems: -1, GroupSize: 3, GroupName: "9", GroupRanks: []int{4, 5, 6},
			Src: -1, Dst: -1},
		{Name: "all_to_allv", DType: "Half", InElems: 1024, OutElems: -1, GroupSize: 4, GroupName: "8", Src: -1, Dst: -1},
		{Name: "allreduce", DType: "Half", InElems: 1024, OutElems: -1, GroupSize: -1, GroupName: "8", Src: -1, Dst: -1},
	} {
		if diff := cmp.Diff(want, tr.Colls[tr.Calls[i].Coll]); diff != "" {
			t.Errorf("call %d: %s", i, diff)
		}
	}
}
