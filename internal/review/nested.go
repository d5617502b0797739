package review

import (
	"maps"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// nestedStack is the type of a resource that is a stack of its own. Templates go by
// STACK/LOGICAL-ID, at every depth.
const nestedStack = "AWS::CloudFormation::Stack"

// nestedIn says whether a stack was nested in one that is still there, and so goes
// with all that is in it.
func nestedIn(name string, stacks map[string]cfn.Template) bool {
	end := strings.LastIndex(name, "/")
	if end < 0 {
		return false
	}
	_, is := stacks[name[:end]]
	return is || nestedIn(name[:end], stacks)
}

// unread says whether a stack is nested in one that keeps it, though no template of it is
// among stacks: whatever it becomes isn't known, so it doesn't count as gone.
func unread(name string, stacks map[string]cfn.Template) bool {
	end := strings.LastIndex(name, "/")
	if _, is := stacks[name]; is || end < 0 {
		return false
	}
	if parent, is := stacks[name[:end]]; is {
		return parent.Resources[name[end+1:]].Type == nestedStack
	}
	return unread(name[:end], stacks)
}

// unreadNotes tells of each nested stack whose template isn't among stacks: one that was
// there before the app, which names its URL alone.
func unreadNotes(stacks map[string]cfn.Template) []string {
	var notes []string
	for _, name := range slices.Sorted(maps.Keys(stacks)) {
		for _, r := range stacks[name].OfType(nestedStack) {
			if child := name + "/" + r.ID; unread(child, stacks) {
				notes = append(notes, child+": its template isn't the app's: what differs in it isn't in this review; compare it with -templates")
			}
		}
	}
	return notes
}
