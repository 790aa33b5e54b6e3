//go:build unix

package jsonscan

import (
	"os"
	"syscall"
	"testing"
)

// edge gives a place for texts that end where memory does: one byte more is a fault.
func edge(t *testing.T) func([]byte) []byte {
	page := os.Getpagesize()
	mem, err := syscall.Mmap(-1, 0, 2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(mem) })
	if err := syscall.Mprotect(mem[page:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return func(text []byte) []byte {
		b := mem[page-len(text) : page : page]
		copy(b, text)
		return b
	}
}
