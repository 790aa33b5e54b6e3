package cli

import "encoding/json"

// printJSON writes one indented JSON value. Text is kept as it is: no HTML escapes.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
