package metric

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
)

//go:embed definitions.json
var definitions []byte

// Definitions lists every metric in the order of screens, files and JSON: tables take their headers from here, and
// `metric --explain` prints Text.
var Definitions = readDefinitions()

func readDefinitions() (all []Definition) {
	if err := json.Unmarshal(definitions, &all); err != nil {
		panic(err) // the file is a part of the program, and tested
	}
	return all
}

// Define finds a definition by name or alias, in any case; ok is false if there is none.
func Define(name string) (d Definition, ok bool) {
	name = strings.ToLower(name)
	for _, d := range Definitions {
		if d.Name == name || slices.Contains(d.Aliases, name) {
			return d, true
		}
	}
	return Definition{}, false
}
