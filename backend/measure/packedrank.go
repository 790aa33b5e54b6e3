package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"shardeck/backend/analyze"
	"shardeck/backend/pool"
	"shardeck/backend/trace"
	"shardeck/backend/trace/codec"
	"shardeck/backend/trace/kineto"
	"shardeck/backend/trace/nsys"
	"shardeck/model"
)

// programs runs nsys, for reports that were not exported yet.
type programs struct{}

// Run runs a program of PATH.
func (programs) Run(ctx context.Context, program string, args ...string) ([]byte, error) {
	return exec.CommandContext(ctx, program, args...).CombinedOutput()
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

// ReadRank reads one rank's trace and keeps it in the cache, as the tasks of a reading job do. The task that finds all other ranks read
// puts the run together; two that end at once both do, with the same result.
func (rd *Reader) ReadRank(ctx context.Context, name string, rank int, progress pool.Progress) (RankReport, error) {
	run, err := rd.Run(name)
	if err != nil {
		return RankReport{}, err
	}
	if rd.Cache == nil {
		return RankReport{}, model.Failed("there is no cache to read a rank into", nil,
			"unset SHARDECK_NO_CACHE, and set HOME or XDG_CACHE_HOME")
	}
	f := model.First(run.KernelFiles(), func(f model.RunFile) bool { return f.Rank == rank })
	if f == nil {
		return RankReport{}, model.Unknown(fmt.Sprintf("%s has no trace of rank %d", run.Name, rank),
			"shardeck metrics "+run.Name+" lists its ranks")
	}
	report := RankReport{Run: run.Name, Rank: rank, File: rd.Workspace.Rel(f.Path), Bytes: f.Size}
	if err := rd.keepRank(ctx, *f, &report, progress); err != nil {
		return report, err
	}
	if left, _ := rd.unreadFiles(run); len(left) > 0 {
		return report, nil
	}
	_, err = rd.analyseRun(ctx, run, pool.Wanted, nil)
	report.Complete = err == nil
	return report, err
}

// keepRank reads a trace in the pool, which leaves it in the cache. A trace of which
// nothing can be read is kept as a rank that says so: reading it again would tell no more.
func (rd *Reader) keepRank(ctx context.Context, f model.RunFile, report *RankReport, progress pool.Progress) error {
	key, err := rd.rankKey(f)
	if err != nil {
		return model.Failed(rd.Workspace.Rel(f.Path)+" cannot be read", err, "")
	}
	return rd.Pool.Do(ctx, pool.Wanted, costOf(f), func(ctx context.Context) error {
		ranks, err := rd.openRanks(ctx, f, progress)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			ranks = []*trace.Rank{{File: f.Path, Damage: []trace.Damage{{Offset: -1, Text: unreadable + err.Error()}}}}
		}
		for _, r := range ranks {
			report.Kernels += r.InColumns().Len()
		}
		if !rd.Cache.has(key) {
			err = rd.Cache.write(key, func(w io.Writer) error { return codec.Encode(w, ranks) })
		}
		if err != nil && !rd.Cache.has(key) {
			return model.Failed("the rank could not be kept", err, "is the disk of the cache full? XDG_CACHE_HOME moves it")
		}
		report.Kept = rd.Cache.size(key)
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

// Unread tells what is left to read of the runs named; none: of those beyond the login node's budget.
func (rd *Reader) Unread(ctx context.Context, names []string) ([]model.UnreadRun, error) {
	if rd.Cache == nil {
		return nil, model.Failed("there is no cache for a job to read into", nil, "unset SHARDECK_NO_CACHE, and set HOME or XDG_CACHE_HOME")
	}
	runs, err := rd.readable(ctx, names)
	if err != nil {
		return nil, err
	}
	var unread []model.UnreadRun
	for _, run := range runs {
		if key, err := rd.runKey(run); err == nil && rd.cached(key, run) != nil {
			continue
		}
		files, size := rd.unreadFiles(run)
		u := model.UnreadRun{Run: run, Bytes: size}
		for _, f := range files {
			u.Ranks, u.Largest = append(u.Ranks, f.Rank), max(u.Largest, f.Size)
		}
		if slices.Sort(u.Ranks); len(u.Ranks) > 0 {
			unread = append(unread, u)
		}
	}
	return unread, nil
}

// readable are the runs named, or those beyond the budget.
func (rd *Reader) readable(ctx context.Context, names []string) ([]model.Run, error) {
	if len(names) == 0 {
		all, err := rd.Runs(ctx)
		return slices.DeleteFunc(all, func(r model.Run) bool { return rd.withinBudget(r) == nil }), err
	}
	runs, err := rd.named(names)
	if none := model.First(runs, func(r model.Run) bool { return len(r.KernelFiles()) == 0 }); none != nil {
		return nil, model.Failed(none.Name+" has no traces to read", nil, "")
	}
	return runs, err
}

// rankKey says what one rank's packed trace is made from.
func (n Needs) rankKey(f model.RunFile) (cacheKey, error) {
	source, err := sourceOf(f.Path)
	return cacheKey{What: "rank", Version: n.Version, Sources: []sourceFile{source}}, err
}

// unreadFiles are the traces of a run that no job left in the cache, and their size.
func (n Needs) unreadFiles(run model.Run) (files []model.RunFile, size int64) {
	for _, f := range run.KernelFiles() {
		if key, err := n.rankKey(f); err != nil || !n.Cache.has(key) {
			files, size = append(files, f), size+f.Size
		}
	}
	return files, size
}

// files reads the traces of one file at a time, by the cache.
type files struct {
	Needs
	packing sync.Mutex // of a large rank
}

// openRanks reads the ranks of one file, in columns unless metadata is to be filled in: from the cache, where whoever reads a file
// leaves them, with what launched their kernels, so that no question costs a second reading.
func (fs *files) openRanks(ctx context.Context, f model.RunFile, progress pool.Progress) (ranks []*trace.Rank, err error) {
	key, err := fs.rankKey(f)
	if err == nil && fs.Cache.read(key, func(r io.Reader) (err error) { ranks, err = codec.Decode(r); return err }) {
		return ranks, lostFile(ranks)
	}
	if ranks, err = fs.readRanks(ctx, f, kineto.Reader{Links: fs.Cache != nil, Most: mostUnasked(f)}, progress); err != nil {
		return nil, err
	}
	for _, r := range ranks {
		r.Links = nil
	}
	return ranks, nil
}

// openLinks reads what launched the kernels of the rank of a file, from the cache where it lies there.
func (fs *files) openLinks(ctx context.Context, f model.RunFile, progress pool.Progress) (l *trace.Links, err error) {
	key, err := fs.rankKey(f)
	if err == nil && fs.Cache.read(linksKey(key), func(r io.Reader) (err error) { l, err = codec.DecodeLinks(r); return err }) {
		return l, nil
	}
	ranks, err := fs.readRanks(ctx, f, kineto.Reader{Links: true}, progress)
	if err != nil {
		return nil, err
	}
	if len(ranks) != 1 || ranks[0].Links == nil {
		return nil, errors.New(filepath.Base(f.Path) + " is no Kineto trace: nothing else says what launched kernels")
	}
	return ranks[0].Links, nil
}

// linksKey is where what launched the kernels of a rank lies: apart from it, since few ask for it.
func linksKey(k cacheKey) cacheKey {
	k.What = "links"
	return k
}

// mostUnasked is how many launches and ranges of the program are kept while a trace is read for something else: all of an eager
// trace of 300 MB, and few of one that costs more than it: what launched its kernels is read when somebody asks.
func mostUnasked(f model.RunFile) int {
	if costOf(f) > 400<<20/plainShare {
		return 1 << 17
	}
	return 5 << 17
}

// readRanks reads the ranks of one file, with what launched their kernels if by says so, and keeps both.
func (fs *files) readRanks(ctx context.Context, f model.RunFile, by kineto.Reader, progress pool.Progress) ([]*trace.Rank, error) {
	key, unkeyed := fs.rankKey(f) // before the file is read
	readers := []trace.Reader{by, nsys.Reader{Runner: programs{}}}
	ranks, err := trace.Open(ctx, readers, f.Path, progress)
	if err != nil {
		return nil, err
	}
	for _, rank := range ranks {
		if analyze.LacksMetadata(rank) { // its records are to be changed yet
			rank.Unpack()
			continue
		}
		fs.pack(rank)
	}
	if unkeyed != nil {
		return ranks, nil
	}
	_ = fs.Cache.write(key, func(w io.Writer) error { return codec.Encode(w, ranks) }) // a full disk costs the next reader time, no more
	if len(ranks) == 1 && ranks[0].Links != nil {
		_ = fs.Cache.write(linksKey(key), func(w io.Writer) error { return codec.EncodeLinks(w, ranks[0].Links) })
	}
	return ranks, nil
}

// largeRank is how many records take 20 MB: of such ranks the columns, where reading did not make them, are made one after the
// other, and what they were made of is given back at once, so that the memory of no two of them is needed twice.
const largeRank = 1 << 19

func (fs *files) pack(rank *trace.Rank) {
	if rank.Len() >= largeRank {
		fs.packing.Lock()
		defer fs.packing.Unlock()
		defer debug.FreeOSMemory()
		dropBallast()
	}
	rank.Pack()
}
