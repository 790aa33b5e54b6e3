package kineto

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// scanSplit reads text split over workers in chunks of the given size.
func scanSplit(text []byte, block int, chunk int64, workers int) (*trace.Rank, error) {
	src := bytes.NewReader(text)
	d := newReader(jsonscan.NewWindow(src, block))
	d.split = splitting{file: bytes.NewReader(text), size: int64(len(text)), chunk: chunk, workers: workers}
	if err := d.Read(); err != nil {
		return nil, err
	}
	return d.rank(), nil
}

// sameSplit holds a split reading against one from the first byte to the last.
func sameSplit(t *testing.T, text []byte, block int, chunk int64) {
	t.Helper()
	want, wantErr := scanBlocks(text, blockSize)
	got, err := scanSplit(text, block, chunk, 3)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("block %d, chunk %d: error %v, in one piece %v", block, chunk, err, wantErr)
	}
	if want == nil {
		return
	}
	if !slices.Equal(want.Records, got.Records) {
		t.Fatalf("block %d, chunk %d: %d records differ from the %d in one piece", block, chunk, len(got.Records), len(want.Records))
	}
	want.Records, got.Records = nil, nil
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("block %d, chunk %d (-one piece +split):\n%.3000s", block, chunk, d)
	}
}

func TestSplitReadsTheSame(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, run := range []string{"llama-8b-tp2-stack", "llama-8b-pp2", "llama-8b-tp1"} {
		text := readText(t, recording(run, 0))
		for _, rw := range append(rewrites[:1:1], rewrites[4:]...) {
			changed := rw.do(t, text, rng)
			sameSplit(t, changed, 1000+rng.IntN(100_000), int64(4000+rng.IntN(400_000)))
		}
		sameSplit(t, text, 1000+rng.IntN(100_000), int64(4000+rng.IntN(400_000)))
	}
}

// TestSplitOfHostileText splits text whose strings look like events, at every place.
func TestSplitOfHostileText(t *testing.T) {
	decoy := `x\"},\n  {\n    \"ph\": \"X\" }, {`
	events := []string{}
	for n := range 12 {
		events = append(events, kernelEvent("gemm", n), opEvent(decoy), kernelEvent(`a\"},{\"ph\":\"X\",\"cat\":\"kernel\"`, n),
			strings.Replace(kernelEvent("b", n), `"device"`, `"x": [{"y": 1}, {"ph": "X", "cat": "kernel", "name": "decoy", "ts": 1, "dur": 1}], "device"`, 1))
	}
	text := []byte(wholeDocument(events...))
	for chunk := int64(300); chunk < 1500; chunk += 7 {
		sameSplit(t, text, 512, chunk)
	}
}

func TestSplitOfFaultyText(t *testing.T) {
	for _, f := range faulty {
		if len(f.event) > 4096 {
			continue
		}
		var events []string
		for n := range 20 {
			events = append(events, kernelEvent("gemm", n), opEvent("op {}"))
			if n%5 == 3 {
				events = append(events, f.event)
			}
		}
		text := []byte(wholeDocument(events...))
		for _, chunk := range []int64{350, 1000, 3001} {
			t.Run(fmt.Sprintf("%s/%d", f.name, chunk), func(t *testing.T) {
				sameSplit(t, text, 600, chunk)
				sameSplit(t, text[:len(text)*2/3], 600, chunk)
			})
		}
	}
}

// TestSplitIsUsed makes sure that the workers' chunks are joined, not read again.
func TestSplitIsUsed(t *testing.T) {
	text := readText(t, recording("llama-8b-tp2", 0))
	front := &countingReader{Reader: bytes.NewReader(text)}
	d := newReader(jsonscan.NewWindow(front, 64<<10))
	d.split = splitting{file: bytes.NewReader(text), size: int64(len(text)), chunk: 200_000, workers: 2}
	if err := d.Read(); err != nil {
		t.Fatal(err)
	}
	if front.n > len(text)/2 {
		t.Errorf("the reader in front read %d of %d bytes itself", front.n, len(text))
	}
}

type countingReader struct {
	*bytes.Reader
	n int
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.n += n
	return n, err
}

func TestSplitFile(t *testing.T) {
	text := readText(t, recording("llama-8b-tp2", 1))
	path := write(t, "kineto_trace_1.json", text)
	want, err := Open(context.Background(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	var last int64
	split := reading{block: 64 << 10, split: splitting{workers: 2, chunk: 100_000}}
	got, err := open(context.Background(), path, func(done, _ int64) {
		if done < last {
			t.Errorf("progress went back from %d to %d", last, done)
		}
		last = done
	}, split)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" || last != int64(len(text)) {
		t.Errorf("progress ended at %d of %d; (-one piece +split):\n%.2000s", last, len(text), d)
	}
	ctx, stop := context.WithCancel(context.Background())
	r, err := open(ctx, path, func(int64, int64) { stop() }, split)
	if r != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("cancel gave %v, %v", r, err)
	}
}
