// Package page is a report as data: what was run, the answer, tables and figures, and behind each number its definition, n, source and
// hash.
// build.go makes it of results, sentences.go says the answer, names.go takes out whom and where it is of. It is written into the page as
// JSON too, so that every number can be worked out again and compared.
package page

import (
	"shardeck/model/figure"
	"shardeck/model/metric"
)

// Schema is the version of the JSON in a page.
const Schema = 1

// Page is a report. Its HTML follows from it alone.
type Page struct {
	Schema      int          `json:"schema"`
	Program     string       `json:"shardeck"` // the version that made it
	Made        string       `json:"made"`     // date and time, UTC
	Asked       Asked        `json:"asked"`
	Title       string       `json:"title"`
	Answer      []string     `json:"answer"` // three sentences
	Runs        []Run        `json:"runs"`
	Sections    []Section    `json:"sections"`
	Definitions []Definition `json:"definitions"`
}

// Asked is what a page was made of, so that it can be made again.
type Asked struct {
	Sweep string `json:"sweep,omitempty"` // its id; empty: of the runs
	Names bool   `json:"with_names"`      // names of people, hosts, accounts and paths stand in it
}

// Run is a run with everything that was measured of it.
type Run struct {
	Name    string          `json:"run"`
	Key     string          `json:"key"` // of the hash of its name, by which it is found again where the name was taken out
	Files   []File          `json:"files"`
	Metrics []metric.Metric `json:"metrics"`
}

// File is one that values come from.
type File struct {
	Name   string `json:"name"` // without its folder
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // empty: it was not read whole, as Why says
	Why    string `json:"why,omitempty"`
}

// Strip is the window of a rank in equal bins; each holds what share of it, in whole %, was spent on what.
type Strip struct {
	Rank     int              `json:"rank"`
	WindowMS float64          `json:"window_ms"`
	Parts    map[string][]int `json:"parts"`
}

// Section is a part of a page with a heading.
type Section struct {
	ID      string          `json:"id"`
	Title   string          `json:"title"`
	Texts   []string        `json:"texts,omitempty"`
	Figures []figure.Figure `json:"figures,omitempty"`
	Tables  []Table         `json:"tables,omitempty"`
	Strips  []Strip         `json:"strips,omitempty"` // the timeline of a run
	Folded  bool            `json:"folded,omitempty"` // only its title shows until it is opened; in print it is open
}

// Table is rows of cells.
type Table struct {
	ID      string   `json:"id"` // of one page
	Title   string   `json:"title,omitempty"`
	Columns []Column `json:"columns"`
	Rows    [][]Cell `json:"rows"`
	Behind  string   `json:"behind,omitempty"` // what the numbers are of, which files they come from
}

// Column of a table.
type Column struct {
	Title string `json:"title"`
	Unit  string `json:"unit,omitempty"`
	Right bool   `json:"right,omitempty"`
	Why   string `json:"why,omitempty"` // its definition
}

// Cell is what stands in a place; Why is what stands behind its number: definition, n, source and hash.
type Cell struct {
	Text string `json:"text"`
	Role string `json:"role,omitempty"` // good, warn, bad, dim, strong
	Why  string `json:"why,omitempty"`
}

// Definition of a metric.
type Definition struct {
	Name string `json:"name"`
	Unit string `json:"unit"`
	Text string `json:"text"`
}
