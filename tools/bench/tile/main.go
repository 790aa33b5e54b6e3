// Command tile writes a Kineto trace of any size, made of copies of real recordings with shifted times, or a run of any
// number of ranks, each of that size:
//
//	go run ./tile -size 1GB -o big.json.gz kineto_trace_0.json
//	go run ./tile -ranks 64 -size 300MB -o run-of-64 kineto_trace_0.json kineto_trace_1.json
package main

import (
	"flag"
	"fmt"
	"os"

	"shardeck/tools/bench/tiling"
)

func main() {
	size := flag.String("size", "1GB", "size of the plain JSON of a file, at least: 139MB, 1GB")
	out := flag.String("o", "", "file to write, gzipped if its name ends in .gz; with -ranks a folder")
	ranks := flag.Int("ranks", 0, "make a run of so many ranks, which take turns in being copies of the recordings")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: tile [-ranks 64] -size 1GB -o FILE RECORDING…")
		flag.PrintDefaults()
	}
	flag.Parse()
	if *out == "" || flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*size, *out, *ranks, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "tile:", err)
		os.Exit(1)
	}
}

func run(size, out string, ranks int, paths []string) error {
	bytes, err := tiling.ParseSize(size)
	if err != nil {
		return err
	}
	var made tiling.Made
	if ranks > 0 {
		made, err = tiling.Run(out, paths, ranks, bytes)
	} else if sources, fault := tiling.LoadAll(paths); fault == nil {
		made, err = tiling.File(out, sources, bytes, tiling.Large)
	} else {
		err = fault
	}
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d bytes of JSON, %d events, %d kernels, %d copies\n", out, made.Bytes, made.Events, made.Kernels, made.Copies)
	return nil
}
