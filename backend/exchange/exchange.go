// Package exchange writes a run as files that other programs read. formats.go's table says which; each writer streams into one
// folder and computes nothing: numbers come ready from the analysis, the tables of model/present and the timeline.
package exchange

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"shardeck/backend/atomicfile"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/timeline"
)

// Source is the run to be written.
type Source struct {
	Run   model.Run
	Found *metric.Analysis

	// Lanes hands over the timeline: whole, or where that has too many kernels, part by part in order of time. Each part has all calls
	// and steps, and of kernels those that touch its Kernels.
	Lanes func(do func(*timeline.Run) error) error
}

// Format is what a program reads.
type Format struct {
	Name   string
	Reader string // what opens it, and how
	Traces bool   // it is made of traces

	write func(dir string, s Source) (remarks []string, err error)
}

// Formats are those that there are.
var Formats = []Format{
	{"csv", "a spreadsheet, pandas.read_csv", false, tablesBy(".csv", writeCSV)},
	{"parquet", "duckdb, pyarrow, pandas.read_parquet", false, tablesBy(".parquet", writeParquet)},
	{"perfetto", "ui.perfetto.dev, trace_processor: drop timeline.json.gz there", true, writePerfetto},
	{"chakra", "Chakra's tools and ASTRA-sim, by et_def.proto: one rank.<number>.et a rank", true, writeChakra},
	{"mlflow", "MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri <folder>", false, writeMLflow},
	{"wandb", "wandb sync <folder>/wandb/offline-run-*", false, writeWandb},
}

// Named is the format of a name; nil: there is none.
func Named(name string) *Format {
	return model.First(Formats, func(f Format) bool { return f.Name == name })
}

// Names are those of all formats.
func Names() []string { return model.Each(Formats, func(f Format) string { return f.Name }) }

// Write writes the files into a folder that is there. Remarks say what the format cannot hold, or the run does not tell.
func (f Format) Write(dir string, s Source) (remarks []string, err error) { return f.write(dir, s) }

// file writes one file of a folder through a buffer.
func file(dir, name string, write func(w *bufio.Writer) error) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.WriteUnsynced(path, 0o644, func(out io.Writer) error {
		w := bufio.NewWriterSize(out, 1<<16)
		if err := write(w); err != nil {
			return err
		}
		return w.Flush()
	})
}

// id is a run's own id, the same each time: hexadecimal digits.
func id(s Source, digits int) string {
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, s.Run.Name, s.Run.Time.UnixNano())))[:digits]
}
