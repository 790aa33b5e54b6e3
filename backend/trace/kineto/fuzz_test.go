package kineto

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// seeds are small documents for the fuzzers to start from.
func seeds(f *testing.F) {
	for _, c := range faulty {
		if len(c.event) < 4096 {
			f.Add([]byte(wholeDocument(kernelEvent("a", 1), c.event, kernelEvent("b", 2))), uint16(50))
		}
	}
	var steps []string // launches that come again, for the fast paths
	for n := range 4 {
		steps = append(steps, kernelEvent("gemm", n), kernelEvent("norm {x}", 10+n), kernelEvent("gemm", 20+n))
	}
	f.Add([]byte(wholeDocument(steps...)), uint16(200))
	f.Add(roaming(), uint16(300))
	f.Add([]byte(`{"traceEvents":[{"ph":"X","cat":"gpu_memcpy","name":"Memcpy DtoH","pid":0,"tid":7,"ts":1,"dur":2.5}]}`), uint16(1))
	f.Add([]byte(`{"traceEvents": [{"ph": "X", "cat": "user_annotation", "name": "decode", "ts": 1e3, "dur": 2, "args": {}}], "hostname": "n\u0031"}`), uint16(7))
	f.Add([]byte(wholeDocument(strings.Replace(kernelEvent("ncclDevKernel_AllReduce", 9), `"device"`,
		`"Collective name": "allreduce", "In msg nelems": 8, "Group size": 2, "dtype": "BFloat16", "Process Group Ranks": "[0, 1]", "device"`, 1))), uint16(300))
}

// roaming are launches of one kernel on many streams, in steps that come again; some of
// the streams are none, and some rows are not theirs.
func roaming() []byte {
	var events []string
	for n := range 60 {
		stream := []string{"7", "21", "33", "1000", "2147483647", "2147483648", "4.5", "-1", "0", "N/A"}[n%10]
		row := []string{stream, "9", `"stream 7"`}[n/20]
		events = append(events, fmt.Sprintf(`{"ph": "X", "cat": "kernel", "name": "gemm", "pid": 0, "tid": %s, "ts": %d.500, "dur": 2.000, `+
			`"args": {"device": 0, "stream": %s, "correlation": %d}}`, row, 1000+n, stream, n))
	}
	return []byte(wholeDocument(events...))
}

// A kernel that roams over streams is read as one event at a time is.
func TestRoamingStreams(t *testing.T) {
	text := roaming()
	want, err := scanPlainly(text)
	if err != nil || len(want.Records) != 60 {
		t.Fatalf("%v, %v", want, err)
	}
	for _, block := range []int{300, 1000, blockSize} {
		if d := cmp.Diff(want, scanText(t, text, block)); d != "" {
			t.Errorf("block %d (-plain +fast):\n%s", block, d)
		}
	}
}

// FuzzScanner holds that a reading never panics, does not depend on the blocks it is
// read in or on the fast paths, and that no sound document is called damaged
// for its layout.
func FuzzScanner(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte, block uint16) {
		want, wantErr := scanPlainly(text)
		for _, size := range []int{int(block) + 1, blockSize} {
			got, err := scanBlocks(text, size)
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("block %d: error %v, one event at a time %v", size, err, wantErr)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("block %d (-plain +fast):\n%s", size, d)
			}
		}
		if want != nil {
			checkRank(t, text, want)
			packed := scanPacked(text, 8)
			samePacked(t, want, packed, packed.Columns != nil)
		}
	})
}

// scanPlainly reads without the fast paths: every event by its keys, every skip by strings.
func scanPlainly(text []byte) (*trace.Rank, error) {
	d := newReader(jsonscan.NewWindow(bytes.NewReader(text), blockSize))
	d.scan.plain = true
	if err := d.Read(); err != nil {
		return nil, err
	}
	return d.rank(), nil
}

// checkRank holds what every Rank promises.
func checkRank(t *testing.T, text []byte, r *trace.Rank) {
	t.Helper()
	for _, rec := range r.Records {
		if rec.Dur < 0 || int(rec.Name) >= len(r.Names) || int(rec.Coll) >= len(r.Colls) || rec.Coll < -1 {
			t.Fatalf("unsound record %+v", rec)
		}
	}
	if json.Valid(text) {
		for _, d := range r.Damage {
			if strings.Contains(d.Text, "not JSON") && bytes.IndexByte(text, '[') >= 0 && !looseEvents(text) {
				t.Fatalf("a sound document is called damaged: %+v", d)
			}
		}
	}
}

// looseEvents says that a list of events holds something that is no object.
func looseEvents(text []byte) bool {
	var list []json.RawMessage
	if json.Unmarshal(text, &list) != nil {
		var doc map[string]json.RawMessage
		if json.Unmarshal(text, &doc) != nil || json.Unmarshal(doc["traceEvents"], &list) != nil {
			return true
		}
	}
	for _, e := range list {
		if e[0] != '{' {
			return true
		}
	}
	return false
}

// FuzzGzip holds that damaged gzip never panics and never gives an unmarked value:
// without damage the text is what the standard library unpacks.
func FuzzGzip(f *testing.F) {
	whole := gzipped(f, []byte(wholeDocument(kernelEvent("a", 1), kernelEvent("b", 2))))
	f.Add(whole)
	f.Add(whole[:len(whole)-4])
	f.Add(append(bytes.Clone(whole), whole...))
	f.Fuzz(func(t *testing.T, packed []byte) {
		r, err := Open(context.Background(), write(t, "kineto_trace_0.json.gz", packed), nil)
		if err != nil || len(r.Damage) > 0 || !bytes.HasPrefix(packed, []byte("\x1f\x8b")) {
			return
		}
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatalf("no damage, but the standard library says %v", err)
		}
		text, err := io.ReadAll(z)
		if err != nil || int64(len(text)) != r.JSON {
			t.Fatalf("no damage in %d bytes of text; the standard library has %d and says %v", r.JSON, len(text), err)
		}
	})
}
