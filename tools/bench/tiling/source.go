// Package tiling makes a Kineto document of any size out of real recordings, by
// writing their events again and again, each copy later than the one before.
package tiling

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"

	"github.com/klauspost/compress/gzip"
)

// Source is one recording, cut at the numbers that differ from copy to copy.
type Source struct {
	Name       string
	head, tail []byte // the document around the list of events
	events     []event
	from, to   int64 // µs, of the first start and the last end
	ids        int64 // more than the largest id
	kernels    int

	kernelBytes int64 // of their text
}

// event is the text of one event and the places in it that change.
type event struct {
	text  []byte
	holes []hole
}

// hole is a whole number of the text, a time in µs (its fraction stays) or an id.
type hole struct {
	at, end int
	value   int64
	time    bool
}

// Load reads a recording, .json or .json.gz, which must be sound JSON.
func Load(path string) (*Source, error) {
	text, err := readText(path)
	if err != nil {
		return nil, err
	}
	s := &Source{Name: path}
	if err := s.read(text); err != nil {
		return nil, fmt.Errorf("%s is no sound Kineto trace: %w", path, err)
	}
	return s, nil
}

func readText(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil || !bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		return text, err
	}
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return io.ReadAll(z)
}

// read cuts the document into what is before, in and after its list of events.
func (s *Source) read(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if key == "traceEvents" {
			return s.readEvents(d, text)
		}
		var other json.RawMessage
		if err := d.Decode(&other); err != nil {
			return err
		}
	}
	return fmt.Errorf("no traceEvents in it")
}

func (s *Source) readEvents(d *json.Decoder, text []byte) error {
	if _, err := d.Token(); err != nil {
		return err
	}
	s.head = text[:d.InputOffset()]
	for d.More() {
		var e json.RawMessage
		if err := d.Decode(&e); err != nil {
			return err
		}
		if err := s.add(e); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	s.tail = text[d.InputOffset()-1:]
	if s.to == 0 {
		return fmt.Errorf("no event in it takes any time")
	}
	return nil
}

// changing finds the numbers that differ from copy to copy. A string of sound JSON
// cannot hold such a text, since its quotes would be escaped.
var changing = regexp.MustCompile(`"(ts|id|correlation|External id|Record function id|Ev Idx)":\s*(\d+)`)

func (s *Source) add(text []byte) error {
	var e struct {
		Ph, Cat string
		Ts, Dur float64
	}
	if err := json.Unmarshal(text, &e); err != nil {
		return err
	}
	if e.Ph == "X" {
		s.widen(int64(e.Ts), int64(e.Ts+e.Dur)+1)
	}
	if e.Cat == "kernel" {
		s.kernels++
		s.kernelBytes += int64(len(text))
	}
	s.events = append(s.events, event{text, s.holes(text)})
	return nil
}

func (s *Source) widen(from, to int64) {
	if s.to == 0 {
		s.from = from
	}
	s.from, s.to = min(s.from, from), max(s.to, to)
}

func (s *Source) holes(text []byte) []hole {
	var out []hole
	for _, m := range changing.FindAllSubmatchIndex(text, -1) {
		v, err := strconv.ParseInt(string(text[m[4]:m[5]]), 10, 64)
		if err != nil {
			continue // larger than any time or id: it stays
		}
		h := hole{at: m[4], end: m[5], value: v, time: string(text[m[2]:m[3]]) == "ts"}
		if !h.time {
			s.ids = max(s.ids, v+1)
		}
		out = append(out, h)
	}
	return out
}
