// Package quiet keeps the terminal from being asked for its background colour. Bubble Tea asks while it is initialised, even for
// `shardeck version`, and where none answers (a web console, expect) each command waits five seconds. Its library asks nothing
// where the variable CI is set, so this package sets it for as long as packages are initialised, and Over takes it back.
//
// That it comes first follows from the language: packages are initialised in order of import path as soon as what they import
// is. This one imports os alone, Bubble Tea among others text/template, whose path comes after ours. A test in ui/cockpit looks
// at a terminal to see that it holds.
package quiet

import "os"

const variable = "CI"

// before is the variable as it was, if it was.
var before, was = os.LookupEnv(variable)

var hushed = before == "" && os.Setenv(variable, "true") == nil

// Over puts the environment back as it was, so that no job inherits the change.
func Over() {
	switch {
	case !hushed:
	case was:
		_ = os.Setenv(variable, before)
	default:
		_ = os.Unsetenv(variable)
	}
	hushed = false
}
