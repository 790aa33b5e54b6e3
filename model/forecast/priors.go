package forecast

import (
	"cmp"
	"math"
	"slices"

	"shardeck/model"
)

// Priors is templates/priors.yaml: what is known of machines and engines before a run, which says how it is read.
type Priors struct {
	Constants   []Prior      `yaml:"constants"`
	Collectives []Collective `yaml:"collectives"`
	Engines     []Engine     `yaml:"engines"`
}

// Prior is one constant before a run: Value in the unit of the constant, or a share of what Of names.
type Prior struct {
	Name       string   `yaml:"name" json:"name"`
	GPU        []string `yaml:"gpu" json:"-"`         // keys; none: any
	Engine     []string `yaml:"engine" json:"-"`      // none: any
	Of         string   `yaml:"of" json:"-"`          // hbm or peak of the GPU; empty: Value is no share
	Value      float64  `yaml:"value" json:"value"`   //
	Factor     float64  `yaml:"factor" json:"factor"` // one standard deviation: two thirds lie between value ÷ factor and value × factor
	Source     string   `yaml:"source" json:"source"`
	Unmeasured bool     `yaml:"unmeasured" json:"unmeasured"` // by analogy: nobody measured this machine
}

// Collective is the time of one call in pieces by size.
type Collective struct {
	Type       string     `yaml:"type"`
	Backend    string     `yaml:"backend"` // custom; empty: NCCL
	Group      int        `yaml:"group"`   // ranks
	Nodes      int        `yaml:"nodes"`   // that they are on; 0: one
	Site       string     `yaml:"site"`    // empty: any
	GPU        []string   `yaml:"gpu"`     // none: any
	Pieces     []LinkPart `yaml:"pieces"`
	Source     string     `yaml:"source"`
	Unmeasured bool       `yaml:"unmeasured"`
}

// LinkPart is the straight part of a collective's law above so many bytes.
type LinkPart struct {
	Above float64 `yaml:"above"`
	T0    float64 `yaml:"t0_us"`
	GBs   float64 `yaml:"gbs"` // 0: time does not grow
}

// Engine is what an engine launches, counted in its code. A pass reads or writes each value of a tensor once.
type Engine struct {
	Name             string  `yaml:"name"`
	SmallKernels     float64 `yaml:"small_kernels"`
	Launches         float64 `yaml:"launches"`
	GemmSplits       float64 `yaml:"gemm_splits"`
	WholePasses      float64 `yaml:"whole_passes"`
	RopePasses       float64 `yaml:"rope_passes"`
	FFNPasses        float64 `yaml:"ffn_passes"`
	HeadWhole        bool    `yaml:"head_whole"`
	WholeCache       bool    `yaml:"whole_cache"`
	FusedExperts     bool    `yaml:"fused_experts"`
	ExpertLaunches   float64 `yaml:"expert_launches"`
	MoELaunches      float64 `yaml:"moe_launches"`
	LatentLaunches   float64 `yaml:"latent_launches"`
	ExchangeLaunches float64 `yaml:"exchange_launches"`
	CustomAllReduce  bool    `yaml:"custom_all_reduce"`
	Graph            string  `yaml:"graph"`    // dense or all: which models decode in CUDA graphs
	Schedule         string  `yaml:"schedule"` // whole: a batch in one step; chunked: by a budget of tokens
}

// constant numbers the constants of the laws; names and units stand in constantNames.
type constant int

const (
	gemmStart constant = iota
	gemmBandwidth
	gemmRate
	sustained
	expertStart
	expertBandwidth
	attentionStart
	attentionBandwidth
	attentionRate
	attentionHalf
	smallStart
	aloneSmall
	smallBandwidth
	splitBandwidth
	kernelGap
	commGap
	hostLaunch
	hostCall
	stepHost
	firstDecode
	firstToken
	commLatency
	commTransfer
	traceScale
	constants
)

// constantNames are names and units: times of one, in µs; rates of memory in GB/s, of arithmetic in TFLOP/s; factors on the table
// of collectives.
var constantNames = [constants][2]string{
	{"gemm_start", "µs"}, {"gemm_bandwidth", "GB/s"}, {"gemm_rate", "TFLOP/s"}, {"sustained", "exponent"}, {"expert_start", "µs"},
	{"expert_bandwidth", "GB/s"}, {"attention_start", "µs"}, {"attention_bandwidth", "GB/s"}, {"attention_rate", "TFLOP/s"},
	{"attention_half", "tokens"}, {"small_start", "µs"}, {"alone_small", "×"}, {"small_bandwidth", "GB/s"},
	{"split_bandwidth", "GB/s"}, {"gap", "µs"}, {"comm_gap", "µs"}, {"host_launch", "µs"}, {"host_call", "µs"}, {"step_host", "µs"},
	{"first_decode", "µs"}, {"first_token", "µs"}, {"comm_latency", "×"}, {"comm_transfer", "×"}, {"traced", "×"},
}

// values are the constants, in the units of constantNames; a fit works on their logarithms.
type values [constants]float64

// machine is an engine on a kind of GPU at a site, and what is known of it before a run.
type machine struct {
	gpu    model.GPU
	site   string
	engine Engine
	priors [constants]Prior // values in the unit of the constant
	links  []Collective
}

// machineOf picks the priors of an engine on a GPU; a calibration's constants stand before those of the table. ok is false where
// the engine is not known.
func (p *Priors) machineOf(engine, precision string, gpu model.GPU, site string, measured []Constant) (machine, bool) {
	e := model.First(p.Engines, func(e Engine) bool { return e.Name == engine })
	if e == nil {
		return machine{}, false
	}
	m := machine{gpu: gpu, site: site, engine: *e, links: p.Collectives}
	share := map[string]float64{"": 1, "hbm": gpu.HBM, "peak": cmp.Or(gpu.Peak[precision], gpu.Peak["bfloat16"], gpu.Peak["float16"])}
	for c := range m.priors {
		m.priors[c] = Prior{Name: constantNames[c][0], Value: 1, Factor: 10, Source: "nothing is known", Unmeasured: true}
		for _, row := range p.Constants {
			if row.Name == constantNames[c][0] && anyOf(row.GPU, gpu.Key) && anyOf(row.Engine, engine) && share[row.Of] > 0 {
				m.priors[c] = row
				m.priors[c].Value *= share[row.Of]
			}
		}
	}
	m.calibrate(measured)
	return m, true
}

func anyOf(list []string, one string) bool { return len(list) == 0 || slices.Contains(list, one) }

// calibrated says which constant a calibrated law gives: its start, its rate in bytes, and its rate in FLOPs.
var calibrated = map[Law][2]constant{DecodeGEMM: {gemmStart, gemmBandwidth}, PrefillGEMM: {constants, gemmRate},
	DecodeAttention: {attentionStart, attentionBandwidth}, PrefillAttention: {constants, attentionRate},
	SmallKernel: {smallStart, smallBandwidth}, HostLaunch: {hostLaunch, constants}}

// calibrationFactor is how far a calibrated constant may be off in an engine: other kernels, other clocks.
const calibrationFactor = 1.08

// calibrate takes what was measured on this machine before what the table says.
func (m *machine) calibrate(measured []Constant) {
	set := func(c constant, v float64) {
		if c < constants && v > 0 {
			m.priors[c] = Prior{Name: constantNames[c][0], Value: v, Factor: calibrationFactor, Source: "calibration"}
		}
	}
	for _, k := range measured {
		if len(k.Pieces) == 0 {
			continue
		}
		last := k.Pieces[len(k.Pieces)-1]
		if to, ok := calibrated[k.Law]; ok {
			scale := 1e-9 // GB/s
			if k.Law.Computes() {
				scale = 1e-12
			}
			set(to[0], k.Pieces[0].T0*1e6)
			set(to[1], last.Rate*scale)
		}
		if k.Law.Collective() {
			parts := model.Each(k.Pieces, func(p Piece) LinkPart { return LinkPart{p.Above, p.T0 * 1e6, p.Rate * 1e-9} })
			m.links = append(slices.Clip(m.links), Collective{Type: string(k.Law), Group: k.Group, Nodes: k.Nodes, Site: m.site,
				GPU: []string{m.gpu.Key}, Pieces: parts, Source: "calibration"})
		}
	}
}

// start is the median of every constant before a run.
func (m *machine) start() (v values) {
	for c, p := range m.priors {
		v[c] = p.Value
	}
	return v
}

// transfer is what one call takes by the table, in µs: what does not depend on its size, and what does. Of the rows for the GPU and
// the site the last counts; of another group's the nearest, its latency by the length of the ring.
func (m *machine) transfer(kind, backend string, group, nodes int, bytes float64) (fixed, moving float64, row *Collective) {
	distance := math.Inf(1)
	for i := range m.links {
		c := &m.links[i]
		here := (c.Site == "" || c.Site == m.site) && anyOf(c.GPU, m.gpu.Key)
		if !here || c.Type != kind || c.Backend != backend || max(c.Nodes, 1) != min(nodes, 2) {
			continue
		}
		if d := math.Abs(math.Log2(float64(c.Group) / float64(group))); d < distance || d == distance && (len(c.GPU) > 0 || c.Site != "") {
			distance, row = d, c
		}
	}
	if row == nil && backend != "" {
		return m.transfer(kind, "", group, nodes, bytes)
	}
	if row == nil {
		return 0, 0, nil
	}
	part := row.Pieces[0]
	for _, p := range row.Pieces[1:] {
		if bytes > p.Above {
			part = p
		}
	}
	ring := float64(group-1) / float64(max(row.Group-1, 1))
	fixed = part.T0 * max(1, math.Sqrt(ring))
	if rate := part.GBs * m.linkScale(row); rate > 0 {
		moving = bytes / (rate * 1e3) * (ringShare(group) / ringShare(row.Group))
	}
	return fixed, moving, row
}

// ringShare is how often a ring of so many ranks moves each byte of an all-reduce, by half.
func ringShare(n int) float64 { return float64(n-1) / float64(max(n, 1)) }

// Links of the machine that the rows without a GPU were measured on, and of a card without NVLink, in GB/s a direction.
const tableLinks, pcieLinks = 450, 25

// linkScale is how fast a GPU's links are against those of the row's machine.
func (m *machine) linkScale(row *Collective) float64 {
	if len(row.GPU) > 0 || row.Site != "" || row.Nodes > 1 {
		return 1
	}
	return cmp.Or(m.gpu.NVLink, pcieLinks) / tableLinks
}

// ConstantNames are the names of the constants of the laws, as priors and Known call them.
func ConstantNames() []string {
	return model.Each(constantNames[:], func(c [2]string) string { return c[0] })
}
