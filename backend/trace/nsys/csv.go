package nsys

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"shardeck/backend/trace"
	"shardeck/model"
)

// csvTables reads what `nsys stats --format csv` printed: tables of several reports
// after each other, with messages before and between them. Only tables of
// cuda_gpu_trace are kept.
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

// readCSV reads a text into ranks, one for each device of each table, in the order of
// tables and devices. An error is for people, without the file's name.
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
	stop := s.broken()
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

// line takes one line, whatever it is.
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
	case isMessage(text):
		s.inside = false
	case !ok || long || len(fields) != s.head.width:
		s.Count(faultLine, s.at)
	default:
		s.row(fields)
	}
}

// messages are beginnings of lines that nsys prints around its tables.
var messages = []string{"** ", "Processing [", "Generating SQLite", "NOTICE", "SKIPPED", "WARNING", "ERROR", "Importer ", "Try 'nsys"}

func isMessage(text []byte) bool {
	return slices.ContainsFunc(messages, func(t string) bool { return bytes.HasPrefix(text, []byte(t)) })
}

// row keeps one kernel or copy.
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

// field is a field of the line, empty if the table lacks its column.
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
