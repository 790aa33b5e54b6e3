package trace

// Links says what launched the kernels of a rank: ranges of the program, of each of metric.Launchers.
type Links struct {
	Names   []string            // of ranges, and reasons why there is none
	By      map[string][]Launch // by one of metric.Launchers
	Damaged bool                // the file is, as Rank.Damage says of what was read of it
}

// Launch is the kernels that one range of the program launched, the innermost around their launches, or those of which no range is known.
type Launch struct {
	Dur     int64  // ns, of all
	RF      uint64 // "Record function id" of the range, that of the execution trace; 0: not given
	Count   int32  // of kernels
	Name    uint32 // index into Links.Names, of the range; where it is missing, of the reason, as it follows "12 kernels"
	Missing bool
}
