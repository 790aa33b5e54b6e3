package trace

// Links says what launched the kernels of a rank: ranges of the program, of each of metric.Launchers.
type Links struct {
	Names   []string            // of ranges, and reasons why there is none
	By      map[string][]Launch // by one of metric.Launchers
	Damaged bool                // the file is, as Rank.Damage says of what was read of it
	Runs    []LaunchRun         // of the records of the rank, in order of time
}

// LaunchRun is records in a row that one call of the host launched: a kernel, or those of a CUDA graph; or whose launch is not known.
type LaunchRun struct {
	Count int32 // of records
	Lead  int64 // ns from the beginning of the call to the start of the first; below 0: the launch is not known
	Call  int64 // ns of the call
	Graph bool  // it replays a CUDA graph
}

// Launch is the kernels that one range of the program launched, the innermost around their launches, or those of which no range is known.
type Launch struct {
	Dur     int64  // ns, of all
	RF      uint64 // "Record function id" of the range, that of the execution trace; 0: not given
	Count   int32  // of kernels
	Name    uint32 // index into Links.Names, of the range; where it is missing, of the reason, as it follows "12 kernels"
	Missing bool
}

// Product is that of an M×K and a K×N matrix.
type Product struct{ M, N, K int }

// Host is what is known of how the host launched a rank's records.
type Launched struct {
	Runs   []LaunchRun // of the records, in order of time; nil: not known
	Graphs [][]Product // of each captured CUDA graph, what was launched into it
}
