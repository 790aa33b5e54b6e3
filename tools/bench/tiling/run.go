package tiling

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Run writes a run of so many ranks into dir: rank r is recording r modulo their number, tiled to size bytes and written
// as that rank of that world. All ranks stay on one clock and meet in every collective, so the groups of the recordings
// must be of all their ranks. The config beside the first recording, if there is one, comes with its tp as the number of ranks.
func Run(dir string, recordings []string, ranks int, size int64) (all Made, err error) {
	sources, err := LoadAll(recordings)
	if err != nil {
		return all, err
	}
	Align(sources...)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return all, err
	}
	copies := 1
	for r := range ranks {
		s := sources[r%len(sources)].asRank(r, ranks)
		to := filepath.Join(dir, fmt.Sprintf("kineto_trace_%d.json", r))
		made, err := File(to, slices.Repeat([]*Source{s}, copies), size, Large)
		if err != nil {
			return all, err
		}
		copies, size = made.Copies, 0 // the others as often, whatever their size
		all.Copies, all.Events, all.Kernels = all.Copies+made.Copies, all.Events+made.Events, all.Kernels+made.Kernels
		all.Bytes, all.KernelBytes = all.Bytes+made.Bytes, all.KernelBytes+made.KernelBytes
	}
	return all, copyConfig(filepath.Dir(recordings[0]), dir, ranks)
}

// LoadAll is Load of each.
func LoadAll(recordings []string) (all []*Source, err error) {
	for _, path := range recordings {
		s, err := Load(path)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// asRank is the recording as another rank of another world.
func (s *Source) asRank(rank, world int) *Source {
	out := *s
	out.head, out.tail = renumber(s.head, rank, world), renumber(s.tail, rank, world)
	out.events = slices.Clone(s.events)
	for i, e := range out.events {
		if bytes.Contains(e.text, []byte("Process Group Ranks")) {
			text := renumber(e.text, rank, world)
			out.events[i] = event{text, out.holes(text)}
		}
	}
	return &out
}

// ofWorld finds what a rank says of itself and its world: a number, or a list of ranks, which may be in quotes.
var ofWorld = regexp.MustCompile(`"(rank|Rank|world_size|pg_size|Group size|ranks|Process Group Ranks)":\s*(\d+|"?\[[\d, ]*\]"?)`)

// longestList is how many ranks PyTorch writes out in the metadata of a call.
const longestList = 30

func renumber(text []byte, rank, world int) []byte {
	return ofWorld.ReplaceAllFunc(text, func(found []byte) []byte {
		key, value, _ := strings.Cut(string(found), ":")
		value = strings.TrimSpace(value)
		ranks := make([]string, world)
		for r := range ranks {
			ranks[r] = strconv.Itoa(r)
		}
		switch {
		case strings.EqualFold(key, `"rank"`):
			value = strconv.Itoa(rank)
		case value == "1" || strings.Contains(value, "[") && !strings.Contains(value, ","): // a group of one stays alone
		case !strings.Contains(value, "["):
			value = strconv.Itoa(world)
		case key == `"ranks"`:
			value = "[" + strings.Join(ranks, ", ") + "]"
		case world > longestList:
			value = `"[` + strings.Join(ranks[:longestList], ", ") + `, ...]"`
		default:
			value = `"[` + strings.Join(ranks, ", ") + `]"`
		}
		return []byte(key + ": " + value)
	})
}

var tensorParallel = regexp.MustCompile(`(?m)^(\s+tp:).*$`)

func copyConfig(from, to string, ranks int) error {
	text, err := os.ReadFile(filepath.Join(from, "config.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	text = tensorParallel.ReplaceAll(text, fmt.Appendf(nil, "$1 %d", ranks))
	return os.WriteFile(filepath.Join(to, "config.yaml"), text, 0o644)
}
