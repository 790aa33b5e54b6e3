// Package cache keeps results of analysis between runs of the program, so that a
// trace is read once. An entry is found by what it was made from: every file's
// path, size and modification time, and the version of the code that made it. When
// any of them changes the entry is simply not found.
//
// Entries are small JSON files in one folder, or bytes where they are large, written to a temporary name and
// renamed. There are no locks (they do not work on every file system of a
// cluster): two writers of one entry write the same thing. An entry that cannot be
// read is a miss, never an error.
package cache

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"shardeck/backend/atomicfile"
)

// Source is one file that a result was made from. Take it before reading the
// file: a file that changes meanwhile then makes the entry unfindable.
type Source struct {
	Path  string    `json:"path"` // absolute
	Size  int64     `json:"size"`
	MTime time.Time `json:"mtime"`
}

// Stat makes a Source of a file.
func Stat(path string) (Source, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return Source{}, fmt.Errorf("cannot name %s: %w", path, err)
	}
	info, err := os.Stat(abs)
	if err != nil {
		return Source{}, err
	}
	return Source{Path: abs, Size: info.Size(), MTime: info.ModTime().UTC()}, nil
}

// Key says what an entry is and what it was made from.
type Key struct {
	What    string   `json:"what"`    // such as analysis
	Version string   `json:"version"` // of the code that computes it
	Sources []Source `json:"sources"`
	Extra   string   `json:"extra"` // whatever else the result depends on
}

// file is the name of the key's entry.
func (k Key) file() string {
	text, _ := json.Marshal(k) // plain strings, numbers and times: cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]) + ".json"
}

// Cache is a folder of entries. A nil *Cache is one that holds nothing. Its
// methods are safe for concurrent use, also by several programs.
type Cache struct{ dir string }

// Open uses dir, which is made when the first entry is written. An empty dir
// turns caching off: Open returns nil.
func Open(dir string) *Cache {
	if dir == "" {
		return nil
	}
	return &Cache{dir: dir}
}

// entry is the text of a file: the key stands in it, so that a collision of
// names or a copied file cannot pass for another result.
type entry struct {
	Key   Key             `json:"key"`
	Value json.RawMessage `json:"value"`
}

// Get fills v, a pointer, with the entry of k and reports whether there was one.
func (c *Cache) Get(k Key, v any) bool {
	if c == nil {
		return false
	}
	data, err := os.ReadFile(filepath.Join(c.dir, k.file()))
	if err != nil {
		return false
	}
	var e entry
	if json.Unmarshal(data, &e) != nil || e.Key.file() != k.file() {
		return false
	}
	return json.Unmarshal(e.Value, v) == nil
}

// Put keeps v under k. An error means that the next Get misses, nothing worse.
func (c *Cache) Put(k Key, v any) error {
	if c == nil {
		return nil
	}
	value, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("cannot keep a result: %w", err)
	}
	data, err := json.Marshal(entry{Key: k, Value: value})
	if err != nil {
		return fmt.Errorf("cannot keep a result: %w", err)
	}
	return c.write(k.file(), func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Has reports whether there is a large entry of k.
func (c *Cache) Has(k Key) bool {
	if c == nil {
		return false
	}
	_, err := os.Stat(filepath.Join(c.dir, k.large()))
	return err == nil
}

// large is the name of a large entry: bytes after a line with the key.
func (k Key) large() string { return strings.TrimSuffix(k.file(), ".json") + ".bin" }

// Read gives the bytes of the large entry of k to read, and reports whether there was
// an entry that read understood.
func (c *Cache) Read(k Key, read func(io.Reader) error) bool {
	if c == nil {
		return false
	}
	f, err := os.Open(filepath.Join(c.dir, k.large()))
	if err != nil {
		return false
	}
	defer f.Close()
	r := bufio.NewReader(f)
	line, err := r.ReadBytes('\n')
	var own Key
	if err != nil || json.Unmarshal(line, &own) != nil || own.file() != k.file() {
		return false
	}
	return read(r) == nil
}

// Write keeps what write writes as the large entry of k: bytes, where Put keeps JSON.
func (c *Cache) Write(k Key, write func(io.Writer) error) error {
	if c == nil {
		return nil
	}
	line, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("cannot keep a result: %w", err)
	}
	return c.write(k.large(), func(w io.Writer) error {
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
		return write(w)
	})
}

// write replaces a file of the cache. It need not outlive a crash: what is lost is read again.
func (c *Cache) write(name string, write func(io.Writer) error) error {
	err := os.MkdirAll(c.dir, 0o700)
	if err == nil {
		err = atomicfile.WriteUnsynced(filepath.Join(c.dir, name), 0o600, write)
	}
	if err != nil {
		return fmt.Errorf("cannot write to the cache folder: %w", err)
	}
	return nil
}

// Prune removes entries, and leftovers of writers that died, not written for
// longer than age. It returns how many went.
func (c *Cache) Prune(age time.Duration, now time.Time) int {
	if c == nil {
		return 0
	}
	files, _ := os.ReadDir(c.dir)
	gone := 0
	for _, f := range files {
		info, err := f.Info()
		if err != nil || now.Sub(info.ModTime()) <= age || !info.Mode().IsRegular() {
			continue
		}
		if os.Remove(filepath.Join(c.dir, f.Name())) == nil {
			gone++
		}
	}
	return gone
}
