package operate

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// prompter asks a person; a nil one has nobody to ask.
type prompter interface {
	// ask returns the line that is typed, seen unless it is hidden.
	ask(ctx context.Context, question string, hidden bool) (string, error)
}

// agrees says whether a person's response to a question is yes.
func agrees(ctx context.Context, person prompter, question string) (bool, error) {
	said, err := person.ask(ctx, question+" [y/N] ", false)
	said = strings.ToLower(strings.TrimSpace(said))
	return said == "y" || said == "yes", err
}

// terminal asks at a terminal; it writes the questions to out.
type terminal struct {
	in    *os.File
	lines *bufio.Reader
	out   io.Writer
}

// newTerminal returns a prompter, or nil where the file is no terminal.
func newTerminal(in *os.File, out io.Writer) prompter {
	if !term.IsTerminal(int(in.Fd())) {
		return nil
	}
	return terminal{in, bufio.NewReader(in), out}
}

// typed is a line, or why there is none.
type typed struct {
	line string
	err  error
}

// ask ends with the context, and then leaves the terminal as it was.
func (t terminal) ask(ctx context.Context, question string, hidden bool) (string, error) {
	descriptor := int(t.in.Fd())
	before, err := term.GetState(descriptor)
	if err != nil {
		return "", err
	}
	fmt.Fprint(t.out, question)
	read := make(chan typed, 1)
	go func() {
		if hidden {
			text, err := term.ReadPassword(descriptor)
			read <- typed{string(text), err}
			return
		}
		line, err := t.lines.ReadString('\n')
		read <- typed{line, err}
	}()
	select {
	case <-ctx.Done():
		_ = term.Restore(descriptor, before)
		fmt.Fprintln(t.out)
		return "", ctx.Err()
	case got := <-read:
		if hidden {
			fmt.Fprintln(t.out)
		}
		return got.line, got.err
	}
}
