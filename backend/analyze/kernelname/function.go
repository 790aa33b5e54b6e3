package kernelname

import (
	"regexp"
	"strings"
)

// anonymous are the two spellings of C++'s namespace without a name.
var anonymous = []string{"(anonymous namespace)", "<unnamed>"}

// functionName is the bare function of a demangled kernel name: no return type,
// no template arguments, no parameters; namespaces stay. Names that are no C++
// come back as they are, and any text gives some answer.
func functionName(full string) string {
	var out strings.Builder
	var open brackets
	for rest := full; rest != ""; {
		if a := anonymousAt(rest); a != "" {
			if len(open) == 0 {
				out.WriteString(anonymousMark)
			}
			rest = rest[len(a):]
			continue
		}
		c := rest[0]
		rest = rest[1:]
		if len(open) == 0 && (c == '(' || c == '[') {
			break
		}
		if !open.next(c) {
			out.WriteByte(c)
		}
	}
	return lastWord(out.String(), full)
}

// brackets are the ones that are open, innermost last.
type brackets []byte

// closing are the brackets that a closing one ends.
var closing = map[byte]byte{'>': '<', '}': '{', ')': '('}

// next takes one more byte and reports whether it is a bracket or inside one. A
// closing ) or } also ends a < left open before it: that one was a comparison, as
// in enable_if<(a<b)>.
func (b *brackets) next(c byte) (inside bool) {
	inside = len(*b) > 0
	switch c {
	case '<', '{', '(':
		*b = append(*b, c)
		return true
	case '>', '}', ')':
		b.close(c)
		return true
	}
	return inside
}

func (b *brackets) close(c byte) {
	for i := len(*b) - 1; i >= 0; i-- {
		if (*b)[i] == closing[c] {
			*b = (*b)[:i]
			return
		}
		if c == '>' {
			return // a comparison or an arrow inside parentheses
		}
	}
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

// shortName is the function without namespaces, for tables. PyTorch's general
// kernels do their work in a template argument, so that is said too:
// elementwise_kernel(silu).
func shortName(full, function string) string {
	short := function
	if i := strings.LastIndex(function, "::"); i >= 0 && i+2 < len(function) {
		short = function[i+2:]
	}
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

// generalKernel are the functions that run what a template argument says; workWord
// finds that argument, and generalWord is what looks like it and is not.
var (
	generalKernel = regexp.MustCompile(`elementwise_kernel|^reduce_kernel$`)
	workWord      = regexp.MustCompile(`\b(?:CUDAFunctor_)?([A-Za-z_]\w*?)(?:Functor\b|_functor\b|_kernel_cuda\b|_kernel_impl\b|_kernel\(|_kernel<|Ops<|_cuda_out\b|<c10::\w+>, std::array)`)
	generalWord   = regexp.MustCompile(`elementwise|gpu_kernel|gpu_index|reduce_kernel|Binary|internal`)
)
