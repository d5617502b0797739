package review

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/cfnschema"
)

// reportedElsewhere are types whose replacement says nothing by itself: a changed
// task definition is a new revision, and a rule's ports are reported as openings.
var reportedElsewhere = []string{
	"AWS::ECS::TaskDefinition",
	"AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress",
	"AWS::ApiGatewayV2::Route",
	"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy", "AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy",
}

// outcome is how a resource ends that doesn't stay.
type outcome struct {
	id, renamedTo string
	// verb is what CloudFormation does, such as "will be replaced".
	verb string
	// lost says that something stops, or isn't seen any more: what the resource
	// was for is still there.
	lost bool
	// because says which property, or which resource that it follows, makes it
	// end; property is that property's name.
	because, property string
}

// outcomes returns the resources of before that don't stay what they are, by
// their old logical ID.
func (c *comparison) outcomes() (map[string]outcome, error) {
	found := map[string]outcome{}
	moving := map[string]bool{} // New logical IDs of what is another resource afterwards.
	for _, old := range only(c.original, c.after) {
		if id, renamed := c.renamed[old]; renamed {
			found[old] = outcome{id: old, renamedTo: id, verb: "will be replaced", because: "its construct was renamed: it is now " + id}
			moving[id] = true
		} else {
			found[old] = outcome{id: old, verb: "will be deleted"}
		}
	}
	c.markLosses(found)
	// A resource follows what it refers to in a create-only property, and others
	// follow it in turn.
	for again := true; again; {
		again = false
		for _, id := range slices.Sorted(maps.Keys(c.before.Resources)) {
			now, stays := c.after.Resources[id]
			if _, known := found[id]; known || moving[id] || !stays || now.Type != c.before.Resources[id].Type {
				continue
			}
			f, err := c.replacement(now, moving)
			if err != nil {
				return nil, err
			}
			if f.verb != "" {
				found[id] = f
				// A revision and what only may be replaced move nothing else.
				moving[id] = f.verb == "will be replaced" && now.Type != "AWS::ECS::TaskDefinition"
				again = true
			}
		}
	}
	return found, nil
}

// replacement returns what CloudFormation does to a resource that stays under
// its logical ID, and why; no verb where it is updated in place.
func (c *comparison) replacement(after cfn.Resource, moving map[string]bool) (outcome, error) {
	id, changes := after.ID, c.changes[after.ID]
	schema, known, err := c.sources.Schemas.Of(after.Type)
	if err != nil {
		return outcome{}, err
	}
	if !known && len(changes) > 0 {
		return outcome{id: id, verb: "may be replaced", because: "there is no schema of " + after.Type}, nil
	}
	var maybe outcome
	for _, change := range changes {
		f := outcome{id: id, because: fmt.Sprintf("%s: %s", change.path(), arrow(change.before, change.after)), property: change.path()}
		if within(change.steps, schema.CreateOnly) {
			f.verb = "will be replaced"
			return f, nil
		}
		if within(change.steps, schema.MayReplace) || isKey(change, after) {
			f.verb = "may be replaced"
			maybe = f
		}
	}
	for _, create := range schema.CreateOnly {
		if to := cfn.FirstReference(after.Properties[create[0]], moving); to != "" {
			return outcome{id: id, verb: "will be replaced", because: fmt.Sprintf("its %s is of %s", create[0], to)}, nil
		}
	}
	return maybe, nil
}

// isKey says whether a change is of the definition of an attribute that is a table's
// key, which is part of the key.
func isKey(c change, table cfn.Resource) bool {
	if len(c.steps) < 2 || c.steps[0] != "AttributeDefinitions" {
		return false
	}
	return slices.ContainsFunc(objects(table.Properties["KeySchema"]), func(key map[string]any) bool {
		return c.steps[1] == "["+cfn.Text(key["AttributeName"])+"]"
	})
}

// within says whether the property is one of the paths, or part of it, or holds
// it.
func within(steps []string, paths [][]string) bool {
	for _, path := range paths {
		match := true
		for i := 0; i < len(path) && i < len(steps); i++ {
			match = match && (path[i] == steps[i] || path[i] == "*" && strings.HasPrefix(steps[i], "["))
		}
		if match && len(steps) > 0 {
			return true
		}
	}
	return false
}

// markLosses marks what goes without another in its place, unless what it refers to
// goes, too.
func (c *comparison) markLosses(found map[string]outcome) {
	gone := map[string]bool{}
	for id, f := range found {
		gone[id] = f.renamedTo == ""
	}
	for id, f := range found {
		r := c.original.Resources[id]
		_, matters := losses[r.Type]
		f.lost = matters && gone[id] && cfn.FirstReference(r.Properties, gone) == ""
		found[id] = f
	}
}

// finding returns the outcome as a reviewer reads it; after is what the resource
// becomes, if it stays.
func (f outcome) finding(r, after cfn.Resource, schemas *cfnschema.Schemas) []Finding {
	kind := r.Type
	text := fmt.Sprintf("%s %s %s", kind, f.id, f.verb)
	if f.because != "" {
		text += " (" + f.because + ")"
	}
	found := Finding{Section: Replaced, Resource: f.id, Type: kind, RenamedTo: f.renamedTo, Property: f.property}
	data := schemas.HoldsData(kind)
	switch {
	case data:
		found.Danger = true
		text = "data-bearing " + text + "; " + dataImpact(r, after, f)
	case f.lost:
		found.Section, found.Danger = losses[kind].section, true
		text += ": " + losses[kind].why
	case slices.Contains(urls, kind) && f.verb == "will be replaced":
		found.Section = Outage
		text = "the URL changes: " + text
	}
	found.Text = text
	return []Finding{found}
}

// mass is the number of replaced resources from which a deployment is a move.
const mass = 10

// massReplacement returns a finding where so many resources are replaced that their
// new ones take over together, and names the one that the others follow.
func massReplacement(found []Finding) []Finding {
	var replaced []Finding
	first := -1
	for _, f := range found {
		if !strings.Contains(f.Text, " will be replaced") {
			continue
		}
		if leads := !strings.Contains(f.Text, "(its "); f.Type == "AWS::EC2::VPC" || leads && first < 0 || f.RenamedTo != "" && first < 0 {
			first = len(replaced)
		}
		replaced = append(replaced, f)
	}
	if len(replaced) < mass {
		return nil
	}
	lead := replaced[max(first, 0)]
	return []Finding{{
		Section: Outage, Resource: lead.Resource, Type: lead.Type, RenamedTo: lead.RenamedTo,
		Text: fmt.Sprintf("%d resources will be replaced together, among them %s %s: what runs on them moves", len(replaced), lead.Type, lead.Resource),
	}}
}

// dataImpact says what becomes of the data. What a replaced resource leaves behind
// must be so on both sides: CloudFormation goes by the one that it knows when it
// deletes.
func dataImpact(r, after cfn.Resource, f outcome) string {
	attribute := "UpdateReplacePolicy"
	policies := []string{r.Attribute(attribute), after.Attribute(attribute)}
	if f.verb == "will be deleted" || f.renamedTo != "" {
		policies = []string{r.Attribute("DeletionPolicy")}
	}
	stays := func(names ...string) bool {
		return !slices.ContainsFunc(policies, func(policy string) bool { return !slices.Contains(names, policy) })
	}
	switch {
	case stays("Retain", "RetainExceptOnCreate") && f.verb == "will be deleted":
		return "its data stays, outside the stack"
	case stays("Retain", "RetainExceptOnCreate"):
		return "its data stays behind, outside the stack, and the new one is empty"
	case stays("Retain", "RetainExceptOnCreate", "Snapshot"):
		return "a snapshot of its data stays, outside the stack"
	}
	return "its data is lost"
}
