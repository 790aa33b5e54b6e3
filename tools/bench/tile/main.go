// Command tile writes a Kineto trace of any size, made of copies of real recordings
// with shifted times: go run ./tile -size 1GB -o big.json.gz kineto_trace_0.json
package main

import (
	"flag"
	"fmt"
	"os"

	"shardeck/tools/bench/tiling"
)

func main() {
	size := flag.String("size", "1GB", "size of the plain JSON, at least: 139MB, 1GB")
	out := flag.String("o", "", "file to write; gzipped if its name ends in .gz")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: tile -size 1GB -o FILE RECORDING…")
		flag.PrintDefaults()
	}
	flag.Parse()
	if *out == "" || flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*size, *out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "tile:", err)
		os.Exit(1)
	}
}

func run(size, out string, paths []string) error {
	bytes, err := tiling.ParseSize(size)
	if err != nil {
		return err
	}
	var sources []*tiling.Source
	for _, p := range paths {
		s, err := tiling.Load(p)
		if err != nil {
			return err
		}
		sources = append(sources, s)
	}
	made, err := tiling.File(out, sources, bytes, tiling.Large)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d bytes of JSON, %d events, %d kernels, %d copies\n", out, made.Bytes, made.Events, made.Kernels, made.Copies)
	return nil
}
