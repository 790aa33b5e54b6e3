// Package poll keeps the one answer of the scheduler that the whole program shares. Whoever wants the jobs asks
// the Poller, as often as they like; it asks the scheduler only when its answer is older than the interval (or,
// for a refresh key, than the floor), one query at a time, and waits longer after errors. It has no goroutine
// and no timer: where nobody asks, as in an unfocused terminal, nothing is asked of the cluster.
package poll

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// Floor and the default interval between two queries, and the longest wait after errors.
const (
	Floor    = 10 * time.Second
	Interval = 60 * time.Second
	Longest  = 10 * time.Minute
)

// Options of a Poller; the zero value is right outside tests.
type Options struct {
	Interval time.Duration    // between queries nobody pressed a key for; below Floor counts as Floor; 0: Interval
	Floor    time.Duration    // between any two; 0: Floor. The local scheduler, which asks no one, may have less
	Now      func() time.Time // nil: the clock
	Shelf    Shelf            // where answers lie for other processes
	Jitter   func() float64   // nil: random, in [0,1); moves the interval by at most a tenth
}

// Snapshot is the last answer and how good it is. Jobs belong to the reader.
type Snapshot struct {
	Jobs  []model.Job `json:"jobs"`
	AsOf  time.Time   `json:"as_of"` // of the last good answer; zero: there was none yet
	Err   error       `json:"-"`     // why the last query failed; nil: it did not
	Since time.Time   `json:"since"` // when the queries began to fail; zero: they do not
	Next  time.Time   `json:"-"`     // a refresh before this time gets the same answer
	Due   time.Time   `json:"-"`     // when Jobs will ask anew by itself
}

// Stale is Err for a status line, empty while the answer is good.
func (s Snapshot) Stale() string {
	if s.Err == nil {
		return ""
	}
	return model.Printable(s.Err.Error())
}

// Poller shares the answer of one scheduler. It is safe for concurrent use.
type Poller struct {
	scheduler scheduler.Scheduler
	options   Options
	turn      scheduler.Turn // of the one query under way

	mu     sync.Mutex
	last   Snapshot
	errors int // in a row
	calls  int
	unsure bool // something changed by our own doing: the answer is old
}

// New makes a Poller; it asks nothing yet.
func New(s scheduler.Scheduler, o Options) *Poller {
	o.Floor = cmp.Or(o.Floor, Floor)
	o.Interval = max(cmp.Or(o.Interval, Interval), o.Floor)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	return &Poller{scheduler: s, options: o, turn: scheduler.NewTurn()}
}

// Jobs returns the shared answer, asking anew if it is due; callers that come while a
// query is under way share its answer. The error is that of a scheduler that never gave a
// good one yet, or of the context; later failures are in the Snapshot.
func (p *Poller) Jobs(ctx context.Context, refresh bool) (Snapshot, error) {
	if s, ok := p.current(refresh); ok {
		return s, s.fatal()
	}
	if !p.turn.Take(ctx) {
		return p.Last(), ctx.Err()
	}
	defer p.turn.Leave()
	s, ok := p.current(refresh) // the one before us may have asked
	if !ok {
		s = p.query(ctx)
	}
	if s.AsOf.IsZero() && ctx.Err() != nil {
		return s, ctx.Err()
	}
	return s, s.fatal()
}

func (s Snapshot) fatal() error {
	if s.AsOf.IsZero() {
		return s.Err
	}
	return nil
}

// Last is the shared answer as it is; it never asks or waits.
func (p *Poller) Last() Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.copy()
}

// Expire says that the answer is out of date: the next Jobs asks anew as soon as the floor allows.
func (p *Poller) Expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unsure = true
	p.last.Due = p.last.Next
	if p.options.Shelf.Path != "" {
		_ = os.Remove(p.options.Shelf.Path) // other processes' answer is as old
	}
}

// current is the answer if it need not be asked for again.
func (p *Poller) current(refresh bool) (Snapshot, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, limit := p.options.Now(), p.last.Due
	if refresh || p.unsure {
		limit = p.last.Next
	}
	return p.copy(), p.calls > 0 && now.Before(limit)
}

func (p *Poller) copy() Snapshot {
	s := p.last
	s.Jobs = slices.Clone(s.Jobs)
	return s
}

// query asks the scheduler and keeps what it says. One that its caller cancelled is no
// fault of the scheduler's, but counts as asked; its caller's deadline is one.
func (p *Poller) query(ctx context.Context) Snapshot {
	p.mu.Lock()
	p.calls++
	start := p.options.Now()
	if p.recall(start) {
		defer p.mu.Unlock()
		return p.copy()
	}
	p.unsure = false
	p.mu.Unlock()
	jobs, err := p.scheduler.Jobs(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.options.Now()
	switch {
	case err == nil:
		p.last = Snapshot{Jobs: jobs, AsOf: now}
		p.errors = 0
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		p.unsure = true
	default:
		p.errors++
		p.lastSeen()
		p.last.Err = err
		if p.last.Since.IsZero() {
			p.last.Since = start
		}
	}
	p.last.Next = start.Add(p.options.Floor)
	p.last.Due = start.Add(p.wait())
	if p.last.AsOf.IsZero() && p.last.Err == nil { // given up, and others wait with nothing
		p.last.Next, p.last.Due = start, start
	} else if !p.unsure {
		p.share(now)
	}
	return p.copy()
}

// wait is the time to the next query: the interval, doubled with every error in a row,
// moved by a tenth so that users do not ask in step, and never below the floor.
func (p *Poller) wait() time.Duration {
	d := min(p.options.Interval<<min(p.errors, 10), max(Longest, p.options.Interval))
	d += time.Duration((p.options.Jitter()*2 - 1) * float64(d) / 10)
	return max(d, p.options.Floor)
}
