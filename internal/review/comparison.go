package review

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/cfnschema"
	"benchlingwebhook/internal/iampolicy"
)

// Sources are what AWS says of its types and actions.
type Sources struct {
	Schemas *cfnschema.Schemas
	Actions *iampolicy.Actions
}

// comparison is of one stack. before has the logical IDs of after where a
// construct was renamed; as it was, it is original.
type comparison struct {
	original, before, after cfn.Template
	// renamed are the new logical IDs of renamed resources, by their old ones.
	renamed map[string]string
	between *cfn.Template
	sources Sources
	// changes are the properties that differ, by logical ID of what stays.
	changes map[string][]change
	// reported are the resources of which a finding says what their policies or
	// openings are.
	reported map[string]bool
	// follows are the properties that follow from the Dockerfile.
	follows map[string]bool
}

// newComparison returns a comparison of canonical templates.
func newComparison(before, after cfn.Template, between *cfn.Template, sources Sources) (*comparison, error) {
	c := &comparison{
		original: before, after: after, between: between, sources: sources,
		reported: map[string]bool{}, follows: map[string]bool{},
	}
	c.renamed = renames(before, after)
	c.before = before.WithIDs(c.renamed)
	var err error
	c.changes, err = c.changesBetween(c.before, c.after)
	return c, err
}

// changesBetween returns what differs in the resources that both templates have.
func (c *comparison) changesBetween(before, after cfn.Template) (map[string][]change, error) {
	changes := map[string][]change{}
	for _, r := range after.All() {
		was, stays := before.Resources[r.ID]
		// A service is in a public subnet by what other resources say, too.
		if !stays || was.Type != r.Type || reflect.DeepEqual(was, r) && !slices.Contains(ecsService, r.Type) {
			continue
		}
		schema, _, err := c.sources.Schemas.Of(r.Type)
		if err != nil {
			return nil, err
		}
		changes[r.ID] = changesOf(r.ID, was, r, schema)
	}
	return changes, nil
}

func (c *comparison) findings() ([]Finding, error) {
	outcomes, err := c.outcomes()
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, id := range slices.Sorted(maps.Keys(outcomes)) {
		r := c.original.Resources[id]
		if !slices.Contains(reportedElsewhere, r.Type) || outcomes[id].lost {
			found = append(found, outcomes[id].finding(r, c.after.Resources[id], c.sources.Schemas)...)
		}
	}
	found = append(found, massReplacement(found)...)
	access, err := accessFindings(c.before, c.after, c.sources.Actions)
	if err != nil {
		return nil, err
	}
	openings := networkFindings(c.before, c.after)
	for _, f := range slices.Concat(access, openings) {
		c.reported[f.Resource] = true
	}
	found = slices.Concat(found, access, openings, c.additions())
	fromDockerfile, err := c.fromDockerfile()
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(c.changes)) {
		found = append(found, c.resourceFindings(id, outcomes[id].property, fromDockerfile)...)
	}
	for _, change := range restChanges(c.before, c.after) {
		f := propertyFinding(change)
		if name, danger := restDanger(change, c.after); name != "" {
			f.Section, f.Danger, f.Text = Hardening, danger, name+": "+f.Text
		}
		found = append(found, f)
	}
	return collapse(found), nil
}

// additions returns the resources that come, and what they aren't protected by.
func (c *comparison) additions() []Finding {
	var found []Finding
	for _, id := range only(c.after, c.before) {
		kind := c.after.Resources[id].Type
		if !slices.Contains(reportedElsewhere, kind) || kind == "AWS::ECS::TaskDefinition" || !c.reported[id] {
			found = append(found, Finding{Section: Other, Text: kind + " " + id + " is added", Resource: id, Type: kind})
		}
		for _, w := range weakenings(c.before, c.after, id) {
			found = append(found, w.finding(id, kind))
		}
	}
	return found
}

// resourceFindings returns a finding for each property of a resource that
// differs, and for each protection that it loses by what differs elsewhere.
// because is the property that is reported as why the resource is replaced.
func (c *comparison) resourceFindings(id, because string, fromDockerfile map[string]bool) []Finding {
	changes := c.changes[id]
	kind := c.after.Resources[id].Type
	weaker := weakenings(c.before, c.after, id)
	explained := map[int]bool{}
	var found []Finding
	for _, change := range changes {
		f := propertyFinding(change)
		name := strings.TrimSpace(id + " " + change.path())
		lost := -1
		for i, w := range weaker {
			if w.explains(change) {
				explained[i] = true
				lost = i
			}
		}
		protection, protects := protectionOf(change)
		switch {
		case lost >= 0:
			f.Section, f.Danger, f.Text = weaker[lost].section(), true, weaker[lost].protection.name+": "+f.Text
		case change.isPolicy() && c.reported[id], c.isOpening(change):
			continue
		case f.Section == Content:
		case protects:
			f.Section, f.Text = Hardening, protection.name+": "+f.Text
		case change.path() == because && !slices.Contains(reportedElsewhere, kind):
			continue // It is reported as why the resource is replaced.
		}
		if fromDockerfile[name] && !f.Danger {
			c.follows[name] = true
			continue
		}
		found = append(found, f)
	}
	for i, w := range weaker {
		if !explained[i] {
			found = append(found, w.finding(id, kind))
		}
	}
	return found
}

// isOpening says whether a property is reported as access or as an opening.
func (c *comparison) isOpening(change change) bool {
	return c.reported[change.id] && len(change.steps) > 0 && slices.Contains(reportedProperties[change.kind], change.steps[0])
}

// fromDockerfile returns the properties that differ because the Dockerfile
// does, and for no other reason.
func (c *comparison) fromDockerfile() (map[string]bool, error) {
	found := map[string]bool{}
	if c.between == nil {
		return found, nil
	}
	from, err := c.changesBetween(*c.between, c.after)
	if err != nil {
		return nil, err
	}
	others, err := c.changesBetween(c.before, *c.between)
	if err != nil {
		return nil, err
	}
	for id, changes := range from {
		for _, change := range changes {
			found[id+" "+change.path()] = true
		}
	}
	for id, changes := range others {
		for _, change := range changes {
			delete(found, id+" "+change.path())
		}
	}
	return found, nil
}

// propertyFinding returns the finding of one property.
func propertyFinding(c change) Finding {
	name := strings.TrimSpace(c.id + " " + c.path())
	f := Finding{Section: Other, Resource: c.id, Type: c.kind, Property: c.path(), Before: c.before, After: c.after}
	switch {
	case c.isContent():
		f.Section, f.Text = Content, "the image's content"
	case c.isCode():
		f.Text = fmt.Sprintf("the code of %s: %s", c.id, arrow(c.before, c.after))
	default:
		f.Text = fmt.Sprintf("%s: %s", name, arrow(c.before, c.after))
	}
	return f
}

// many is the number of resources from which one line says what is the same
// for all of them, such as a tag.
const many = 3

// collapse puts one finding in the place of those that say the same of many
// resources' properties, and that nobody need read one by one.
func collapse(found []Finding) []Finding {
	type same struct {
		section       Section
		text          string
		before, after string
	}
	of := func(f Finding) (same, bool) {
		without := strings.Replace(f.Text, f.Resource+" ", "", 1)
		return same{f.Section, without, f.Before, f.After}, !f.Danger && f.Resource != "" && f.Property != "" && f.Section != Replaced
	}
	resources := map[same][]string{}
	for _, f := range found {
		if key, can := of(f); can {
			resources[key] = append(resources[key], f.Resource)
		}
	}
	var rest []Finding
	for _, f := range found {
		key, can := of(f)
		all := resources[key]
		switch {
		case !can || len(all) < many:
			rest = append(rest, f)
		case f.Resource == all[0]:
			f.Resource, f.Type, f.Resources = "", "", all
			f.Text = fmt.Sprintf("%s (%d resources: %s, …)", key.text, len(all), all[0])
			rest = append(rest, f)
		}
	}
	return rest
}
