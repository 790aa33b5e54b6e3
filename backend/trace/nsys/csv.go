package nsys

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model"
)

// csvTables reads what `nsys stats --format csv` printed: tables of several reports after each other, with
// messages before and between them. Only tables of cuda_gpu_trace are kept.
type csvTables struct {
	lines
	*devices
	head   header
	inside bool  // in a table of cuda_gpu_trace
	tables int64 // of cuda_gpu_trace so far
	other  bool  // a table of another report was seen
	fields *csvFields
}

// errNotCSV is the cause when a text holds no table of any report.
var errNotCSV = errors.New("is no file of Nsight Systems that can be read")

// readCSV reads a text into ranks, one for each device of each table, in order. An error lacks the file's name.
func readCSV(in *bufio.Reader, disk int64) ([]*trace.Rank, error) {
	s := &csvTables{lines: lines{in: in}, fields: newCSVFields(), devices: newDevices(func(w *deviceWork) { _, w.gpu = deviceName(w.name) })}
	for {
		line, long, ok := s.next()
		if !ok {
			break
		}
		s.line(line, long)
	}
	if s.inside && s.endless {
		s.Once(s.at, "the last line has no end: the file was cut off", "what stood after it, and perhaps the end of its name")
	}
	stop := s.err
	if errors.Is(stop, io.EOF) {
		stop = nil
	}
	switch {
	case s.tables == 0 && stop != nil:
		return nil, fmt.Errorf("cannot be read: %s", trace.ReadFault(stop))
	case s.tables == 0 && s.other:
		return nil, errors.New("holds sums and no trace: run nsys stats --report cuda_gpu_trace --format csv")
	case s.tables == 0:
		return nil, fmt.Errorf("%w: expected an SQLite export, a report (.nsys-rep), or CSV of nsys stats --report cuda_gpu_trace", errNotCSV)
	case stop != nil:
		s.Once(s.pos, "ended too early: "+trace.ReadFault(stop), "the lines after the last whole one")
	}
	return s.finish(disk), nil
}

func (s *csvTables) line(text []byte, long bool) {
	if !long && len(bytes.TrimSpace(text)) == 0 {
		s.inside = false
		return
	}
	fields, ok := s.fields.of(text)
	if ok && !long && len(fields) > 2 {
		if h, is := headerOf(fields); is {
			s.head, s.inside = h, true
			s.tables++
			return
		}
		if isOtherHeader(fields) {
			s.inside, s.other = false, true
			return
		}
	}
	switch {
	case !s.inside:
	case slices.ContainsFunc(messages, func(t string) bool { return bytes.HasPrefix(text, []byte(t)) }):
		s.inside = false
	case !ok || long || len(fields) != s.head.width:
		s.Count(faultLine, s.at)
	default:
		s.row(fields)
	}
}

// messages are beginnings of lines that nsys prints around its tables.
var messages = []string{"** ", "Processing [", "Generating SQLite", "NOTICE", "SKIPPED", "WARNING", "ERROR", "Importer ", "Try 'nsys"}

func (s *csvTables) row(fields []string) {
	start, ok := s.time(fields, colStart)
	dur, lasted := s.time(fields, colDuration)
	if !ok || !lasted {
		s.Count(faultTime, s.at)
		return
	}
	if dur < 0 {
		s.Count(faultNegative, s.at)
		dur = 0
	}
	w := s.of(deviceKey{owner: s.tables, name: s.field(fields, colDevice)}, s.at)
	name, kind := opName(s.field(fields, colOpName))
	w.add(trace.Record{
		Start: start, Dur: dur, Name: s.names.ID(name), Coll: -1, Blocks: -1, Kind: kind,
		Corr:   uint32(s.whole(fields, colCorr, math.MaxUint32)),
		Stream: int32(s.whole(fields, colStream, math.MaxInt32)),
		Device: int16(min(max(w.gpu, 0), math.MaxInt16)),
	})
}

func (s *csvTables) field(fields []string, c column) string {
	if i := s.head.at[c]; i >= 0 {
		return fields[i]
	}
	return ""
}

func (s *csvTables) time(fields []string, c column) (int64, bool) {
	return decimal(s.field(fields, c), s.head.shift[c])
}

// whole is a number from 0 to most; an empty field is 0, and so is one that is none.
func (s *csvTables) whole(fields []string, c column, most int64) int64 {
	text := s.field(fields, c)
	if strings.TrimSpace(text) == "" {
		return 0
	}
	v, ok := decimal(text, 0)
	if !ok {
		v = -1
	}
	return s.inRange(v, most, s.at)
}

// operations are nsys's names for copies, in the words of Kineto.
var operations = []struct {
	prefix, name string
	kind         trace.Kind
}{
	{"[CUDA memcpy Host-to-Device]", "Memcpy HtoD", trace.KindMemcpy},
	{"[CUDA memcpy Device-to-Host]", "Memcpy DtoH", trace.KindMemcpy},
	{"[CUDA memcpy Device-to-Device]", "Memcpy DtoD", trace.KindMemcpy},
	{"[CUDA memcpy Peer-to-Peer]", "Memcpy PtoP", trace.KindMemcpy},
	{"[CUDA memcpy HtoD]", "Memcpy HtoD", trace.KindMemcpy},
	{"[CUDA memcpy DtoH]", "Memcpy DtoH", trace.KindMemcpy},
	{"[CUDA memcpy DtoD]", "Memcpy DtoD", trace.KindMemcpy},
	{"[CUDA memcpy PtoP]", "Memcpy PtoP", trace.KindMemcpy},
	{"[CUDA memcpy", "Memcpy", trace.KindMemcpy},
	{"[CUDA Unified Memory memcpy", "Memcpy", trace.KindMemcpy},
	{"[CUDA memset", "Memset", trace.KindMemset},
}

func opName(text string) (string, trace.Kind) {
	for _, o := range operations {
		if strings.HasPrefix(text, o.prefix) {
			return o.name, o.kind
		}
	}
	return model.Printable(text), trace.KindKernel
}

// deviceName splits "NVIDIA A100-SXM4-40GB (0)" into name and number, -1 if it has none.
func deviceName(text string) (string, int64) {
	text = model.Printable(strings.TrimSpace(text))
	i := strings.LastIndexByte(text, '(')
	if i < 0 || !strings.HasSuffix(text, ")") {
		return text, -1
	}
	id, err := strconv.ParseUint(text[i+1:len(text)-1], 10, 15)
	if err != nil {
		return text, -1
	}
	return strings.TrimSpace(text[:i]), int64(id)
}

// csvNote is said of every rank read from CSV.
const csvNote = "CSV of nsys stats: times begin with the capture and cannot be compared with those of other files; " +
	"processes that number their GPUs themselves look like one"

// finish makes a rank of each device that ran kernels, in the order of tables and devices.
func (s *csvTables) finish(disk int64) []*trace.Rank {
	work, _ := s.withKernels(func(a, b *deviceWork) int { return cmp.Or(cmp.Compare(a.owner, b.owner), cmp.Compare(a.gpu, b.gpu)) })
	ranks := s.ranks(work, trace.Info{Notes: []string{csvNote}}, s.pos, disk)
	for i, w := range work {
		if name, id := deviceName(w.name); name != "" {
			ranks[i].Info.Devices = []trace.Device{{ID: int(max(id, 0)), Name: name}}
		}
	}
	return ranks
}

// maxLine is the buffer of lines, in bytes; a longer line is counted as damage.
const maxLine = 1 << 20

type lines struct {
	in  *bufio.Reader // of maxLine bytes
	at  int64         // byte of the text where the present line begins
	pos int64
	err error // why there is no more

	endless bool // the last line was not ended
}

// next is the next line without its end, void after the next call; of one too long some text; false: there is none.
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

// of are the fields of a line, without quotes, void after the next call. False: quotes are not in order.
func (f *csvFields) of(line []byte) ([]string, bool) {
	f.line.Reset(line)
	fields, err := f.Read()
	return fields, err == nil
}

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

// columnNames are the headers of those columns in all versions, in their order, without units; others come and go.
var columnNames = []string{"Start", "Duration", "CorrId", "Device", "Strm", "Name"}

// units are those of times, which --timeunit and the version decide, as powers of ten in ns.
var units = map[string]int{
	"ns": 0, "nsec": 0, "nanoseconds": 0,
	"us": 3, "usec": 3, "μs": 3, "µs": 3, "microseconds": 3,
	"ms": 6, "msec": 6, "milliseconds": 6,
	"s": 9, "sec": 9, "seconds": 9,
}

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
		c := slices.Index(columnNames, name)
		if c < 0 || h.at[c] >= 0 {
			continue
		}
		shift, isTime := units[unit]
		if c <= int(colDuration) && !isTime {
			return h, false
		}
		h.at[c], h.shift[c] = i, shift
	}
	return h, min(h.at[colStart], h.at[colDuration], h.at[colOpName]) >= 0 && max(h.at[colDevice], h.at[colStream]) >= 0
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
