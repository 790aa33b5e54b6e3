package model

import (
	"fmt"
	"strconv"
)

// UnmarshalYAML reads a whole number of at least 1, or the word auto.
func (a *AutoInt) UnmarshalYAML(unmarshal func(any) error) error {
	var n int
	if unmarshal(&n) == nil && n >= 1 {
		*a = AutoInt(n)
		return nil
	}
	var text string
	if err := unmarshal(&text); err != nil || text != "auto" {
		return fmt.Errorf("%.20q: give a whole number of at least 1, or auto", text)
	}
	*a = Auto
	return nil
}

// MarshalYAML writes what UnmarshalYAML reads.
func (a AutoInt) MarshalYAML() (any, error) {
	if a == Auto {
		return "auto", nil
	}
	return int(a), nil
}

// String is the number, or auto.
func (a AutoInt) String() string {
	if a == Auto {
		return "auto"
	}
	return strconv.Itoa(int(a))
}
