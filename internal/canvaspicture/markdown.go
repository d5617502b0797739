package canvaspicture

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"benchlingwebhook/internal/svg"
)

// How the parts of a line look.
const (
	plain  = ""
	bold   = `font-weight="bold"`
	italic = `font-style="italic"`
	code   = `font-family="monospace" font-size="12"`
	link   = `fill="#0550ae" text-decoration="underline"`
)

// part is what the service writes in a line: a link, code, bold or italic text.
var part = regexp.MustCompile("\\[((?:`[^`]*`|[^\\]`])*)\\]\\(([^)]*)\\)|`([^`]*)`|\\*\\*([^*]+)\\*\\*|\\*([^*]+)\\*")

// line is a line of Markdown that is set: its indent in pixels, and its parts.
type line struct {
	indent float64
	spans  []svg.Span
}

// set returns the lines that Markdown takes at a width in pixels; a line without
// parts is a gap between paragraphs.
func set(markdown string, width float64) []line {
	var lines []line
	for _, source := range strings.Split(markdown, "\n") {
		text := strings.TrimLeft(source, " ")
		indent := float64(len(source)-len(text)) * indentWidth / 2
		if item, found := strings.CutPrefix(text, "- "); found {
			text, indent = "• "+item, indent+indentWidth
		}
		for i, spans := range wrap(spansOf(text), width-indent) {
			hanging := indent
			if i > 0 {
				hanging += indentWidth
			}
			lines = append(lines, line{hanging, spans})
		}
	}
	return lines
}

// spansOf returns the parts of a line of Markdown.
func spansOf(text string) []svg.Span {
	var spans []svg.Span
	at := 0
	add := func(text, attributes string) {
		if text != "" {
			spans = append(spans, svg.Span{Text: text, Attributes: attributes})
		}
	}
	for _, m := range part.FindAllStringSubmatchIndex(text, -1) {
		add(text[at:m[0]], plain)
		at = m[1]
		switch {
		case m[2] >= 0:
			label := text[m[2]:m[3]]
			if literal := strings.Trim(label, "`"); literal != label {
				add(literal, code+" "+link)
			} else {
				add(label, link)
			}
		case m[6] >= 0:
			add(text[m[6]:m[7]], code)
		case m[8] >= 0:
			add(text[m[8]:m[9]], bold)
		default:
			add(text[m[10]:m[11]], italic)
		}
	}
	add(text[at:], plain)
	return spans
}

// wrap breaks a line before the words that its width has no room for.
func wrap(spans []svg.Span, width float64) [][]svg.Span {
	lines := [][]svg.Span{nil}
	used := 0.0
	for _, s := range spans {
		for _, word := range strings.SplitAfter(s.Text, " ") {
			wide := float64(utf8.RuneCountInString(word)) * characterWidth
			last := len(lines) - 1
			if used > 0 && used+wide > width {
				lines, used, last = append(lines, nil), 0, last+1
			}
			used += wide
			if n := len(lines[last]); n > 0 && lines[last][n-1].Attributes == s.Attributes {
				lines[last][n-1].Text += word
			} else {
				lines[last] = append(lines[last], svg.Span{Text: word, Attributes: s.Attributes})
			}
		}
	}
	return lines
}
