package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"

	"shardeck/backend/cache"
	"shardeck/backend/pool"
	"shardeck/backend/trace"
	"shardeck/backend/trace/codec"
	"shardeck/backend/trace/kineto"
	"shardeck/backend/trace/nsys"
	"shardeck/model"
)

// rankKey says what one rank's packed trace is made from.
func (l *Lab) rankKey(f model.RunFile) (cache.Key, error) {
	s, err := cache.Stat(f.Path)
	return cache.Key{What: "rank", Version: l.version, Sources: []cache.Source{s}}, err
}

// openRanks reads the ranks of one file, from the cache where a job left them there.
func (l *Lab) openRanks(ctx context.Context, f model.RunFile, progress pool.Progress) ([]*trace.Rank, error) {
	if found := l.packed(f); found != nil {
		return found, lostFile(found)
	}
	if f.Kind == model.FileNsys {
		return nsys.Reader{Runner: programs{}}.Open(ctx, f.Path, progress)
	}
	rank, err := kineto.Open(ctx, f.Path, progress)
	return []*trace.Rank{rank}, err
}

// programs runs nsys, for reports that were not exported yet.
type programs struct{}

// Run runs a program of PATH.
func (programs) Run(ctx context.Context, program string, args ...string) ([]byte, error) {
	return exec.CommandContext(ctx, program, args...).CombinedOutput()
}

// packed are the ranks of a file as they lie in the cache, nil if they do not.
func (l *Lab) packed(f model.RunFile) []*trace.Rank {
	key, err := l.rankKey(f)
	if err != nil {
		return nil
	}
	var found []*trace.Rank
	if !l.cache.Read(key, func(r io.Reader) (err error) {
		found, err = codec.Decode(r)
		return err
	}) {
		return nil
	}
	return found
}

// RankReport is what ReadRank did.
type RankReport struct {
	Run      string `json:"run"`
	Rank     int    `json:"rank"`
	File     string `json:"file"`
	Bytes    int64  `json:"bytes"`    // of the trace
	Kernels  int    `json:"kernels"`  // and copies, kept
	Kept     int64  `json:"kept"`     // bytes in the cache
	Complete bool   `json:"complete"` // all ranks are there: the run was analysed
}

// ReadRank reads one rank's trace and keeps it in the cache, as the tasks of a reading
// job do. The task that finds all other ranks read puts the run together; two that end
// at once both do, with the same result.
func (l *Lab) ReadRank(ctx context.Context, name string, rank int, progress pool.Progress) (RankReport, error) {
	run, err := l.Run(name)
	if err != nil {
		return RankReport{}, err
	}
	if l.cache == nil {
		return RankReport{}, failed("there is no cache to read a rank into", nil, "unset SHARDECK_NO_CACHE, and set HOME or XDG_CACHE_HOME")
	}
	files := tracesOf(run)
	i := slices.IndexFunc(files, func(f model.RunFile) bool { return f.Rank == rank })
	if i < 0 {
		return RankReport{}, unknown(fmt.Sprintf("%s has no trace of rank %d", run.Name, rank), "shardeck metrics "+run.Name+" lists its ranks")
	}
	report := RankReport{Run: run.Name, Rank: rank, File: l.ws.Rel(files[i].Path), Bytes: files[i].Size}
	if err := l.keepRank(ctx, files[i], &report, progress); err != nil {
		return report, err
	}
	if l.unread(run) > 0 {
		return report, nil
	}
	_, err = l.analyseRun(ctx, run, pool.Wanted, nil)
	report.Complete = err == nil
	return report, err
}

// keepRank reads a trace in the pool and packs it into the cache. A trace of which
// nothing can be read is kept as a rank that says so: reading it again would tell no more.
func (l *Lab) keepRank(ctx context.Context, f model.RunFile, report *RankReport, progress pool.Progress) error {
	key, err := l.rankKey(f)
	if err != nil {
		return failed(l.ws.Rel(f.Path)+" cannot be read", err, "")
	}
	return l.pool.Do(ctx, pool.Wanted, costOf(f), func(ctx context.Context, _ pool.Progress) error {
		ranks, err := l.openRanks(ctx, f, progress)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			ranks = []*trace.Rank{{File: f.Path, Damage: []trace.Damage{{Offset: -1, Text: unreadable + err.Error()}}}}
		}
		for _, r := range ranks {
			report.Kernels += len(r.Records)
		}
		if err := l.cache.Write(key, func(w io.Writer) error { return codec.Encode(&counting{w, &report.Kept}, ranks) }); err != nil {
			return failed("the rank could not be kept", err, "is the disk of the cache full? XDG_CACHE_HOME moves it")
		}
		return nil
	}).Wait()
}

// unreadable marks a packed rank that stands for a file nothing could be read of.
const unreadable = "unreadable: "

// lostFile gives the error back that a packed rank stands for.
func lostFile(ranks []*trace.Rank) error {
	if len(ranks) == 1 && len(ranks[0].Damage) == 1 {
		if text, ok := strings.CutPrefix(ranks[0].Damage[0].Text, unreadable); ok {
			return errors.New(text)
		}
	}
	return nil
}

// counting counts what is written through it.
type counting struct {
	w io.Writer
	n *int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	*c.n += int64(n)
	return n, err
}
