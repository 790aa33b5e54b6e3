package model

import (
	"reflect"
	"testing"
)

// TestGrouped: groups stand in the order of their first elements, and each keeps that of its own.
func TestGrouped(t *testing.T) {
	got := Grouped([]int{5, 2, 7, 4, 1}, func(n int) bool { return n%2 == 0 })
	want := []Group[bool, int]{{false, []int{5, 7, 1}}, {true, []int{2, 4}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := Grouped(nil, func(n int) int { return n }); got != nil {
		t.Errorf("groups of nothing: %v", got)
	}
}
