package measure

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"

	"shardeck/backend/cache"
	"shardeck/backend/pool"
	"shardeck/backend/trace"
	"shardeck/backend/trace/codec"
	"shardeck/backend/trace/kineto"
	"shardeck/backend/trace/nsys"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/metric"
)

// store is what the cache holds of runs: analyses, fine timelines, and ranks that jobs
// have read.
type store struct {
	cache   *cache.Cache
	version string // of this program
	ws      *workspace.Workspace
	world   check.World
}

// entry is an analysis as the cache holds it: with the picture of its traces.
type entry struct {
	Analysis *metric.Analysis     `json:"analysis"`
	Trace    *metric.TraceSummary `json:"trace"`
}

// runKey says what the analysis of a run is made from: its files, the config it ran
// with, what is known of its model and GPU, and this very program.
func (s store) runKey(run model.Run) (cache.Key, error) {
	k := cache.Key{What: "analysis", Version: s.version}
	for _, f := range run.Files {
		switch f.Kind {
		case model.FileKineto, model.FileET, model.FileNsys, model.FileTiming, model.FileRunJSON:
			source, err := cache.Stat(f.Path)
			if err != nil {
				return k, model.Failed(fmt.Sprintf("%s cannot be read", s.ws.Rel(f.Path)), err, "look whether a job is writing there")
			}
			k.Sources = append(k.Sources, source)
		}
	}
	extra, err := json.Marshal(struct {
		Experiment *model.Experiment
		Warnings   []string
		Problem    string
		Shapes     []model.Shape
		GPUs       map[string]model.GPU
		PerNode    int
	}{run.Experiment, run.Warnings, run.Problem, s.world.Shapes, s.world.GPUs, s.world.GPUsPerNode()})
	k.Extra = fmt.Sprintf("%x", sha256.Sum256(extra))
	return k, err
}

// rankKey says what one rank's packed trace is made from.
func (s store) rankKey(f model.RunFile) (cache.Key, error) {
	source, err := cache.Stat(f.Path)
	return cache.Key{What: "rank", Version: s.version, Sources: []cache.Source{source}}, err
}

// analysis is that of a run as it lies in the cache, nil if it does not. The run may
// have been renamed since: the name is not part of what was computed.
func (s store) analysis(key cache.Key, run model.Run) *metric.Analysis {
	var e entry
	if !s.cache.Get(key, &e) || e.Analysis == nil {
		return nil
	}
	e.Analysis.Trace = e.Trace
	e.Analysis.Run = run.Name
	return tidy(e.Analysis)
}

// unread is the size of the run's traces that no job left in the cache.
func (s store) unread(run model.Run) int64 {
	var n int64
	for _, f := range s.unreadFiles(run) {
		n += f.Size
	}
	return n
}

// unreadFiles are the traces of a run that no job left in the cache.
func (s store) unreadFiles(run model.Run) []model.RunFile {
	var files []model.RunFile
	for _, f := range run.KernelFiles() {
		if key, err := s.rankKey(f); err != nil || !s.cache.Has(key) {
			files = append(files, f)
		}
	}
	return files
}

// bytesToRead is the size of the traces of runs whose analysis is not in the cache.
func (s store) bytesToRead(runs []model.Run) (sum int64) {
	for _, run := range runs {
		if key, err := s.runKey(run); err != nil || s.analysis(key, run) == nil {
			sum += run.TraceBytes()
		}
	}
	return sum
}

// openRanks reads the ranks of one file, from the cache where a job left them there.
func (s store) openRanks(ctx context.Context, f model.RunFile, progress pool.Progress) ([]*trace.Rank, error) {
	if found := s.packed(f); found != nil {
		return found, lostFile(found)
	}
	return trace.Open(ctx, readers, f.Path, progress)
}

// readers are the formats that traces are read in.
var readers = []trace.Reader{kineto.Reader{}, nsys.Reader{Runner: programs{}}}

// packed are the ranks of a file as they lie in the cache, nil if they do not.
func (s store) packed(f model.RunFile) []*trace.Rank {
	key, err := s.rankKey(f)
	if err != nil {
		return nil
	}
	var found []*trace.Rank
	if !s.cache.Read(key, func(r io.Reader) (err error) {
		found, err = codec.Decode(r)
		return err
	}) {
		return nil
	}
	return found
}
