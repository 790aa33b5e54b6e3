package kineto

import (
	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// timeOfDay is a time that is no count from the start of a machine: the year 1990, in ns.
const timeOfDay = 20 * 365 * 24 * 3600 * 1_000_000_000

// Glance reads what the first and the last text of a trace say of its world, and the times of the earliest and the
// latest event in them, in ns since 1970; 0: none is told, or it counts from the start of a machine.
func Glance(head, tail []byte) (info trace.Info, start, end int64) {
	r := newReader(jsonscan.NewWindow(nil, 0))
	for key, read := range r.headerKeys() {
		for _, text := range [][]byte{head, tail} {
			from := jsonscan.After(text, key)
			if to, st := jsonscan.ValueEnd(from, 0); len(from) > 0 && st == whole {
				read(from[:to])
				break
			}
		}
	}
	for _, text := range [][]byte{head, tail} {
		for rest := jsonscan.After(text, "ts"); len(rest) > 0; rest = jsonscan.After(rest, "ts") {
			to, _ := jsonscan.ValueEnd(rest, 0)
			ts, ok := jsonscan.Micros(jsonscan.Unquote(rest[:to]))
			if at := ts + r.baseTime; ok && ts > 0 && at > timeOfDay {
				end = max(end, at)
				if start == 0 || at < start {
					start = at
				}
			}
		}
	}
	return r.info, start, end
}
