package slurm

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"shardeck/model"
)

// sinfoFormat is a line of sinfo a kind of node of a partition: its partition, whether that takes jobs, longest job, nodes, CPUs, MB, GRES,
// features, whether nodes are shared, and the nodes of a job.
const sinfoFormat = "%P|%a|%l|%D|%c|%m|%G|%f|%h|%s"

// alike are nodes of one partition that hold the same.
type alike struct {
	queue     model.Queue
	preferred bool // of Slurm's default partition
	kind      model.NodeKind
	memMB     int
	gres      string
	features  []string
}

// Site reads what this Slurm says of itself, by sinfo and scontrol: its partitions with GPUs become the queues, their nodes
// the kinds of node. What nobody tells, such as the card behind a GRES type or a price, is assumed, and said in Assumed. The
// rest is as in base. The error is that of an absent or unreachable Slurm.
func (s *Slurm) Site(ctx context.Context, base model.Site, gpus map[string]model.GPU) (model.Site, error) {
	config, err := s.ask(ctx, "scontrol", "show", "config")
	if err != nil {
		return base, err
	}
	text, err := s.ask(ctx, "sinfo", "--noheader", "--exact", "--format="+sinfoFormat)
	if err != nil {
		return base, err
	}
	base.Name = cmp.Or(model.AsID(configValue(config, "ClusterName")), "slurm")
	base.Title = "Slurm cluster " + base.Name
	describe(&base, parseSinfo(text), gpus)
	return base, nil
}

// parseSinfo reads lines of sinfoFormat; others are passed over. A partition that is not there for this user is not listed.
func parseSinfo(text string) (all []alike) {
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if len(f) != 10 || f[1] != "up" {
			continue
		}
		name, preferred := strings.CutSuffix(model.Printable(f[0]), "*")
		_, most, _ := strings.Cut(f[9], "-")
		a := alike{preferred: preferred, memMB: wholeNumber(f[5]), gres: sockets.ReplaceAllString(cleanValue(f[6]), ""),
			queue: model.Queue{Name: name, Partition: true, MaxHours: parseDuration(f[2]).Hours(), Factor: 1, Shared: f[8] != "EXCLUSIVE",
				MaxNodes: wholeNumber(cmp.Or(most, f[9]))},
			kind: model.NodeKind{Queue: name, Nodes: wholeNumber(f[3]), CPUsPerNode: wholeNumber(f[4])}}
		odd := func(word string) bool { return word == "" || model.CheckConstraint(word) != nil }
		a.features = slices.DeleteFunc(strings.Split(cleanValue(f[7]), ","), odd)
		all = append(all, a)
	}
	return all
}

// sockets is what follows a GRES: (S:0-1), (IDX:0,2).
var sockets = regexp.MustCompile(`\([^)]*\)`)

// kinds are the kinds of node by their GPUs: nodes may hold several types of them.
func (a alike) kinds() (all []model.NodeKind) {
	for item := range strings.SplitSeq(a.gres, ",") {
		k := a.kind
		if k.GPUsPerNode = countGPUs(item); k.GPUsPerNode == 0 || model.CheckSlurmWord(k.Queue) != nil {
			continue
		}
		words := slices.Clone(a.features)
		if t, _, typed := strings.Cut(strings.TrimPrefix(item, "gpu:"), ":"); typed || wholeNumber(t) == 0 && t != "gpu" {
			k.GPUType = t
			words = append(slices.DeleteFunc(words, func(w string) bool { return w == t }), t)
		}
		k.Constraint = strings.Join(words, "&")
		if gb := a.memMB * 9 / 10 / k.GPUsPerNode >> 10; gb > 0 {
			k.MemoryPerGPU = fmt.Sprintf("%dG", gb)
		}
		all = append(all, k)
	}
	return all
}

// describe puts the partitions with GPUs, and what had to be assumed of them, into a site.
func describe(s *model.Site, all []alike, gpus map[string]model.GPU) {
	gpus = maps.Clone(gpus)
	size, preferred := map[string]int{}, "" // GPUs of each partition that are no slices
	for _, a := range all {
		for _, k := range a.kinds() {
			card, alike := model.FindGPU(gpus, k.GPUType+" "+strings.Join(a.features, ","), 0)
			if text := unsure(k, card, alike); text != "" && !slices.Contains(s.Assumed, text) {
				s.Assumed = append(s.Assumed, text)
			}
			if card != nil {
				if _, known := gpus[card.Key]; !known {
					gpus[card.Key], s.GPUs = *card, append(s.GPUs, *card)
				}
				k.GPU = card.Key
			}
			if card == nil || !card.MIG {
				size[k.Queue] += k.Nodes * k.GPUsPerNode
			}
			if s.Queue(k.Queue) == nil {
				s.Queues = append(s.Queues, a.queue)
			}
			if a.preferred {
				preferred = k.Queue
			}
			join(s, k)
		}
	}
	choose(s, size, preferred, gpus)
}

// unsure says what is not known of the GPUs of nodes, empty for nothing.
func unsure(k model.NodeKind, card *model.GPU, alike []string) string {
	where := fmt.Sprintf("the GPUs of partition %s, of GRES %s,", k.Queue, cmp.Or(k.GPUType, "without a type"))
	switch {
	case card == nil:
		return where + " are not known: name their key of gpus.yaml, gpu under node_kinds"
	case len(alike) > 0:
		return fmt.Sprintf("%s may be %s or %s: %[2]s, the smallest, is assumed", where, card.Title, strings.Join(alike, " or "))
	}
	return ""
}

// join adds a kind to those of a site, or its nodes to the same kind; what not all of these have is none of its features.
func join(s *model.Site, k model.NodeKind) {
	same := model.First(s.Partitions, func(o model.NodeKind) bool {
		return o.Queue == k.Queue && o.GPUType == k.GPUType && o.GPU == k.GPU && o.GPUsPerNode == k.GPUsPerNode
	})
	if same == nil {
		s.Partitions = append(s.Partitions, k)
		return
	}
	has := strings.Split(k.Constraint, "&")
	both := slices.DeleteFunc(strings.Split(same.Constraint, "&"), func(w string) bool { return !slices.Contains(has, w) })
	same.Nodes, same.Constraint = same.Nodes+k.Nodes, strings.Join(both, "&")
	same.CPUsPerNode = min(same.CPUsPerNode, k.CPUsPerNode)
}

// choose picks the partition that jobs go to, Slurm's own default or the largest, and in each the smaller card, slices last.
func choose(s *model.Site, size map[string]int, preferred string, gpus map[string]model.GPU) {
	if len(s.Queues) == 0 {
		s.Assumed = append(s.Assumed, "no partition that you may use has GPUs")
		return
	}
	slices.SortStableFunc(s.Queues, func(a, b model.Queue) int { return cmp.Compare(size[b.Name], size[a.Name]) })
	if size[preferred] == 0 {
		preferred = s.Queues[0].Name
	}
	weight := func(k model.NodeKind) int64 {
		if g := gpus[k.GPU]; g.MIG || k.GPU == "" {
			return 1 << 60
		}
		return gpus[k.GPU].Bytes
	}
	slices.SortStableFunc(s.Partitions, func(a, b model.NodeKind) int { return cmp.Compare(weight(a), weight(b)) })
	for i := range s.Partitions {
		k := &s.Partitions[i]
		k.Default = !slices.ContainsFunc(s.Partitions[:i], func(o model.NodeKind) bool { return o.Queue == k.Queue })
		if k.Default && k.Queue == preferred {
			s.GPUsPerNode, s.CPUsPerNode, s.CPUsPerGPU = k.GPUsPerNode, k.CPUsPerNode, k.CPUsPerNode/k.GPUsPerNode
		}
		s.MaxNodes = max(s.MaxNodes, min(k.Nodes, mostNodes))
	}
	s.DefaultQOS.Whole = preferred
	s.Assumed = append(s.Assumed, "jobs go to partition "+preferred+" unless slurm.qos names another",
		"a node hour is counted once, a part of a node by its GPUs and CPUs: Slurm tells no prices",
		"a GPU comes with its share of nine tenths of the node's memory",
		"NCCL chooses the network between nodes: name interfaces and plugin under network and network_modules")
}

const mostNodes = 16 // of the largest job that is laid out
