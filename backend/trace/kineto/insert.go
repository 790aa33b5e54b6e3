package kineto

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"regexp"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// Additions are what Insert puts into a trace.
type Additions struct {
	By    string                                       // who added it: "Added by" in the args of each
	Marks []trace.Mark                                 // of the host's time line
	Call  func(kernel string, start int64) *trace.Coll // what is known of one without metadata that starts then, ns, absolute; nil: nothing
}

// hasArgs says that there is something behind which a comma has its place.
var hasArgs = regexp.MustCompile(`^\{\s*"`)

// Insert copies a trace as plain JSON with additions: marks before its first event, metadata into the args of calls that have none. All
// else stays as it is, byte by byte. It reads the trace twice. Errors are those of Open, and of w.
func Insert(ctx context.Context, path string, w io.Writer, add Additions) error {
	type place struct {
		at, start int64 // offset behind the brace of args; ns by the trace's own base
		name      uint32
	}
	first, places, s := int64(-1), []place(nil), newScanner()
	d, err := openReader(ctx, path, nil, reading{everyEvent: func(b []byte, i int, at int64) {
		if first < 0 {
			first = at
		}
		s.readByKeys(b, i)
		args := jsonscan.After(b[i:], "args")
		if s.ev.cat == kernel && !s.ev.collGiven && s.ev.num[numTs].state == given && hasArgs.Match(args) {
			places = append(places, place{at + int64(len(b)-i-len(args)) + 1, s.ev.num[numTs].v, s.names.JSON(s.ev.name.Of(b))})
		}
	}})
	if err != nil {
		return err
	}
	src, err := trace.OpenSource(ctx, path, nil)
	if err != nil {
		return err
	}
	defer src.Close()
	last := max(first, 0)
	_, err = io.CopyN(w, src, last)
	for _, m := range add.Marks {
		if name, _ := json.Marshal(m.Name); err == nil && first >= 0 { // a text: cannot fail
			_, err = fmt.Fprintf(w, `{"ph":"X","cat":"user_annotation","name":%s,"pid":"shardeck","tid":"steps","ts":%s,"dur":%s,`+
				`"args":{"Added by":%q}},`+"\n", name, jsonscan.WrittenMicros(m.Start-d.baseTime), jsonscan.WrittenMicros(m.Dur), add.By)
		}
	}
	for _, p := range places {
		if c := add.Call(s.names.List[p.name], p.start+d.baseTime); c != nil && err == nil {
			if _, err = io.CopyN(w, src, p.at-last); err == nil {
				ranks, _ := json.Marshal(c.GroupRanks) // whole numbers: cannot fail
				_, err = fmt.Fprintf(w, `"Collective name":%q,"In msg nelems":%d,"dtype":%q,"Group size":%d,`+
					`"Process Group Ranks":"%s","Added by":%q,`, c.Name, c.InElems, c.DType, c.GroupSize, ranks, add.By)
			}
			last = p.at
		}
	}
	if err == nil {
		_, err = io.Copy(w, src)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be copied whole: %w", filepath.Base(path), err)
	}
	return nil
}
