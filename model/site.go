package model

import (
	"cmp"
	"slices"
	"strings"
)

// Site describes a cluster: what its nodes hold, how jobs ask for them and what
// they cost. Sites are data, in templates/sites/*.yaml; a user's own file overrides.
type Site struct {
	Name         string            `yaml:"name" json:"name"`
	Title        string            `yaml:"title" json:"title"`
	Detect       map[string]string `yaml:"detect" json:"detect"`               // environment that tells the site; empty: only by name
	GPUsPerNode  int               `yaml:"gpus_per_node" json:"gpus_per_node"` // 0: not known
	CPUsPerNode  int               `yaml:"cpus_per_node" json:"cpus_per_node"` // logical
	CPUsPerGPU   int               `yaml:"cpus_per_gpu" json:"cpus_per_gpu"`
	MemoryPerGPU string            `yaml:"memory_per_gpu" json:"memory_per_gpu"`
	MaxNodes     int               `yaml:"max_nodes" json:"max_nodes"`   // largest job shardeck lays out here
	Constraint   string            `yaml:"constraint" json:"constraint"` // what auto asks for: gpu; empty: none
	Partitions   []NodeKind        `yaml:"node_kinds" json:"node_kinds"`
	Queues       []Queue           `yaml:"qos" json:"qos"`
	DefaultQOS   QOSRule           `yaml:"default_qos" json:"default_qos"`
	AccountHint  string            `yaml:"account_hint" json:"account_hint"`
	GPUs         []GPU             `yaml:"gpus" json:"gpus,omitempty"`       // kinds that gpus.yaml lacks
	Assumed      []string          `yaml:"assumed" json:"assumed,omitempty"` // what nobody told when the site was read, a sentence each
	Modules      []string          `yaml:"modules" json:"modules"`
	Plugin       []string          `yaml:"network_modules" json:"network_modules,omitempty"` // bring NCCL's plugin
	Network      map[string]string `yaml:"network" json:"network"`                           // environment of jobs that span nodes
	Fabric       string            `yaml:"fabric" json:"fabric"`                             // name of the network between nodes, for words
	Known        []KnownIssue      `yaml:"known_issues" json:"known_issues"`
	Login        LoginBudget       `yaml:"login_node" json:"login_node"`
	Reader       ReaderJob         `yaml:"reader" json:"reader"`
	Settings     map[string]string `yaml:"settings" json:"settings"` // defaults of this site, by key of the settings
}

// NodeKind is one kind of GPU node and the constraint that asks for it.
type NodeKind struct {
	Constraint string `yaml:"constraint" json:"constraint"` // gpu&hbm40g
	GPU        string `yaml:"gpu" json:"gpu"`               // key of templates/gpus.yaml
	Nodes      int    `yaml:"nodes" json:"nodes"`
	Default    bool   `yaml:"default" json:"default"` // what the bare constraint is planned for: the smaller card

	// Of sites whose nodes differ; empty and 0: as the site says.
	Queue        string `yaml:"queue" json:"queue,omitempty"`       // among qos, where these nodes are asked for
	GPUType      string `yaml:"gpu_type" json:"gpu_type,omitempty"` // as GRES calls it: --gpus-per-node=a100:4
	GPUsPerNode  int    `yaml:"gpus_per_node" json:"gpus_per_node,omitempty"`
	CPUsPerNode  int    `yaml:"cpus_per_node" json:"cpus_per_node,omitempty"`
	MemoryPerGPU string `yaml:"memory_per_gpu" json:"memory_per_gpu,omitempty"`
}

// Queue is one QOS with its limits. A limit of 0 is none.
type Queue struct {
	Name        string   `yaml:"name" json:"name"`                     // as submitted
	Partition   bool     `yaml:"partition" json:"partition,omitempty"` // not a QOS: asked for by -p
	Shown       []string `yaml:"shown" json:"shown"`                   // as squeue and sacct show it
	MaxNodes    int      `yaml:"max_nodes" json:"max_nodes"`
	MaxGPUs     int      `yaml:"max_gpus" json:"max_gpus"`
	MaxHours    float64  `yaml:"max_hours" json:"max_hours"`
	MinHours    float64  `yaml:"min_hours" json:"min_hours"`
	MaxSubmit   int      `yaml:"max_submit" json:"max_submit"`
	MaxRunning  int      `yaml:"max_running" json:"max_running"`
	Factor      float64  `yaml:"charge_factor" json:"charge_factor"`
	FullHours   float64  `yaml:"full_price_hours" json:"full_price_hours"` // the first hours cost factor 1
	LargeNodes  int      `yaml:"large_nodes" json:"large_nodes"`           // from this size LargeFactor holds; 0: never
	LargeFactor float64  `yaml:"large_factor" json:"large_factor"`
	Shared      bool     `yaml:"shared" json:"shared"`           // part of a node, charged by fraction
	Interactive bool     `yaml:"interactive" json:"interactive"` // for salloc, takes no scripts
	Note        string   `yaml:"note" json:"note"`               // what to know before choosing it
}

// QOSRule picks the QOS for a layout: Shared for at most SharedGPUs GPUs, else Whole.
type QOSRule struct {
	Shared     string `yaml:"shared" json:"shared"`
	SharedGPUs int    `yaml:"shared_gpus" json:"shared_gpus"`
	Whole      string `yaml:"whole" json:"whole"`
}

// KnownIssue is a trap of the site worth a warning: When is one of the words pp-spans-nodes, tp-spans-nodes.
type KnownIssue struct {
	When string `yaml:"when" json:"when"`
	Text string `yaml:"text" json:"text"`
	Fix  string `yaml:"fix" json:"fix"`
	Ref  string `yaml:"ref" json:"ref"`
}

// LoginBudget bounds what shardeck does on a login node.
type LoginBudget struct {
	Workers     int   `yaml:"workers" json:"workers"`
	MemoryBytes int64 `yaml:"memory_bytes" json:"memory_bytes"`
	TraceBytes  int64 `yaml:"trace_bytes" json:"trace_bytes"` // a run with more is offered as a job
}

// ReaderJob is what a job asks for that reads traces, one task of an array a rank.
type ReaderJob struct {
	Constraint string `yaml:"constraint" json:"constraint"`     // cpu; empty: none
	QOS        string `yaml:"qos" json:"qos"`                   // empty: the scheduler's default
	CPUs       int    `yaml:"cpus" json:"cpus"`                 // logical, a task; 0: as the scheduler says
	Memory     string `yaml:"memory" json:"memory"`             // a task, as Slurm writes it: 8G; empty: as the scheduler says
	GPUs       int    `yaml:"gpus" json:"gpus"`                 // a task, where every job must have some; 0: none
	DropEnding string `yaml:"account_drop" json:"account_drop"` // ending of GPU accounts that others lack: _g
}

// Queue finds a QOS by the name it is submitted with; nil if the site has none such.
func (s Site) Queue(name string) *Queue {
	return First(s.Queues, func(q Queue) bool { return q.Name == name })
}

// Title names the queue in sentences: QOS regular.
func (q Queue) Title() string {
	if q.Partition {
		return "partition " + q.Name
	}
	return "QOS " + q.Name
}

// Kind is the kind of node that such a job is planned for: of all that may be given to it the
// site's default, which is the smaller card; nil: no node has such features.
func (s Site) Kind(r SlurmRequest) *NodeKind {
	var found *NodeKind
	for _, k := range s.kinds(r) {
		if found == nil || k.Default && !found.Default {
			found = k
		}
	}
	return found
}

// Cards are the keys of the GPUs that such a job may be given, each once.
func (s Site) Cards(r SlurmRequest) []string {
	keys := Each(s.kinds(r), func(k *NodeKind) string { return k.GPU })
	slices.Sort(keys)
	return slices.Compact(keys)
}

// kinds are all the kinds of node that such a job may be given.
func (s Site) kinds(r SlurmRequest) (all []*NodeKind) {
	queue, constraint := r.QOS, r.Constraint
	if IsAuto(queue) {
		queue = s.DefaultQOS.Whole
	}
	if IsAuto(constraint) {
		constraint = s.Constraint
	}
	for i := range s.Partitions {
		if k := &s.Partitions[i]; (k.Queue == "" || k.Queue == queue) && k.offers(constraint) {
			all = append(all, k)
		}
	}
	return all
}

// For is the site as such a job finds it: with the nodes of its kind.
func (s Site) For(r SlurmRequest) Site {
	if k := s.Kind(r); k != nil {
		s.GPUsPerNode, s.CPUsPerNode = cmp.Or(k.GPUsPerNode, s.GPUsPerNode), cmp.Or(k.CPUsPerNode, s.CPUsPerNode)
		s.MemoryPerGPU = cmp.Or(k.MemoryPerGPU, s.MemoryPerGPU)
		if k.CPUsPerNode > 0 && s.GPUsPerNode > 0 {
			s.CPUsPerGPU = k.CPUsPerNode / s.GPUsPerNode
		}
	}
	return s
}

// offers reports whether nodes have the features asked for: alternatives joined by |, each of features joined by &. A kind
// that no constraint tells, as the machine itself, is whatever is asked for.
func (k NodeKind) offers(constraint string) bool {
	has := strings.Split(k.Constraint, "&")
	lacks := func(feature string) bool { return feature != "" && !slices.Contains(has, feature) }
	return k.Constraint == "" || slices.ContainsFunc(strings.Split(constraint, "|"), func(alternative string) bool {
		return !slices.ContainsFunc(strings.Split(alternative, "&"), lacks)
	})
}

// Charged is what a job counts, in hours a node: some QOS are cheaper after a time, large jobs have a discount.
func (q Queue) Charged(hours float64, nodes int) float64 {
	full := min(hours, q.FullHours)
	charged := full + (hours-full)*q.Factor
	if q.LargeNodes > 0 && nodes >= q.LargeNodes {
		return charged * q.LargeFactor
	}
	return charged
}

// Issue is the known issue of that trigger; nil if the site has none.
func (s Site) Issue(when string) *KnownIssue {
	return First(s.Known, func(k KnownIssue) bool { return k.When == when })
}

// NearestQOS is what to submit for a QOS as typed or as the scheduler shows it: the nearest known one, or empty.
func (s Site) NearestQOS(typed string) string {
	if q := First(s.Queues, func(q Queue) bool { return slices.Contains(q.Shown, typed) }); q != nil {
		return q.Name
	}
	return Nearest(typed, s.QOSNames())
}

// QOSNames lists the QOS of the site.
func (s Site) QOSNames() []string { return Each(s.Queues, func(q Queue) string { return q.Name }) }

// Constraints lists the constraints of the site's kinds of node.
func (s Site) Constraints() []string {
	return Each(s.Partitions, func(k NodeKind) string { return k.Constraint })
}

// Marked reports whether an environment bears the marks of the site; none does where it has none.
func (s Site) Marked(env func(string) string) bool {
	for k, v := range s.Detect {
		if env(k) != v {
			return false
		}
	}
	return len(s.Detect) > 0
}

// Setting is one resolved setting and where it comes from.
type Setting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Origin string `json:"origin"` // built in, detected, assumed, site perlmutter, ~/.config/shardeck/config.yaml, shardeck.yaml, --set, E1.3
}
