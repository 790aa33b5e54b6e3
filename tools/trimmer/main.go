// Command trimmer makes the recordings of the demo from full ones: it copies a run's
// config and timing, and its Kineto traces without the categories of events that
// no metric reads. What stays is byte for byte what the profiler wrote.
//
//	go run ./tools/trimmer RUN_DIR... OUT_DIR
package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "trimmer:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("give one or more run directories and the folder to write to")
	}
	out := args[len(args)-1]
	for _, dir := range args[:len(args)-1] {
		if err := trimRun(dir, filepath.Join(out, filepath.Base(dir))); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	return nil
}

// trimRun writes the trimmed copy of one run.
func trimRun(dir, out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	if err := copyConfig(dir, out); err != nil {
		return err
	}
	for pattern, do := range map[string]func(src, dst string) error{
		"timing_stats_*.json": copyFile,
		"kineto_trace_*.json": trimFile,
	} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := do(f, filepath.Join(out, filepath.Base(f))); err != nil {
				return fmt.Errorf("%s: %w", filepath.Base(f), err)
			}
		}
	}
	return nil
}

func copyFile(src, dst string) error {
	b, err := os.ReadFile(src)
	if err != nil {
		return err
	}
	return os.WriteFile(dst, b, 0o644)
}

// copyConfig copies config.yaml with its output_dir under trace_collection/, where
// a workspace keeps its runs.
func copyConfig(dir, out string) error {
	b, err := os.ReadFile(filepath.Join(dir, "config.yaml"))
	if err != nil {
		return err
	}
	lines := strings.SplitAfter(string(b), "\n")
	for i, l := range lines {
		if rest, ok := strings.CutPrefix(l, "output_dir: "); ok && !strings.Contains(rest, "/") {
			lines[i] = "output_dir: trace_collection/" + rest
		}
	}
	return os.WriteFile(filepath.Join(out, "config.yaml"), []byte(strings.Join(lines, "")), 0o644)
}

// trimFile writes dst.gz, without a date so that the same input gives the same bytes.
func trimFile(src, dst string) error {
	b, err := os.ReadFile(src)
	if err != nil {
		return err
	}
	trimmed, err := Trim(b)
	if err != nil {
		return err
	}
	f, err := os.Create(dst + ".gz")
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return err
	}
	_, err = z.Write(trimmed)
	return errors.Join(err, z.Close(), f.Close())
}
