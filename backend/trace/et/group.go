package et

import (
	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"slices"
	"strings"
)

// groupNode is the node whose first input lists the process groups as JSON in a string.
const groupNode = "## process_group:init ##"

// readGroups reads that list; false: it is not JSON, or was cut.
func readGroups(val []byte) ([]Group, bool) {
	if len(val) == 0 || val[0] != '"' {
		return nil, false
	}
	list := []byte(jsonscan.Text(val))
	sound := true
	var out []Group
	isList := jsonscan.EachElement(list, 0, func(from, to int) {
		g, ok := readGroup(list[from:to])
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
	_, st := jsonscan.EachKey(val, 0, func(key []byte, from, to int) {
		v := val[from:to]
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
			g.Ranks = trace.RankList(v)
		}
	})
	if len(g.Ranks) == 0 { // an empty list: all ranks
		g.Ranks = trace.RankStride(0, 1, int64(g.Size))
	}
	g.Size = max(g.Size, len(g.Ranks))
	return g, st == jsonscan.Whole
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
