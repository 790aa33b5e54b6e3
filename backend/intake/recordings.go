package intake

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"shardeck/model"
)

// recording is the traces that were taken together: of each rank at most one.
type recording struct{ files []*file }

// groupKey tells files apart that cannot be of one recording, whatever their ranks.
type groupKey struct {
	folder, step, stage string
	world               int
}

// recordings tells apart what was recorded at different times, in different steps, or of different worlds, oldest first.
func recordings(files []*file) (out []*recording) {
	main := ofKinds(files, model.FileKineto, model.FileNsys)
	for _, kind := range []model.FileKind{model.FileET, model.FileTiming} {
		if len(main) == 0 {
			main = ofKinds(files, kind)
		}
	}
	groups := map[groupKey][]*file{}
	for _, f := range bestForms(main) {
		key := groupKey{f.folder, f.parts["step"], f.parts["stage"], f.info.WorldSize}
		if f.parts["rank"] != "" && nameOf(table().Folders, filepath.Base(f.folder)).parts["rank"] != "" {
			key.folder = filepath.Dir(f.folder) // a folder for each rank
		}
		groups[key] = append(groups[key], f)
	}
	for _, key := range slices.SortedFunc(maps.Keys(groups), func(a, b groupKey) int { return cmp.Compare(a.world, b.world) }) {
		unsaid := key
		unsaid.world = 0
		if key.world > 0 { // a rank that does not say its world is of the only one that is said, or of the smallest
			for _, f := range groups[unsaid] {
				if ranked(f) {
					groups[key] = append(groups[key], f)
				}
			}
			groups[unsaid] = slices.DeleteFunc(groups[unsaid], ranked)
		}
	}
	for _, group := range groups {
		nameRanks(group)
		for _, series := range bySeries(group) {
			out = append(out, split(series)...)
		}
	}
	slices.SortFunc(out, func(a, b *recording) int {
		return cmp.Or(cmp.Compare(a.files[0].number("step"), b.files[0].number("step")), byTime(a.files[0], b.files[0]))
	})
	for _, r := range out {
		r.numberRest()
		r.join(files)
	}
	return out
}

// ranked says that a name gives a rank.
func ranked(f *file) bool { return f.number("rank") >= 0 || f.number("tp") >= 0 }

func ofKinds(files []*file, kinds ...model.FileKind) (out []*file) {
	for _, f := range files {
		if slices.Contains(kinds, f.kind) {
			out = append(out, f)
		}
	}
	return out
}

// bestForms keeps of a report of nsys and its exports the one that is read best, and of a trace and its packed copy the former.
func bestForms(files []*file) (out []*file) {
	best := map[string]*file{}
	packed := func(f *file) bool { // and lies there unpacked too
		return slices.ContainsFunc(files, func(o *file) bool { return o.base+".gz" == f.base })
	}
	for _, f := range files {
		if f.kind != model.FileNsys && !packed(f) {
			out = append(out, f)
		} else if f.kind != model.FileNsys {
			continue
		} else if old := best[f.stem()]; old == nil || f.NsysForm() < old.NsysForm() {
			best[f.stem()] = f
		}
	}
	return append(out, slices.Collect(maps.Values(best))...)
}

// stem is the name of a report, without what its exports add to it.
func (f *file) stem() string {
	stem, _, _ := strings.Cut(filepath.Base(f.base), ".")
	for _, mark := range []string{"_cuda_gpu_trace", "_gputrace"} {
		stem = strings.TrimSuffix(stem, mark)
	}
	return f.folder + "/" + stem
}

// nameRanks gives every file the rank that its trace tells, else its name.
func nameRanks(files []*file) {
	pp, tp, dp := 1, 1, 1
	dps := map[[2]int]int{} // the dp rank seen at a place of a replica
	inside := true          // attention alone is data parallel, as SGLang does it: tp counts all ranks
	for _, f := range files {
		at := [2]int{f.number("pp"), f.number("tp")}
		if d, seen := dps[at]; seen && d != f.number("dp") {
			inside = false
		}
		dps[at] = f.number("dp")
		pp, tp, dp = max(pp, at[0]+1), max(tp, at[1]+1), max(dp, f.number("dp")+1)
	}
	for _, f := range files {
		rank := f.number("rank")
		if n := f.number("tp"); n >= 0 && (rank < 0 || dp > 1) {
			rank = max(f.number("pp"), 0)*tp + n
			if !inside {
				rank += max(f.number("dp"), 0) * pp * tp
			}
		}
		switch {
		case f.info.Rank >= 0:
			f.Rank, f.told = f.info.Rank, byTrace
		case rank >= 0:
			f.Rank, f.told = rank, byName
		}
	}
}

// written is when a file was written, in ns: by its name, its first event, or, where its name has but a date, the file
// system; 0: nobody says.
func (f *file) written() int64 {
	if digits, _, _ := strings.Cut(f.parts["time"], "."); len(digits) >= 10 {
		if n, err := strconv.ParseInt((digits + "000000000")[:19], 10, 64); err == nil { // s, ms, µs or ns
			return n
		}
	}
	if f.parts["date"] != "" && f.start == 0 {
		return f.time.UnixNano()
	}
	return f.start
}

func byTime(a, b *file) int {
	return cmp.Or(cmp.Compare(a.written(), b.written()), model.CompareNatural(a.base, b.base))
}

// identity is a file's name without what says when it was written.
func (f *file) identity() string {
	name := f.base
	for _, part := range []string{"time", "date", "step"} {
		if text := f.parts[part]; text != "" {
			name = strings.Replace(name, text, "*", 1)
		}
	}
	return name
}

// bySeries tells apart files whose names differ in more than the rank: if a rank comes twice, and those of each name are of
// several ranks, each once, they are as many recordings (rank0_a, rank1_a, rank0_b, rank1_b), whatever the time.
func bySeries(files []*file) [][]*file {
	series, ranks, named := map[string][]*file{}, map[int]bool{}, map[string]bool{}
	for _, f := range files {
		series[f.rest] = append(series[f.rest], f)
		ranks[f.Rank], named[fmt.Sprint(f.rest, f.Rank)] = true, true
	}
	all := slices.Collect(maps.Values(series))
	unlike := func(s []*file) bool { return len(s) < 2 || s[0].rest == "" }
	if len(ranks) == len(files) || len(named) < len(files) || slices.ContainsFunc(all, unlike) {
		return [][]*file{files}
	}
	return all
}

// Traces of one recording overlap in time, but for what no clock explains; those of which only the beginning is known
// are taken to last a minute.
const (
	mostApart  = int64(10 * time.Second)
	hostsApart = int64(time.Hour)
	leastTime  = int64(time.Minute)
)

// split cuts a group where a rank comes again, or where nothing was recorded for long.
func split(files []*file) (out []*recording) {
	slices.SortFunc(files, byTime)
	var seen map[string]bool
	var last *file // the latest of those of the present recording whose times are known
	for _, f := range files {
		who := "rank " + strconv.Itoa(f.Rank)
		if f.Rank < 0 && f.kind != model.FileNsys { // a report holds all ranks of a node, or of another profile
			who = f.identity()
		}
		if seen == nil || seen[who] || last != nil && f.start > 0 && f.start-max(last.end, last.start+leastTime) > f.apart(last) {
			seen, last = map[string]bool{}, nil
			out = append(out, &recording{})
		}
		seen[who] = true
		if f.start > 0 && (last == nil || f.start > last.start) {
			last = f
		}
		out[len(out)-1].files = append(out[len(out)-1].files, f)
	}
	return out
}

func (f *file) host() string { return cmp.Or(f.info.Hostname, f.parts["host"]) }

func (f *file) apart(o *file) int64 {
	if f.host() != "" && o.host() != "" && f.host() != o.host() {
		return hostsApart
	}
	return mostApart
}

// numberRest gives those whose rank nobody tells the free ranks, in the order of their names.
func (r *recording) numberRest() {
	taken, free := map[int]bool{}, 0
	for _, f := range r.files {
		taken[f.Rank] = true
	}
	slices.SortFunc(r.files, func(a, b *file) int { return model.CompareNatural(a.base, b.base) })
	for _, f := range r.files {
		if f.Rank >= 0 {
			continue
		}
		for taken[free] {
			free++
		}
		f.Rank, f.told, taken[free] = free, byOrder, true
	}
	slices.SortStableFunc(r.files, func(a, b *file) int { return a.Rank - b.Rank })
}

// join adds the execution traces and timings that lie with the traces of kernels, one a rank.
func (r *recording) join(files []*file) {
	lead := r.files[0]
	for _, kind := range []model.FileKind{model.FileET, model.FileTiming} {
		if kind == lead.kind || lead.kind == model.FileTiming {
			continue
		}
		with := &recording{}
		for _, f := range ofKinds(files, kind) {
			same := f.folder == lead.folder && f.parts["step"] == lead.parts["step"]
			twice := slices.ContainsFunc(with.files, func(o *file) bool { return o.number("rank") == f.number("rank") && f.number("rank") >= 0 })
			if same && !twice {
				f.Rank = f.number("rank")
				with.files = append(with.files, f)
			}
		}
		with.numberRest()
		r.files = append(r.files, with.files...)
	}
}
