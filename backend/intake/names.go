// Package intake finds the traces that lie in a folder, whatever they are called: which files are traces, of which rank, and which of
// them belong to one recording. What a file holds is told by its content; its name tells only what the content does not (names.go, and a
// table, templates/tracenames.yaml). folder.go lists, recordings.go tells recordings apart.
package intake

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"shardeck/backend/strictyaml"
	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/backend/trace/kineto"
	"shardeck/backend/trace/nsys"
	"shardeck/model"
)

// habit is a row of templates/tracenames.yaml, which says what its parts mean.
type habit struct {
	Pattern string            `yaml:"pattern"`
	Holds   model.FileKind    `yaml:"holds"`
	Whose   string            `yaml:"whose"`
	Source  string            `yaml:"source"`
	Example string            `yaml:"example"`
	Gives   map[string]string `yaml:"gives"`

	re *regexp.Regexp
}

// habits are the table, with the patterns of each row compiled.
type habits struct {
	Files   []habit `yaml:"files"`
	Steps   []habit `yaml:"steps"`
	Engines []habit `yaml:"engines"`
	Folders []habit `yaml:"folders"`
}

var table = strictyaml.Embedded("tracenames.yaml", func(t *habits) {
	for _, rows := range [][]habit{t.Files, t.Steps, t.Engines, t.Folders} {
		for i := range rows {
			rows[i].re = regexp.MustCompile(rows[i].Pattern)
		}
	}
})

// named is what a name gives.
type named struct {
	parts map[string]string // by the groups of the table; empty: nothing
	habit *habit            // nil: of no habit that is known
	rest  string            // the name without those parts
}

// first is what the first row that fits a name gives.
func first(rows []habit, name string) named {
	n := named{parts: map[string]string{}}
	for i := range rows {
		text := strings.TrimSuffix(name, ".gz")
		found := rows[i].re.FindStringSubmatchIndex(text)
		if found == nil {
			continue
		}
		n.habit, n.rest = &rows[i], text
		for k, group := range slices.Backward(rows[i].re.SubexpNames()) { // groups do not lie in each other
			if from, to := found[2*k], found[2*k+1]; group != "" && to > from {
				n.parts[group] = text[from:to]
				n.rest = n.rest[:from] + "*" + n.rest[to:]
			}
		}
		break
	}
	return n
}

// nameOf is what a name gives by some rows, and by those of steps.
func nameOf(rows []habit, base string) named {
	n := first(rows, base)
	n.add(first(table().Steps, base))
	return n
}

// add takes what another name gives and this one does not.
func (n named) add(o named) {
	for part, text := range o.parts {
		if n.parts[part] == "" {
			n.parts[part] = text
		}
	}
}

// number is a part as a number; -1: the name does not give it.
func (n named) number(part string) int {
	v, err := strconv.Atoi(n.parts[part])
	if err != nil {
		return -1
	}
	return v
}

// Own says what a file of ours holds, by its name alone, and its rank, -1 if it has none; false: it is none of ours.
func Own(base string) (kind model.FileKind, rank int, ok bool) {
	n := first(table().Files, base)
	if n.habit == nil || n.habit.Holds == "" {
		return "", 0, false
	}
	return n.habit.Holds, n.number("rank"), true
}

// ownNames begin the names of our files of each kind.
var ownNames = map[model.FileKind]string{
	model.FileKineto: "kineto_trace", model.FileET: "torch_et", model.FileTiming: "timing_stats", model.FileNsys: "nsys",
}

// OwnName is what we call a file.
func OwnName(f model.RunFile) string {
	start, ranked := ownNames[f.Kind]
	if !ranked {
		return string(f.Kind)
	}
	ext := ".json"
	if f.Kind == model.FileNsys {
		if ext = filepath.Ext(strings.TrimSuffix(f.Path, ".gz")); f.NsysForm() == (model.RunFile{}).NsysForm() {
			ext = ".csv" // of whatever name
		}
	}
	if strings.HasSuffix(f.Path, ".gz") {
		ext += ".gz"
	}
	return start + "_" + strconv.Itoa(max(f.Rank, 0)) + ext
}

// sight is what a look at the beginning and the end of a file tells; nothing is read between.
type sight struct {
	kind       model.FileKind // empty: no trace
	not        string         // why it is none, for people
	info       trace.Info     // rank, world, host, devices, vLLM's version, as far as they stand there
	engine     *habit         // whose annotations it has; nil: nobody's that are known
	start, end int64          // ns since 1970 of the first and the last event seen; 0: not known
}

// How much of a file is looked at, in bytes of its text: metadata of some writers are long.
const (
	headBytes = 256 << 10
	longHead  = 16 << 20 // of JSON that is not told sooner
	tailBytes = 64 << 10
)

// mostInflated is how large, in bytes on the disk, a gzip file may be to be inflated for what stands at its end.
const mostInflated = 64 << 20

// sights are the files looked at by this process, by name, size and time: the board asks again and again.
var sights sync.Map

// look tells what a file holds.
func look(f *file) sight {
	key := fmt.Sprint(f.Path, f.Size, f.time.UnixNano())
	if s, ok := sights.Load(key); ok {
		return s.(sight)
	}
	s := lookAt(f.Path)
	sights.Store(key, s)
	return s
}

func lookAt(path string) sight {
	s := sight{info: trace.Info{Rank: -1}}
	src, err := trace.OpenSource(context.Background(), path, nil)
	if err != nil {
		s.not = err.Error()
		return s
	}
	defer src.Close()
	head := make([]byte, headBytes)
	n, _ := io.ReadFull(src, head) // of a file that is cut off, what there is
	head = head[:n]
	if kind, _ := kindOf(filepath.Base(path), head); kind == "" && n == headBytes && bytes.ContainsAny(head[:1], "{[ \n") {
		more, _ := io.ReadAll(io.LimitReader(src, longHead)) // metadata may come first, and be long
		head = append(head, more...)
	}
	if s.kind, s.not = kindOf(filepath.Base(path), head); s.kind == model.FileKineto {
		s.info, s.start, s.end = kineto.Glance(head, tailOf(src, head))
		s.engine = first(table().Engines, string(head)).habit
	}
	return s
}

// tailOf is the last text of a file; of a gzip file only where the beginning does not tell the rank.
func tailOf(src *trace.Source, head []byte) []byte {
	switch {
	case len(head) != headBytes: // whole, or long enough
		return nil
	case !src.Gzip:
		tail := make([]byte, min(tailBytes, src.Size))
		n, _ := src.ReadAt(tail, src.Size-int64(len(tail)))
		return tail[:n]
	case src.Size > mostInflated || bytes.Contains(head, []byte(`"distributedInfo"`)):
		return nil
	}
	last, block := []byte(nil), make([]byte, tailBytes)
	for {
		n, err := io.ReadFull(src, block)
		last = append(last[max(0, len(last)+n-tailBytes):], block[:n]...)
		if err != nil {
			return last
		}
	}
}

// foreign are files that are no traces, or none that can be read in place, by what stands at some byte, and what to do.
var foreign = []struct {
	at          int
	magic, what string
}{
	{0, "PAR1", "Parquet, which is not read: export the report it comes from anew (nsys export --type sqlite REPORT.nsys-rep)"},
	{0, "PK\x03\x04", "a zip archive: unpack it first (unzip %s)"},
	{0, "BZh", "packed with bzip2: unpack it first (bunzip2 -k %s)"},
	{0, "\xfd7zXZ", "packed with xz: unpack it first (unxz -k %s)"},
	{0, "\x28\xb5\x2f\xfd", "packed with zstd: unpack it first (unzstd %s)"},
	{0, "\x80", "a Python pickle (a snapshot of memory?), not a trace"},
	{0, "\xff\xfe", "text in UTF-16: write it as UTF-8 first (iconv -f UTF-16 -t UTF-8 %s)"},
	{0, "\xfe\xff", "text in UTF-16: write it as UTF-8 first (iconv -f UTF-16 -t UTF-8 %s)"},
	{257, "ustar", "a tar archive: unpack it first (tar -xf %s)"},
}

// kindOf tells what a text is that begins so; why is told where it is no trace.
func kindOf(base string, head []byte) (kind model.FileKind, why string) {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	for _, f := range foreign {
		if bytes.HasPrefix(head[min(f.at, len(head)):], []byte(f.magic)) {
			return "", strings.ReplaceAll(f.what, "%s", base)
		}
	}
	switch {
	case len(text) == 0:
		return "", "empty, or cut off at its beginning"
	case text[0] == '{' || text[0] == '[':
		return kindOfJSON(text)
	}
	return nsys.KindOf(base, head)
}

// jsonKinds are the keys that tell JSON of one kind, the surest first.
var jsonKinds = []struct {
	key  string
	kind model.FileKind
}{
	{"traceEvents", model.FileKineto}, {"schemaVersion", model.FileKineto}, {"deviceProperties", model.FileKineto}, {"nodes", model.FileET},
	{"unprofiled_iteration_times", model.FileTiming}, {"iteration_times", model.FileTiming}, {"ttft_avg", model.FileTiming},
}

// kindOfJSON tells a document by its own keys, as far as they stand at its beginning, else by a key that stands anywhere.
func kindOfJSON(text []byte) (model.FileKind, string) {
	if text[0] == '[' {
		inside := bytes.TrimLeft(text[1:], " \t\r\n")
		if bytes.HasPrefix(inside, []byte("{")) && bytes.Contains(inside[:min(len(inside), 4096)], []byte(`"ph"`)) {
			return model.FileKineto, ""
		}
		return "", "a list in JSON that is not one of trace events"
	}
	keys := map[string]bool{}
	_, st := jsonscan.EachKey(text, 0, func(key []byte, _, _ int) { keys[string(key)] = true })
	for _, k := range jsonKinds {
		if keys[k.key] || st != jsonscan.Whole && len(jsonscan.After(text, k.key)) > 0 {
			return k.kind, ""
		}
	}
	return "", "JSON of another kind (it has neither traceEvents, nor nodes, nor times of iterations)"
}
