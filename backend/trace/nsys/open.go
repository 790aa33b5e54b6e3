// Package nsys reads what Nsight Systems leaves behind into the ranks of package trace.
//
// Four sorts of file, told apart by what they hold:
//
//	an SQLite export       read directly: kernels, copies, NVTX ranges, GPU metrics
//	CSV of `nsys stats`    the cuda_gpu_trace report: kernels and copies, no more
//	a report (.nsys-rep)   exported to SQLite first, by nsys itself if it is there
//	a recording (.qdstrm)  refused, with the command that makes a report of it
//
// The way through it:
//
//	Reader.Open  (open.go)     which sort of file this is
//	convert                    a report to an SQLite export in a temporary folder, by nsys
//	export       (sqlite.go)   an export to ranks
//	db           (db.go)       tables and columns that are there, rows that can be read
//	target                     the world: GPUs, host, start of the capture, warnings
//	activity     (activity.go) kernels, copies, CUDA graphs recorded whole; GPU metrics: "SMs Active"
//	steps        (steps.go)    NVTX ranges, and the same on the GPU's time line
//	csvTables    (csv.go)      CSV, whatever stands before, between and after
//	devices      (activity.go) what each device did for each process, and the rank it becomes
//
// A report says nothing of torch.distributed: records have no NCCL metadata, and a
// rank's number is not in it. Ranks come in the order of their physical GPUs.
//
// Tables and columns of an export depend on its version and on what was collected;
// all are optional. Damaged files give what is sound and a trace.Damage for the rest.
package nsys

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model"
	"shardeck/model/shell"
)

// Runner runs a program of PATH and returns what it printed on both streams; exec.ErrNotFound: it is not there.
type Runner interface {
	Run(ctx context.Context, program string, args ...string) (output []byte, err error)
}

// Reader reads files of Nsight Systems; for reports it needs a Runner, for exports and CSV it may be zero.
type Reader struct {
	Runner   Runner        // runs nsys; nil: reports are refused, with the command to run
	Temp     string        // folder on local storage for exports; empty: the system's
	Deadline time.Duration // of one export; 0: ten minutes
}

// reports are the extensions of what only nsys itself can read; others lets those pass that say nothing of themselves
// and are read all the same, for the reason why they cannot be.
var (
	reports = []string{".nsys-rep", ".qdrep", ".qdstrm"}
	others  = []string{".sqlite", ".csv", ".txt"}
)

// Reads knows SQLite files, CSV, and the names of reports.
func (r Reader) Reads(name string, head []byte) bool {
	kind, _ := KindOf(name, head)
	return kind != "" || slices.Contains(others, filepath.Ext(strings.TrimSuffix(strings.ToLower(name), ".gz")))
}

// KindOf tells a file of Nsight Systems by the beginning of its text, or by its name where the text does not tell; why is
// told where it is none that can be read.
func KindOf(name string, head []byte) (kind model.FileKind, why string) {
	ext := strings.ToLower(filepath.Ext(strings.TrimSuffix(name, ".gz")))
	if bytes.HasPrefix(head, sqliteMagic) || slices.Contains(reports, ext) {
		return model.FileNsys, ""
	}
	fields := newCSVFields()
	for line := range bytes.Lines(head) {
		list, ok := fields.of(bytes.TrimRight(line, "\r\n"))
		if !ok || len(list) < 3 {
			continue
		}
		if _, is := headerOf(list); is {
			return model.FileNsys, ""
		}
		if isOtherHeader(list) {
			return "", "CSV of sums, no trace: run nsys stats --report cuda_gpu_trace --format csv"
		}
	}
	return "", "text that no profiler writes (it begins with " + jsonscan.FirstWords(head) + ")"
}

// Open reads one file into its ranks, one for each process and device that ran kernels, in the order of
// physical GPUs. Info.Rank is the number in the file's name where there is one rank, else -1. progress, if not
// nil, is called on the same goroutine with the bytes read so far and in all; for an export they are estimated
// from rows.
//
// A damaged file gives what is sound, and each rank's Damage says what is not. An error
// means that nothing could be read.
func (r Reader) Open(ctx context.Context, path string, progress func(done, total int64)) ([]*trace.Rank, error) {
	ranks, err := r.open(ctx, path, progress)
	if stop := ctx.Err(); stop != nil && err != nil {
		return nil, fmt.Errorf("%s: reading was stopped: %w", filepath.Base(path), stop)
	}
	if err != nil {
		return nil, err
	}
	number := -1 // in a name as nsys_3.sqlite
	if _, err := fmt.Sscanf(filepath.Base(path), "nsys_%5d.", &number); err != nil {
		number = -1
	}
	for _, rank := range ranks {
		rank.File = path
		if len(ranks) == 1 {
			rank.Info.Rank = number
		}
	}
	return ranks, nil
}

func (r Reader) open(ctx context.Context, path string, progress func(done, total int64)) ([]*trace.Rank, error) {
	ext := strings.ToLower(filepath.Ext(path))
	if ext == ".qdstrm" { // what nsys records before it makes a report of it
		return nil, needsImport(path)
	}
	text, err := trace.OpenSource(ctx, path, progress)
	if err != nil {
		return nil, err
	}
	defer text.Close()
	in := bufio.NewReaderSize(text, maxLine)
	head, err := in.Peek(len(sqliteMagic))
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
		return nil, fmt.Errorf("%s: %s", filepath.Base(path), trace.ReadFault(err))
	}
	switch {
	case bytes.Equal(head, sqliteMagic) && text.Gzip:
		name := filepath.Base(path)
		return nil, fmt.Errorf("%s is a compressed SQLite export, which cannot be read in place; unpack it: gunzip -k %s",
			name, shell.Quote(name))
	case bytes.Equal(head, sqliteMagic):
		return openSQLite(ctx, path, progress)
	case ext == ".nsys-rep" || ext == ".qdrep":
		return r.openReport(ctx, path, progress)
	}
	ranks, err := readCSV(in, text.Size)
	if err != nil {
		return nil, fmt.Errorf("%s %w", filepath.Base(path), err)
	}
	return ranks, nil
}

// sqliteMagic begins every SQLite file.
var sqliteMagic = []byte("SQLite format 3\x00")

// exportDeadline is how long one export may take; nsys writes some 50 MB a second.
const exportDeadline = 10 * time.Minute

// openReport reads a report through an SQLite export: one that is there and newer, or
// a new one in a folder that is removed again. SQLite needs locks to write, which
// network file systems may lack: the folder is a local one.
func (r Reader) openReport(ctx context.Context, path string, progress func(done, total int64)) ([]*trace.Rank, error) {
	if there := existingExport(path); there != "" {
		return openSQLite(ctx, there, progress)
	}
	if r.Runner == nil {
		return nil, needsExport(path, "it has to be exported by nsys first")
	}
	dir, err := os.MkdirTemp(r.Temp, "shardeck-nsys-")
	if err != nil {
		return nil, fmt.Errorf("%s: no folder for its export: %w; set TMPDIR to one on local storage", filepath.Base(path), err)
	}
	defer os.RemoveAll(dir)
	to := filepath.Join(dir, "report.sqlite")
	if err := r.convert(ctx, path, to); err != nil {
		return nil, err
	}
	return openSQLite(ctx, to, progress)
}

// existingExport is an export beside the report that is no older, empty if there is none.
func existingExport(path string) string {
	to := strings.TrimSuffix(path, filepath.Ext(path)) + ".sqlite"
	report, err := os.Stat(path)
	if err != nil {
		return ""
	}
	if st, err := os.Stat(to); err != nil || !st.Mode().IsRegular() || st.Size() == 0 || st.ModTime().Before(report.ModTime()) {
		return ""
	}
	return to
}

// convert runs nsys export under a deadline of its own.
func (r Reader) convert(ctx context.Context, path, to string) error {
	limit := cmp.Or(max(r.Deadline, 0), exportDeadline)
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out, err := r.Runner.Run(within, "nsys", "export", "--type", "sqlite", "--force-overwrite", "true", "--output", to, path)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return needsExport(path, "nsys, which could export it, is not on PATH here")
	case within.Err() != nil:
		return needsExport(path, fmt.Sprintf("nsys export took longer than %v and was stopped", limit))
	case err != nil:
		return fmt.Errorf("%s is an Nsight Systems report that nsys export could not read (%v%s): it may be cut, or newer than this nsys; "+
			"export it with the nsys that wrote it, or profile again", filepath.Base(path), err, lastLine(out))
	}
	if st, err := os.Stat(to); err != nil || st.Size() == 0 {
		return needsExport(path, "nsys export ended without an export"+lastLine(out))
	}
	return nil
}

// needsExport says why a report cannot be read here, and the command that helps.
func needsExport(path, why string) error {
	base := filepath.Base(path)
	to := strings.TrimSuffix(base, filepath.Ext(base)) + ".sqlite"
	return fmt.Errorf("%s is an Nsight Systems report: %s; run: nsys export --type sqlite --output %s %s",
		base, why, shell.Quote(to), shell.Quote(base))
}

// needsImport says what a recording is, and the command for it, which is not on PATH, nor beside nsys.
func needsImport(path string) error {
	base := filepath.Base(path)
	return fmt.Errorf("%s is a recording that nsys made no report of: its importer did not start, or was stopped; "+
		"where Nsight Systems is whole, run: QdstrmImporter -i %s (it is in its host-linux-x64), "+
		"then nsys export --type sqlite on the report", base, shell.Quote(base))
}

// lastLine is the last thing a program printed, after a colon; empty if nothing. A bar of
// progress, which nsys draws again and again on one line, ends at a carriage return.
func lastLine(out []byte) string {
	lines := bytes.FieldsFunc(bytes.TrimSpace(out), func(c rune) bool { return c == '\n' || c == '\r' })
	if len(lines) == 0 {
		return ""
	}
	if last := model.Printable(string(lines[len(lines)-1])); last != "" {
		return ": " + last
	}
	return ""
}
