package poll

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"time"

	"shardeck/backend/atomicfile"
	"shardeck/model"
)

// Shelf is a file of the user's cache where an answer lies for other processes, so that ten in a row ask the scheduler once. Without a
// path it holds nothing; what cannot be written or read is not there.
type Shelf struct{ Path string }

// Load reads what lies there into v, false where nothing of use does.
func (s Shelf) Load(v any) bool {
	text, err := os.ReadFile(s.Path)
	return err == nil && json.Unmarshal(text, v) == nil
}

// Save lays v there.
func (s Shelf) Save(v any) {
	text, err := json.Marshal(v)
	if s.Path == "" || err != nil || os.MkdirAll(filepath.Dir(s.Path), 0o700) != nil {
		return
	}
	_ = atomicfile.WriteUnsynced(s.Path, 0o600, func(w io.Writer) error { // best effort: another process asks by itself
		_, err := w.Write(text)
		return err
	})
}

// kept is a Snapshot on the shelf.
type kept struct {
	Snapshot
	Asked time.Time `json:"asked"` // the last time, whatever was answered: when the answer came
	Error string    `json:"error"` // why the last query failed; empty: it did not
	Fix   string    `json:"fix"`
}

// recall takes the answer that another process got within the floor; p.mu is held.
func (p *Poller) recall(now time.Time) bool {
	var k kept
	if p.unsure || !p.options.Shelf.Load(&k) || now.Before(k.Asked) || now.Sub(k.Asked) >= p.options.Floor || k.AsOf.Before(p.last.AsOf) {
		return false
	}
	if k.Error != "" {
		k.Err = model.Failed(k.Error, nil, k.Fix)
	}
	k.Next = k.Asked.Add(p.options.Floor)
	p.last, p.last.Due = k.Snapshot, k.Next
	return true
}

// lastSeen takes the last good answer of another process where this one has none; p.mu is held.
func (p *Poller) lastSeen() {
	var k kept
	if p.last.AsOf.IsZero() && p.options.Shelf.Load(&k) {
		p.last.AsOf, p.last.Jobs = k.AsOf, k.Jobs
	}
}

// share lays the last answer on the shelf; p.mu is held.
func (p *Poller) share(now time.Time) {
	k := kept{Snapshot: p.last, Asked: now}
	if p.last.Err != nil {
		k.Error, k.Fix = p.last.Err.Error(), model.FixOf(p.last.Err)
	}
	p.options.Shelf.Save(k)
}
