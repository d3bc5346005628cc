package main

import (
	"fmt"
	"os"
)

// notOver refuses to write over a file that the same command reads.
func notOver(flag, out string, inputs ...string) error {
	if out == "" {
		return nil
	}
	there, err := os.Stat(out)
	if err != nil {
		return nil //nolint:nilerr // nothing is there yet; what else is wrong shows where it is written
	}
	for _, in := range inputs {
		if read, err := os.Stat(in); err == nil && os.SameFile(there, read) {
			return &misuseError{fmt.Sprintf("%s %s would write over what is read; name another file", flag, out)}
		}
	}
	return nil
}
