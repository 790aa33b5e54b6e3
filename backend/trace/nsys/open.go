package nsys

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model"
	"shardeck/model/shell"
)

// Runner runs a program of PATH and returns what it printed on both streams. An error
// that is exec.ErrNotFound means that the program is not there.
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

// Open reads one file into its ranks, one for each process and device that ran
// kernels, in the order of physical GPUs. Info.Rank is the number in the file's name
// where there is one rank, else -1. progress, if not nil, is called on the same
// goroutine with the bytes read so far and in all; for an export they are estimated
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
	number := rankOf(path)
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

var rankName = regexp.MustCompile(`^nsys_(\d{1,5})\.`)

// rankOf is the rank in a name as nsys_3.sqlite, -1 if there is none.
func rankOf(path string) int {
	m := rankName.FindStringSubmatch(filepath.Base(path))
	if m == nil {
		return -1
	}
	n, _ := strconv.Atoi(m[1])
	return n
}
