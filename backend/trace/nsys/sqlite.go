package nsys

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"shardeck/backend/trace"
)

// export is an SQLite export being read.
type export struct {
	*db
	*devices
	target  *target
	strings stringIDs
}

// openSQLite reads an export into ranks.
func openSQLite(ctx context.Context, path string, progress func(done, total int64)) ([]*trace.Rank, error) {
	x := &export{}
	x.devices = newDevices(func(w *deviceWork) { w.gpu, w.known = x.target.physical(w.owner, w.device) })
	d, err := openDB(ctx, path, x.DamageCounter, progress)
	if err != nil {
		return nil, fmt.Errorf("%s %w", filepath.Base(path), err)
	}
	defer d.close()
	if x.db = d; !isExport(d) && len(x.Damage()) == 0 {
		return nil, fmt.Errorf("%s is an SQLite file but no export of nsys (it has none of its tables); "+
			"export a report with nsys export --type sqlite", filepath.Base(path))
	}
	defer x.strings.close()
	steps := &steps{export: x}
	for _, read := range []func() error{x.begin, x.readWork, steps.read, steps.project} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	ranks, err := x.finish()
	if err == nil && progress != nil {
		progress(x.size, x.size)
	}
	return ranks, err
}

// exportTables are tables of which an export has at least one.
var exportTables = []string{
	kernelTable, memcpyTable, memsetTable, graphTable, runtimeTable, nvtxTable,
	"META_DATA_EXPORT", "META_DATA_CAPTURE", "ANALYSIS_DETAILS", "GPU_METRICS", "TARGET_INFO_GPU",
}

func isExport(d *db) bool {
	return slices.ContainsFunc(exportTables, func(t string) bool { return d.has(t) })
}

// begin reads the small tables and sizes up the large ones.
func (x *export) begin() (err error) {
	for _, t := range []string{kernelTable, memcpyTable, memsetTable, graphTable, nvtxTable, runtimeTable, metricsTable} {
		x.large(t)
	}
	if x.target, err = readTarget(x.db); err != nil {
		return err
	}
	x.strings = stringIDs{names: x.names, known: map[int64]uint32{}}
	if x.has("StringIds", "id", "value") {
		x.strings.find, _, err = x.conn.Prepare("SELECT value FROM StringIds WHERE id = ?")
		if err != nil {
			x.Once(-1, "table StringIds is damaged ("+reason(err)+")", "names of kernels")
		}
	}
	return nil
}

// finish makes the ranks, in the order of their GPUs.
func (x *export) finish() ([]*trace.Rank, error) {
	samples, err := x.samples()
	if err != nil {
		return nil, err
	}
	work, copied := x.withKernels(func(a, b *deviceWork) int { return cmp.Compare(a.gpu, b.gpu) })
	if copied > 0 {
		x.target.notes = append(x.target.notes, trace.CountOf(copied,
			"process only copied and ran no kernel: it is left out", "processes only copied and ran no kernel: they are left out"))
	}
	x.noteGraphs(work)
	t := x.target
	ranks := x.ranks(work, trace.Info{Hostname: t.host, Schema: t.schema, Devices: t.devices, Notes: t.notes}, x.size, x.size)
	for i, w := range work {
		addSamples(ranks[i], w, work, samples)
	}
	return ranks, nil
}

// noteGraphs says what nsys leaves out by default; its time is kept, one record a launch: the device is not idle.
func (x *export) noteGraphs(work []*deviceWork) {
	n := 0
	for _, w := range work {
		n += w.graphs
	}
	if n > 0 {
		x.Once(-1, trace.CountOf(n,
			"launch of a CUDA graph was recorded whole, without its kernels", "launches of CUDA graphs were recorded whole, without their kernels"),
			"the kernels and collectives inside them; profile again with --cuda-graph-trace=node")
	}
}

// stringIDs finds the strings that an export numbers.
type stringIDs struct {
	find  *sqlite3.Stmt // by id; nil: the export has no strings
	names *trace.Names
	known map[int64]uint32 // looked up before
}

// notFound marks an id that was looked up in vain.
const notFound = 1<<32 - 1

// name is the name with an id.
func (s *stringIDs) name(id int64) (uint32, bool) {
	name, ok := s.known[id]
	if !ok {
		name = s.lookUp(id)
		s.known[id] = name
	}
	return name, name != notFound
}

func (s *stringIDs) lookUp(id int64) uint32 {
	if s.find == nil || s.find.BindInt64(1, id) != nil {
		return notFound
	}
	defer s.find.Reset()
	if s.find.Step() {
		if text, ok := (row{s.find}).text(0); ok {
			return s.names.ID(text)
		}
	}
	return notFound
}

func (s *stringIDs) close() {
	if s.find != nil {
		s.find.Close()
	}
}
