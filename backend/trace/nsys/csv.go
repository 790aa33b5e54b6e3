package nsys

import (
	"bufio"
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

// sections reads what `nsys stats --format csv` printed: tables of several reports
// after each other, with lines of talk before and between them. Only tables of
// cuda_gpu_trace are kept.
type sections struct {
	lines
	faults
	head    header
	inside  bool // in a table of cuda_gpu_trace
	seen    int  // tables of cuda_gpu_trace so far
	other   bool // a table of another report was seen
	fields  []string
	text    string
	devices map[deviceKey]*deviceWork
	last    *deviceWork
}

// deviceKey is a device of one table; the table's Device column is its name.
type deviceKey struct {
	table int
	name  string
}

// deviceWork is what one device did.
type deviceWork struct {
	table   int
	id      int
	name    string
	records []trace.Record
	names   []string
	byName  map[string]uint32
	kernels int
}

// errNotCSV is the cause when a text holds no table of any report.
var errNotCSV = errors.New("is no file of Nsight Systems that can be read")

// readCSV reads a text into ranks, one for each device of each table, in the order of
// tables and devices. An error is for people, without the file's name.
func readCSV(in *bufio.Reader) ([]*trace.Rank, error) {
	s := &sections{lines: lines{in: in}, devices: map[deviceKey]*deviceWork{}}
	for {
		line, long, ok := s.next()
		if !ok {
			break
		}
		s.line(string(line), long)
	}
	if s.inside && s.endless {
		s.once(s.at, "the last line has no end: the file was cut off", "what stood after it, and perhaps the end of its name")
	}
	stop := s.broken()
	switch {
	case s.seen == 0 && stop != nil:
		return nil, fmt.Errorf("cannot be read: %s", trace.ReadFault(stop))
	case s.seen == 0 && s.other:
		return nil, errors.New("holds sums and no trace: run nsys stats --report cuda_gpu_trace --format csv")
	case s.seen == 0:
		return nil, fmt.Errorf("%w: expected an SQLite export, a report (.nsys-rep), or CSV of nsys stats --report cuda_gpu_trace", errNotCSV)
	case stop != nil:
		s.once(s.pos, "ended too early: "+trace.ReadFault(stop), "the lines after the last whole one")
	}
	return s.ranks(), nil
}

// line takes one line, whatever it is.
func (s *sections) line(text string, long bool) {
	if strings.TrimSpace(text) == "" {
		s.inside = false
		return
	}
	fields, ok := splitLine(text, s.fields)
	s.fields = fields
	if ok && !long && len(fields) > 2 {
		if h, is := headerOf(fields); is {
			s.head, s.inside = h, true
			s.seen++
			s.last = nil
			return
		}
		if isOtherHeader(fields) {
			s.inside, s.other = false, true
			return
		}
	}
	switch {
	case !s.inside:
	case isTalk(text):
		s.inside = false
	case !ok || long || len(fields) != s.head.width:
		s.add(faultLine, s.at)
	default:
		s.row(fields)
	}
}

// talk are beginnings of lines that nsys prints around its tables.
var talk = []string{"** ", "Processing [", "Generating SQLite", "NOTICE", "SKIPPED", "WARNING", "ERROR", "Importer ", "Try 'nsys"}

func isTalk(text string) bool {
	return slices.ContainsFunc(talk, func(t string) bool { return strings.HasPrefix(text, t) })
}

// row keeps one kernel or copy.
func (s *sections) row(fields []string) {
	start, ok := s.time(fields, colStart)
	dur, lasted := s.time(fields, colDuration)
	if !ok || !lasted {
		s.add(faultTime, s.at)
		return
	}
	if dur < 0 {
		s.add(faultNegative, s.at)
		dur = 0
	}
	d := s.device(s.field(fields, colDevice))
	name, kind := opName(s.field(fields, colOpName))
	if kind == trace.KindKernel {
		d.kernels++
	}
	d.records = append(d.records, trace.Record{
		Start: start, Dur: dur, Name: d.intern(name), Coll: -1, Blocks: -1, Kind: kind,
		Corr:   uint32(s.whole(fields, colCorr, math.MaxUint32)),
		Stream: int32(s.whole(fields, colStream, math.MaxInt32)),
		Device: int16(min(max(d.id, 0), math.MaxInt16)),
	})
}

// field is a field of the line, empty if the table lacks its column.
func (s *sections) field(fields []string, c column) string {
	if i := s.head.at[c]; i >= 0 {
		return fields[i]
	}
	return ""
}

func (s *sections) time(fields []string, c column) (int64, bool) {
	v, ok := decimal(s.field(fields, c), s.head.shift[c])
	return v, ok && v < maxTime && v > -maxTime
}

// whole is a number from 0 to most; an empty field is 0, and so is one that is none.
func (s *sections) whole(fields []string, c column, most int64) int64 {
	text := s.field(fields, c)
	if strings.TrimSpace(text) == "" {
		return 0
	}
	v, ok := decimal(text, 0)
	if !ok || v < 0 || v > most {
		s.add(faultPlace, s.at)
		return 0
	}
	return v
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

// device is the work of the device of a line. It is named "NVIDIA A100-SXM4-40GB (0)".
func (s *sections) device(name string) *deviceWork {
	if s.last != nil && s.text == name {
		return s.last
	}
	key := deviceKey{s.seen, name}
	d := s.devices[key]
	if d == nil && len(s.devices) == maxDevices {
		s.add(faultPlace, s.at)
		key.name = ""
		d = s.devices[key]
	}
	if d == nil {
		d = &deviceWork{table: s.seen, id: -1, byName: map[string]uint32{}}
		d.name, d.id = deviceName(name)
		s.devices[key] = d
	}
	s.last, s.text = d, name
	return d
}

func deviceName(text string) (string, int) {
	text = model.Printable(strings.TrimSpace(text))
	i := strings.LastIndexByte(text, '(')
	if i < 0 || !strings.HasSuffix(text, ")") {
		return text, -1
	}
	id, err := strconv.ParseUint(text[i+1:len(text)-1], 10, 15)
	if err != nil {
		return text, -1
	}
	return strings.TrimSpace(text[:i]), int(id)
}

func (d *deviceWork) intern(name string) uint32 {
	if n, ok := d.byName[name]; ok {
		return n
	}
	n := uint32(len(d.names))
	d.names = append(d.names, name)
	d.byName[name] = n
	return n
}

// csvNote is said of every rank read from CSV.
const csvNote = "CSV of nsys stats: times begin with the capture and cannot be compared with those of other files; processes that number their GPUs themselves look like one"

// ranks makes one rank of each device that ran kernels.
func (s *sections) ranks() []*trace.Rank {
	var work []*deviceWork
	for _, d := range s.devices {
		if d.kernels > 0 {
			work = append(work, d)
		}
	}
	slices.SortFunc(work, func(a, b *deviceWork) int {
		return cmp.Or(cmp.Compare(a.table, b.table), cmp.Compare(a.id, b.id), cmp.Compare(a.name, b.name))
	})
	if len(work) == 0 {
		return []*trace.Rank{{Info: trace.Info{Rank: -1, Notes: []string{csvNote, noKernels}}, JSON: s.pos, Damage: s.damage()}}
	}
	var out []*trace.Rank
	for _, d := range work {
		info := trace.Info{Rank: -1, Notes: []string{csvNote}}
		if d.name != "" {
			info.Devices = []trace.Device{{ID: max(d.id, 0), Name: d.name}}
		}
		out = append(out, &trace.Rank{Info: info, Records: d.records, Names: d.names, JSON: s.pos, Damage: s.damage()})
	}
	return out
}
