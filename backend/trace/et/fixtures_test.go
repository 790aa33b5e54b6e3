package et

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write puts text into a file of a folder of the test.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// read opens text as a trace.
func read(t testing.TB, text string) *Trace {
	t.Helper()
	tr, err := Open(context.Background(), write(t, "torch_et_0.json", text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// document is a trace of a schema around nodes.
func document(schema string, nodes ...string) string {
	return fmt.Sprintf("{\n  \"schema\": %q, \"pid\": 628, \"time\": \"2026-11-23 09:26:12\", \"start_ts\": 69439,\n  \"nodes\": [\n",
		schema) +
		strings.Join(nodes, ",\n") + "\n  ],\n  \"finish_ts\": 75708\n}\n"
}

// flat is a node of schema 1.0.1.
func flat(name string, id, parent, rf int, rest string) string {
	return fmt.Sprintf("    {\n      \"name\": %q, \"id\": %d, \"rf_id\": %d, \"parent\": %d, \"fw_parent\": 0, \"seq_id\": -1, "+
		"\"scope\": 0, \"tid\": 1, \"fw_tid\": 0, \"op_schema\": \"\"%s\n    }",
		name, id, rf, parent, rest)
}

// chakra is a node of the schemas from 1.0.2 on.
func chakra(name string, id, parent, rf int, inputs, outputs, attrs string) string {
	if inputs == "" {
		inputs = `{"values": [], "shapes": [], "types": []}`
	}
	if outputs == "" {
		outputs = `{"values": [], "shapes": [], "types": []}`
	}
	return fmt.Sprintf("      {\n        \"id\": %d, \"name\": %q, \"ctrl_deps\": %d,\n        \"inputs\": %s,\n        \"outputs\": %s,\n"+
		"        \"attrs\": [{\"name\": \"rf_id\", \"type\": \"uint64\", \"value\": %d},{\"name\": \"fw_parent\", \"type\": "+
		"\"uint64\", \"value\": 0},{\"name\": \"seq_id\", \"type\": \"int64\", \"value\": -1}%s]\n      }",
		id, name, parent, inputs, outputs, rf, attrs)
}

// root and thread begin every trace; PyTorch writes them in this spelling.
const (
	rootName   = "[pytorch|profiler|execution_trace|process]"
	threadName = "[pytorch|profiler|execution_trace|thread]"
)

// groupList is the text PyTorch leaves of two groups, as one string in JSON.
const groupList = `"[{\"pg_name\": \"0\", \"uid\": 7001, \"pg_desc\": \"default_pg\", \"backend_config\": \"cuda:nccl\", \"ranks\": [], \"group_size\": 4, \"group_count\": 2}, ` +
	`{\"pg_name\": \"1\", \"uid\": 7002, \"pg_desc\": \"tp\", \"backend_config\": \"cuda:nccl\", \"ranks\": [2, 3], \"group_size\": 2, \"group_count\": 2}]"`

// attrs of a call, from schema 1.1.0 on.
func commAttrs(name, dtype string, in, out int, group string, size int) string {
	return fmt.Sprintf(`,{"name": "collective_name", "type": "string", "value": %q},{"name": "dtype", "type": "string", "value": %q},`+
		`{"name": "in_msg_nelems", "type": "uint64", "value": %d},{"name": "out_msg_nelems", "type": "uint64", "value": %d},`+
		`{"name": "in_split_size", "type": "string", "value": "[]"},{"name": "global_rank_start", "type": "uint64", "value": 0},`+
		`{"name": "global_rank_stride", "type": "uint64", "value": 1},{"name": "pg_name", "type": "string", "value": %q},`+
		`{"name": "pg_desc", "type": "string", "value": "x"},{"name": "pg_size", "type": "uint64", "value": %d}`, name, dtype, in,
		out, group, size)
}

// schemas are the same little program in every schema: groups, an all-reduce of 16
// bfloat16 in group 1 (ranks 2 and 3), a send to its second rank, and a barrier.
var schemas = map[string]string{
	"1.0.1": document("1.0.1",
		flat(threadName, 2, 1, 0, `, "inputs": [], "input_shapes": [], "input_types": [], "outputs": [], "output_shapes": [], "output_types": []`),
		flat(groupNode, 3, 2, 1, `, "inputs": [`+groupList+`], "input_shapes": [[]], "input_types": ["String"], "outputs": []`),
		flat("c10d::allreduce_", 4, 2, 5, ``),
		flat(commNode, 5, 4, 6, `, "inputs": [[[9, 1, 0, 16, 2, "cuda:0"]], 1, 7002, 0, "allreduce", [], [], 2], "input_shapes": [[[16]]], "input_types": ["GenericList[Tensor(c10::BFloat16)]", "Int", "Int", "Int", "String", "GenericList[]", "GenericList[]", "Int"], "outputs": [[[9, 1, 0, 16, 2, "cuda:0"]]], "output_shapes": [[[16]]], "output_types": ["GenericList[Tensor(c10::BFloat16)]"]`),
		flat(commNode, 6, 2, 7, `, "inputs": [[[9, 1, 0, 8, 4, "cuda:0"]], 2, 7002, 1, "send", [], [], 2], "input_types": ["GenericList[Tensor(float)]"], "outputs": [[[9, 1, 0, 8, 4, "cuda:0"]]], "output_types": ["GenericList[Tensor(float)]"]`),
		flat(commNode, 7, 2, 8, `, "inputs": [3, 7001, 0, "barrier", [], [], 4], "input_types": ["Int", "Int", "Int", "String", "GenericList[]", "GenericList[]", "Int"], "outputs": []`),
		flat(rootName, 1, 1, 0, ``)),
	"1.0.2-chakra.0.0.4": document("1.0.2-chakra.0.0.4",
		chakra(threadName, 2, 1, 0, "", "", ""),
		chakra(groupNode, 3, 2, 1, `{"values": [`+groupList+`], "shapes": [[]], "types": ["String"]}`, "", ""),
		chakra("c10d::allreduce_", 4, 2, 5, "", "", ""),
		chakra(commNode, 5, 4, 6, `{"values": [[[9, 1, 0, 16, 2, "cuda:0"]], 1, 7002, 0, "allreduce", [], [], 2], "shapes": [], "types": ["GenericList[Tensor(c10::BFloat16)]"]}`, `{"values": [[[9, 1, 0, 16, 2, "cuda:0"]]], "shapes": [], "types": ["GenericList[Tensor(c10::BFloat16)]"]}`, ""),
		chakra(commNode, 6, 2, 7, `{"values": [[[9, 1, 0, 8, 4, "cuda:0"]], 2, 7002, 1, "send", [], [], 2], "types": ["GenericList[Tensor(float)]"]}`, `{"values": [[[9, 1, 0, 8, 4, "cuda:0"]]], "types": []}`, ""),
		chakra(commNode, 7, 2, 8, `{"values": [3, 7001, 0, "barrier", [], [], 4], "types": []}`, "", ""),
		chakra(rootName, 1, 1, 0, "", "", "")),
	"1.0.3-chakra.0.0.4": named("1.0.3-chakra.0.0.4", ""),
	"1.0.4-chakra.0.0.4": named("1.0.4-chakra.0.0.4",
		`,{"name": "kernel_backend", "type": "string", "value": ""},{"name": "kernel_file", "type": "string", "value": ""}`),
	"1.1.0-chakra.0.0.4": attributed("1.1.0-chakra.0.0.4"),
	"1.1.1-chakra.0.0.4": attributed("1.1.1-chakra.0.0.4"),
}

// named is the program where a group is its name and description.
func named(schema, attrs string) string {
	return document(schema,
		chakra(threadName, 2, 1, 0, "", "", attrs),
		chakra(groupNode, 3, 2, 1, `{"values": [`+groupList+`], "shapes": [[]], "types": ["String"]}`, "", attrs),
		chakra("c10d::allreduce_", 4, 2, 5, "", "", attrs),
		chakra(commNode, 5, 4, 6, `{"values": [[[9, 1, 0, 16, 2, "cuda:0"]], 1, ["1", "tp"], 0, "allreduce", [], [], 2, 1, 2], "types": ["GenericList[Tensor(c10::BFloat16)]"]}`, `{"values": [[[9, 1, 0, 16, 2, "cuda:0"]]]}`, attrs),
		chakra(commNode, 6, 2, 7, `{"values": [[[9, 1, 0, 8, 4, "cuda:0"]], 2, ["1", "tp"], 1, "send", [], [], 2], "types": ["GenericList[Tensor(float)]"]}`, `{"values": [[[9, 1, 0, 8, 4, "cuda:0"]]]}`, attrs),
		chakra(commNode, 7, 2, 8, `{"values": [3, ["0", "default_pg"], 0, "barrier", [], [], 4]}`, "", attrs),
		chakra(rootName, 1, 1, 0, "", "", attrs))
}

// attributed is the program with communication attributes.
func attributed(schema string) string {
	return document(schema,
		chakra(threadName, 2, 1, 0, "", "", ""),
		chakra(groupNode, 3, 2, 1, `{"values": [`+groupList+`], "shapes": [[]], "types": ["String"], "strides": [[]]}`, "", ""),
		chakra("c10d::allreduce_", 4, 2, 5, "", "", ""),
		chakra(commNode, 5, 4, 6, `{"values": [[[9, 1, 0, 16, 2, "cuda:0"]], [1, false], ["1", "tp"], 0, "allreduce", [], [], 2, 1, 2], "strides": [[[1]]]}`, "", commAttrs("allreduce", "BFloat16", 16, 16, "1", 2)),
		chakra(commNode, 6, 2, 7, `{"values": [[[9, 1, 0, 8, 4, "cuda:0"]], [2, true], ["1", "tp"], 1, "send", [], [], 2, 1, 2]}`, "",
			commAttrs("send", "Float", 8, 8, "1", 2)),
		chakra(commNode, 7, 2, 8, `{"values": [[3, false], ["0", "default_pg"], 0, "barrier", [], [], 0, 1, 4]}`, "",
			commAttrs("barrier", "Byte", 0, 0, "0", 4)),
		chakra(rootName, 1, 1, 0, "", "", ""))
}
