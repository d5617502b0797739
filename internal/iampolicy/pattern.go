package iampolicy

import (
	"unicode"
	"unicode/utf8"
)

// Matches says whether a pattern of a policy, in which "*" is any text and "?" one
// character, holds for a text. The case of letters counts in no action; in resources
// it does, so that this says yes of a few more than IAM would.
//
// Source: IAM User Guide, "IAM JSON policy elements: Resource" and "… Action".
func Matches(pattern, text string) bool {
	// Where the last star was, and how much of the text it stood for.
	star, taken := -1, 0
	p, t := 0, 0
	for t < len(text) {
		is, size := utf8.DecodeRuneInString(text[t:])
		if p < len(pattern) {
			due, width := utf8.DecodeRuneInString(pattern[p:])
			if due == '*' {
				star, taken = p, t
				p++
				continue
			}
			if due == '?' || unicode.ToLower(due) == unicode.ToLower(is) {
				p += width
				t += size
				continue
			}
		}
		if star < 0 {
			return false
		}
		_, more := utf8.DecodeRuneInString(text[taken:])
		taken += more
		p, t = star+1, taken
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
