package review

import (
	"fmt"
	"slices"
	"strings"
)

// Verdict is the report's first line: the worst that the change does.
func (r Review) Verdict() string {
	if len(r.Findings) == 0 {
		return "nothing changed"
	}
	worst := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Danger })
	if worst >= 0 {
		return fmt.Sprintf("DANGEROUS: %s%s", r.Findings[worst].Text, r.where(r.Findings[worst]))
	}
	if stops := r.in(Outage); len(stops) > 0 {
		return fmt.Sprintf("OUTAGE: %s%s", stops[0].Text, r.where(stops[0]))
	}
	if len(r.Findings) == 1 && r.Findings[0].Section != Content {
		return fmt.Sprintf("changed: %s%s", r.Findings[0].Text, r.where(r.Findings[0]))
	}
	var counts []string
	for _, section := range Sections {
		found := r.in(section)
		switch {
		case len(found) == 0:
		case len(found) == len(r.Findings) && section == Content:
			return contentOnly
		default:
			counts = append(counts, fmt.Sprintf("%s: %d", strings.ToLower(string(section)), len(found)))
		}
	}
	return "changed: " + strings.Join(counts, ", ")
}

// contentOnly is the verdict of a new image without a new contract.
const contentOnly = "changed: image content only"

// Text returns the report for a terminal. Values in it can't move the cursor, nor
// begin a line.
func (r Review) Text() string {
	var b strings.Builder
	fmt.Fprintln(&b, visible(r.Verdict()))
	for _, line := range r.Notes {
		fmt.Fprintln(&b, visible(line))
	}
	for _, section := range r.sections() {
		fmt.Fprintf(&b, "\n%s\n", section)
		for _, f := range r.in(section) {
			fmt.Fprintf(&b, "  %s %s\n", mark(f, "!", " "), visible(f.Text+r.where(f)))
			if len(f.Follows) > 0 {
				fmt.Fprintf(&b, "    %s\n", visible(follows(f)))
			}
		}
	}
	return b.String()
}

// sections returns those that have findings; of an image's content alone, the
// verdict says all.
func (r Review) sections() []Section {
	if r.Verdict() == contentOnly {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(Sections), func(s Section) bool { return len(r.in(s)) == 0 })
}

func (r Review) in(section Section) []Finding {
	var found []Finding
	for _, f := range r.Findings {
		if f.Section == section {
			found = append(found, f)
		}
	}
	return found
}

// where names the stacks of a finding that isn't of all stacks.
func (r Review) where(f Finding) string {
	if len(f.Stacks) == len(r.Stacks) {
		return ""
	}
	return " [" + strings.Join(f.Stacks, ", ") + "]"
}

func mark(f Finding, danger, otherwise string) string {
	if f.Danger {
		return danger
	}
	return otherwise
}

// follows says how many properties follow from the Dockerfile, and which are
// the first.
func follows(f Finding) string {
	const named = 3
	text := fmt.Sprintf("%d properties follow: ", len(f.Follows))
	if len(f.Follows) == 1 {
		text = "1 property follows: "
	}
	if len(f.Follows) <= named {
		return text + strings.Join(f.Follows, ", ")
	}
	return text + strings.Join(f.Follows[:named], ", ") + ", …"
}
