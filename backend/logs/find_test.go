package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// written is a log of so many lines, some of them replaced.
func written(t testing.TB, lines int, other map[int]string) string {
	t.Helper()
	var b strings.Builder
	for n := 1; n <= lines; n++ {
		if text, ok := other[n]; ok {
			fmt.Fprintln(&b, text)
			continue
		}
		fmt.Fprintf(&b, "INFO step %d\n", n)
	}
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindLooksThroughAll(t *testing.T) {
	path := written(t, 5000, map[int]string{7: "a Needle", 900: "RuntimeError: \x1b[31mno\x1b[0m", 2000: "needle NEEDLE",
		4990: "ÄNDERUNG: needle"})
	for _, c := range []struct {
		look Look
		line int
	}{
		{Look{Text: "needle"}, 7},
		{Look{Text: "needle", After: 7}, 2000},
		{Look{Text: "needle", After: 2000}, 4990},
		{Look{Text: "needle", After: 4990}, 7},
		{Look{Text: "needle", After: 2000, Back: true}, 7},
		{Look{Text: "needle", After: 7, Back: true}, 4990},
		{Look{Text: "needle", Back: true}, 4990},
		{Look{Text: "änderung"}, 4990},
		{Look{}, 900},
		{Look{Text: "step 5000"}, 5000},
	} {
		c.look.Around = 10
		p, i, err := Find(context.Background(), path, c.look)
		if err != nil || p.Line+i != c.line {
			t.Errorf("%+v found line %d (%v), want %d", c.look, p.Line+i, err, c.line)
			continue
		}
		whole, _ := Tail(path, 5000)
		if want := whole.Lines[c.line-1]; p.Lines[i] != want {
			t.Errorf("%+v shows %q, want %q", c.look, p.Lines[i], want)
		}
		if last := min(c.line+10, 5000); p.Line+len(p.Lines)-1 != last || p.Line != max(c.line-10, 1) {
			t.Errorf("%+v shows lines %d and %d more", c.look, p.Line, len(p.Lines))
		}
	}
}

func TestFindSaysWhatIsNotThere(t *testing.T) {
	path := written(t, 20, nil)
	if _, _, err := Find(context.Background(), path, Look{Text: "needle", Around: 3}); !errors.Is(err, ErrNoLine) {
		t.Errorf("got %v", err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Find(gone, written(t, 9000, nil), Look{Text: "needle"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, _, err := Find(context.Background(), path+"x", Look{Text: "a"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkFind(b *testing.B) {
	path := written(b, 1_000_000, nil)
	info, _ := os.Stat(path)
	b.SetBytes(info.Size())
	for b.Loop() {
		_, _, _ = Find(context.Background(), path, Look{Text: "needle", Around: 500})
	}
}
