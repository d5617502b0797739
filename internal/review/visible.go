package review

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible returns a text as one line in which a reader sees all that is there:
// control characters, Unicode's separators of lines and its formatting characters,
// those that turn the direction among them, are escapes, as in Go's strings. Else
// a value could forge lines of the report, or hide its own.
//
// Source: Unicode Standard Annex 9, "Unicode Bidirectional Algorithm".
func visible(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case !hidden(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// hidden says whether a character has no shape of its own.
func hidden(r rune) bool {
	return unicode.Is(unicode.C, r) || unicode.In(r, unicode.Zl, unicode.Zp) || r == 0x115F || r == 0x1160 || r == 0x3164 || r == 0xFFA0
}

// code returns a text as a code span of Markdown, in which GitHub makes nothing of
// mentions, links, numbers of issues, hashes of commits and markup. Of a text longer
// than lineLimit it has the beginning and the end.
//
// Sources: GitHub Flavored Markdown Spec, 6.3 "Code spans"; GitHub Docs, "Basic
// writing and formatting syntax" and "Autolinked references and URLs".
func code(text string) string {
	text = bounded(visible(text), lineLimit)
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	// One space on each side isn't shown.
	if text == "" || strings.Trim(text, "` ") != text {
		text = " " + text + " "
	}
	return fence + text + fence
}
