package analyze

import "strings"

// anonymous are the two spellings of C++'s namespace without a name.
var anonymous = []string{"(anonymous namespace)", "<unnamed>"}

// functionName is the bare function of a demangled kernel name: no return type,
// no template arguments, no parameters; namespaces stay. Names that are no C++
// come back as they are, and any text gives some answer.
func functionName(full string) string {
	var out strings.Builder
	depth := 0
	for rest := full; rest != ""; {
		if a := anonymousAt(rest); a != "" {
			if depth == 0 {
				out.WriteString(anonymousMark)
			}
			rest = rest[len(a):]
			continue
		}
		c := rest[0]
		rest = rest[1:]
		switch {
		case c == '<' || c == '{':
			depth++
		case c == '>' || c == '}':
			depth = max(0, depth-1)
		case depth > 0:
		case c == '(' || c == '[':
			rest = ""
		default:
			out.WriteByte(c)
		}
	}
	return lastWord(out.String(), full)
}

// anonymousMark stands for the nameless namespace while spaces split words.
const anonymousMark = "\x00"

func anonymousAt(s string) string {
	for _, a := range anonymous {
		if strings.HasPrefix(s, a) {
			return a
		}
	}
	return ""
}

// lastWord drops the return type before a function name.
func lastWord(name, full string) string {
	name = strings.TrimSpace(name)
	if i := strings.LastIndexByte(name, ' '); i >= 0 {
		name = name[i+1:]
	}
	if name == "" {
		return full
	}
	return strings.ReplaceAll(name, anonymousMark, anonymous[0])
}

// shortName is the function without namespaces, for tables.
func shortName(function string) string {
	if i := strings.LastIndex(function, "::"); i >= 0 && i+2 < len(function) {
		return function[i+2:]
	}
	return function
}
