package review

import (
	"strings"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// widest is how long a value may be, in characters, to be shown whole; of longer
// ones, what differs is, with the characters around it. The JSON has all of it.
const (
	widest  = 160
	around  = 20
	longest = 600
)

// arrow returns "before → after", of long values what differs in them.
func arrow(before, after string) string {
	if len([]rune(before)) <= widest && len([]rune(after)) <= widest {
		return before + " → " + after
	}
	comparing := diffmatchpatch.New()
	parts := comparing.DiffCleanupSemantic(comparing.DiffMain(before, after, false))
	var was, is strings.Builder
	for i, part := range parts {
		switch part.Type {
		case diffmatchpatch.DiffDelete:
			was.WriteString(part.Text)
		case diffmatchpatch.DiffInsert:
			is.WriteString(part.Text)
		case diffmatchpatch.DiffEqual:
			text := shortened(part.Text, i == 0, i == len(parts)-1)
			was.WriteString(text)
			is.WriteString(text)
		}
	}
	return bounded(was.String(), longest) + " → " + bounded(is.String(), longest)
}

// shortened returns what two values share, but for its middle, or, at the values'
// start and end, for what is far from where they differ.
func shortened(text string, first, last bool) string {
	runes := []rune(text)
	head, tail := around, around
	if first {
		head = 0
	}
	if last {
		tail = 0
	}
	if len(runes) <= head+tail+1 {
		return text
	}
	return string(runes[:head]) + "…" + string(runes[len(runes)-tail:])
}

// bounded returns a value's beginning and end, where it is longer than a reader
// would read: longer than so many characters.
func bounded(text string, limit int) string {
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return string(runes[:limit/2]) + "…" + string(runes[len(runes)-limit/2:])
}
