package kineto

import (
	"encoding/json"
	"strconv"
	"strings"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model"
)

// headerFields are the top-level keys that are read, and how.
var headerFields = map[string]func(d *document, val []byte) bool{
	"schemaVersion":        func(d *document, v []byte) bool { return d.text(&d.info.Schema, v) },
	"hostname":             func(d *document, v []byte) bool { return d.text(&d.info.Hostname, v) },
	"host_name":            func(d *document, v []byte) bool { return d.text(&d.info.Hostname, v) },
	"vllm_version":         func(d *document, v []byte) bool { return d.text(&d.info.VLLMVersion, v) },
	"cuda_runtime_version": func(d *document, v []byte) bool { return setInt(&d.info.CUDARuntime, v) },
	"cuda_driver_version":  func(d *document, v []byte) bool { return setInt(&d.info.CUDADriver, v) },
	"baseTimeNanoseconds":  func(d *document, v []byte) bool { return setInt64(&d.baseTime, v) },
	"deviceProperties":     (*document).devices,
	"distributedInfo":      (*document).distributed,
}

// foreignKeys are keys of other files of a run, and what those are.
var foreignKeys = map[string]string{
	"nodes":           "a PyTorch execution trace (torch_et)",
	"schema":          "a PyTorch execution trace (torch_et)",
	"iteration_times": "a timing file (timing_stats)",
	"ttft_avg":        "a timing file (timing_stats)",
	"job_id":          "the description of a run (run.json)",
}

func (d *document) text(to *string, val []byte) bool {
	*to = jsonscan.CleanText(val)
	return true
}

func setInt64(to *int64, val []byte) bool {
	var n number
	n.set(val, jsonscan.Integer)
	*to = n.or(*to)
	return n.state != notANumber
}

func setInt(to *int, val []byte) bool {
	v := int64(*to)
	ok := setInt64(&v, val)
	*to = int(v)
	return ok
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
func (d *document) devices(val []byte) bool {
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
		d.info.Devices = append(d.info.Devices, trace.Device{
			ID: int(p.ID), Name: model.Printable(p.Name), TotalMemory: p.Memory, SMs: p.SMs, Major: p.Major, Minor: p.Minor,
		})
	}
	return err == nil
}

// distributed reads what torch.distributed says of the world.
func (d *document) distributed(val []byte) bool {
	world := struct {
		Backend string   `json:"backend"`
		Rank    looseInt `json:"rank"`
		Size    looseInt `json:"world_size"`
		NCCL    string   `json:"nccl_version"`
	}{Rank: -1}
	err := json.Unmarshal(val, &world)
	d.info.Backend = model.Printable(world.Backend)
	d.info.NCCLVersion = model.Printable(world.NCCL)
	d.info.Rank = int(max(-1, world.Rank))
	d.info.WorldSize = int(max(0, world.Size))
	return err == nil
}
