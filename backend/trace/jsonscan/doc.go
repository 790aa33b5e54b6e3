// Package jsonscan finds where pieces of JSON end, in text of which only a window is in
// memory. It is what the readers of all formats share, and knows none of them.
//
//	value.go    where strings and values end; the keys of an object, the elements of an array
//	skip.go     the end of an object that nobody looks into
//	pattern.go  text that comes again with other numbers in it
//	number.go   numbers from their decimal text, never through a float; eight digits at once
//	text.go     strings for people, and places in a text
//	window.go   the text in memory, a block at a time
//
// The two loops that see nearly every byte of a Kineto trace, to the end of an object that is
// skipped and along a pattern, are in assembly where the processor has AVX2
// (vector_amd64.s), and in Go elsewhere or with the build tag purego; the tests hold
// one to the other.
package jsonscan
