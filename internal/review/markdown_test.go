package review

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
	"gotest.tools/v3/assert"
)

func TestMarkdownNamesWhatWasCompared(t *testing.T) {
	review := Review{
		Stacks: []string{"a", "b"}, Commit: "1234567", Base: "89abcde", Uncommitted: true, Notes: []string{"drift: IN_SYNC"},
		Findings: []Finding{
			{Section: Access, Danger: true, Text: "added: Allow *_* @team <b>", Stacks: []string{"a"}, Follows: []string{"x"}},
			{Section: Other, Text: "Description: `a` → b", Stacks: []string{"a", "b"}},
		},
	}
	assert.Equal(t, review.Markdown(), "### Review of `1234567` with uncommitted changes compared with `89abcde`\n"+`
**`+"`DANGEROUS: added: Allow *_* @team <b> [a]`"+`**

`+"`drift: IN_SYNC`"+`

### Access

- ⚠️ `+"`added: Allow *_* @team <b> [a]`"+`
  - `+"`1 property follows: x`"+`

### Everything else

- `+"``Description: `a` → b``"+`
`)
}

// hostile are values that would be more than text to GitHub or to a terminal.
var hostile = []string{
	"x\r\r# Approved\r", "x\n\n## nothing changed\n\n", "x\u2028# a\u2029# b\u0085# c\v# d\f# e", "\x1b[2J\x1b]8;;https://a.example\x07",
	"\u202etxet\u202c \u2066a\u2069 \u200b\ufeff\U000e0041", "\xff\xfe", "@team @org/team", "http://a.example www.a.example mailto:a@b.example",
	"#12 GH-1 org/repo#1 0123456789abcdef0123456789abcdef01234567", "`` ` ``` @team", "`", "```", "`a", " ", "", "a`` @b", `\` + "`@team`",
	"<img src=x> &#64;team <!-- -->", "|a|b|\n|-|-|", "![a](http://a.example) [b][c]", "- [ ] a", "~~~", "****", ":tada:", "$$x$$",
}

func TestMarkdownHasValuesInCodeSpansAlone(t *testing.T) {
	for _, value := range hostile {
		t.Run(fmt.Sprintf("%q", value), func(t *testing.T) {
			review := Review{
				Stacks: []string{"a", "b"}, Commit: "1234567", Base: "89abcde", Notes: []string{value},
				Findings: []Finding{{Section: Other, Text: value, Stacks: []string{value}, Follows: []string{value}}, {Section: Other, Text: value}},
			}
			outside, spans := outsideOfCode(review.Markdown())
			assert.Equal(t, outside, "Review of  compared with Everything else")
			assert.Equal(t, spans, 2+1+1+3)
		})
	}
}

// outsideOfCode returns what GitHub would read as text of a comment, with the kinds of
// what is more than text, and how many code spans there are.
func outsideOfCode(comment string) (outside string, spans int) {
	source := []byte(comment)
	var b strings.Builder
	document := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	_ = ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := node.(type) {
		case *ast.CodeSpan:
			if entering {
				spans++
			}
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			if entering {
				b.Write(n.Segment.Value(source))
			}
		case *ast.Document, *ast.Paragraph, *ast.TextBlock, *ast.List, *ast.ListItem, *ast.Heading, *ast.Emphasis:
		default:
			b.WriteString(node.Kind().String())
		}
		return ast.WalkContinue, nil
	})
	return b.String(), spans
}

func TestTextHasNoCharacterThatIsNotSeen(t *testing.T) {
	for _, value := range hostile {
		lines := strings.Split(Review{Findings: []Finding{{Section: Other, Text: value, Danger: true}}}.Text(), "\n")
		assert.Equal(t, len(lines), 5, "%q", lines)
		for _, line := range lines {
			assert.Assert(t, !strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }), "%q", line)
		}
	}
	assert.Equal(t, visible("a\r\n\t\x1b\u202e\U000e0041\xff\ufffd ä"), `a\r\n\t\u001b\u202e\U000e0041\xff`+"\ufffd ä")
}

func TestCommentKeepsDangersWhereItIsCut(t *testing.T) {
	var review Review
	for i := range 3_000 {
		review.Findings = append(review.Findings, Finding{Section: Outage, Text: fmt.Sprintf("harmless %d %s", i, strings.Repeat("ä", 100))})
	}
	for i := range 200 {
		review.Findings = append(review.Findings, Finding{Section: Hardening, Danger: true, Text: fmt.Sprintf("danger %d %s", i, strings.Repeat("\u202e", 10))})
	}
	comment := review.Markdown()
	assert.Assert(t, len(comment) < 65_536 && len(comment) > 60_000, len(comment))
	assert.Equal(t, strings.Count(comment, "- ⚠️ `danger "), 200)
	shown := strings.Count(comment, "- `harmless ")
	assert.Assert(t, strings.HasSuffix(comment, fmt.Sprintf("\n**%d more, 0 of them dangerous:** `review.json` has all.\n", 3_000-shown)), comment[len(comment)-200:])

	review.Findings = review.Findings[2_900:]
	for _, filler := range []string{"`", "\U000e0041", "𐀀"} {
		long := strings.Repeat(filler, 10_000)
		for i := range review.Findings {
			review.Findings[i].Text, review.Findings[i].Follows = long, []string{long}
		}
		comment = review.Markdown()
		assert.Assert(t, len(comment) < 65_536, len(comment))
		assert.Assert(t, strings.Contains(comment, "- ⚠️ ") && strings.Contains(comment, " of them dangerous:"), comment[len(comment)-200:])
	}
}

func TestFailureIsToldAsOneLine(t *testing.T) {
	assert.Equal(t, FailureMarkdown(errors.New("go build:\n# @team")), "**The review failed:** nothing is known of this change. `go build:\\n# @team`\n")
}
