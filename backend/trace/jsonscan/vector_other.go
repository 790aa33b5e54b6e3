//go:build !amd64 || purego

package jsonscan

const vector = false

func skipVector(b []byte, i int) (end int) { return 0 }

func matchVector(b []byte, i int, pieces []string, at *[MaxNumbers]Span, digits *[MaxNumbers]uint8) (end int) {
	return 0
}

func valuesVector(b []byte, at *[MaxNumbers]Span, n int, values *[MaxNumbers]Value) {}
