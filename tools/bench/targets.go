package main

// target is one thing asked of the engine: a ratio to something measured in the same
// run, or a limit.
type target struct {
	what    string
	unit    string
	must    string
	stretch string
	measure func(m measured) verdict
}

// verdict is what was measured for one target.
type verdict struct {
	spread
	must, stretch bool // met, by the median
	known         bool
	limit         float64 // what must is, where that depends on the document; 0: it does not
}

// measured is all that was measured on one input.
type measured struct {
	Input   input
	One     race
	Two     race
	Open    opened // the whole of the big file
	Gz      opened
	Stop    map[string]stops
	Metrics series // shardeck metrics on the big file
	RSS     int64  // of it

	Pair        pair // of two matched ranks
	PairMetrics series
	PairRSS     int64 // 0: the mix has no such ranks
}

func (r race) series(suite, name string) series {
	for _, s := range r[suite] {
		if s.Name == name {
			return s
		}
	}
	return series{}
}

// atLeast and atMost make a verdict of a spread.
func atLeast(s spread, must, stretch float64) verdict {
	return verdict{spread: s, must: s.Median >= must, stretch: s.Median >= stretch, known: s.Median > 0}
}

func atMost(s spread, must, stretch float64) verdict {
	return verdict{spread: s, must: s.Median <= must, stretch: s.Median <= stretch, known: s.Median > 0}
}

// faster is how many times faster ours is than a peer on the document of middle size.
func faster(peer string, must, stretch float64) func(measured) verdict {
	return func(m measured) verdict {
		return atLeast(ratio(m.One.series("mid", peer), m.One.series("mid", ours), cpu), must, stretch)
	}
}

// slower is how many times longer ours takes than something that does less.
func slower(suite, than string, must, stretch float64) func(measured) verdict {
	return func(m measured) verdict {
		return atMost(ratio(m.One.series(suite, ours), m.One.series(suite, than), cpu), must, stretch)
	}
}

// worth is how many times the work a second core gets done in the same time.
func worth(one, two string, times, must, stretch float64) func(measured) verdict {
	return func(m measured) verdict {
		s := ratio(m.Two.series("two", one), m.Two.series("two", two), wall)
		s.Median, s.Min, s.Max = s.Median*times, s.Min*times, s.Max*times
		return atLeast(s, must, stretch)
	}
}

// single is a figure measured once.
func single(v float64) spread { return spread{v, v, v} }

// memory is the peak of a process that reads the big file: a fixed part, and some for
// every kernel.
func memory(bytes func(measured) int64) func(measured) verdict {
	return func(m measured) verdict { return memoryOf(bytes(m), m.Open.Kernels) }
}

func memoryOf(bytes int64, kernels int) verdict {
	limit := 32 + 48*float64(kernels)/1e6
	v := atMost(single(mb(bytes)), limit, 24)
	v.limit = limit
	return v
}

// allocations are counted for every thousand events.
func allocations(m measured) verdict {
	return atMost(single(1000*float64(m.Open.Allocs)/float64(max(1, m.Input.BigMade.Events))), 50, 5)
}

func stopping(how string) func(measured) verdict {
	return func(m measured) verdict {
		s := spreadOf(m.Stop[how])
		return atMost(spread{s.Max * 1e3, s.Min * 1e3, s.Max * 1e3}, 50, 10)
	}
}

// targets are the rows of the table.
var targets = []target{
	{"one core, against encoding/json", "× faster", "≥ 15", "22", faster(stdJSON, 15, 22)},
	{"against sonic, zero-copy struct decode", "× faster", "≥ 4", "7", faster(sonicCopy, 4, 7)},
	{"against jsonparser", "× faster", "≥ 3", "4", faster(parser, 3, 4)},
	{"against gjson", "× faster", "≥ 3", "4", faster(gjsonName, 3, 4)},
	{"time against `wc -l`", "×", "≤ 2.5", "1.7", slower("big", wc, 2.5, 1.7)},
	{"time against read + IndexByte", "×", "≤ 5", "3.7", slower("big", floor, 5, 3.7)},
	{"against `wc -l`, file as the profiler writes it", "×", "≤ 2.5", "1.7", slower("small", wc, 2.5, 1.7)},
	{"against read + IndexByte, the same", "×", "≤ 5", "3.7", slower("small", floor, 5, 3.7)},
	{".gz, time against `gzip -dc`", "×", "≤ 0.45", "0.30", slower("gz", gunzip, 0.45, 0.30)},
	{".gz, time against klauspost inflate alone", "×", "≤ 1.5", "1.0", slower("gz", inflate, 1.5, 1)},
	{"2 files on 2 cores, rate against 1 on 1", "×", "≥ 1.3", "1.8", worth(oneFile, twoFiles, 2, 1.3, 1.8)},
	{"the same, .gz", "×", "≥ 1.3", "1.8", worth(oneGz, twoGz, 2, 1.3, 1.8)},
	{"1 .gz of members on 2 cores against 1 core", "× faster", "≥ 1.8", "1.9", worth(oneMember, splitGz, 1, 1.8, 1.9)},
	{"peak memory, one reader", "MB", "≤ 32 + 48 B/kernel", "24", memory(func(m measured) int64 { return m.Open.RSS })},
	{"peak memory, one reader, .gz", "MB", "≤ 32 + 48 B/kernel", "24", memory(func(m measured) int64 { return m.Gz.RSS })},
	{"peak memory, `shardeck metrics`", "MB", "≤ 32 + 48 B/kernel", "24", memory(func(m measured) int64 { return m.RSS })},
	{"the same on two matched ranks", "MB", "≤ 32 + 48 B/kernel", "24", pairMemory},
	{"allocations for 1,000 events", "", "none per event", "≤ 5", allocations},
	{"longest time to stop a read", "ms", "≤ 50", "10", stopping("plain")},
	{"the same, .gz", "ms", "≤ 50", "10", stopping("gz")},
}
