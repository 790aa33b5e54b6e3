package model

import (
	"errors"
	"fmt"
	"strconv"
)

// UnmarshalYAML reads a whole number of at least 1, or the word auto.
func (a *AutoInt) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return errors.New("give a whole number of at least 1, or auto")
	}
	if text == "auto" {
		*a = Auto
		return nil
	}
	// Read as text: the decoder would cut 1.5 down to 1.
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return fmt.Errorf("%.20q: give a whole number of at least 1, or auto", text)
	}
	*a = AutoInt(n)
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
