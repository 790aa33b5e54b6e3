package kernelname

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// C++ has a namespace without a name, of two spellings. A mark stands for it while blanks and brackets are told.
const (
	nameless     = "(anonymous namespace)"
	namelessMark = "\x00"
)

var (
	markNameless = strings.NewReplacer(nameless, namelessMark, "<unnamed>", namelessMark)
	spelled      = strings.NewReplacer(namelessMark, nameless, "> >", ">>")
)

// functionName is the bare function of a kernel name, with namespaces: no return type, template arguments or parameters. With them it is
// distinct, without return type and parameters. Names that are no C++ come back as they are, and any text gives some answer.
func functionName(full string) (function, distinct string) {
	var bare, whole strings.Builder
	var open []byte // brackets, innermost last
	start, blank := 0, false
	for _, c := range []byte(markNameless.Replace(unmangled(strings.TrimSuffix(full, ".kd")))) {
		outside := len(open) == 0
		if outside && (c == '(' || c == '[') {
			break
		}
		switch {
		case c == '<' || c == '{' || c == '(':
			open = append(open, c)
		case c == '>' || c == '}' || c == ')':
			open = closeBracket(open, c)
		case outside && c == ' ':
			blank = true
		case outside && blank: // what came before was the return type
			bare.Reset()
			start, blank = whole.Len(), false
			fallthrough
		case outside:
			bare.WriteByte(c)
		}
		whole.WriteByte(c)
	}
	if bare.Len() == 0 {
		return full, full
	}
	return spelled.Replace(bare.String()), spelled.Replace(strings.Trim(whole.String()[start:], " "))
}

// opening are the brackets that closing ones end.
var opening = map[byte]byte{'>': '<', '}': '{', ')': '('}

// closeBracket ends the innermost bracket of the sort of c. A closing ) or } also ends a < left open inside it: that one
// was a comparison, as in enable_if<(a<b)>. A > that fits no < is one too, or an arrow.
func closeBracket(open []byte, c byte) []byte {
	for i := len(open) - 1; i >= 0; i-- {
		if open[i] == opening[c] {
			return open[:i]
		}
		if c == '>' {
			break
		}
	}
	return open
}

// unmangled is the readable form of a name as a compiler of C++ writes it (_ZN4vllm8rms_normE…, of the Itanium ABI): its
// namespaces and function, and the rest as a template argument. Other names stay.
func unmangled(name string) string {
	rest, ok := strings.CutPrefix(name, "_Z")
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "N"), "L")
	var parts []string
	for ok {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n, err := strconv.Atoi(rest[:digits])
		if err != nil || n == 0 || n > len(rest)-digits || !utf8.ValidString(rest[digits:digits+n]) {
			break
		}
		parts, rest = append(parts, rest[digits:digits+n]), rest[digits+n:]
	}
	if len(parts) == 0 {
		return name
	}
	return strings.Join(parts, "::") + "<" + rest + ">"
}

// shortName is the function without namespaces, for tables. PyTorch's general kernels do their work in a template
// argument, so that is said too: elementwise_kernel(silu).
func shortName(full, function string) string {
	short := withoutNamespace(function)
	if !strings.Contains(short, "elementwise_kernel") && short != "reduce_kernel" { // these run what a template argument says
		return short
	}
	for _, m := range workWord.FindAllStringSubmatch(full, -1) {
		if m[1] != "" && !generalWord.MatchString(m[0]) {
			return short + "(" + m[1] + ")"
		}
	}
	return short
}

// withoutNamespace is the last part of a function's name.
func withoutNamespace(function string) string {
	if i := strings.LastIndex(function, "::"); i >= 0 && i+2 < len(function) {
		return function[i+2:]
	}
	return function
}

// workWord finds that argument, and generalWord is what looks like it and is not.
var (
	workWord = regexp.MustCompile(`\b(?:CUDAFunctor_)?([A-Za-z_]\w*?)(?:Functor\b|_functor\b|_kernel_cuda\b|_kernel_impl\b|` +
		`_kernel\(|_kernel<|Ops<|_cuda_out\b|<c10::\w+>, std::array)`)
	generalWord = regexp.MustCompile(`elementwise|gpu_kernel|gpu_index|reduce_kernel|Binary|internal`)
)
