// Package review reports what a change does to deployed stacks: it synthesizes the
// tree before and after, compares the CloudFormation templates, and orders what
// differs by the harm that it can do.
package review

import (
	"fmt"
	"maps"
	"slices"

	"benchlingwebhook/internal/cfn"
)

// Section is where a finding stands in the report; the most harmful is first.
type Section string

// The sections in the order of the report.
const (
	Replaced  Section = "Replaced or deleted"
	Outage    Section = "Outage"
	Access    Section = "Access"
	Network   Section = "Network"
	Hardening Section = "Hardening"
	Contract  Section = "Image contract"
	Other     Section = "Everything else"
	Content   Section = "Image"
)

// Sections are all sections in the order of the report.
var Sections = []Section{Replaced, Outage, Access, Network, Hardening, Contract, Other, Content}

// Finding is one thing that a reviewer should know.
type Finding struct {
	Section Section `json:"section"`
	// Danger says that the change can lose data, or weakens a protection.
	Danger bool `json:"danger"`
	// Text is the finding in one line.
	Text string `json:"text"`
	// Stacks are the stacks that it holds for.
	Stacks []string `json:"stacks"`
	// Resource and Type name the resource; empty for the Dockerfile and for
	// what is no resource.
	Resource string `json:"resource,omitempty"`
	Type     string `json:"type,omitempty"`
	// Resources are the logical IDs where one finding is about many.
	Resources []string `json:"resources,omitempty"`
	// RenamedTo is the new logical ID of a resource whose construct was renamed.
	RenamedTo string `json:"renamedTo,omitempty"`
	// Property, Before and After say what differs, in full.
	Property string `json:"property,omitempty"`
	Before   string `json:"before,omitempty"`
	After    string `json:"after,omitempty"`
	// Follows are the properties that follow a change of the Dockerfile.
	Follows []string `json:"follows,omitempty"`
}

// Input is what is compared: the templates of both sides, by stack.
type Input struct {
	Before, After map[string]cfn.Template
	// BeforeFacts and AfterFacts are the image contracts, by directive.
	BeforeFacts, AfterFacts []Fact
	// Between are the templates of the new app with the old Dockerfile, where
	// the contracts differ; what differs from After follows from the Dockerfile.
	Between map[string]cfn.Template
}

// Review is what a change does.
type Review struct {
	// Commit is the short hash of what was reviewed, Base that of what it was compared
	// with, or "deployed ENVIRONMENT"; empty where two templates were compared.
	// Uncommitted says that the tree has more than its commit.
	Commit      string `json:"commit,omitempty"`
	Base        string `json:"base,omitempty"`
	Uncommitted bool   `json:"uncommitted,omitempty"`
	// Notes are lines about the comparison itself.
	Notes []string `json:"notes,omitempty"`
	// Stacks are all stacks that were compared, by name.
	Stacks []string `json:"stacks"`
	// Findings are ordered by section; in each, the dangerous come first.
	Findings []Finding `json:"findings"`
}

// Compare returns what differs. It fails where a source can't be read.
func Compare(in Input, sources Sources) (Review, error) {
	names := maps.Clone(in.Before)
	maps.Copy(names, in.After)
	review := Review{Stacks: slices.Sorted(maps.Keys(names)), Notes: unreadNotes(in.After), Findings: contractFindings(in.BeforeFacts, in.AfterFacts)}
	for i := range review.Findings {
		review.Findings[i].Stacks = review.Stacks
	}
	follows := map[string]bool{}
	for _, name := range review.Stacks {
		if unread(name, in.After) {
			continue
		}
		before, was := in.Before[name]
		after, is := in.After[name]
		if !is && !nestedIn(name, in.After) {
			review.add(Finding{Section: Outage, Text: "stack " + name + " isn't in the app any more: CDK leaves it running, until `cdk destroy`"}, name)
			continue
		}
		if !was {
			review.add(Finding{Section: Other, Text: fmt.Sprintf("stack %s is new: %d resources", name, len(after.Resources))}, name)
		}
		var between *cfn.Template
		if b, has := in.Between[name]; has && len(review.Findings) > 0 {
			canonical := b.Canonical()
			between = &canonical
		}
		stack, err := newComparison(before.Canonical(), after.Canonical(), between, sources)
		if err != nil {
			return Review{}, fmt.Errorf("%s: %w", name, err)
		}
		findings, err := stack.findings()
		if err != nil {
			return Review{}, fmt.Errorf("%s: %w", name, err)
		}
		if !was {
			findings = slices.DeleteFunc(findings, func(f Finding) bool { return !f.Danger })
		}
		maps.Copy(follows, stack.follows)
		for _, f := range findings {
			review.add(f, name)
		}
	}
	if len(follows) > 0 {
		review.Findings[0].Follows = slices.Sorted(maps.Keys(follows))
	}
	review.sort()
	return review, nil
}

// add records a finding of one stack; what several stacks share is reported once.
func (r *Review) add(f Finding, stack string) {
	for i, known := range r.Findings {
		if known.Section == f.Section && known.Text == f.Text && !slices.Contains(known.Stacks, stack) {
			r.Findings[i].Stacks = append(slices.Clone(known.Stacks), stack)
			return
		}
	}
	f.Stacks = []string{stack}
	r.Findings = append(r.Findings, f)
}

func (r *Review) sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		if by := slices.Index(Sections, a.Section) - slices.Index(Sections, b.Section); by != 0 {
			return by
		}
		switch {
		case a.Danger && !b.Danger:
			return -1
		case b.Danger && !a.Danger:
			return 1
		}
		return 0
	})
}

// Dangerous says whether a finding is.
func (r Review) Dangerous() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Danger })
}
