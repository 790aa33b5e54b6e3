// Package cache keeps results of analysis between runs of the program, so that a
// trace is read once. An entry is found by what it was made from: every file's
// path, size and modification time, and the version of the code that made it. When
// any of them changes the entry is simply not found.
//
// Entries are files in one folder, a line with the key and then the result, written to a
// temporary name and renamed. There are no locks (they do not work on every file system of a
// cluster): two writers of one entry write the same thing. An entry that cannot be
// read is a miss, never an error.
package cache

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
	return hex.EncodeToString(sum[:16])
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

// Get fills v, a pointer, with what Put kept under k and reports whether there was any.
func (c *Cache) Get(k Key, v any) bool {
	return c.Read(k, func(r io.Reader) error { return json.NewDecoder(r).Decode(v) })
}

// Put keeps v under k, as JSON. An error means that the next Get misses, nothing worse.
func (c *Cache) Put(k Key, v any) error {
	return c.Write(k, func(w io.Writer) error { return json.NewEncoder(w).Encode(v) })
}

// Has reports whether there is an entry of k.
func (c *Cache) Has(k Key) bool {
	if c == nil {
		return false
	}
	_, err := os.Stat(filepath.Join(c.dir, k.file()))
	return err == nil
}

// Read gives the bytes of the entry of k to read, and reports whether there was an entry
// that read understood. The key stands in the entry, so that a collision of names or a
// copied file cannot pass for another result.
func (c *Cache) Read(k Key, read func(io.Reader) error) bool {
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
	var own Key
	return err == nil && json.Unmarshal(line, &own) == nil && own.file() == k.file() && read(r) == nil
}

// Write keeps what write writes under k.
func (c *Cache) Write(k Key, write func(io.Writer) error) error {
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
