package nsys

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"shardeck/backend/trace"
	"shardeck/model"
)

// report is an SQLite export being read.
type report struct {
	*db
	target  *target
	groups  map[groupKey]*group
	last    *group // the one of the row before
	names   []string
	byText  map[string]uint32
	byID    map[int64]uint32
	steps   []step
	strings *sqlite3.Stmt // finds a string by its id; nil: the export has none
}

// noKernels is the note of an export that is sound but holds no GPU work.
const noKernels = "no GPU kernels; was nsys tracing cuda in the workers (-t cuda, --trace-fork-before-exec=true)?"

// openSQLite reads an export into ranks.
func openSQLite(ctx context.Context, path string, progress func(done, total int64)) ([]*trace.Rank, error) {
	d, err := openDB(ctx, path, progress)
	if err != nil {
		return nil, fmt.Errorf("%s %w", filepath.Base(path), err)
	}
	defer d.close()
	if !isExport(d) && len(d.damage()) == 0 {
		return nil, fmt.Errorf("%s is an SQLite file but no export of nsys (it has none of its tables); export a report with nsys export --type sqlite", filepath.Base(path))
	}
	p := &report{db: d, groups: map[groupKey]*group{}, byText: map[string]uint32{}, byID: map[int64]uint32{}}
	defer p.finishStrings()
	for _, read := range []func() error{p.begin, p.readWork, p.readSteps, p.projectSteps} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	ranks, err := p.ranks()
	if err == nil && progress != nil {
		progress(p.size, p.size)
	}
	return ranks, err
}

// exportTables are tables of which an export has at least one.
var exportTables = []string{kernelTable, memcpyTable, memsetTable, graphTable, runtimeTable, nvtxTable, "META_DATA_EXPORT", "META_DATA_CAPTURE", "ANALYSIS_DETAILS", "GPU_METRICS", "TARGET_INFO_GPU"}

func isExport(d *db) bool {
	return slices.ContainsFunc(exportTables, func(t string) bool { return d.has(t) })
}

// begin reads the small tables and sizes up the large ones.
func (p *report) begin() (err error) {
	for _, t := range []string{kernelTable, memcpyTable, memsetTable, graphTable, nvtxTable, runtimeTable, metricsTable} {
		p.large(t)
	}
	if p.target, err = readTarget(p.db); err != nil {
		return err
	}
	if p.has("StringIds", "id", "value") {
		p.strings, _, err = p.conn.Prepare("SELECT value FROM StringIds WHERE id = ?")
		if err != nil {
			p.once(-1, "table StringIds is damaged ("+reason(err)+")", "names of kernels")
		}
	}
	return nil
}

func (p *report) finishStrings() {
	if p.strings != nil {
		p.strings.Close()
	}
}

// stringOf is the name with an id of StringIds.
func (p *report) stringOf(id int64) (uint32, bool) {
	if name, ok := p.byID[id]; ok {
		return name, name != noName
	}
	p.byID[id] = noName
	if p.strings == nil || p.strings.BindInt64(1, id) != nil {
		return 0, false
	}
	defer p.strings.Reset()
	if !p.strings.Step() {
		return 0, false
	}
	text, ok := row{p.strings}.text(0)
	if ok {
		p.byID[id] = p.intern(text)
	}
	return p.byID[id], ok
}

// noName marks an id that was looked up in vain.
const noName = 1<<32 - 1

func (p *report) intern(text string) uint32 {
	text = model.Printable(text)
	if n, ok := p.byText[text]; ok {
		return n
	}
	n := uint32(len(p.names))
	p.names = append(p.names, text)
	p.byText[text] = n
	return n
}

// ranks makes one rank of each group that ran kernels, in the order of their GPUs.
func (p *report) ranks() ([]*trace.Rank, error) {
	samples, err := p.samples()
	if err != nil {
		return nil, err
	}
	groups := p.sorted()
	p.noteGraphs(groups)
	info := trace.Info{Rank: -1, Hostname: p.target.host, Schema: p.target.schema, Devices: p.target.devices, Notes: p.target.notes}
	if len(groups) == 0 {
		if len(p.damage()) == 0 {
			info.Notes = append(slices.Clone(info.Notes), noKernels)
		}
		return []*trace.Rank{{Info: info, Bytes: p.size, JSON: p.size, Damage: p.damage()}}, nil
	}
	var out []*trace.Rank
	for _, g := range groups {
		info.Devices = slices.Clone(p.target.devices)
		info.Notes = slices.Clone(p.target.notes)
		r := &trace.Rank{Info: info, Records: g.records, Names: slices.Clone(p.names), Marks: g.marks, Bytes: p.size, JSON: p.size, Damage: p.damage()}
		p.addSamples(r, g, groups, samples)
		out = append(out, r)
	}
	return out, nil
}

// sorted is the groups with kernels by GPU and process. The rest only copied: they are
// no ranks, and are said.
func (p *report) sorted() (groups []*group) {
	copied := 0
	for _, g := range p.groups {
		if g.kernels > 0 {
			groups = append(groups, g)
		} else {
			copied++
		}
	}
	if copied > 0 {
		p.target.notes = append(p.target.notes, trace.Count(copied)+plural(copied, " process only copied and ran no kernel: it is left out", " processes only copied and ran no kernel: they are left out"))
	}
	slices.SortFunc(groups, func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.gpu, b.gpu), cmp.Compare(a.process, b.process), cmp.Compare(a.device, b.device))
	})
	return groups
}

// noteGraphs says what the default of nsys leaves out. Its time is kept, as one record
// a launch, so that the device is not called idle.
func (p *report) noteGraphs(groups []*group) {
	n := 0
	for _, g := range groups {
		n += g.graphs
	}
	if n > 0 {
		p.once(-1, trace.Count(n)+plural(n, " launch of a CUDA graph was recorded whole, without its kernels", " launches of CUDA graphs were recorded whole, without their kernels"),
			"the kernels and collectives inside them; profile again with --cuda-graph-trace=node")
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
