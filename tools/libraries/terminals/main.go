// Terminals compares go-isatty with the mode of a file, which is all that Go's
// own packages say.
package main

import (
	"encoding/json"
	"os"

	"github.com/mattn/go-isatty"
)

func main() {
	null, err := os.Open(os.DevNull)
	if err != nil {
		panic(err)
	}
	about, err := null.Stat()
	if err != nil {
		panic(err)
	}
	rows := [][]any{{"/dev/null is taken for a terminal", about.Mode()&os.ModeCharDevice != 0, isatty.IsTerminal(null.Fd())}}
	if err := json.NewEncoder(os.Stdout).Encode(rows); err != nil {
		panic(err)
	}
}
