package rights

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"benchlingwebhook/internal/iampolicy"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// Right is what one statement of a role's policies allows: one action on one resource,
// both as IAM writes patterns.
type Right struct{ Role, Action, Resource string }

// String returns the right as a person reads it.
func (r Right) String() string { return r.Role + ": " + r.Action + " on " + r.Resource }

// Policies returns the documents of a role's own policies, as the local AWS has them.
func Policies(ctx context.Context, client *iam.Client, role string) ([]string, error) {
	listed, err := client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: aws.String(role)})
	if err != nil {
		return nil, err
	}
	attached, err := client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: aws.String(role)})
	if err != nil {
		return nil, err
	}
	if n := len(attached.AttachedPolicies); n > 0 {
		return nil, fmt.Errorf("role %s: %d managed policies, whose rights nobody counts", role, n)
	}
	var documents []string
	for _, name := range listed.PolicyNames {
		policy, err := client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: aws.String(role), PolicyName: aws.String(name)})
		if err != nil {
			return nil, err
		}
		document, err := url.QueryUnescape(aws.ToString(policy.PolicyDocument))
		if err != nil {
			return nil, fmt.Errorf("role %s: policy %s: %w", role, name, err)
		}
		documents = append(documents, document)
	}
	return documents, nil
}

// Of returns the rights that policies give a role.
func Of(role string, documents []string) ([]Right, error) {
	var rights []Right
	for _, document := range documents {
		var policy struct {
			Statement []struct {
				Effect           string
				Action, Resource texts
			}
		}
		if err := json.Unmarshal([]byte(document), &policy); err != nil {
			return nil, fmt.Errorf("role %s: %w", role, err)
		}
		for _, statement := range policy.Statement {
			if statement.Effect != "Allow" {
				continue
			}
			for _, action := range statement.Action {
				for _, resource := range statement.Resource {
					rights = append(rights, Right{role, action, resource})
				}
			}
		}
	}
	return rights, nil
}

// Unused returns the rights of which no call is an example.
func Unused(rights []Right, calls []Call) []Right {
	return slices.DeleteFunc(slices.Clone(rights), func(right Right) bool {
		return slices.ContainsFunc(calls, func(call Call) bool {
			return call.Allowed && right.Role == call.Role() && iampolicy.Matches(right.Action, call.Action) && iampolicy.Matches(right.Resource, call.Resource)
		})
	})
}

// Refused returns an error with each call that was refused.
func Refused(calls []Call) error {
	var problems []error
	for _, call := range calls {
		if !call.Allowed {
			problems = append(problems, fmt.Errorf("%s: %s on %s: %s: give the role the right in constructs/, or don't call", call.Role(), call.Action, call.Resource, call.Refusal))
		}
	}
	return errors.Join(problems...)
}

// texts are one text or a list of them.
type texts []string

// UnmarshalJSON reads either.
func (t *texts) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(t))
}
