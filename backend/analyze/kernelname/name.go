// Package kernelname reads the names of GPU kernels: what a kernel computes or sends, and
// a name short enough for tables. What it knows is data (calls.go, classes.go), from the
// sources of NCCL, vLLM, PyTorch, FlashInfer, DeepEP and NVSHMEM, and from recordings.
package kernelname

// Name is what the name of a kernel says.
type Name struct {
	Full  string   // as in the trace
	Short string   // the function, for tables
	Call  CallType // NotComm: it computes
	Class string   // one of Classes
}

// Of reads a name. Any text gives some answer.
func Of(full string) Name {
	function := functionName(full)
	call := callOf(function)
	return Name{Full: full, Short: shortName(full, function), Call: call, Class: classOf(full, call)}
}

// Table reads each name of a list.
func Table(full []string) []Name {
	out := make([]Name, len(full))
	for i, name := range full {
		out[i] = Of(name)
	}
	return out
}

// IsComm reports whether the kernel is of communication.
func (n *Name) IsComm() bool { return n.Call != NotComm }

// IsCall reports whether the kernel is a call: communication that transfers something.
func (n *Name) IsCall() bool { return n.Call != NotComm && n.Call != Control }
