package peers

import (
	"encoding/json"
	"strconv"

	"github.com/bytedance/sonic"
	"github.com/bytedance/sonic/decoder"
)

// The decoders make a value of every event, with the five fields that the work needs.

// jsonDocument is for encoding/json.
type jsonDocument struct {
	Events []struct {
		Name string  `json:"name"`
		Cat  string  `json:"cat"`
		Ts   float64 `json:"ts"`
		Dur  float64 `json:"dur"`
		Pid  number  `json:"pid"`
	} `json:"traceEvents"`
}

// number is a pid, which is text for rows that are no device.
type number int

func (n *number) UnmarshalJSON(b []byte) error {
	*n = number(whole(b))
	return nil
}

// whole is the number that b is, else -1.
func whole(b []byte) int {
	v, err := strconv.Atoi(string(b))
	if err != nil {
		return -1
	}
	return v
}

// EncodingJSON is json.Unmarshal into structs.
func EncodingJSON(doc []byte) (Work, error) {
	var d jsonDocument
	if err := json.Unmarshal(doc, &d); err != nil {
		return Work{}, err
	}
	t := newTally()
	for i := range d.Events {
		if e := &d.Events[i]; e.Cat == "kernel" {
			t.add([]byte(e.Name), int(e.Pid), nanos(e.Ts), nanos(e.Dur))
		}
	}
	return t.work(), nil
}

// sonicDocument is for sonic, which can leave a value as it is without a copy.
type sonicDocument struct {
	Events []struct {
		Name string                 `json:"name"`
		Cat  string                 `json:"cat"`
		Ts   float64                `json:"ts"`
		Dur  float64                `json:"dur"`
		Pid  sonic.NoCopyRawMessage `json:"pid"`
	} `json:"traceEvents"`
}

// Sonic is its decoder into structs whose strings are text of the document.
func Sonic(doc string) (Work, error) { return sonicWith(doc, 0) }

// SonicUnchecked is Sonic told not to check what it skips, and that keys are spelled
// exactly: its fastest.
func SonicUnchecked(doc string) (Work, error) {
	return sonicWith(doc, decoder.OptionNoValidateJSON|decoder.OptionCaseSensitive)
}

func sonicWith(doc string, o decoder.Options) (Work, error) {
	var d sonicDocument
	dec := decoder.NewDecoder(doc)
	dec.SetOptions(o)
	if err := dec.Decode(&d); err != nil {
		return Work{}, err
	}
	t := newTally()
	for i := range d.Events {
		if e := &d.Events[i]; e.Cat == "kernel" {
			t.add([]byte(e.Name), whole(e.Pid), nanos(e.Ts), nanos(e.Dur))
		}
	}
	return t.work(), nil
}
