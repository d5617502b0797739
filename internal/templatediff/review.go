package templatediff

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfnschema"
)

// Section is where a finding stands in the report; the most harmful is first.
type Section string

// The sections in the order of the report.
const (
	Replaced  Section = "Replaced or deleted"
	Access    Section = "Access"
	Network   Section = "Network"
	Hardening Section = "Hardening"
	Contract  Section = "Image contract"
	Other     Section = "Everything else"
	Content   Section = "Image"
)

// Sections are all sections in the order of the report.
var Sections = []Section{Replaced, Access, Network, Hardening, Contract, Other, Content}

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
	Before, After map[string]Template
	// BeforeFacts and AfterFacts are the image contracts, by directive.
	BeforeFacts, AfterFacts []Fact
	// Between are the templates of the new app with the old Dockerfile, where
	// the contracts differ; what differs from After follows from the Dockerfile.
	Between map[string]Template
}

// Review is what a change does.
type Review struct {
	// Stacks are all stacks that were compared, by name.
	Stacks []string `json:"stacks"`
	// Findings are ordered by section; in each, the dangerous come first.
	Findings []Finding `json:"findings"`
}

// Compare returns what differs. It fails where a schema can't be read.
func Compare(in Input, schemas *cfnschema.Schemas) (Review, error) {
	names := maps.Clone(in.Before)
	maps.Copy(names, in.After)
	review := Review{Stacks: slices.Sorted(maps.Keys(names)), Findings: contractFindings(in.BeforeFacts, in.AfterFacts)}
	for i := range review.Findings {
		review.Findings[i].Stacks = review.Stacks
	}
	follows := map[string]bool{}
	for _, name := range review.Stacks {
		stack := comparison{before: in.Before[name], after: in.After[name], schemas: schemas, follows: map[string]bool{}}
		if between, has := in.Between[name]; has && len(review.Findings) > 0 {
			stack.between = &between
		}
		findings, err := stack.findings()
		if err != nil {
			return Review{}, fmt.Errorf("%s: %w", name, err)
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

// add records a finding of one stack; what several stacks share is told once.
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

// comparison is of one stack.
type comparison struct {
	before, after Template
	between       *Template
	schemas       *cfnschema.Schemas
	// follows are the properties that follow from the Dockerfile.
	follows map[string]bool
}

func (c comparison) findings() ([]Finding, error) {
	ids := renames(c.before, c.after)
	fates, err := fates(c.before, c.after, ids, c.schemas)
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, id := range slices.Sorted(maps.Keys(fates)) {
		resource := c.before.Resources[id]
		if !slices.Contains(toldElsewhere, resource.Type()) {
			found = append(found, fates[id].finding(resource, c.schemas))
		}
	}
	before := renamed(c.before, ids)
	found = append(found, accessFindings(before, c.after)...)
	found = append(found, networkFindings(before, c.after)...)
	for _, id := range only(c.after, before) {
		if kind := c.after.Resources[id].Type(); !slices.Contains(toldElsewhere, kind) || kind == "AWS::ECS::TaskDefinition" {
			found = append(found, Finding{Section: Other, Text: kind + " " + id + " is added", Resource: id, Type: kind})
		}
	}
	var changes []change
	for _, id := range slices.Sorted(maps.Keys(c.after.Resources)) {
		if was, stays := before.Resources[id]; stays && was.Type() == c.after.Resources[id].Type() {
			changes = append(changes, changesOf(id, was, c.after.Resources[id])...)
		}
	}
	changes = append(changes, restChanges(before, c.after)...)
	fromDockerfile := c.fromDockerfile(before)
	for _, change := range changes {
		if f, tell := propertyFinding(change); tell {
			if f.Section == Other && f.Property == fates[change.id].property && !slices.Contains(toldElsewhere, f.Type) {
				continue // It is told as why the resource is replaced.
			}
			if fromDockerfile[change.id+" "+change.path()] && !f.Danger {
				c.follows[strings.TrimSpace(change.id+" "+change.path())] = true
				continue
			}
			found = append(found, f)
		}
	}
	return collapse(found), nil
}

// many is the number of resources from which one line tells what is the same
// for all of them, such as a tag.
const many = 3

// collapse puts one finding in the place of those that say the same of many
// resources' properties.
func collapse(found []Finding) []Finding {
	type same struct{ property, before, after string }
	resources := map[same][]string{}
	for _, f := range found {
		if f.Section == Other && f.Resource != "" && f.Property != "" {
			of := same{f.Property, f.Before, f.After}
			resources[of] = append(resources[of], f.Resource)
		}
	}
	var rest []Finding
	for _, f := range found {
		of := same{f.Property, f.Before, f.After}
		all := resources[of]
		switch {
		case f.Section != Other || f.Resource == "" || len(all) < many:
			rest = append(rest, f)
		case f.Resource == all[0]:
			f.Resource, f.Type, f.Resources = "", "", all
			f.Text = fmt.Sprintf("%s: %s (%d resources: %s, …)", f.Property, arrow(f.Before, f.After), len(all), all[0])
			rest = append(rest, f)
		}
	}
	return rest
}

// fromDockerfile returns the properties that differ because the Dockerfile
// does, and for no other reason.
func (c comparison) fromDockerfile(before Template) map[string]bool {
	found := map[string]bool{}
	if c.between == nil {
		return found
	}
	for _, change := range resourceChanges(*c.between, c.after) {
		found[change.id+" "+change.path()] = true
	}
	for _, change := range resourceChanges(before, *c.between) {
		delete(found, change.id+" "+change.path())
	}
	return found
}

func resourceChanges(before, after Template) []change {
	var changes []change
	for id, resource := range after.Resources {
		if was, stays := before.Resources[id]; stays {
			changes = append(changes, changesOf(id, was, resource)...)
		}
	}
	return changes
}

// propertyFinding returns the finding of one property, unless it is told
// elsewhere.
func propertyFinding(c change) (Finding, bool) {
	if isTold(c) {
		return Finding{}, false
	}
	name := strings.TrimSpace(c.id + " " + c.path())
	f := Finding{Section: Other, Resource: c.id, Type: c.kind, Property: c.path(), Before: c.before, After: c.after}
	switch rule, found := hardeningOf(c); {
	case c.isContent() && c.steps[len(c.steps)-1] == "Image":
		f = Finding{Section: Content, Text: "the image's content"}
	case c.isContent():
		f.Section, f.Text = Content, "the content of "+name
	case found:
		f.Section, f.Danger = Hardening, rule.weaker(c.before, c.after)
		f.Text = fmt.Sprintf("%s: %s: %s", rule.name, name, arrow(c.before, c.after))
	default:
		f.Text = fmt.Sprintf("%s: %s", name, arrow(c.before, c.after))
	}
	return f, true
}
