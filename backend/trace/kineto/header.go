package kineto

import (
	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// headerKeys are the keys beside the events that are read, and how.
func (r *reader) headerKeys() map[string]func(val []byte) bool {
	return map[string]func(val []byte) bool{
		"schemaVersion":        text(&r.info.Schema),
		"hostname":             text(&r.info.Hostname),
		"host_name":            text(&r.info.Hostname),
		"vllm_version":         text(&r.info.VLLMVersion),
		"cuda_runtime_version": whole64(&r.info.CUDARuntime),
		"cuda_driver_version":  whole64(&r.info.CUDADriver),
		"baseTimeNanoseconds":  whole64(&r.baseTime),
		"deviceProperties":     r.devices,
		"distributedInfo":      r.distributed,
	}
}

// text keeps a text.
func text(to *string) func([]byte) bool {
	return func(val []byte) bool {
		*to = jsonscan.CleanText(val)
		return true
	}
}

// whole64 keeps a whole number, in quotes or not, unless it is missing.
func whole64[T int | int64](to *T) func([]byte) bool {
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
			"id": whole64(&d.ID), "name": text(&d.Name), "totalGlobalMem": whole64(&d.TotalMemory),
			"numSms": whole64(&d.SMs), "computeMajor": whole64(&d.Major), "computeMinor": whole64(&d.Minor),
		}) && sound
		r.info.Devices = append(r.info.Devices, d)
	})
	return sound && isList
}

// distributed reads what torch.distributed says of the world.
func (r *reader) distributed(val []byte) bool {
	sound := jsonscan.ReadKeys(val, map[string]func([]byte) bool{
		"backend": text(&r.info.Backend), "nccl_version": text(&r.info.NCCLVersion),
		"rank": whole64(&r.info.Rank), "world_size": whole64(&r.info.WorldSize),
	})
	r.info.Rank, r.info.WorldSize = max(-1, r.info.Rank), max(0, r.info.WorldSize)
	return sound
}
