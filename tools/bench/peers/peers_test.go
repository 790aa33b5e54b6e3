package peers

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"shardeck/tools/bench/tiling"
)

// small is a document of a few MB and its path.
func small(t *testing.T) (path string, doc []byte, made tiling.Made) {
	t.Helper()
	var sources []*tiling.Source
	for _, run := range []string{"llama-8b-pp2", "llama-8b-tp2-stack"} {
		s, err := tiling.Load(filepath.Join("..", "..", "..", "tests", "recordings", run, "kineto_trace_0.json.gz"))
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, s)
	}
	path = filepath.Join(t.TempDir(), "small.json")
	made, err := tiling.File(path, sources, 10e6, tiling.Small)
	if err != nil {
		t.Fatal(err)
	}
	if doc, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return path, doc, made
}

func TestAllAgree(t *testing.T) {
	path, doc, made := small(t)
	want, err := Ours(path)
	if err != nil {
		t.Fatal(err)
	}
	if want.Kernels != made.Kernels || want.Dur <= 0 || len(want.Names) < 5 || len(want.Busy) == 0 {
		t.Fatalf("%d kernels of %d, %d ns, %d names", want.Kernels, made.Kernels, want.Dur, len(want.Names))
	}
	for pid, busy := range want.Busy {
		if busy <= 0 || busy > want.Dur {
			t.Errorf("device %d is busy for %d of %d ns", pid, busy, want.Dur)
		}
	}
	for name, run := range map[string]func() (Work, error){
		"encoding/json":   func() (Work, error) { return EncodingJSON(doc) },
		"sonic":           func() (Work, error) { return Sonic(string(doc)) },
		"sonic, no check": func() (Work, error) { return SonicUnchecked(string(doc)) },
		"jsonparser":      func() (Work, error) { return JSONParser(doc) },
		"gjson":           func() (Work, error) { return GJSON(string(doc)) },
	} {
		got, err := run()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := got.Differs(want, 4); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A difference of any kind is seen, or agreement would mean nothing.
func TestDiffers(t *testing.T) {
	work := func() Work {
		return Work{2, 30, map[string]int64{"a": 10, "b": 20}, map[int]int64{0: 25}}
	}
	for name, change := range map[string]func(w *Work){
		"kernels": func(w *Work) { w.Kernels++ },
		"sum":     func(w *Work) { w.Dur++ },
		"name":    func(w *Work) { w.Names["a"]++ },
		"names":   func(w *Work) { w.Names["c"] = 0 },
		"busy":    func(w *Work) { w.Busy[0] += 9 },
		"device":  func(w *Work) { w.Busy = map[int]int64{1: 25} },
	} {
		w := work()
		if w.Differs(work(), 4) != "" {
			t.Fatal("equal results differ")
		}
		change(&w)
		if w.Differs(work(), 4) == "" {
			t.Errorf("a change of the %s is not seen", name)
		}
	}
}

func TestUnion(t *testing.T) {
	for _, c := range []struct {
		list []interval
		want int64
	}{
		{nil, 0},
		{[]interval{{5, 7}}, 2},
		{[]interval{{0, 10}, {2, 3}, {10, 12}, {20, 21}}, 13},
		{[]interval{{20, 21}, {0, 10}, {5, 15}, {-3, -1}, {20, 21}}, 18},
	} {
		var u union
		for _, i := range c.list {
			u.add(i.start, i.end)
		}
		if got := u.length(); got != c.want {
			t.Errorf("%v covers %d, want %d", c.list, got, c.want)
		}
	}
}

// TestUnionOfMany takes more than a piece holds, every third out of order and some alike,
// against one mark for each nanosecond.
func TestUnionOfMany(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var u union
	covered := make([]bool, 4*chunk*3)
	for i := range 2 * chunk {
		start, dur := int64(i)*6, int64(r.IntN(5))
		if i%3 == 0 {
			start = max(start-int64(r.IntN(400)), 0)
		}
		u.add(start, start+dur)
		for n := start; n < start+dur; n++ {
			covered[n] = true
		}
	}
	want := int64(0)
	for _, c := range covered {
		if c {
			want++
		}
	}
	if got := u.length(); got != want {
		t.Errorf("covers %d, want %d", got, want)
	}
}

func TestFloorsReadTheFile(t *testing.T) {
	path, _, _ := small(t)
	if err := ReadFile(path); err != nil {
		t.Error(err)
	}
	if Inflate(path) == nil || ReadFile(path+"x") == nil || Command("wc", "-l", path+"x") == nil {
		t.Error("no error for a file that is not gzip, and files that are not there")
	}
}
