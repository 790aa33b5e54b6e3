package main

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"unsafe"

	"shardeck/tools/bench/peers"
)

// Names of contestants, to which the targets refer.
const (
	ours      = "shardeck"
	stdJSON   = "encoding/json, struct"
	sonicCopy = "sonic, struct, zero-copy"
	sonicFast = "sonic, the same, unchecked"
	parser    = "jsonparser"
	gjsonName = "gjson"
	wc        = "wc -l"
	floor     = "read + IndexByte"
	gunzip    = "gzip -dc"
	inflate   = "klauspost inflate alone"
	oneFile   = "1 file, 1 core"
	twoFiles  = "2 files, 2 cores"
	oneGz     = "1 file, 1 core, .gz"
	twoGz     = "2 files, 2 cores, .gz"
	oneMember = "1 file, 1 core, .gz of members"
	splitGz   = "1 file, 2 cores, .gz of members"
)

// documentSuite is the work by those that hold the whole document.
func documentSuite(in input, doc []byte) []contestant {
	text := unsafe.String(unsafe.SliceData(doc), len(doc))
	return []contestant{
		{name: ours, run: func() (peers.Work, error) { return peers.Ours(in.Mid) }},
		{name: parser, run: func() (peers.Work, error) { return peers.JSONParser(doc) }},
		{name: gjsonName, run: func() (peers.Work, error) { return peers.GJSON(text) }},
		{name: sonicCopy, run: func() (peers.Work, error) { return peers.Sonic(text) }},
		{name: sonicFast, run: func() (peers.Work, error) { return peers.SonicUnchecked(text) }},
		{name: stdJSON, run: func() (peers.Work, error) { return peers.EncodingJSON(doc) }},
	}
}

// plainSuite is the work on a file of any size, and what reading alone costs.
func plainSuite(path string) []contestant {
	return []contestant{
		{name: ours, run: func() (peers.Work, error) { return peers.Ours(path) }},
		{name: floor, run: nothing(func() error { return peers.ReadFile(path) }), free: true},
		{name: wc, run: nothing(func() error { return peers.Command("wc", "-l", path) }), free: true},
	}
}

// gzipSuite is the same on a compressed file.
func gzipSuite(in input) []contestant {
	return []contestant{
		{name: ours, run: func() (peers.Work, error) { return peers.Ours(in.Gz) }},
		{name: inflate, run: nothing(func() error { return peers.Inflate(in.Gz) }), free: true},
		{name: gunzip, run: nothing(func() error { return peers.Command("gzip", "-dc", in.Gz) }), free: true},
	}
}

// twoSuite is what a second core is worth.
func twoSuite(in input) []contestant {
	open := func(paths ...string) func() (peers.Work, error) {
		return nothing(func() error { return openAll(paths) })
	}
	return []contestant{
		{name: oneFile, run: open(in.Big), free: true},
		{name: twoFiles, run: open(in.Big, in.Big), free: true},
		{name: oneGz, run: open(in.Gz), free: true},
		{name: twoGz, run: open(in.Gz, in.Gz), free: true},
		{name: oneMember, run: nothing(func() error {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // who has one core inflates one member at a time
			return openAll([]string{in.Members})
		}), free: true},
		{name: splitGz, run: open(in.Members), free: true},
	}
}

// openAll reads all of paths at once.
func openAll(paths []string) error {
	errs := make([]error, len(paths))
	var wg sync.WaitGroup
	for i, path := range paths {
		wg.Go(func() { _, errs[i] = peers.Read(context.Background(), path) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
