package tests

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// session is the program on a pseudo-terminal, as it is at a user's hands.
type session struct {
	cmd    *exec.Cmd
	master *os.File
	out    chan string // as it comes
}

// cockpit opens the demo in a folder, and waits until it is drawn and rests.
func cockpit(b *testing.B, dir string) *session {
	b.Helper()
	cmd := exec.Command(binary, "demo", dir)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "SHARDECK_NO_CACHE=1")
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 140, Rows: 45})
	if err != nil {
		b.Skip("no pseudo-terminal here: ", err)
	}
	s := &session{cmd, master, make(chan string, 1024)}
	go s.listen()
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait(); _ = master.Close() })
	s.rest(time.Second)
	return s
}

func (s *session) listen() {
	defer close(s.out)
	buffer := make([]byte, 1<<16)
	for {
		n, err := s.master.Read(buffer)
		if err != nil {
			return
		}
		s.out <- string(buffer[:n])
	}
}

// rest waits until nothing was drawn for so long.
func (s *session) rest(quiet time.Duration) {
	for {
		select {
		case <-s.out:
		case <-time.After(quiet):
			return
		}
	}
}

// press gives a key and returns how long it took until a sign of its answer was drawn.
func (s *session) press(b *testing.B, key, sign string) time.Duration {
	b.Helper()
	s.rest(0)
	began := time.Now()
	if _, err := s.master.WriteString(key); err != nil {
		b.Fatal(err)
	}
	for late, seen := time.After(5*time.Second), ""; !strings.Contains(seen, sign); {
		select {
		case text := <-s.out:
			seen += text
		case <-late:
			b.Fatalf("no %q for %q within 5 s", sign, key)
		}
	}
	return time.Since(began)
}

// cpu is the processor time that the program has used so far.
func (s *session) cpu(b *testing.B) time.Duration {
	b.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", s.cmd.Process.Pid))
	if err != nil || len(threads) == 0 {
		b.Skip("processor time is not told here")
	}
	var total int64
	for _, t := range threads {
		text, _ := os.ReadFile(t) // a thread may end meanwhile
		if ns, _, ok := strings.Cut(string(text), " "); ok {
			n, _ := strconv.ParseInt(ns, 10, 64)
			total += n
		}
	}
	return time.Duration(total)
}

// BenchmarkRest is the processor time of the cockpit while nothing changes.
func BenchmarkRest(b *testing.B) {
	s := cockpit(b, filepath.Join(b.TempDir(), "demo"))
	s.rest(3 * time.Second)
	const watched = 10 * time.Second
	for b.Loop() {
		before := s.cpu(b)
		time.Sleep(watched)
		b.ReportMetric(100*float64(s.cpu(b)-before)/float64(watched), "%core")
	}
}

// BenchmarkKeyAtRest is how long a key waits for its answer when nothing else goes on.
func BenchmarkKeyAtRest(b *testing.B) {
	keys(b, cockpit(b, filepath.Join(b.TempDir(), "demo")))
}

// BenchmarkKeyWhileTracesAreRead is how long a key waits for its answer while the pool
// reads 32 ranks of half a gigabyte each.
func BenchmarkKeyWhileTracesAreRead(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "demo")
	_ = cockpit(b, dir).cmd.Process.Kill() // it made the workspace
	heavy(b, filepath.Join(dir, "trace_collection", "llama-8b-tp1"))
	s := cockpit(b, dir)
	s.press(b, "t", "reading")
	s.press(b, "1", "▌")
	before := s.cpu(b)
	began := time.Now()
	keys(b, s)
	b.ReportMetric(float64(s.cpu(b)-before)/float64(time.Since(began)), "cores")
}

// keys presses keys that move the selection, at uneven times, and tells how long the
// answers took.
func keys(b *testing.B, s *session) {
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		took = append(took, s.press(b, string("jk"[i%2]), "▌"))
		time.Sleep(time.Duration(20+i*7%50) * time.Millisecond)
	}
	slices.Sort(took)
	for _, p := range []int{50, 99} {
		b.ReportMetric(took[len(took)*p/100].Seconds()*1e3, fmt.Sprintf("ms-p%d", p))
	}
}

// heavy makes a recorded run large: its trace again and again in one file, half a gigabyte
// when unpacked, and that file for each of 32 ranks.
func heavy(b *testing.B, run string) {
	b.Helper()
	first := filepath.Join(run, "kineto_trace_0.json.gz")
	packed, err := os.ReadFile(first)
	if err != nil {
		b.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		b.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(first, tile(text, 500<<20), 0o644); err != nil {
		b.Fatal(err)
	}
	for rank := 1; rank < 32; rank++ {
		if err := os.Link(first, filepath.Join(run, fmt.Sprintf("kineto_trace_%d.json.gz", rank))); err != nil {
			b.Fatal(err)
		}
	}
}

// tile repeats the events of a trace up to a size. Each part is packed once: a .gz may be
// several, one after the other.
func tile(text []byte, size int) []byte {
	from := bytes.Index(text, []byte(`"traceEvents"`))
	from += bytes.IndexByte(text[from:], '[') + 1
	to := bytes.LastIndexByte(text, ']')
	out, more := pack(text[:to]), pack([]byte(","), text[from:to])
	for n := to; n < size; n += to - from {
		out = append(out, more...)
	}
	return append(out, pack(text[to:])...)
}

func pack(parts ...[]byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	for _, p := range parts {
		_, _ = w.Write(p) // memory takes everything
	}
	_ = w.Close()
	return out.Bytes()
}
