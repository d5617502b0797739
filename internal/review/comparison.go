package review

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/cfnschema"
)

// comparison is of one stack.
type comparison struct {
	before, after cfn.Template
	between       *cfn.Template
	schemas       *cfnschema.Schemas
	// follows are the properties that follow from the Dockerfile.
	follows map[string]bool
}

func (c comparison) findings() ([]Finding, error) {
	ids := renames(c.before, c.after)
	outcomes, err := outcomes(c.before, c.after, ids, c.schemas)
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, id := range slices.Sorted(maps.Keys(outcomes)) {
		resource := c.before.Resources[id]
		if !slices.Contains(reportedElsewhere, resource.Type) {
			found = append(found, outcomes[id].finding(resource, c.schemas))
		}
	}
	before := c.before.WithIDs(ids)
	found = append(found, accessFindings(before, c.after)...)
	found = append(found, networkFindings(before, c.after)...)
	for _, id := range only(c.after, before) {
		if kind := c.after.Resources[id].Type; !slices.Contains(reportedElsewhere, kind) || kind == "AWS::ECS::TaskDefinition" {
			found = append(found, Finding{Section: Other, Text: kind + " " + id + " is added", Resource: id, Type: kind})
		}
	}
	var changes []change
	for _, id := range slices.Sorted(maps.Keys(c.after.Resources)) {
		if was, stays := before.Resources[id]; stays && was.Type == c.after.Resources[id].Type {
			changes = append(changes, changesOf(id, was, c.after.Resources[id])...)
		}
	}
	changes = append(changes, restChanges(before, c.after)...)
	fromDockerfile := c.fromDockerfile(before)
	for _, change := range changes {
		if f, report := propertyFinding(change); report {
			if f.Section == Other && f.Property == outcomes[change.id].property && !slices.Contains(reportedElsewhere, f.Type) {
				continue // It is reported as why the resource is replaced.
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

// many is the number of resources from which one line says what is the same
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
func (c comparison) fromDockerfile(before cfn.Template) map[string]bool {
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

func resourceChanges(before, after cfn.Template) []change {
	var changes []change
	for id, resource := range after.Resources {
		if was, stays := before.Resources[id]; stays {
			changes = append(changes, changesOf(id, was, resource)...)
		}
	}
	return changes
}

// propertyFinding returns the finding of one property, unless it is reported
// elsewhere.
func propertyFinding(c change) (Finding, bool) {
	if isReported(c) {
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
