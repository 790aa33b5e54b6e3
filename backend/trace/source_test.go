package trace

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSource: the text is the same plain and packed, progress counts bytes of the disk.
func TestSource(t *testing.T) {
	text := strings.Repeat("a line of text\n", 100_000)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.WriteString(z, text); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{"plain": text, "packed": packed.String()} {
		var done, total int64
		src, err := OpenSource(context.Background(), writeFile(t, "kineto_trace_0.json", []byte(file)), func(d, n int64) { done, total = d, n })
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(src)
		if err != nil || string(got) != text || src.Gzip != (name == "packed") || src.Size != int64(len(file)) {
			t.Errorf("%s: %d bytes, %v, gzip %v, size %d", name, len(got), err, src.Gzip, src.Size)
		}
		if done != src.Size || total != src.Size {
			t.Errorf("%s: progress ended at %d of %d", name, done, total)
		}
		src.Close()
	}
}

// TestExpect extrapolates from what was read since the last question.
func TestExpect(t *testing.T) {
	src, err := OpenSource(context.Background(), writeFile(t, "a.json", make([]byte, 1000)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if n := src.Expect(7); n != 7 {
		t.Errorf("with nothing read: %d", n)
	}
	if _, err := io.CopyN(io.Discard, src, 500); err != nil {
		t.Fatal(err)
	}
	if n, want := src.Expect(107), 107+int(100*toSpare); n != want {
		t.Errorf("half-way: %d, want %d", n, want)
	}
}

func TestSourceErrors(t *testing.T) {
	dir := t.TempDir()
	stopped, stop := context.WithCancel(context.Background())
	stop()
	for _, c := range []struct {
		ctx  context.Context
		path string
		is   error
		says string
	}{
		{context.Background(), filepath.Join(dir, "none.json"), os.ErrNotExist, "none.json"},
		{context.Background(), dir, ErrNotAFile, "name a trace file"},
		{context.Background(), writeFile(t, "empty.json", nil), errEmpty, "empty.json: the file is empty"},
		{context.Background(), writeFile(t, "cut.json", []byte("\x1f\x8b\x08")), errGzipHeader, "copy the file again"},
		{stopped, writeFile(t, "a.gz", []byte("\x1f\x8b\x08")), context.Canceled, "reading was stopped"},
	} {
		if _, err := OpenSource(c.ctx, c.path, nil); !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.path, err)
		}
	}
}
