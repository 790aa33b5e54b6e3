package nsys

import (
	"math"

	"shardeck/backend/trace"
)

// maxTime bounds times, so that a start, a duration and an epoch can be added.
const maxTime = math.MaxInt64 / 4

// absoluteFrom is the time from which a time is one of the world and not one since the
// start of a capture: three years. Exports with --ts-normalize have such.
const absoluteFrom = 100_000_000 * 1_000_000_000

// groupKey is what ranks are told apart by: every process numbers its devices itself.
type groupKey struct{ process, device int64 }

// group is the device work of one process on one device.
type group struct {
	groupKey
	gpu     int64 // the physical one
	known   bool  // the export says which one it is
	records []trace.Record
	kernels int // kernels, and graphs recorded whole
	graphs  int
	marks   []trace.Mark
	byCorr  []int32 // record numbers in the order of correlation
}

// Columns of the tables of device work, in the order in which work reads them.
var workColumns = []string{"start", "end", "deviceId", "streamId", "correlationId", "globalPid"}

// Columns of kernels beyond those.
const (
	colName = iota + 6
	colShort
	colMangled
	colGridX
	colGridY
	colGridZ
)

// Tables of device work.
const (
	kernelTable = "CUPTI_ACTIVITY_KIND_KERNEL"
	memcpyTable = "CUPTI_ACTIVITY_KIND_MEMCPY"
	memsetTable = "CUPTI_ACTIVITY_KIND_MEMSET"
	graphTable  = "CUPTI_ACTIVITY_KIND_GRAPH_TRACE"
)

// readWork reads kernels, copies, fills, and graphs recorded whole.
func (p *report) readWork() error {
	kernels := append(workColumns[:len(workColumns):len(workColumns)], "demangledName", "shortName", "mangledName", "gridX", "gridY", "gridZ")
	if err := p.each(kernelTable, kernels, "", p.kernel); err != nil {
		return err
	}
	copies := append(workColumns[:len(workColumns):len(workColumns)], "copyKind")
	if err := p.each(memcpyTable, copies, "", p.memcpy); err != nil {
		return err
	}
	if err := p.each(memsetTable, workColumns, "", func(r row) { p.fixed(r, "Memset", trace.KindMemset) }); err != nil {
		return err
	}
	return p.each(graphTable, workColumns, "", func(r row) {
		if g := p.fixed(r, graphName, trace.KindKernel); g != nil {
			g.kernels++
			g.graphs++
		}
	})
}

func (p *report) kernel(r row) {
	g, rec := p.work(r)
	if g == nil {
		return
	}
	rec.Name = p.kernelName(r)
	if sms := p.target.sms(g.gpu); sms > 0 {
		grid := float64(r.or(colGridX, 0)) * float64(r.or(colGridY, 0)) * float64(r.or(colGridZ, 0))
		if grid > 0 {
			rec.Blocks = float32(grid / float64(sms))
		}
	}
	g.kernels++
	g.records = append(g.records, rec)
}

// kernelName is the fullest name that the export has for a kernel.
func (p *report) kernelName(r row) uint32 {
	for _, col := range []int{colName, colShort, colMangled} {
		if id, ok := r.int(col); ok {
			if name, ok := p.stringOf(id); ok {
				return name
			}
			continue
		}
		if text, ok := r.text(col); ok {
			return p.intern(text)
		}
	}
	p.add(faultName, -1)
	return p.intern("(kernel without a name)")
}

// graphName stands for all that a CUDA graph ran, where its kernels were not recorded.
const graphName = "(CUDA graph, recorded without its kernels)"

// copyKinds are nsys's numbers for copies, in the words of Kineto.
var copyKinds = map[int64]string{
	1: "Memcpy HtoD", 2: "Memcpy DtoH", 3: "Memcpy HtoA", 4: "Memcpy AtoH", 5: "Memcpy AtoA",
	6: "Memcpy AtoD", 7: "Memcpy DtoA", 8: "Memcpy DtoD", 9: "Memcpy HtoH", 10: "Memcpy PtoP",
}

func (p *report) memcpy(r row) {
	name := copyKinds[r.or(len(workColumns), 0)]
	if name == "" {
		name = "Memcpy"
	}
	p.fixed(r, name, trace.KindMemcpy)
}

// fixed keeps a row whose name is known.
func (p *report) fixed(r row, name string, kind trace.Kind) *group {
	g, rec := p.work(r)
	if g == nil {
		return nil
	}
	rec.Name, rec.Kind = p.intern(name), kind
	g.records = append(g.records, rec)
	return g
}

// work reads what all device work has; nil: the row has no time, and is counted.
func (p *report) work(r row) (*group, trace.Record) {
	start, ok := r.int(0)
	end, ended := r.int(1)
	if !ok || !ended || start < -maxTime || start > maxTime || end > maxTime || end < -maxTime {
		p.add(faultTime, -1)
		return nil, trace.Record{}
	}
	if end < start {
		p.add(faultNegative, -1)
		end = start
	}
	key := groupKey{process: r.or(5, 0), device: r.or(2, 0)}
	g := p.group(key)
	rec := trace.Record{
		Start: p.absolute(start), Dur: end - start, Coll: -1, Blocks: -1,
		Corr:   uint32(p.inRange(r.or(4, 0), math.MaxUint32)),
		Stream: int32(p.inRange(r.or(3, 0), math.MaxInt32)),
		Device: int16(p.inRange(g.gpu, math.MaxInt16)),
	}
	return g, rec
}

// absolute adds the start of the capture to a time since it.
func (p *report) absolute(at int64) int64 {
	if at >= absoluteFrom {
		return at
	}
	return at + p.target.epoch
}

// inRange is v, or 0 and a fault if it is beyond what a record can hold.
func (p *report) inRange(v, most int64) int64 {
	if v < 0 || v > most {
		p.add(faultPlace, -1)
		return 0
	}
	return v
}

// maxGroups bounds the processes and devices of a damaged file.
const maxGroups = 4096

func (p *report) group(key groupKey) *group {
	if p.last != nil && p.last.groupKey == key {
		return p.last
	}
	g := p.groups[key]
	if g == nil {
		if len(p.groups) == maxGroups {
			p.add(faultPlace, -1)
			key = groupKey{}
		}
		g = &group{groupKey: key}
		g.gpu, g.known = p.target.physical(key.process, key.device)
		p.groups[key] = g
	}
	p.last = g
	return g
}
