package replay

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
)

// The schemas in docs/schema are what anyone's own runner keeps to; the Python tests
// hold vllm_profiler.py to them, these hold us.

type schema struct {
	Properties map[string]struct {
		Type any
		Enum []any
	}
	Required []string
}

func readSchema(t *testing.T, name string) schema {
	t.Helper()
	text, err := os.ReadFile("../../docs/schema/" + name + ".schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s schema) keys() []string {
	var keys []string
	for k := range s.Properties {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// jsonType is what a Go kind is called in a schema.
var jsonType = map[reflect.Kind]string{
	reflect.Int: "integer", reflect.Int64: "integer", reflect.String: "string", reflect.Bool: "boolean",
	reflect.Slice: "array", reflect.Map: "object", reflect.Struct: "string", // the only struct is a time
	reflect.Pointer: "object",
}

func TestRunInfoIsItsSchema(t *testing.T) {
	s := readSchema(t, "run")
	var fields, always []string
	info := reflect.TypeFor[model.RunInfo]()
	for i := range info.NumField() {
		name, options, _ := strings.Cut(info.Field(i).Tag.Get("json"), ",")
		fields = append(fields, name)
		if options == "" && name != "trace_bytes_estimate" {
			always = append(always, name)
		}
		if got, want := s.Properties[name].Type, jsonType[info.Field(i).Type.Kind()]; got != want {
			t.Errorf("%s is a %v in the schema, a %s in model.RunInfo", name, got, want)
		}
	}
	slices.Sort(fields)
	if d := cmp.Diff(fields, s.keys()); d != "" {
		t.Errorf("model.RunInfo (-) and the schema (+) have different keys:\n%s", d)
	}
	slices.Sort(always)
	slices.Sort(s.Required)
	if d := cmp.Diff(always, s.Required); d != "" {
		t.Errorf("model.RunInfo (-) and the schema (+) require different keys:\n%s", d)
	}
	want := []any{string(model.RunComplete), string(model.RunPartial), string(model.RunFailed)}
	if d := cmp.Diff(want, s.Properties["status"].Enum); d != "" {
		t.Errorf("how a run ended:\n%s", d)
	}
}
