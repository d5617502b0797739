package constructs

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// ResourcePolicy is what the policy of something in another account must have,
// before a role may use it there: within one account the role's own policy is
// enough.
type ResourcePolicy struct {
	// Name is that of the thing, such as "PackageBucket".
	Name string
	// Statements are a JSON list for the policy's "Statement".
	Statements *string
}

// ResourcePolicies are the statements that existing buckets, an existing queue and the
// keys of both must have for the worker, if they are another account's. What is made
// here needs none.
func (w WorkerService) ResourcePolicies(props WorkerServiceProps) []ResourcePolicy {
	var policies []ResourcePolicy
	add := func(name string, statements ...awsiam.PolicyStatementProps) {
		policies = append(policies, ResourcePolicy{Name: name, Statements: statementsFor(w.Service, w.role, statements)})
	}
	if props.Exports != nil {
		props.Exports.addPolicies(add, props)
	}
	for i, bucket := range props.Linked {
		name := fmt.Sprintf("LinkedBucket%d", i+1)
		add(name, bucket.manifestStatements()...)
		if bucket.keyArn != "" {
			add(name+"Key", inKeyPolicy(bucket.manifestKeyStatement()))
		}
	}
	return policies
}

// addPolicies adds those of the packages' bucket and queue.
func (e Exports) addPolicies(add func(name string, statements ...awsiam.PolicyStatementProps), props WorkerServiceProps) {
	bucket, packaging, searched := e.Bucket, e.Packaging, props.Search.Database != ""
	if bucket.existing {
		statements := bucket.statements(props.PackagePrefix)
		if searched {
			statements = append(statements, bucket.manifestStatements()...)
		}
		add("PackageBucket", statements...)
	}
	if bucket.keyArn != "" {
		statements := []awsiam.PolicyStatementProps{inKeyPolicy(bucket.keyStatement(props.PackagePrefix))}
		if searched {
			statements = append(statements, inKeyPolicy(bucket.manifestKeyStatement()))
		}
		add("PackageBucketKey", statements...)
	}
	if packaging.HasReader {
		add("PackagingQueue", *packaging.statement())
	}
	if packaging.keyArn != "" {
		add("PackagingQueueKey", inKeyPolicy(packaging.keyStatement()))
	}
}

// inKeyPolicy returns a statement as a key's own policy has it, where the only
// resource is "*".
//
// Source: AWS KMS's guide, elements in a key policy.
func inKeyPolicy(statement *awsiam.PolicyStatementProps) awsiam.PolicyStatementProps {
	return awsiam.PolicyStatementProps{Actions: statement.Actions, Resources: jsii.Strings("*"), Conditions: statement.Conditions}
}

// statementsFor returns the statements as JSON, with a role as their principal.
func statementsFor(scope constructs.IConstruct, role awsiam.IRole, statements []awsiam.PolicyStatementProps) *string {
	list := make([]any, len(statements))
	for i, statement := range statements {
		object := map[string]any{
			"Effect":    "Allow",
			"Principal": map[string]any{"AWS": role.RoleArn()},
			"Action":    statement.Actions,
			"Resource":  statement.Resources,
		}
		if statement.Conditions != nil {
			object["Condition"] = *statement.Conditions
		}
		list[i] = object
	}
	return awscdk.Stack_Of(scope).ToJsonString(list, nil)
}
