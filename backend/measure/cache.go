package measure

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/atomicfile"
	"shardeck/model"
	"shardeck/model/metric"
)

// entry is an analysis as the cache holds it: with the picture of its traces.
type entry struct {
	Analysis *metric.Analysis     `json:"analysis"`
	Trace    *metric.TraceSummary `json:"trace"`
}

// runKey says what the analysis of a run is made from: its files, the config it ran
// with, what is known of its model and GPU, and this very program.
func (n Needs) runKey(run model.Run) (cacheKey, error) {
	k := cacheKey{What: "analysis", Version: n.Version}
	for _, f := range run.Files {
		switch f.Kind {
		case model.FileKineto, model.FileET, model.FileNsys, model.FileTiming, model.FileServing, model.FileRunJSON:
			source, err := sourceOf(f.Path)
			if err != nil {
				return k, model.Failed(fmt.Sprintf("%s cannot be read", n.Workspace.Rel(f.Path)), err, "look whether a job is writing there")
			}
			k.Sources = append(k.Sources, source)
		}
	}
	var shape *model.Shape
	if run.Experiment != nil {
		shape = n.World.Shape(run.Experiment.Model.Name)
	}
	extra, err := json.Marshal(struct {
		Shape      *model.Shape
		Experiment *model.Experiment
		Warnings   []string
		Problem    string
		Shapes     []model.Shape
		GPUs       map[string]model.GPU
		PerNode    int
		Names      *kernelname.Names
	}{shape, run.Experiment, run.Warnings, run.Problem, n.World.Shapes, n.World.GPUs, n.World.GPUsPerNode(), n.Names})
	k.Extra = fmt.Sprintf("%x", sha256.Sum256(extra))
	return k, err
}

// cached is the analysis of a run as it lies in the cache, nil if it does not. The run may
// have been renamed since: the name is not part of what was computed.
func (n Needs) cached(key cacheKey, run model.Run) *metric.Analysis {
	var e entry
	if !n.Cache.get(key, &e) || e.Analysis == nil {
		return nil
	}
	e.Analysis.Trace = e.Trace
	e.Analysis.Run = run.Name
	return tidy(e.Analysis)
}

// Cache is a folder of results, so that a trace is read once. An entry is found by what it was made from: when a file or the program
// changes it is simply not found. There are no locks (they do not work on every file system of a cluster): two writers of one entry write
// the same thing. An entry that cannot be read is a miss, never an error. A nil *Cache holds nothing. Its methods are safe for concurrent
// use, also by several programs.
type Cache struct{ dir string }

// OpenCache uses dir, which is made when the first entry is written. An empty dir turns caching off: it returns nil.
func OpenCache(dir string) *Cache {
	if dir == "" {
		return nil
	}
	return &Cache{dir: dir}
}

// get fills v, a pointer, with what put kept under k and reports whether there was any.
func (c *Cache) get(k cacheKey, v any) bool {
	return c.read(k, func(r io.Reader) error { return json.NewDecoder(r).Decode(v) })
}

// put keeps v under k, as JSON. An error means that the next get misses, nothing worse.
func (c *Cache) put(k cacheKey, v any) error {
	return c.write(k, func(w io.Writer) error { return json.NewEncoder(w).Encode(v) })
}

// has reports whether there is an entry of k.
func (c *Cache) has(k cacheKey) bool { return c.size(k) > 0 }

// size is that of the entry of k in bytes, 0: there is none.
func (c *Cache) size(k cacheKey) int64 {
	if c == nil {
		return 0
	}
	info, err := os.Stat(filepath.Join(c.dir, k.file()))
	if err != nil {
		return 0
	}
	return info.Size()
}

// read gives the bytes of the entry of k to read, and reports whether there was an entry that read understood. The key stands in the
// entry, so that a collision of names or a copied file cannot pass for another result.
func (c *Cache) read(k cacheKey, read func(io.Reader) error) bool {
	if c == nil {
		return false
	}
	f, err := os.Open(filepath.Join(c.dir, k.file()))
	if err != nil {
		return false
	}
	defer f.Close()
	r := bufio.NewReader(f)
	line, err := r.ReadBytes('\n')
	var own cacheKey
	return err == nil && json.Unmarshal(line, &own) == nil && own.file() == k.file() && read(r) == nil
}

// write keeps what write writes under k.
func (c *Cache) write(k cacheKey, write func(io.Writer) error) error {
	if c == nil {
		return nil
	}
	err := os.MkdirAll(c.dir, 0o700)
	if err == nil { // it need not outlive a crash: what is lost is read again
		err = atomicfile.WriteUnsynced(filepath.Join(c.dir, k.file()), 0o600, func(w io.Writer) error {
			return cmp.Or(json.NewEncoder(w).Encode(k), write(w)) // Encode ends the line
		})
	}
	if err != nil {
		return fmt.Errorf("cannot write to the cache folder: %w", err)
	}
	return nil
}

// The cache is bounded: what was not written for so long goes, and the oldest of the rest while all are more than so many bytes.
const (
	keepUnused  = 90 * 24 * time.Hour
	mostInCache = 2 << 30
	pruneEvery  = 24 * time.Hour // it asks for every file, which on a network takes its time
	pruned      = ".pruned"      // was written then
)

// pruneDaily is prune, at most once a day.
func (c *Cache) pruneDaily(now time.Time) {
	if c == nil {
		return
	}
	mark := filepath.Join(c.dir, pruned)
	if info, err := os.Stat(mark); err == nil && now.Sub(info.ModTime()) < pruneEvery {
		return
	}
	_ = os.WriteFile(mark, nil, 0o600) // who cannot write there cannot fill it either
	_ = os.Chtimes(mark, now, now)
	c.prune(keepUnused, mostInCache, now)
}

// prune removes entries, and leftovers of writers that died, not written for longer than age, and the oldest of the others as long as
// they are more than most bytes. It returns how many went.
func (c *Cache) prune(age time.Duration, most int64, now time.Time) (gone int) {
	if c == nil {
		return 0
	}
	var files []os.FileInfo
	entries, _ := os.ReadDir(c.dir)
	for _, f := range entries {
		if info, err := f.Info(); err == nil && info.Mode().IsRegular() {
			files = append(files, info)
			most -= info.Size()
		}
	}
	slices.SortFunc(files, func(a, b os.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range files {
		if now.Sub(f.ModTime()) <= age && most >= 0 {
			break
		}
		if os.Remove(filepath.Join(c.dir, f.Name())) == nil {
			most += f.Size()
			gone++
		}
	}
	return gone
}

// sourceFile is one file that a result was made from. Take it before reading the
// file: a file that changes meanwhile then makes the entry unfindable.
type sourceFile struct {
	Path  string    `json:"path"` // absolute
	Size  int64     `json:"size"`
	MTime time.Time `json:"mtime"`
}

// sourceOf is a file as it is now.
func sourceOf(path string) (sourceFile, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return sourceFile{}, fmt.Errorf("cannot name %s: %w", path, err)
	}
	info, err := os.Stat(abs)
	if err != nil {
		return sourceFile{}, err
	}
	return sourceFile{Path: abs, Size: info.Size(), MTime: info.ModTime().UTC()}, nil
}

// cacheKey says what an entry is and what it was made from.
type cacheKey struct {
	What    string       `json:"what"`    // such as analysis
	Version string       `json:"version"` // of the code that computes it
	Sources []sourceFile `json:"sources"`
	Extra   string       `json:"extra"` // whatever else the result depends on
}

// file is the name of the key's entry.
func (k cacheKey) file() string {
	text, _ := json.Marshal(k) // plain strings, numbers and times: cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
