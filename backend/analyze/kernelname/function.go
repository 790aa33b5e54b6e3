package kernelname

import (
	"regexp"
	"strings"
)

// C++ has a namespace without a name, of two spellings. A mark stands for it while blanks and brackets are told.
const (
	nameless     = "(anonymous namespace)"
	namelessMark = "\x00"
)

var markNameless = strings.NewReplacer(nameless, namelessMark, "<unnamed>", namelessMark)

// functionName is the bare function of a demangled kernel name, with namespaces: no return type, template arguments or
// parameters. Names that are no C++ come back as they are, and any text gives some answer.
func functionName(full string) string {
	var name strings.Builder
	var open []byte // brackets, innermost last
	for _, c := range []byte(markNameless.Replace(full)) {
		if len(open) == 0 && (c == '(' || c == '[') {
			break
		}
		switch c {
		case '<', '{', '(':
			open = append(open, c)
		case '>', '}', ')':
			open = closeBracket(open, c)
		default:
			if len(open) == 0 {
				name.WriteByte(c)
			}
		}
	}
	words := strings.TrimSpace(name.String())
	words = words[strings.LastIndexByte(words, ' ')+1:] // the return type goes
	if words == "" {
		return full
	}
	return strings.ReplaceAll(words, namelessMark, nameless)
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

// shortName is the function without namespaces, for tables. PyTorch's general kernels do their work in a template
// argument, so that is said too: elementwise_kernel(silu).
func shortName(full, function string) string {
	short := withoutNamespace(function)
	if !generalKernel.MatchString(short) {
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

// generalKernel are the functions that run what a template argument says; workWord
// finds that argument, and generalWord is what looks like it and is not.
var (
	generalKernel = regexp.MustCompile(`elementwise_kernel|^reduce_kernel$`)
	workWord      = regexp.MustCompile(`\b(?:CUDAFunctor_)?([A-Za-z_]\w*?)(?:Functor\b|_functor\b|_kernel_cuda\b|_kernel_impl\b|` +
		`_kernel\(|_kernel<|Ops<|_cuda_out\b|<c10::\w+>, std::array)`)
	generalWord = regexp.MustCompile(`elementwise|gpu_kernel|gpu_index|reduce_kernel|Binary|internal`)
)
