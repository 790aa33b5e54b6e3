package kineto

import (
	"shardeck/backend/trace"
	"shardeck/backend/trace/jsondoc"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model/present/unit"
)

// blockSize is read at a time: two of them, the kernel's copy and ours, stay in a core's own cache.
const blockSize = 1 << 18

// reader reads a trace from its first byte to its last.
type reader struct {
	jsondoc.Document
	scan     *scanner
	info     trace.Info
	baseTime int64
	size     int64 // of the file
}

// format is that of the traces; old writers left the events alone, as a bare list.
var format = jsondoc.Format{Name: "a Kineto trace", File: "kineto_trace", List: "traceEvents", Item: "event", Bare: true}

func newReader(w *jsonscan.Window) *reader {
	r := &reader{scan: newScanner(), info: trace.Info{Rank: -1}}
	r.Document = jsondoc.Document{
		Window: w, DamageCounter: r.scan.damage, Format: format, Keys: r.headerKeys(), ReadList: r.readEvents,
		SoFar: func() string { return unit.Int(r.scan.kernels) + " kernels read" },
	}
	return r
}

// readEvents reads the list of events.
func (r *reader) readEvents() {
	r.EachItem(r.event, func() { r.brokenEvent(faultEvent) })
}

// event reads the event at the window's position, or all from there that are known by their text.
func (r *reader) event() {
	if r.scan.readKnown(r.Window) {
		return
	}
	switch st := r.scan.readEvent(r.Window); {
	case st == broken:
		r.brokenEvent(faultEvent)
	case st == short && r.Full():
		r.brokenEvent(faultGiant)
	case st == short:
		r.EndInList()
		r.Pos = len(r.Buf)
	}
}

// brokenEvent counts a broken event and goes to the next.
func (r *reader) brokenEvent(kind trace.FaultKind) {
	r.Count(kind, r.Offset())
	resync(r.Window)
}

// headerKeys are the keys beside the events that are read, and how.
func (r *reader) headerKeys() map[string]func(val []byte) bool {
	return map[string]func(val []byte) bool{
		"schemaVersion":        jsonscan.KeepText(&r.info.Schema),
		"hostname":             jsonscan.KeepText(&r.info.Hostname),
		"host_name":            jsonscan.KeepText(&r.info.Hostname),
		"vllm_version":         jsonscan.KeepText(&r.info.VLLMVersion),
		"cuda_runtime_version": keepWhole(&r.info.CUDARuntime),
		"cuda_driver_version":  keepWhole(&r.info.CUDADriver),
		"baseTimeNanoseconds":  keepWhole(&r.baseTime),
		"deviceProperties":     r.devices,
		"distributedInfo":      r.distributed,
	}
}

// keepWhole keeps a whole number, in quotes or not, unless it is missing.
func keepWhole[T int | int64](to *T) func([]byte) bool {
	return func(val []byte) bool {
		var n number
		n.set(val, jsonscan.Integer)
		*to = T(n.or(int64(*to)))
		return n.state != notANumber
	}
}

// devices reads deviceProperties: all devices the process could see.
func (r *reader) devices(val []byte) bool {
	sound := true
	isList := jsonscan.EachElement(val, 0, func(from, to int) {
		d := trace.Device{ID: -1}
		sound = jsonscan.ReadKeys(val[from:to], map[string]func([]byte) bool{
			"id": keepWhole(&d.ID), "name": jsonscan.KeepText(&d.Name), "totalGlobalMem": keepWhole(&d.TotalMemory),
			"numSms": keepWhole(&d.SMs), "computeMajor": keepWhole(&d.Major), "computeMinor": keepWhole(&d.Minor),
		}) && sound
		r.info.Devices = append(r.info.Devices, d)
	})
	return sound && isList
}

// groups reads pg_config: the process groups, some of which have no list of ranks.
func (r *reader) groups(val []byte) bool {
	r.info.Groups = map[string][]int{}
	jsonscan.EachElement(val, 0, func(from, to int) {
		name, ranks := "", []byte(nil)
		jsonscan.ReadKeys(val[from:to], map[string]func([]byte) bool{
			"pg_name": jsonscan.KeepText(&name), "ranks": func(v []byte) bool { ranks = v; return true },
		})
		if list := trace.RankList(ranks); name != "" && list != nil {
			r.info.Groups[name] = list
		}
	})
	return true
}

// distributed reads what torch.distributed says of the world.
func (r *reader) distributed(val []byte) bool {
	sound := jsonscan.ReadKeys(val, map[string]func([]byte) bool{
		"backend": jsonscan.KeepText(&r.info.Backend), "nccl_version": jsonscan.KeepText(&r.info.NCCLVersion),
		"rank": keepWhole(&r.info.Rank), "world_size": keepWhole(&r.info.WorldSize), "pg_config": r.groups,
	})
	r.info.Rank, r.info.WorldSize = max(-1, r.info.Rank), max(0, r.info.WorldSize)
	return sound
}
