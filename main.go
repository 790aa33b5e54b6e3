// Command shardeck is a terminal cockpit for profiling vLLM inference under
// different parallelism layouts: configs, Slurm jobs, metrics and charts.
package main

import (
	"os"

	"shardeck/ui/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
