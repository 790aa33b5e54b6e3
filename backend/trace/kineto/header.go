package kineto

import (
	"encoding/json"
	"strconv"
	"strings"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model"
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

// whole64 keeps a whole number, unless it is missing.
func whole64[T int | int64](to *T) func([]byte) bool {
	return func(val []byte) bool {
		var n number
		n.set(val, jsonscan.Integer)
		*to = T(n.or(int64(*to)))
		return n.state != notANumber
	}
}

// looseInt is a number that some writers quote or leave empty; -1 then.
type looseInt int

func (n *looseInt) UnmarshalJSON(b []byte) error {
	*n = -1
	if v, err := strconv.Atoi(strings.Trim(string(b), `" `)); err == nil {
		*n = looseInt(v)
	}
	return nil
}

// devices reads deviceProperties: all devices the process could see.
func (r *reader) devices(val []byte) bool {
	var list []struct {
		ID     looseInt `json:"id"`
		Name   string   `json:"name"`
		Memory int64    `json:"totalGlobalMem"`
		SMs    int      `json:"numSms"`
		Major  int      `json:"computeMajor"`
		Minor  int      `json:"computeMinor"`
	}
	err := json.Unmarshal(val, &list)
	for _, p := range list {
		r.info.Devices = append(r.info.Devices, trace.Device{
			ID: int(p.ID), Name: model.Printable(p.Name), TotalMemory: p.Memory, SMs: p.SMs, Major: p.Major, Minor: p.Minor,
		})
	}
	return err == nil
}

// distributed reads what torch.distributed says of the world.
func (r *reader) distributed(val []byte) bool {
	world := struct {
		Backend string   `json:"backend"`
		Rank    looseInt `json:"rank"`
		Size    looseInt `json:"world_size"`
		NCCL    string   `json:"nccl_version"`
	}{Rank: -1}
	err := json.Unmarshal(val, &world)
	r.info.Backend = model.Printable(world.Backend)
	r.info.NCCLVersion = model.Printable(world.NCCL)
	r.info.Rank = int(max(-1, world.Rank))
	r.info.WorldSize = int(max(0, world.Size))
	return err == nil
}
