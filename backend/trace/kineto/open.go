// Package kineto reads Kineto traces, as PyTorch's profiler writes them, into plain records.
//
// The way of one kernel, from the file to a trace.Record: open.go opens the file, of which jsonscan's Window holds one block
// of text; reader.go reads the small values of the document and, around its events, goes the fastest way for each:
//
//	readKnown  (fastpath.go)  events known by their text alone, one after another: those of a kind
//	                          that is not kept, by their first bytes, and launches that came before,
//	                          which are one comparison with their template (launches.go)
//	scanner    (scanner.go)   any other: what is kept of it, a Record, a Mark, or nothing.
//	                          One laid out like an earlier one is read without looking at its keys
//	                          (layouts.go); anything else key by key (event.go)
//
// Key by key is what the others must equal: the fuzz target holds them to it. damage.go says what was wrong, and finds the
// next event after a broken one. Names and NCCL metadata are kept once (calls.go), a record is 40 bytes, some 14 once it is
// packed (trace.Packer), and nothing is allocated per event, so that memory grows with the kernels of a trace and not with its length.
//
// Which operators launched the kernels is told by the host's events (host.go, links.go), where somebody asks for it.
package kineto

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model/present/unit"
)

// Reader reads Kineto traces for trace.Open.
type Reader struct {
	Links bool // what launched the kernels is asked for too: Rank.Links
	Calls bool // of that, Links.Runs alone
	Most  int  // launches and ranges of the program that may be kept for it, 64 bytes each; with more there are no links. 0: any number
}

// Reads knows JSON, and the names of JSON files.
func (Reader) Reads(name string, head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	inside, isList := bytes.CutPrefix(head, []byte("["))
	inside = bytes.TrimLeft(inside, " \t\r\n")
	return bytes.HasPrefix(head, []byte("{")) || isList && (len(inside) == 0 || inside[0] == '{') ||
		strings.HasSuffix(strings.TrimSuffix(name, ".gz"), ".json")
}

// packedWindow is how many records are kept until they are packed: a MB, which a core's cache holds.
const packedWindow = 1 << 15

// Open is the function Open, for a list of one rank; of a large trace, of which no Links are made, the records are in columns.
func (r Reader) Open(ctx context.Context, path string, progress func(done, total int64)) ([]*trace.Rank, error) {
	how := reading{window: packedWindow}
	if r.Links || r.Calls {
		how.host = newHostReader(map[bool]rangeKind{true: launchers | stepRange, false: stepRange}[r.Links])
		how.host.most = r.Most
	}
	rank, err := open(ctx, path, progress, how)
	if err != nil {
		return nil, err
	}
	return []*trace.Rank{rank}, nil
}

// Open reads a Kineto trace, .json or .json.gz (told apart by their first bytes), into one Rank. progress, if not nil, is
// called on the same goroutine with the bytes taken from the disk so far and the size of the file. A damaged file gives
// what is sound, and Rank.Damage says what is not. An error means that nothing could be read: no such file, an empty
// file, another format, or a context that ended.
func Open(ctx context.Context, path string, progress func(done, total int64)) (*trace.Rank, error) {
	return open(ctx, path, progress, reading{})
}

// everyEvent takes the event at b[i], which stands at a place of the text.
type everyEvent func(b []byte, i int, at int64)

// reading is how a file is read, and what for.
type reading struct {
	block      int         // bytes read at a time; 0: blockSize
	window     int         // as scanner.window
	host       *hostReader // takes the host's events; nil: nobody asks for them
	everyEvent everyEvent  // if not nil, is given each event; none is kept
}

func open(ctx context.Context, path string, progress func(done, total int64), how reading) (*trace.Rank, error) {
	d, err := openReader(ctx, path, progress, how)
	if err != nil {
		return nil, err
	}
	var links *trace.Links
	if how.host != nil && how.host.tooMany {
		how.host = nil
	}
	if how.host != nil {
		links = how.host.links(d.scan.records)
		links.Damaged = len(d.Damage()) > 0
	}
	r := d.rank()
	r.Links = links
	if d.scan.kernels == 0 && len(r.Damage) == 0 {
		r.Info.Notes = append(r.Info.Notes, whyNone(ctx, path))
	}
	r.File, r.Bytes = path, d.size
	if d.scan.steps.calls && len(r.Colls) == 0 {
		r.Unpack()
		err = nameCalls(ctx, r)
	}
	r.NameGroups()
	if onCPUAlone(r.Marks) && err == nil {
		r.Unpack()
		err = placeSteps(ctx, r, how.host, d.baseTime)
	}
	return r, err
}

// openReader reads the document at path.
func openReader(ctx context.Context, path string, progress func(done, total int64), how reading) (*reader, error) {
	src, err := trace.OpenSource(ctx, path, progress)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	d := newReader(jsonscan.NewWindow(src, cmp.Or(how.block, blockSize)))
	d.scan.expect, d.scan.everyEvent, d.scan.host = src.Expect, how.everyEvent, how.host
	d.scan.window = how.window
	d.size = src.Size
	return d, d.ReadFile(ctx, path)
}

// rank hands over what was read, its times made absolute.
func (r *reader) rank() *trace.Rank {
	s := r.scan
	var columns *trace.Columns
	if s.packer != nil && s.pack(0) {
		s.records, columns = nil, s.packer.Columns(r.baseTime)
	}
	if r.baseTime != 0 {
		for i := range s.records {
			s.records[i].Start += r.baseTime
		}
		for i := range s.marks {
			s.marks[i].Start += r.baseTime
		}
	}
	if s.oddWords > 0 {
		r.info.Notes = append(r.info.Notes, fmt.Sprintf("%s values that no metric uses are no JSON (NaN, inf or text)", unit.Int(s.oddWords)))
	}
	return &trace.Rank{
		Info: r.info, Records: s.records, Columns: columns, Names: s.names.List, Colls: s.colls.all(), Marks: s.marks,
		JSON: r.Offset(), Damage: s.damage.Damage(),
	}
}
