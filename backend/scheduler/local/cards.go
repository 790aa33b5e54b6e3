package local

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"shardeck/model"
)

// Card is a GPU of this machine, or a MIG slice of one.
type Card struct {
	ID         string // as CUDA_VISIBLE_DEVICES takes it: an index, of a slice its UUID
	UUID       string
	Name       string
	Bytes      int64  // that programs may have; 0: not told
	Capability string // 8.0; empty: not told
}

// Tools that list GPUs; each is asked what newer and older drivers know.
const (
	nvidiaSMI = "nvidia-smi"
	rocmSMI   = "rocm-smi"
)

// Cards are the GPUs that jobs of this process may have, of the kind of which there is most memory, and where that is known
// from; none and empty: there are none. Other kinds, such as a card for a screen, are told in note.
func Cards(ctx context.Context) (cards []Card, from, note string) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ask := func(program string, args ...string) string {
		out, err := exec.CommandContext(ctx, program, args...).Output()
		if err != nil {
			return ""
		}
		return string(out)
	}
	from = nvidiaSMI
	for _, fields := range []string{"index,uuid,name,memory.total,memory.reserved,compute_cap", "index,uuid,name,memory.total"} {
		if cards = parseQuery(ask(nvidiaSMI, "--query-gpu="+fields, "--format=csv,noheader,nounits")); len(cards) > 0 {
			break
		}
	}
	if cards = parseList(ask(nvidiaSMI, "-L"), cards); len(cards) == 0 {
		cards, from = parseROCm(ask(rocmSMI, "--showproductname", "--showmeminfo", "vram", "--json")), rocmSMI
	}
	cards = visible(cards, cmp.Or(os.Getenv("CUDA_VISIBLE_DEVICES"), os.Getenv("HIP_VISIBLE_DEVICES")))
	if len(cards) == 0 {
		return nil, "", ""
	}
	cards, note = mostOf(cards)
	return cards, from, note
}

// parseQuery reads lines of index, uuid, name, MiB, MiB that the driver keeps, and compute capability, as many as there are.
func parseQuery(text string) (cards []Card) {
	for line := range strings.Lines(text) {
		f := append(strings.Split(strings.TrimSpace(line), ", "), "", "", "")
		if _, err := strconv.Atoi(f[0]); err != nil || len(f) < 7 {
			continue
		}
		total, _ := strconv.ParseInt(f[3], 10, 64)
		kept, _ := strconv.ParseInt(f[4], 10, 64)
		cards = append(cards, Card{ID: f[0], UUID: model.Printable(f[1]), Name: model.Printable(f[2]), Bytes: max(total-kept, 0) << 20,
			Capability: f[5]})
	}
	return cards
}

// Lines of nvidia-smi -L: "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-…)", and below it "MIG 1g.5gb Device 0: (UUID: MIG-…)".
var (
	gpuLine = regexp.MustCompile(`^GPU (\d+): (.*) \(UUID: ([^)]*)\)`)
	migLine = regexp.MustCompile(`^\s+MIG (\S+)\s+Device\s+\d+: \(UUID: ([^)]*)\)`)
)

// parseList reads nvidia-smi -L: the cards, where the query told none, and in the place of a card its slices.
func parseList(text string, cards []Card) (all []Card) {
	listed, card := 0, Card{}
	for line := range strings.Lines(text) {
		if m := gpuLine.FindStringSubmatch(line); m != nil {
			listed++
			card = Card{ID: m[1], Name: model.Printable(m[2]), UUID: m[3]}
			if known := model.First(cards, func(c Card) bool { return c.UUID == m[3] }); known != nil {
				card = *known
			}
			all = append(all, card)
		} else if m := migLine.FindStringSubmatch(line); m != nil {
			all = slices.DeleteFunc(all, func(c Card) bool { return c.ID == card.ID })
			all = append(all, Card{ID: m[2], UUID: m[2], Name: card.Name + " MIG " + m[1], Capability: card.Capability})
		}
	}
	if listed < len(cards) {
		return cards
	}
	return all
}

// parseROCm reads rocm-smi --json: an object a card, whose keys' spelling changed over time.
func parseROCm(text string) (cards []Card) {
	var all map[string]map[string]string
	if json.Unmarshal([]byte(text), &all) != nil {
		return nil
	}
	for _, name := range slices.SortedFunc(maps.Keys(all), func(a, b string) int { return cmp.Or(len(a)-len(b), cmp.Compare(a, b)) }) {
		id, ok := strings.CutPrefix(name, "card")
		c := Card{ID: id, Name: "AMD GPU"}
		for key, value := range all[name] {
			switch key = strings.ToLower(key); {
			case key == "card series":
				c.Name = model.Printable(value)
			case strings.HasPrefix(key, "vram total memory"):
				c.Bytes, _ = strconv.ParseInt(value, 10, 64)
			}
		}
		if ok {
			cards = append(cards, c)
		}
	}
	return cards
}

// visible are the cards that a list of indices and UUIDs, which may be cut short, names; empty: all.
func visible(cards []Card, list string) []Card {
	if list == "" {
		return cards
	}
	var out []Card
	for id := range strings.SplitSeq(list, ",") {
		named := func(c Card) bool { return c.ID == id || len(id) > 4 && strings.HasPrefix(c.UUID, id) }
		if c := model.First(cards, named); c != nil {
			out = append(out, *c)
		}
	}
	return out
}

// mostOf are the cards of one kind with the most memory together; note tells of the others.
func mostOf(cards []Card) (most []Card, note string) {
	kinds := map[string][]Card{}
	for _, c := range cards {
		kinds[c.Name] = append(kinds[c.Name], c)
	}
	weight := func(name string) int64 { return int64(len(kinds[name])) * max(kinds[name][0].Bytes, 1) }
	names := slices.Sorted(maps.Keys(kinds))
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(weight(b), weight(a)) })
	for _, other := range names[1:] {
		note += fmt.Sprintf("%d × %s is here too, and not planned for; ", len(kinds[other]), other)
	}
	return kinds[names[0]], strings.TrimSuffix(note, "; ")
}

// Site is this machine as nvidia-smi or rocm-smi tells it; false: it has no GPUs. What is not known is as in base.
func Site(ctx context.Context, base model.Site, gpus map[string]model.GPU) (site model.Site, from string, ok bool) {
	cards, from, note := Cards(ctx)
	if len(cards) == 0 {
		return base, "", false
	}
	c, n := cards[0], len(cards)
	base.Name, base.Title = "this-machine", "this machine"
	base.GPUsPerNode, base.CPUsPerNode, base.MaxNodes = n, runtime.NumCPU(), 1
	gpu, alike := model.FindGPU(gpus, c.Name, c.Bytes)
	switch {
	case gpu == nil && c.Bytes > 0:
		key := strings.ToLower(model.AsID(c.Name))
		gpu = &model.GPU{Key: key, Title: c.Name, Names: []string{c.Name}, Bytes: c.Bytes, Capability: c.Capability}
		base.Assumed = append(base.Assumed, c.Name+" is in no table: its memory is "+from+"'s, the rest is not known (gpus.yaml)")
	case len(alike) > 0:
		base.Assumed = append(base.Assumed, fmt.Sprintf("%s may be %s or %s", c.Name, gpu.Title, strings.Join(alike, " or ")))
	}
	if note != "" {
		base.Assumed = append(base.Assumed, note)
	}
	kind := model.NodeKind{Default: true}
	if gpu != nil {
		if kind.GPU = gpu.Key; gpus[gpu.Key].Key == "" {
			base.GPUs = append(base.GPUs, *gpu)
		}
	}
	base.Partitions = []model.NodeKind{kind}
	return base, from, true
}
