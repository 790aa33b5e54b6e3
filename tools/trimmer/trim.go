package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// dropped are the categories that no metric reads: operators and Python frames on
// the host, and the arrows between launches and kernels. Launches themselves stay,
// since steps without a mark on the device are found through them.
var dropped = map[string]bool{
	"cpu_op":            true,
	"python_function":   true,
	"ac2g":              true,
	"fwdbwd":            true,
	"cpu_instant_event": true,
}

var opening = []byte(`"traceEvents": [`)

// Trim returns a Kineto trace without the dropped categories. All else, the text
// between the events included, stays as it was.
func Trim(trace []byte) ([]byte, error) {
	at := bytes.Index(trace, opening)
	if at < 0 {
		return nil, errors.New("no traceEvents: is this a Kineto trace?")
	}
	at += len(opening)
	out := append(make([]byte, 0, len(trace)/2), trace[:at]...)
	rest, first := trace[at:], true
	for {
		gap, event, after, err := nextEvent(rest)
		if err != nil {
			return nil, fmt.Errorf("byte %d: %w", len(trace)-len(rest), err)
		}
		if rest = after; event != nil && drop(event) {
			continue
		}
		if first {
			gap = bytes.TrimPrefix(gap, []byte(","))
		}
		out, first = append(append(out, gap...), event...), false
		if event == nil {
			return out, nil
		}
	}
}

// nextEvent splits off the text before the next event and the event; a nil event
// means that the list is closed and gap is all that follows.
func nextEvent(b []byte) (gap, event, rest []byte, err error) {
	i := bytes.IndexAny(b, "{]")
	if i < 0 {
		return nil, nil, nil, errors.New("the list of events is not closed")
	}
	if b[i] == ']' {
		return b, nil, nil, nil
	}
	n := objectLen(b[i:])
	if n < 0 {
		return nil, nil, nil, errors.New("an event is not closed")
	}
	return b[:i], b[i : i+n], b[i+n:], nil
}

// objectLen is the length of the JSON object that b begins with, -1 if it does not end.
func objectLen(b []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// drop reports whether an event's category is one of the dropped. An event that is
// not sound JSON stays: readers must see what the profiler wrote.
func drop(event []byte) bool {
	var e struct {
		Cat string `json:"cat"`
	}
	return json.Unmarshal(event, &e) == nil && dropped[e.Cat]
}
