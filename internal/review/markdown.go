package review

import (
	"fmt"
	"strings"
)

// GitHub takes a comment of at most 65,536 characters. The report stays below that
// in bytes, of which no character has less than one, with room for a marker.
const (
	commentLimit = 65_000
	// lineLimit is how many characters of one text a comment shows.
	lineLimit = 2_000
)

// Markdown returns the report for a comment on a pull request: all findings, or as
// many as a comment holds, the dangerous before the others, and how many more there
// are.
func (r Review) Markdown() string {
	var b strings.Builder
	if r.Commit != "" {
		fmt.Fprintf(&b, "### %s\n\n", r.heading())
	}
	fmt.Fprintf(&b, "**%s**\n", code(r.Verdict()))
	for _, line := range r.Notes {
		fmt.Fprintf(&b, "\n%s\n", code(line))
	}
	kept := r.thatFit(commentLimit - b.Len() - overhead)
	for _, section := range kept.sections() {
		fmt.Fprintf(&b, "\n### %s\n\n", section)
		for _, f := range kept.in(section) {
			b.WriteString(r.item(f))
		}
	}
	if left := len(r.Findings) - len(kept.Findings); left > 0 {
		fmt.Fprintf(&b, "\n**%d more, %d of them dangerous:** `review.json` has all.\n", left, r.dangers()-kept.dangers())
	}
	return b.String()
}

// overhead is what the sections' headings and the last line take at most.
const overhead = 1_000

// heading names what was compared.
func (r Review) heading() string {
	text := "Review of " + code(r.Commit)
	if r.Uncommitted {
		text += " with uncommitted changes"
	}
	return text + " compared with " + code(r.Base)
}

// thatFit returns a review with the findings whose items have together at most so
// many bytes. Where one doesn't fit, none after it is looked at: no danger is left
// out for something harmless.
func (r Review) thatFit(bytes int) Review {
	kept := r
	kept.Findings = nil
	for _, danger := range []bool{true, false} {
		for _, f := range r.Findings {
			if f.Danger != danger {
				continue
			}
			if bytes -= len(r.item(f)); bytes < 0 {
				return kept
			}
			kept.Findings = append(kept.Findings, f)
		}
	}
	return kept
}

// item returns a finding as an item of a list.
func (r Review) item(f Finding) string {
	text := fmt.Sprintf("- %s%s\n", mark(f, "⚠️ ", ""), code(strings.TrimSpace(f.Text+r.where(f))))
	if len(f.Follows) > 0 {
		text += fmt.Sprintf("  - %s\n", code(follows(f)))
	}
	return text
}

func (r Review) dangers() int {
	count := 0
	for _, f := range r.Findings {
		if f.Danger {
			count++
		}
	}
	return count
}

// FailureMarkdown is the comment where the review itself failed: an older one would
// be about another commit.
func FailureMarkdown(err error) string {
	return fmt.Sprintf("**The review failed:** nothing is known of this change. %s\n", code(err.Error()))
}
