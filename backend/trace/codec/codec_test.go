package codec

import (
	"bytes"
	cmp2 "cmp"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/trace"
	"shardeck/backend/trace/kineto"
	"shardeck/model/metric"
)

// packed is a rank and its packed text.
func packed(t testing.TB, r ...*trace.Rank) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Encode(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// made is a small rank with something in every field.
func made() *trace.Rank {
	return &trace.Rank{
		File: "kineto_trace_1.json.gz", Bytes: 7, JSON: 70, Names: []string{"a<1>", "ncclDevKernel"},
		Info: trace.Info{Rank: 1, WorldSize: 2, Hostname: "nid1", Devices: []trace.Device{{ID: 1, Name: "NVIDIA A100", SMs: 108}},
			Notes: []string{"n"}},
		Colls:  []trace.Coll{{Name: "allreduce", InElems: -1, GroupRanks: []int{0, 1}, Src: -1, Dst: -1}},
		Marks:  []trace.Mark{{Name: "prefill", Start: 1 << 60, Dur: 5, GPU: true}},
		Damage: []trace.Damage{{Offset: 9, Text: "cut", Lost: "rest"}},
		Records: []trace.Record{
			{Start: -5, Name: 0, Coll: -1, Blocks: -1, Kind: trace.KindMemset},
			{Start: 1<<60 + 9, Dur: 3, Name: 1, Corr: 4294967295, Coll: 0, Blocks: 0.5, Stream: -7, Device: 3},
		},
		SMs: []trace.Sample{{At: 5, Percent: 99.5}, {At: 3, Percent: 0}},
	}
}

func TestEveryFieldComesBack(t *testing.T) {
	for _, want := range [][]*trace.Rank{{made()}, {}, {{}, made(), {}}} {
		got, err := Decode(bytes.NewReader(packed(t, want...)))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
}

func TestRecordingsComeBack(t *testing.T) {
	files, err := filepath.Glob("../../../tests/recordings/*/kineto_trace_*.json.gz")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d recordings, %v", len(files), err)
	}
	for _, path := range files {
		want, err := kineto.Open(t.Context(), path, nil)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortStableFunc(want.Records, func(a, b trace.Record) int {
			return cmp2.Or(cmp2.Compare(a.Start, b.Start), cmp2.Compare(a.End(), b.End()))
		})
		n := len(want.Records)
		for _, most := range []int{20, 16} { // bytes a record, with small things: as records, as columns
			text := packed(t, want)
			got, err := Decode(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]*trace.Rank{want}, got); d != "" {
				t.Errorf("%s: %s", path, d)
			}
			if each := len(text) / n; each > most {
				t.Errorf("%s takes %d bytes a record", path, each)
			}
			want.Pack()
		}
	}
}

// links is what launched some kernels, with something in every field.
func links() *trace.Links {
	return &trace.Links{Names: []string{"aten::mm", "launched outside"}, Damaged: true, By: map[string][]trace.Launch{
		metric.Operator: {{Dur: 5, RF: 1<<63 + 7, Count: 2}, {Dur: 1 << 60, RF: 3, Count: 1, Name: 1, Missing: true}},
		metric.Module:   nil, metric.Frame: {{Name: 1, Missing: true}}, metric.Annotation: nil,
	}, Runs: []trace.LaunchRun{{Count: 3, Lead: 1 << 40, Call: 5, Graph: true}, {Count: 1, Lead: -1}}}
}

func packedLinks(t testing.TB, l *trace.Links) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := EncodeLinks(&out, l); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestLinksComeBack, and whatever is cut or turned over is an error, or something else than before.
func TestLinksComeBack(t *testing.T) {
	text := packedLinks(t, links())
	if got, err := DecodeLinks(bytes.NewReader(text)); err != nil || !cmp.Equal(links(), got) {
		t.Errorf("%v; (-want +got)\n%s", err, cmp.Diff(links(), got))
	}
	for i := range text {
		if _, err := DecodeLinks(bytes.NewReader(text[:i])); err == nil {
			t.Errorf("the first %d of %d bytes were taken for links", i, len(text))
		}
		bad := bytes.Clone(text)
		bad[i] ^= 0x55
		if l, err := DecodeLinks(bytes.NewReader(bad)); err == nil && !cmp.Equal(l, links()) {
			t.Errorf("byte %d turned over gave other links", i)
		}
	}
	wrong := links()
	wrong.Names = wrong.Names[:1]
	if _, err := DecodeLinks(bytes.NewReader(packedLinks(t, wrong))); err == nil {
		t.Error("a launch with a name that is not there")
	}
}

// TestDamagedIsAnError cuts the text everywhere and turns every byte over.
func TestDamagedIsAnError(t *testing.T) {
	text := packed(t, made())
	for i := range text {
		if _, err := Decode(bytes.NewReader(text[:i])); err == nil {
			t.Errorf("the first %d of %d bytes were taken for a rank", i, len(text))
		}
		bad := bytes.Clone(text)
		bad[i] ^= 0x55
		if r, err := Decode(bytes.NewReader(bad)); err == nil && !cmp.Equal(r, []*trace.Rank{made()}) {
			t.Errorf("byte %d turned over gave another rank", i)
		}
	}
}

// FuzzDecode: whatever stands in a file, reading it is safe, and what is taken for a
// rank can be written again.
func FuzzDecode(f *testing.F) {
	f.Add(packed(f, made()))
	made := made()
	made.Pack()
	f.Add(packed(f, made))
	f.Add(packedLinks(f, links()))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, text []byte) {
		if l, err := DecodeLinks(bytes.NewReader(text)); err == nil {
			if again, err := DecodeLinks(bytes.NewReader(packedLinks(t, l))); err != nil || !cmp.Equal(l.Names, again.Names) {
				t.Fatalf("%v", err)
			}
		}
		r, err := Decode(bytes.NewReader(text))
		if err != nil {
			return
		}
		again, err := Decode(bytes.NewReader(packed(t, r...)))
		if err != nil || len(again) != len(r) {
			t.Fatalf("%v", err)
		}
	})
}

// BenchmarkPack says what a rank costs in the cache: TRACE names a Kineto file.
func BenchmarkPack(b *testing.B) {
	path := os.Getenv("TRACE")
	if path == "" {
		path = "../../../tests/recordings/llama-8b-tp2/kineto_trace_0.json.gz"
	}
	r, err := kineto.Open(b.Context(), path, nil)
	if err != nil {
		b.Fatal(err)
	}
	records := len(r.Records)
	r.Pack()
	text := packed(b, r)
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			packed(b, r)
		}
		b.ReportMetric(float64(len(text)), "bytes")
		b.ReportMetric(float64(len(text))/float64(records), "bytes/kernel")
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if _, err := Decode(bytes.NewReader(text)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
