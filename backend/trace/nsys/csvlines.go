package nsys

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"shardeck/backend/trace/jsonscan"
)

// maxLine is the buffer of lines, in bytes; a longer line is counted as damage.
const maxLine = 1 << 20

// lines reads a text line by line.
type lines struct {
	in  *bufio.Reader // of maxLine bytes
	at  int64         // byte of the text where the present line begins
	pos int64
	err error // why there is no more

	endless bool // the last line was not ended
}

// next is the next line without its end; false if there is none. Of one that is too long
// it is some text. The bytes are void after the next call.
func (l *lines) next() (line []byte, long, ok bool) {
	l.at = l.pos
	line, l.err = l.in.ReadSlice('\n')
	l.pos += int64(len(line))
	for errors.Is(l.err, bufio.ErrBufferFull) {
		long = true
		line, l.err = l.in.ReadSlice('\n')
		l.pos += int64(len(line))
	}
	if len(line) == 0 && l.err != nil && !long {
		return nil, false, false
	}
	l.endless = l.err != nil
	return bytes.TrimRight(line, "\r\n"), long, true
}

// broken is what stopped reading before the end, nil at the end.
func (l *lines) broken() error {
	if errors.Is(l.err, io.EOF) {
		return nil
	}
	return l.err
}

// csvFields splits lines of CSV.
type csvFields struct {
	line bytes.Reader
	*csv.Reader
}

func newCSVFields() *csvFields {
	f := &csvFields{}
	f.Reader = csv.NewReader(&f.line)
	f.FieldsPerRecord, f.ReuseRecord = -1, true
	return f
}

// of are the fields of a line, without quotes; void after the next call. False: a quote is not
// closed, or stands where none may stand.
func (f *csvFields) of(line []byte) ([]string, bool) {
	f.line.Reset(line)
	fields, err := f.Read()
	return fields, err == nil
}

// column is a column of cuda_gpu_trace that is kept.
type column uint8

const (
	colStart column = iota
	colDuration
	colCorr
	colDevice
	colStream
	colOpName
	columnKinds
)

// columnNames are the headers of those columns in all versions, without units; others come and go.
var columnNames = map[string]column{
	"Start": colStart, "Duration": colDuration, "CorrId": colCorr,
	"Device": colDevice, "Strm": colStream, "Name": colOpName,
}

// needed are the columns without which a line is no kernel.
var needed = []column{colStart, colDuration, colOpName}

// units are those of times, which --timeunit and the version decide, as powers of ten in ns.
var units = map[string]int{
	"ns": 0, "nsec": 0, "nanoseconds": 0,
	"us": 3, "usec": 3, "μs": 3, "µs": 3, "microseconds": 3,
	"ms": 6, "msec": 6, "milliseconds": 6,
	"s": 9, "sec": 9, "seconds": 9,
}

// header is where the columns of one table are.
type header struct {
	at    [columnKinds]int // index of the field, -1: not there
	shift [columnKinds]int // power of ten to ns, of times
	width int
}

// headerOf reads a header of cuda_gpu_trace; false: this is none.
func headerOf(fields []string) (h header, ok bool) {
	for i := range h.at {
		h.at[i] = -1
	}
	h.width = len(fields)
	for i, f := range fields {
		name, unit := nameAndUnit(f)
		c, known := columnNames[name]
		if !known || h.at[c] >= 0 {
			continue
		}
		shift, isTime := units[unit]
		if (c == colStart || c == colDuration) && !isTime {
			return h, false
		}
		h.at[c], h.shift[c] = i, shift
	}
	for _, c := range needed {
		if h.at[c] < 0 {
			return h, false
		}
	}
	return h, h.at[colDevice] >= 0 || h.at[colStream] >= 0
}

// nameAndUnit splits "Start (ns)" and "Start(nsec)".
func nameAndUnit(field string) (name, unit string) {
	field = strings.TrimSpace(strings.TrimPrefix(field, "\ufeff"))
	name, unit, found := strings.Cut(field, "(")
	if !found {
		return field, ""
	}
	return strings.TrimSpace(name), strings.TrimSpace(strings.TrimSuffix(unit, ")"))
}

// otherTables are first columns of the other reports of nsys stats.
var otherTables = []string{"Time", "Time(%)", "Name", "Operation", "Total", "Kernel Name", "API Start", "Range", "Count"}

// isOtherHeader says whether a line begins a table of another report.
func isOtherHeader(fields []string) bool {
	name, unit := nameAndUnit(fields[0])
	if _, timed := units[unit]; timed && name == "Start" {
		return true // a trace of something else: API calls, NVTX ranges
	}
	return slices.Contains(otherTables, name)
}

// decimal reads a number times 10^shift, rounded to a whole, with or without commas between thousands.
func decimal(text string, shift int) (int64, bool) {
	return jsonscan.Decimal([]byte(strings.ReplaceAll(strings.TrimSpace(text), ",", "")), shift)
}
