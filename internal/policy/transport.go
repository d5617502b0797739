package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// onTLS are what denies requests without TLS: the type of the policy, the property
// that names its targets, and what it must deny of which part of a target.
var onTLS = []struct {
	kind, policy, property string
	actions                []string
	parts                  []string
}{
	{bucket, "AWS::S3::BucketPolicy", "Bucket", []string{"s3:*"}, []string{"", "/*"}},
	{queue, "AWS::SQS::QueuePolicy", "Queues", []string{"sqs:*"}, []string{""}},
	// A topic has no action of its messages but to publish.
	{topic, "AWS::SNS::TopicPolicy", "Topics", []string{"sns:*", "sns:publish"}, []string{""}},
}

// onlyTLS demands of each bucket, queue and topic a policy that denies
// requests without TLS.
func onlyTLS(t cfn.Template) []Violation {
	var found []Violation
	for _, of := range onTLS {
		for _, r := range t.OfType(of.kind) {
			denied := map[string]bool{}
			for _, policy := range t.OfType(of.policy) {
				targets := flat(policy.Properties[of.property])
				if !slices.ContainsFunc(targets, func(target any) bool { return slices.Contains(namesOf(r), fmt.Sprint(target)) }) {
					continue
				}
				maps.Copy(denied, deniedOf(policy, of.actions))
			}
			for _, part := range of.parts {
				covered := denied["*"] || slices.ContainsFunc(arnsOf(r), func(arn string) bool { return denied[arn+part] || denied[arn+"*"] })
				if !covered {
					found = append(found, Violation{
						Resource: r.ID, Property: "policy" + part,
						Fault: "no " + of.policy + " denies what comes without TLS: enforce SSL",
					})
				}
			}
		}
	}
	return found
}

// namesOf returns how a policy names a resource of the template as its target.
func namesOf(r cfn.Resource) []string {
	names := []string{cfn.Reference(r.ID)}
	if name, _ := r.Properties["BucketName"].(string); name != "" {
		names = append(names, name)
	}
	return names
}

// arnsOf returns how a statement names a resource of the template.
func arnsOf(r cfn.Resource) []string {
	arns := []string{cfn.Reference(r.ID + ".Arn"), cfn.Reference(r.ID + ".TopicArn")}
	if r.Type == topic {
		arns = append(arns, cfn.Reference(r.ID))
	}
	if r.Type == bucket {
		for _, name := range namesOf(r) {
			for _, partition := range []string{"aws", "aws-cn", "aws-us-gov", cfn.Reference("AWS::Partition")} {
				arns = append(arns, "arn:"+partition+":s3:::"+name)
			}
		}
	}
	return arns
}

// deniedOf returns the resources of which a policy denies everybody the actions without
// TLS.
func deniedOf(policy cfn.Resource, actions []string) map[string]bool {
	denied := map[string]bool{}
	all, _ := statementsOf(policy)
	for _, s := range all {
		principal := s.element("Principal")
		if kinds, isObject := principal.(map[string]any); isObject {
			principal = kinds["AWS"]
		}
		everyone := slices.Contains(flat(principal), any("*"))
		whole := slices.ContainsFunc(actionsOf(s), func(action string) bool {
			return action == "*" || slices.Contains(actions, strings.ToLower(action))
		})
		if !is(s.element("Effect"), "Deny") || !everyone || !whole || !isWithoutTLS(s.element("Condition")) {
			continue
		}
		for _, resource := range flat(s.element("Resource")) {
			text, _ := cfn.Scalar(resource)
			denied[text] = true
		}
	}
	return denied
}

// isWithoutTLS reports whether a condition is that a request comes without TLS, and
// nothing else.
func isWithoutTLS(condition any) bool {
	operators, _ := condition.(map[string]any)
	for operator, keys := range operators {
		compared, _ := keys.(map[string]any)
		if len(operators) != 1 || len(compared) != 1 || !strings.EqualFold(strings.TrimSuffix(operator, "IfExists"), "Bool") {
			return false
		}
		for key, value := range compared {
			values := flat(value)
			return strings.EqualFold(key, "aws:SecureTransport") && len(values) == 1 && is(values[0], "false")
		}
	}
	return false
}
