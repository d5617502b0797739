package operate

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
)

const (
	// progressBeat is how often progress is shown where a line can't be written over.
	progressBeat = time.Minute
	// overwrite moves a terminal to the start of the line and empties it.
	overwrite = "\r\x1b[K"
)

// progress shows how far something is: on a terminal in one line that is written over,
// elsewhere in a line a minute.
type progress struct {
	out        io.Writer
	onTerminal bool
	beat       time.Duration
	shown      time.Time
	last       string
}

func newProgress(out io.Writer) *progress {
	file, isFile := out.(*os.File)
	return &progress{out: out, onTerminal: isFile && isatty.IsTerminal(file.Fd()), beat: progressBeat, shown: time.Now()}
}

// show shows a text of one line.
func (p *progress) show(text string) {
	switch {
	case p.onTerminal && text != p.last:
		fmt.Fprint(p.out, overwrite+text)
	case !p.onTerminal && time.Since(p.shown) >= p.beat:
		fmt.Fprintln(p.out, text)
		p.shown = time.Now()
	}
	p.last = text
}

// end leaves the line free for what follows.
func (p *progress) end() {
	if p.onTerminal && p.last != "" {
		fmt.Fprint(p.out, overwrite)
	}
	p.last = ""
}
