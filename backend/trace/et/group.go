package et

import (
	"slices"
	"strings"
)

// groupNode is the node whose first input lists the process groups as JSON in a string.
const groupNode = "## process_group:init ##"

// maxRanks bounds the ranks that are written out for a group of a damaged file.
const maxRanks = 1 << 16

// readGroups reads that list; false: it is not JSON, or was cut.
func readGroups(val []byte) ([]Group, bool) {
	if len(val) == 0 || val[0] != '"' {
		return nil, false
	}
	list := []byte(rawText(val))
	sound := true
	var out []Group
	isList := eachItem(list, func(v []byte) {
		g, ok := readGroup(v)
		sound = sound && ok
		if ok {
			out = append(out, g)
		}
	})
	return out, sound && isList
}

// readGroup reads one group. Its key in calls is the name, in old schemas a number
// that goes by several names.
func readGroup(val []byte) (Group, bool) {
	var g Group
	var listed []int
	ok := eachKey(val, func(key, v []byte) bool {
		switch string(key) {
		case "pg_name":
			g.Name = text(v)
			g.ids = append(g.ids, g.Name)
		case "pg_id", "uid", "backend_id":
			g.ids = append(g.ids, text(v))
		case "pg_desc":
			g.Description = text(v)
		case "backend_config":
			g.Backend = text(v)
		case "group_size", "pg_size":
			g.Size = int(max(0, numberOr(v, 0)))
		case "ranks":
			listed = ranksOf(v)
		}
		return true
	})
	g.Ranks = listed
	if len(listed) == 0 { // an empty list: all ranks
		g.Ranks = stride(0, 1, int64(g.Size))
	}
	g.Size = max(g.Size, len(g.Ranks))
	return g, ok
}

// ranksOf reads [0, 1], also where it is in a string; nil if it is anything else.
func ranksOf(val []byte) []int {
	var out []int
	for _, v := range items(raw(val)) {
		r, ok := number(v)
		if !ok || r < 0 || len(out) == maxRanks {
			return nil
		}
		out = append(out, int(r))
	}
	return out
}

// stride is start, start+step … of n ranks; nil if that makes no sense.
func stride(start, step, n int64) []int {
	if start < 0 || step <= 0 || n <= 0 || n > maxRanks || start > maxRanks || step > maxRanks {
		return nil
	}
	out := make([]int, n)
	for i := range out {
		out[i] = int(start + int64(i)*step)
	}
	return out
}

// findGroup is the group that a call names, nil if the list has none of that name.
func findGroup(groups []Group, id string) *Group {
	for i := range groups {
		if slices.Contains(groups[i].ids, strings.TrimSpace(id)) {
			return &groups[i]
		}
	}
	return nil
}
