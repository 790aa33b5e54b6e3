package kineto

import (
	"bytes"
	"encoding/json"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"shardeck/backend/trace"
	"shardeck/model"
)

// reference is the plain, slow reading of a sound trace by encoding/json, against
// which the scanner is held. It shares no code with it.
type reference struct {
	rank  *trace.Rank
	names map[string]uint32
	colls map[string]int32
}

type refEvent struct {
	Ph, Cat, Name string
	Ts, Dur       json.RawMessage
	Pid, Tid      json.RawMessage
	Args          json.RawMessage // read of events that are kept alone: it is most of the text
}

// readText is the decompressed text of a file.
func readText(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b, []byte("\x1f\x8b")) {
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

// refHeader is what is read of a document beside its events.
type refHeader struct {
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
		Groups  []struct {
			Name  string `json:"pg_name"`
			Ranks []int  `json:"ranks"`
		} `json:"pg_config"`
	} `json:"distributedInfo"`
}

func readReference(t testing.TB, text []byte) *trace.Rank {
	t.Helper()
	r := &reference{rank: &trace.Rank{Info: trace.Info{Rank: -1}}, names: map[string]uint32{}, colls: map[string]int32{}}
	kernels := 0
	head, err := refDocument(text, func(e *refEvent) { kernels += r.event(e) })
	if err != nil {
		t.Fatalf("the reference cannot read this: %v", err)
	}
	info := &r.rank.Info
	info.Schema, info.Hostname, info.VLLMVersion = strings.Trim(string(head.Schema), `"`), head.Host, head.VLLM
	info.CUDARuntime, info.CUDADriver = head.Runtime, head.Driver
	for _, d := range head.Devices {
		info.Devices = append(info.Devices, trace.Device{ID: d.ID, Name: d.Name, TotalMemory: d.TotalGlobalMem, SMs: d.NumSms,
			Major: d.ComputeMajor, Minor: d.ComputeMinor})
	}
	if w := head.World; w != nil {
		info.Backend, info.Rank, info.WorldSize, info.NCCLVersion = w.Backend, w.Rank, w.Size, w.NCCL
		for _, g := range w.Groups {
			if info.Groups == nil {
				info.Groups = map[string][]int{}
			}
			if info.Groups[g.Name] = g.Ranks; len(g.Ranks) == 0 {
				delete(info.Groups, g.Name)
			}
		}
	}
	base := refInt(head.Base, 0, 1)
	for i := range r.rank.Records {
		r.rank.Records[i].Start += base
	}
	for i := range r.rank.Marks {
		r.rank.Marks[i].Start += base
	}
	return r.rank
}

// refDocument calls do for every event, one in memory at a time, and returns the rest.
func refDocument(text []byte, do func(*refEvent)) (head refHeader, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	rest := map[string]json.RawMessage{}
	if _, err := dec.Token(); err != nil {
		return head, err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return head, err
		}
		if key == "traceEvents" {
			err = refEvents(dec, do)
		} else {
			var v json.RawMessage
			err = dec.Decode(&v)
			rest[key.(string)] = v
		}
		if err != nil {
			return head, err
		}
	}
	all, err := json.Marshal(rest)
	if err != nil {
		return head, err
	}
	return head, json.Unmarshal(all, &head)
}

func refEvents(dec *json.Decoder, do func(*refEvent)) error {
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		var e refEvent
		if err := dec.Decode(&e); err != nil {
			return err
		}
		do(&e)
	}
	_, err := dec.Token()
	return err
}

// event keeps one event and says how many kernels that makes.
func (r *reference) event(e *refEvent) int {
	kinds := map[string]trace.Kind{"kernel": trace.KindKernel, "gpu_memcpy": trace.KindMemcpy, "gpu_memset": trace.KindMemset}
	if e.Ph != "X" {
		return 0
	}
	if strings.HasSuffix(e.Cat, "user_annotation") || e.Cat == "Operator" {
		for _, p := range []string{"prefill", "decode", "execute_", "ProfilerStep#"} {
			if strings.HasPrefix(e.Name, p) {
				r.rank.Marks = append(r.rank.Marks, trace.Mark{Name: model.Printable(e.Name), Start: refInt(e.Ts, 0, 1000),
					Dur: refInt(e.Dur, 0, 1000), GPU: e.Cat == "gpu_user_annotation"})
			}
		}
		return 0
	}
	kind, ok := kinds[e.Cat]
	if !ok {
		return 0
	}
	var args map[string]json.RawMessage
	if e.Args != nil && json.Unmarshal(e.Args, &args) != nil {
		return 0
	}
	blocks := float32(-1)
	if v, ok := args["blocks per SM"]; ok {
		f, _ := strconv.ParseFloat(string(v), 64)
		blocks = float32(f)
	}
	r.rank.Records = append(r.rank.Records, trace.Record{
		Start: refInt(e.Ts, 0, 1000), Dur: refInt(e.Dur, 0, 1000), Kind: kind, Blocks: blocks, Name: r.name(model.Printable(e.Name)),
		Coll:   r.coll(args),
		Corr:   uint32(refInt(args["correlation"], 0, 1)),
		Stream: int32(refInt(args["stream"], refInt(e.Tid, -1, 1), 1)),
		Device: int16(refInt(args["device"], refInt(e.Pid, -1, 1), 1)),
	})
	if kind == trace.KindKernel {
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
	c := trace.Coll{
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
