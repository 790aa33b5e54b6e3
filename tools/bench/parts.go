package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"shardeck/tools/bench/peers"
)

// Every part of the work is done by a child process of this program, so that none
// inherits the memory of another. A part reads its order from the command line and
// prints its result, both as JSON.
var parts = map[string]func(order json.RawMessage) (any, error){
	"make": func(o json.RawMessage) (any, error) { return with(o, makeOrder.run) },
	"pair": func(o json.RawMessage) (any, error) { return with(o, pairOrder.run) },
	"one":  func(o json.RawMessage) (any, error) { return with(o, raceOrder.oneCore) },
	"two":  func(o json.RawMessage) (any, error) { return with(o, raceOrder.twoCores) },
	"stop": func(o json.RawMessage) (any, error) { return with(o, stopOrder.run) },
	"open": func(o json.RawMessage) (any, error) { return with(o, openOrder.run) },
}

func with[O, R any](order json.RawMessage, run func(O) (R, error)) (any, error) {
	var o O
	if err := json.Unmarshal(order, &o); err != nil {
		return nil, err
	}
	return run(o)
}

// runPart is the child's side.
func runPart(name, order string) error {
	part := parts[name]
	if part == nil {
		return fmt.Errorf("no part is named %q", name)
	}
	got, err := part(json.RawMessage(order))
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(got)
}

// pinned is the core that one-core parts are bound to: the last, since the first
// serves most interrupts.
func pinned(cores int) []string {
	if path, err := exec.LookPath("taskset"); err == nil {
		return []string{path, "-c", strconv.Itoa(cores - 1)}
	}
	return nil
}

// ask runs a part in a child with GOMAXPROCS procs, under the command before if
// there is one, and gives its result and its peak memory in bytes.
func ask[R any](part string, order any, procs int, before ...string) (got R, rss int64, err error) {
	self, err := os.Executable()
	if err != nil {
		return got, 0, err
	}
	text, err := json.Marshal(order)
	if err != nil {
		return got, 0, err
	}
	args := append(before, self, "part", part, string(text))
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(procs))
	cmd.Stderr = os.Stderr
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return got, 0, fmt.Errorf("part %s: %w", part, err)
	}
	return got, peak(cmd.ProcessState), json.Unmarshal(out.Bytes(), &got)
}

// makeOrder asks for the documents of a mix.
type makeOrder struct {
	Name     string
	Paths    []string
	Dir      string
	Mid, Big int64
}

func (o makeOrder) run() (input, error) { return mix{o.Name, o.Paths}.make(o.Dir, o.Mid, o.Big) }

// raceOrder asks for rounds of contestants over one input.
type raceOrder struct {
	Input  input
	Rounds int
}

// race is what came of them: series by suite.
type race map[string][]series

func (o raceOrder) oneCore() (race, error) {
	doc, err := os.ReadFile(o.Input.Mid)
	if err != nil {
		return nil, err
	}
	return o.suites([]suite{
		{"big", plainSuite(o.Input.Big)},
		{"small", plainSuite(o.Input.Small)},
		{"gz", gzipSuite(o.Input)},
		{"mid", documentSuite(o.Input, doc)},
	})
}

func (o raceOrder) twoCores() (race, error) {
	return o.suites([]suite{{"two", twoSuite(o.Input)}})
}

func (o raceOrder) suites(list []suite) (race, error) {
	out := race{}
	for _, s := range list {
		got, err := compare(s.list, o.Rounds, slack)
		if err != nil {
			return nil, err
		}
		out[s.name] = got
	}
	return out, nil
}

// slack is by how many ns a kernel the unions of peers may differ: a time of some
// days in µs, read as a float64, is off by up to half a ns at each end.
const slack = 4

// suite is a list of contestants that take turns.
type suite struct {
	name string
	list []contestant
}

// nothing makes a contestant of something that does less than the work.
func nothing(f func() error) func() (peers.Work, error) {
	return func() (peers.Work, error) { return peers.Work{}, f() }
}
