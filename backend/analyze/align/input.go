package align

import (
	"maps"
	"path/filepath"
	"slices"

	"shardeck/backend/trace"
	"shardeck/model"
)

// Input is all that is known of a run. Records are put in order of time where they
// lie, since a copy of millions would double what a trace costs; nothing else in it
// is changed, so that one reading of the files may be analysed more than once, one
// after the other.
type Input struct {
	Run         string
	Experiment  *model.Experiment       // as run; nil: no config that can be read
	Shape       *model.Shape            // of the experiment's model; nil: not known
	GPU         func(string) *model.GPU // by the name a driver gives; nil, or nil for a name: not known
	GPUsPerNode int                     // of the site; 0: not known
	Ranks       map[int]*trace.Rank     // Kineto traces by global rank, from the file names
	Timing      map[int]*trace.Timing   // timing statistics by global rank
	Info        *model.RunInfo          // run.json; nil: none
	NoTraces    string                  // why Ranks is empty, where the caller knows ("not read yet"); empty: there are none
}

// TracedIterations is how many iterations the traces hold, and who says so; 0: nobody.
func (in *Input) TracedIterations() (n int, from string) {
	if in.Info != nil && in.Info.Traced > 0 {
		return in.Info.Traced, "run.json"
	}
	if in.Experiment != nil && in.Experiment.ProfileIterations > 0 {
		return in.Experiment.ProfileIterations, "profile_iterations"
	}
	for _, rank := range slices.Sorted(maps.Keys(in.Timing)) {
		if t := in.Timing[rank]; len(t.Traced.Iterations) > 0 {
			return len(t.Traced.Iterations), filepath.Base(t.File)
		}
	}
	return 0, ""
}

// host is where a rank ran, empty if nothing says.
func (in *Input) host(rank int, info trace.Info) string {
	if in.Info != nil && rank < len(in.Info.Hosts) {
		return in.Info.Hosts[rank]
	}
	return info.Hostname
}

// NoKernels says that a file has none.
func NoKernels(file string) string {
	return file + ": no GPU kernels; was the profiler running in the workers?"
}
