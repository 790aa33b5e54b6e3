//go:build !amd64 || purego

package trace

const vector = false

func skipVector(b []byte, i int) (end int) { return 0 }

func matchVector(b []byte, i int, pieces []string, at *[maxNumbers]span, digits *[maxNumbers]uint8) (end int) {
	return 0
}
