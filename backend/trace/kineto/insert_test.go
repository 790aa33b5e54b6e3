package kineto

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/backend/trace"
)

// TestInsert: marks stand before the first event, metadata in the args of calls that have none; all else is as it was, packed or not.
func TestInsert(t *testing.T) {
	const (
		bare   = `{"ph": "X", "cat": "kernel", "name": "ncclAll", "pid": 0, "tid": 7, "ts": 5.250, "dur": 9, "args": {` + "\n" + `"stream": 7}}`
		empty  = `{"ph":"X","cat":"kernel","name":"ncclAll","ts":20.000,"dur":9,"args":{}}`
		given  = `{"ph":"X","cat":"kernel","name":"ncclAll","ts":30,"dur":9,"args":{"Collective name":"allreduce","In msg nelems":4}}`
		gemm   = `{"ph":"X","cat":"kernel","name":"gemm","ts":5.250,"dur":9,"args":{}}`
		foot   = `], "traceName": "a}\"{"}`
		mark   = `{"ph":"X","cat":"user_annotation","name":"step \"1\"","pid":"shardeck","tid":"steps","ts":1.500,"dur":2.000,"args":{"Added by":"me"}},` + "\n"
		coll   = `"Collective name":"all_reduce","In msg nelems":8,"dtype":"Byte","Group size":2,"Process Group Ranks":"[0,1]","Added by":"me",`
		base   = `"baseTimeNanoseconds": 1000000, `
		before = `{"schemaVersion": 1, ` + base + `"traceEvents": [` + "\n"
	)
	call := func(kernel string, start int64) *trace.Coll {
		if kernel != "ncclAll" || start != 1_005_250 && start != 1_020_000 {
			return nil
		}
		return &trace.Coll{Name: "all_reduce", InElems: 8, DType: "Byte", GroupSize: 2, GroupRanks: []int{0, 1}}
	}
	add := Additions{Marks: []trace.Mark{{Name: `step "1"`, Start: 1_001_500, Dur: 2000}}, By: "me", Call: call}
	text := before + bare + "," + empty + "," + given + "," + gemm + foot
	want := before + mark + strings.Replace(bare, "{\n", "{"+coll+"\n", 1) + "," + empty + "," +
		given + "," + gemm + foot
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(text))
	z.Close()
	for name, tt := range map[string]struct {
		text, want string
	}{
		"plain":       {text, want},
		"packed":      {packed.String(), want},
		"no events":   {`{"traceEvents": []}`, `{"traceEvents": []}`},
		"cut":         {before + bare + "," + empty[:20], before + mark + strings.Replace(bare, "{\n", "{"+coll+"\n", 1) + "," + empty[:20]},
		"a bare list": {"\ufeff[" + gemm + "]", "\ufeff[" + strings.Replace(mark, "1.500", "1001.500", 1) + gemm + "]"},
	} {
		path := filepath.Join(t.TempDir(), "kineto_trace_0.json")
		if err := os.WriteFile(path, []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err := Insert(t.Context(), path, &out, add)
		if got := out.String(); err != nil || got != tt.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, tt.want)
		}
	}
	if err := Insert(t.Context(), filepath.Join(t.TempDir(), "none.json"), &bytes.Buffer{}, add); err == nil {
		t.Error("inserted into nothing")
	}
	path := filepath.Join(t.TempDir(), "cut.json.gz")
	if err := os.WriteFile(path, packed.Bytes()[:packed.Len()-9], 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Insert(t.Context(), path, &bytes.Buffer{}, add); err == nil || !strings.HasPrefix(err.Error(), "cut.json.gz cannot be copied whole") {
		t.Errorf("of a packed file that is cut: %v", err)
	}
}
