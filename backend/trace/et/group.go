package et

import (
	"slices"
	"strings"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
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
	id := func(v []byte) bool { g.ids = append(g.ids, text(v)); return true }
	size := func(v []byte) bool { g.Size = int(max(0, numberOr(v, 0))); return true }
	ok := jsonscan.ReadKeys(val, map[string]func([]byte) bool{
		"pg_name": func(v []byte) bool { g.Name = text(v); return id(v) },
		"pg_id":   id, "uid": id, "backend_id": id,
		"pg_desc":        func(v []byte) bool { g.Description = text(v); return true },
		"backend_config": func(v []byte) bool { g.Backend = text(v); return true },
		"group_size":     size, "pg_size": size,
		"ranks": func(v []byte) bool { g.Ranks = trace.RankList(v); return true },
	})
	if len(g.Ranks) == 0 { // an empty list: all ranks
		g.Ranks = trace.RankStride(0, 1, int64(g.Size))
	}
	g.Size = max(g.Size, len(g.Ranks))
	return g, ok
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
