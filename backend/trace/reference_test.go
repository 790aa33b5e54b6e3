package trace

import (
	"bytes"
	"encoding/json"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"shardeck/model"
)

// reference is the plain, slow reading of a sound trace by encoding/json, against
// which the scanner is held. It shares no code with it.
type reference struct {
	rank  *Rank
	names map[string]uint32
	colls map[string]int32
}

type refEvent struct {
	Ph, Cat, Name string
	Ts, Dur       json.RawMessage
	Pid, Tid      json.RawMessage
	Args          map[string]json.RawMessage
}

// readText is the decompressed text of a file.
func readText(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b, gzipMagic[:]) {
		return b
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(z); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func readReference(t testing.TB, text []byte) *Rank {
	t.Helper()
	var doc struct {
		Schema  json.RawMessage `json:"schemaVersion"`
		Base    json.RawMessage `json:"baseTimeNanoseconds"`
		Host    string          `json:"hostname"`
		VLLM    string          `json:"vllm_version"`
		Runtime int             `json:"cuda_runtime_version"`
		Driver  int             `json:"cuda_driver_version"`
		Devices []struct {
			ID             int    `json:"id"`
			Name           string `json:"name"`
			TotalGlobalMem int64
			NumSms         int
			ComputeMajor   int
			ComputeMinor   int
		} `json:"deviceProperties"`
		World *struct {
			Backend string `json:"backend"`
			Rank    int    `json:"rank"`
			Size    int    `json:"world_size"`
			NCCL    string `json:"nccl_version"`
		} `json:"distributedInfo"`
		Events []refEvent `json:"traceEvents"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatalf("the reference cannot read this: %v", err)
	}
	r := &reference{rank: &Rank{Info: Info{Rank: -1}}, names: map[string]uint32{}, colls: map[string]int32{}}
	info := &r.rank.Info
	info.Schema, info.Hostname, info.VLLMVersion = strings.Trim(string(doc.Schema), `"`), doc.Host, doc.VLLM
	info.CUDARuntime, info.CUDADriver = doc.Runtime, doc.Driver
	for _, d := range doc.Devices {
		info.Devices = append(info.Devices, Device{d.ID, d.Name, d.TotalGlobalMem, d.NumSms, d.ComputeMajor, d.ComputeMinor})
	}
	if w := doc.World; w != nil {
		info.Backend, info.Rank, info.WorldSize, info.NCCLVersion = w.Backend, w.Rank, w.Size, w.NCCL
	}
	base := refInt(doc.Base, 0, 1)
	kernels := 0
	for i := range doc.Events {
		kernels += r.event(&doc.Events[i], base)
	}
	if kernels == 0 {
		info.Notes = []string{noKernels}
	}
	return r.rank
}

// event keeps one event and says how many kernels that makes.
func (r *reference) event(e *refEvent, base int64) int {
	kinds := map[string]Kind{"kernel": KindKernel, "gpu_memcpy": KindMemcpy, "gpu_memset": KindMemset}
	if e.Ph != "X" {
		return 0
	}
	start, dur := base+refInt(e.Ts, 0, 1000), refInt(e.Dur, 0, 1000)
	if strings.HasSuffix(e.Cat, "user_annotation") {
		for _, p := range []string{"prefill", "decode", "execute_", "ProfilerStep#"} {
			if strings.HasPrefix(e.Name, p) {
				r.rank.Marks = append(r.rank.Marks, Mark{model.Printable(e.Name), start, dur, e.Cat == "gpu_user_annotation"})
			}
		}
		return 0
	}
	kind, ok := kinds[e.Cat]
	if !ok {
		return 0
	}
	blocks := float32(-1)
	if v, ok := e.Args["blocks per SM"]; ok {
		f, _ := strconv.ParseFloat(string(v), 64)
		blocks = float32(f)
	}
	r.rank.Records = append(r.rank.Records, Record{
		Start: start, Dur: dur, Kind: kind, Blocks: blocks, Name: r.name(model.Printable(e.Name)), Coll: r.coll(e.Args),
		Corr:   uint32(refInt(e.Args["correlation"], 0, 1)),
		Stream: int32(refInt(e.Args["stream"], refInt(e.Tid, -1, 1), 1)),
		Device: int16(refInt(e.Args["device"], refInt(e.Pid, -1, 1), 1)),
	})
	if kind == KindKernel {
		return 1
	}
	return 0
}

func (r *reference) name(name string) uint32 {
	id, ok := r.names[name]
	if !ok {
		id = uint32(len(r.rank.Names))
		r.names[name] = id
		r.rank.Names = append(r.rank.Names, name)
	}
	return id
}

func (r *reference) coll(args map[string]json.RawMessage) int32 {
	c := Coll{
		Name: refText(args["Collective name"]), DType: refText(args["dtype"]),
		InElems: refInt(args["In msg nelems"], -1, 1), OutElems: refInt(args["Out msg nelems"], -1, 1),
		GroupSize: int(refInt(args["Group size"], -1, 1)), GroupName: refText(args["Process Group Name"]),
		Src: int(refInt(args["Src Rank"], -1, 1)), Dst: int(refInt(args["Dst Rank"], -1, 1)),
	}
	ranks := refText(args["Process Group Ranks"])
	if ranks != "" && json.Unmarshal([]byte(ranks), &c.GroupRanks) != nil {
		c.GroupRanks = nil
	}
	if c.Name == "" {
		return -1
	}
	key, _ := json.Marshal(c)
	id, ok := r.colls[string(key)]
	if !ok {
		id = int32(len(r.rank.Colls))
		r.colls[string(key)] = id
		r.rank.Colls = append(r.rank.Colls, c)
	}
	return id
}

func refText(v json.RawMessage) string {
	var s string
	if v != nil && json.Unmarshal(v, &s) != nil {
		return string(v)
	}
	return s
}

// refInt is v·scale rounded half away from zero, by exact rational arithmetic.
func refInt(v json.RawMessage, missing, scale int64) int64 {
	x, ok := new(big.Rat).SetString(strings.Trim(string(v), `"`))
	if !ok {
		return missing
	}
	x.Mul(x, big.NewRat(scale, 1))
	half := big.NewRat(int64(x.Sign()), 2)
	x.Add(x, half)
	return new(big.Int).Quo(x.Num(), x.Denom()).Int64()
}
