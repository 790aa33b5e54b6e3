package probe

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"shardeck/backend/hub"
	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/model/shell"
)

// damage is what can be wrong with a file of weights; see templates/software.yaml.
type damage struct {
	What   string `yaml:"what"`
	Forced bool   `yaml:"forced"`
	Mend   string `yaml:"mend"`
}

// snapshot is the folder of one model's files.
type snapshot struct {
	dir, blobs string              // blobs: of the hub cache; empty: a folder of the user's own
	names      []string            // of files with weights: by the index, by their numbers, else by the folder
	total      int64               // bytes of all tensors, by the index; 0: it does not say
	places     map[string][]string // the tensors that the index places in each file
}

func hubModels(ctx context.Context, t Target, o Options) []Line {
	if t.Replay {
		return nil
	}
	tool := "huggingface-cli"
	if _, err := o.Look("hf"); err == nil {
		tool = "hf"
	}
	if t.HFHome != "" {
		tool = "HF_HOME=" + shell.Quote(t.HFHome) + " " + tool
	}
	cache := hub.Cache(t.HFHome, o.Getenv)
	return slices.Concat(model.Each(t.Models, func(m Model) []Line { return m.lines(ctx, cache, tool+" download "+m.Name, o) })...)
}

// lines tell whether one model is there, whole: of each kind of damage, its files and the command that mends it. Of weights only
// the beginnings are read.
func (m Model) lines(ctx context.Context, cache, get string, o Options) []Line {
	what := "model " + clean(m.Name)
	s, fault := m.open(cache)
	switch {
	case fault != "" && s.blobs == "":
		return []Line{{Fail, what, fault, own(s.dir)}}
	case fault != "" && m.Gated:
		return []Line{{Fail, what, fault + "; it is gated", get + ", with HF_TOKEN set, once its licence is accepted on the hub"}}
	case fault != "":
		return []Line{{Fail, what, fault, get}}
	case m.Dummy:
		return []Line{{Pass, what, "its config is there, and weights are dummy", ""}}
	case len(s.names) == 0 && s.unfinished(""):
		return []Line{{Fail, what, "its config is there, the download of its weights stopped, or still runs", get}}
	case len(s.names) == 0:
		return []Line{{Fail, what, "its config is there, its weights are not", get}}
	}
	files := make([]weights, len(s.names))
	o.Each(ctx, len(files), func(i int) { files[i] = s.look(s.names[i], o.Getenv) })
	if lines := s.damages(what, get, files); len(lines) > 0 {
		return lines
	}
	var size, tensors int64
	for _, w := range files {
		size, tensors = size+w.bytes, tensors+w.tensors
	}
	if tensors == 0 {
		return []Line{{Pass, what, fmt.Sprintf("%s in %d files, in %s; they have no headers to compare", unit.FileSize(size), len(files), s.dir), ""}}
	}
	text := fmt.Sprintf("%s in %d files, each as long as its header says, in %s", unit.FileSize(size), len(files), s.dir)
	if s.total > 0 && tensors != s.total {
		text += fmt.Sprintf("; all tensors of the index are there, though it says %s in all, and not %s", unit.FileSize(s.total), unit.FileSize(tensors))
	}
	return []Line{{Pass, what, text, ""}}
}

// open finds the folder of a model and what weights it is to have; fault says why there is none.
func (m Model) open(cache string) (s snapshot, fault string) {
	if hub.IsFolder(m.Name) {
		s.dir, fault = m.Name, "is not there"
	} else {
		s.blobs, fault = filepath.Join(hub.Folder(cache, m.Name), "blobs"), "is not in the hub cache "+cache+", and compute nodes may not reach the hub"
		s.dir = hub.Snapshot(cache, m.Name)
	}
	config := filepath.Join(s.dir, "config.json")
	_, link := os.Lstat(config)
	switch _, err := os.Stat(config); {
	case s.dir != "" && err == nil:
		if _, err := hub.Config(s.dir); err != nil && !errors.Is(err, fs.ErrInvalid) {
			return s, "its config.json cannot be read: " + clean(err.Error())
		}
		return s, s.list()
	case s.dir != "" && (errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ELOOP)):
		return s, "cannot be read: " + clean(err.Error())
	case s.dir != "" && link == nil:
		return s, "its config.json " + wanted().Damages["dangling"].What
	}
	if info, err := os.Stat(s.dir); s.blobs == "" && err == nil {
		fault = "has no config.json"
		if !info.IsDir() {
			fault = "is no folder"
		}
	}
	return s, fault
}

// own is what mends a folder of the user's own.
func own(dir string) string {
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return "correct model.name, or copy the model there"
	} else if _, err := os.ReadDir(dir); errors.Is(err, fs.ErrPermission) {
		return "chmod u+rx " + shell.Quote(dir) + ", or ask its owner for chmod g+rx"
	}
	return "copy it into " + shell.Quote(dir) + " again, from where the model came"
}

// numbered is a part of a set; aside are files that hold no weights of the engine's.
var (
	numbered = regexp.MustCompile(`^(.*-)\d{5}-of-(\d{4,5})(\.\w+)$`)
	aside    = regexp.MustCompile(`^(consolidated|adapter_|training_args|optimizer|scheduler|rng_state)`)
)

// list names the files of weights: safetensors before pickles, as the engine takes them; links that lead nowhere too.
func (s *snapshot) list() (fault string) {
	entries, _ := os.ReadDir(s.dir)
	for _, kind := range []string{".safetensors", ".bin", ".pt", ".gguf"} {
		all := map[string]bool{}
		for _, e := range entries {
			parts := numbered.FindStringSubmatch(e.Name())
			switch {
			case strings.HasSuffix(e.Name(), kind+".index.json"):
				if fault := s.readIndex(e.Name(), all); fault != "" {
					return fault
				}
			case filepath.Ext(e.Name()) != kind || aside.MatchString(e.Name()):
			case parts != nil:
				last, _ := strconv.Atoi(parts[2])
				for i := range last {
					all[fmt.Sprintf("%s%05d-of-%s%s", parts[1], i+1, parts[2], parts[3])] = true
				}
			default:
				all[e.Name()] = true
			}
		}
		if s.names = slices.Sorted(maps.Keys(all)); len(all) > 0 {
			break
		}
	}
	return ""
}

// readIndex adds the files of an index.
func (s *snapshot) readIndex(name string, all map[string]bool) (fault string) {
	var index struct {
		Meta struct {
			Total float64 `json:"total_size"`
		} `json:"metadata"`
		Files map[string]string `json:"weight_map"`
	}
	text, err := os.ReadFile(filepath.Join(s.dir, name))
	if err == nil {
		err = json.Unmarshal(text, &index)
	}
	if err != nil && len(index.Files) == 0 {
		return "its index " + clean(name) + " cannot be read: " + clean(err.Error())
	}
	s.total, s.places = int64(index.Meta.Total), map[string][]string{}
	for tensor, f := range index.Files {
		all[filepath.Base(f)] = true
		s.places[filepath.Base(f)] = append(s.places[filepath.Base(f)], tensor)
	}
	return ""
}

// weights are what was found of one file: its size, the bytes of tensors by its header, and its damage.
type weights struct {
	path           string
	bytes, tensors int64
	damage, detail string   // key of the table, empty: none that can be seen; how much of how much
	wanted         []string // tensors that the index places in it
}

// look reads the beginning of one file.
func (s snapshot) look(name string, env func(string) string) weights {
	w := weights{path: filepath.Join(s.dir, name), wanted: s.places[name]}
	info, err := os.Stat(w.path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no file")
	}
	if err == nil {
		w.bytes = info.Size()
		err = w.open()
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		w.damage = s.lost(w.path, env)
	case errors.Is(err, fs.ErrPermission):
		w.damage = "denied"
	case err != nil:
		w.damage, w.detail = "unreadable", ": "+clean(err.Error())
	}
	return w
}

// hole tells a file of which less than half has blocks, if its file system says where the others would be: one that compresses, or
// does not count, is not taken for it.
func (w *weights) hole(f *os.File) {
	var st unix.Stat_t
	if unix.Fstat(int(f.Fd()), &st) != nil || w.bytes < 1<<20 {
		return
	}
	held := st.Blocks * 512 // of 512 bytes, whatever the file system's own are
	if first, err := unix.Seek(int(f.Fd()), 0, unix.SEEK_HOLE); err == nil && first < w.bytes && held < w.bytes/2 {
		w.damage, w.detail = "hole", fmt.Sprintf(": %s of %s are on the disk", unit.FileSize(held), unit.FileSize(w.bytes))
	}
}

func (w *weights) open() error {
	f, err := os.Open(w.path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err = w.read(f); err == nil && w.damage == "" {
		w.hole(f)
	}
	return err
}

// lost tells a file that was never there from one whose link leads nowhere.
func (s snapshot) lost(path string, env func(string) string) (damage string) {
	to, err := os.Readlink(path)
	if !filepath.IsAbs(to) {
		to = filepath.Join(filepath.Dir(path), to)
	}
	onScratch := func(name string) bool { return env(name) != "" && strings.HasPrefix(to, env(name)+"/") }
	switch {
	case err != nil && s.unfinished(""), err == nil && s.unfinished(to):
		return "stopped"
	case err != nil:
		return "missing"
	case onScratch("SCRATCH") || onScratch("PSCRATCH"):
		return "purged"
	}
	return "dangling"
}

// unfinished reports whether the download of a blob stopped half-way; of any where none is named.
func (s snapshot) unfinished(blob string) bool {
	parts, _ := filepath.Glob(filepath.Join(s.blobs, "*.incomplete"))
	return s.blobs != "" && len(parts) > 0 && (blob == "" || slices.Contains(parts, blob+".incomplete"))
}

// pages are beginnings of what a server sends in place of a file.
var pages = regexp.MustCompile(`^\s*(?i:<!doctype|<html|<\?xml|\{"error)`)

// read compares a file with what its beginning says.
func (w *weights) read(f io.ReaderAt) error {
	start := make([]byte, min(w.bytes, 512))
	if _, err := f.ReadAt(start, 0); err != nil && err != io.EOF {
		return err
	}
	switch {
	case len(start) == 0:
		w.damage = "empty"
	case bytes.HasPrefix(start, []byte("version https://git-lfs")):
		w.damage = "pointer"
	case pages.Match(start):
		w.damage = "page"
	case filepath.Ext(w.path) == ".safetensors":
		return w.compare(f, start)
	case bytes.HasPrefix(start, []byte("PK\x03\x04")): // a checkpoint of PyTorch; its directory is at its end
		if _, err := zip.NewReader(f, w.bytes); errors.Is(err, zip.ErrFormat) {
			w.damage, w.detail = "cut", ": "+unit.FileSize(w.bytes)+", and its end is missing"
		}
	}
	return nil
}

// mostHeader bounds the header of a safetensors file, as its own library does.
const mostHeader = 100_000_000

// compare holds the size of a safetensors file against its header: eight bytes of length, then JSON with the place of each tensor.
func (w *weights) compare(f io.ReaderAt, start []byte) error {
	start = append(start, make([]byte, 9)...) // a file may be shorter than that
	length := int64(min(binary.LittleEndian.Uint64(start), mostHeader+1))
	whole := 8 + length
	var tensors map[string]struct {
		Place []int64 `json:"data_offsets"`
	}
	if w.bytes > 8 && (length > mostHeader || start[8] != '{') {
		w.damage, w.detail = "foreign", ": "+unit.FileSize(w.bytes)
		return nil
	}
	if w.bytes >= whole {
		text := make([]byte, length)
		if _, err := f.ReadAt(text, 8); err != nil && err != io.EOF {
			return err
		}
		if json.Unmarshal(text, &tensors) != nil {
			w.damage, w.detail = "foreign", ": its header is no JSON"
			return nil
		}
	}
	for _, t := range tensors {
		if len(t.Place) == 2 {
			w.tensors = max(w.tensors, t.Place[1])
		}
	}
	whole += w.tensors
	switch w.detail = fmt.Sprintf(": %s of %s", unit.FileSize(w.bytes), unit.FileSize(whole)); {
	case w.bytes > whole:
		w.damage = "overlong"
	case w.bytes < whole && tensors == nil:
		w.damage, w.detail = "cut", ": "+unit.FileSize(w.bytes)+", its header not whole"
	case w.bytes < whole:
		w.damage = "cut"
	}
	there := func(name string) bool { return tensors[name].Place != nil }
	if lacks := slices.DeleteFunc(slices.Clone(w.wanted), there); len(lacks) > 0 && w.damage == "" {
		w.damage, w.detail = "lacking", fmt.Sprintf(": %d of %d", len(lacks), len(w.wanted))
	}
	return nil
}

// damages are a line for each kind of damage: its first file, how many more, and the command that mends them.
func (s snapshot) damages(what, get string, files []weights) (lines []Line) {
	var there int64
	for _, w := range files {
		there += w.bytes
	}
	for _, kind := range slices.Sorted(maps.Keys(wanted().Damages)) {
		of := slices.DeleteFunc(slices.Clone(files), func(w weights) bool { return w.damage != kind })
		if len(of) == 0 {
			continue
		}
		d, names := wanted().Damages[kind], model.Each(of, func(w weights) string { return shell.Quote(filepath.Base(w.path)) })
		text := clean(filepath.Base(of[0].path)) + " " + d.What + of[0].detail
		if len(of) > 1 {
			text += fmt.Sprintf(" (and %d more of %d files)", len(of)-1, len(files))
		}
		if s.total > 0 {
			text += fmt.Sprintf("; %s of %s are there", unit.FileSize(there), unit.FileSize(s.total))
		}
		fix := get
		switch {
		case d.Mend != "":
			fix = strings.NewReplacer("{file}", shell.Quote(of[0].path), "{dir}", shell.Quote(s.dir)).Replace(d.Mend)
		case s.blobs == "":
			fix = "copy " + names[0] + " into " + shell.Quote(s.dir) + " again, from where the model came"
		case d.Forced && len(of) > 3:
			fix += " --force-download"
		case d.Forced:
			fix += " " + strings.Join(names, " ") + " --force-download"
		}
		lines = append(lines, Line{Fail, what, text, clean(fix)})
	}
	return lines
}
