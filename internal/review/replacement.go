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
	// because says which property, or which resource that it follows, makes it
	// end; property is that property's name.
	because, property string
}

// outcomes returns the resources of before that don't stay what they are, by
// logical ID. ids are the renamed ones.
func outcomes(before, after cfn.Template, ids map[string]string, schemas *cfnschema.Schemas) (map[string]outcome, error) {
	found := map[string]outcome{}
	moving := map[string]bool{} // New logical IDs of what is another resource afterwards.
	for _, old := range only(before, after) {
		if id, renamed := ids[old]; renamed {
			found[old] = outcome{id: old, renamedTo: id, verb: "will be replaced", because: "its construct was renamed: it is now " + id}
			moving[id] = true
		} else {
			found[old] = outcome{id: old, verb: "will be deleted"}
		}
	}
	same := before.WithIDs(ids)
	// A resource follows what it refers to in a create-only property, and others
	// follow it in turn.
	for again := true; again; {
		again = false
		for _, id := range slices.Sorted(maps.Keys(same.Resources)) {
			now, stays := after.Resources[id]
			if _, known := found[id]; known || moving[id] || !stays || now.Type != same.Resources[id].Type {
				continue
			}
			f, err := replacement(id, same.Resources[id], now, moving, schemas)
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
func replacement(id string, before, after cfn.Resource, moving map[string]bool, schemas *cfnschema.Schemas) (outcome, error) {
	changes := changesOf(id, before, after)
	schema, known, err := schemas.Of(after.Type)
	if err != nil {
		return outcome{}, err
	}
	if !known && len(changes) > 0 {
		return outcome{id: id, verb: "may be replaced", because: "there is no schema of " + after.Type}, nil
	}
	var maybe outcome
	for _, c := range changes {
		f := outcome{id: id, because: fmt.Sprintf("%s: %s", c.path(), arrow(c.before, c.after)), property: c.path()}
		if within(c.steps, schema.CreateOnly) {
			f.verb = "will be replaced"
			return f, nil
		}
		if within(c.steps, schema.MayReplace) {
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

// finding returns the outcome as a reviewer reads it.
func (f outcome) finding(r cfn.Resource, schemas *cfnschema.Schemas) Finding {
	kind := r.Type
	text := fmt.Sprintf("%s %s %s", kind, f.id, f.verb)
	if f.because != "" {
		text += " (" + f.because + ")"
	}
	data := schemas.HoldsData(kind)
	if data {
		text = "data-bearing " + text + "; " + dataImpact(r, f)
	}
	return Finding{Section: Replaced, Text: text, Danger: data, Resource: f.id, Type: kind, RenamedTo: f.renamedTo}
}

// dataImpact says what becomes of the data.
func dataImpact(r cfn.Resource, f outcome) string {
	attribute := "UpdateReplacePolicy"
	if f.verb == "will be deleted" || f.renamedTo != "" {
		attribute = "DeletionPolicy"
	}
	switch r.Attribute(attribute) {
	case "Retain", "RetainExceptOnCreate":
		if f.verb == "will be deleted" {
			return "its data stays, outside the stack"
		}
		return "its data stays behind, outside the stack, and the new one is empty"
	case "Snapshot":
		return "a snapshot of its data stays, outside the stack"
	}
	return "its data is lost"
}
