package stacks_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"benchlingwebhook/stacks"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

// longestOutput is the length, in bytes, to which CloudFormation's quotas limit
// what passes through a stack as one value, such as a parameter. None is given for
// outputs, which are kept to the same.
const longestOutput = 4096

// listOf returns the texts of a value that is one or several.
func listOf(t *testing.T, value any) []string {
	t.Helper()
	values, isList := value.([]any)
	if !isList {
		values = []any{value}
	}
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = text(t, value)
	}
	return texts
}

// permissions returns what a statement allows: a line for each of its actions on
// each of its resources, with its conditions.
func permissions(t *testing.T, statement map[string]any) []string {
	t.Helper()
	assert.Equal(t, statement["Effect"], "Allow")
	conditions := ""
	operators, _ := statement["Condition"].(map[string]any)
	for _, operator := range slices.Sorted(maps.Keys(operators)) {
		keys := operators[operator].(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			conditions += fmt.Sprintf(" if %s %s %s", key, operator, listOf(t, keys[key]))
		}
	}
	var lines []string
	for _, resource := range listOf(t, statement["Resource"]) {
		for _, action := range listOf(t, statement["Action"]) {
			lines = append(lines, action+" on "+resource+conditions)
		}
	}
	return lines
}

// policiesOf returns the statements in a template's outputs, by the output's name.
func policiesOf(t *testing.T, template string) map[string][]any {
	t.Helper()
	var parsed struct {
		Outputs map[string]struct{ Value any }
	}
	assert.NilError(t, json.Unmarshal([]byte(template), &parsed))
	found := map[string][]any{}
	for name, output := range parsed.Outputs {
		if !strings.HasSuffix(name, "Policy") {
			continue
		}
		value := text(t, output.Value)
		assert.Check(t, len(value) < longestOutput, name)
		var statements []any
		assert.NilError(t, json.Unmarshal([]byte(value), &statements), value)
		found[name] = statements
	}
	return found
}

// TestResourcePoliciesAllowWhatTheRoleMay holds both halves of access to another
// account together: what the worker's role may do with the bucket, the queue and
// their keys, their own policies must allow that role.
func TestResourcePoliciesAllowWhatTheRoleMay(t *testing.T) {
	const firstKey, secondKey = "01234567-89ab-cdef-0123-456789abcdef", "fedcba98-7654-3210-fedc-ba9876543210"
	// Four on objects, one each on bucket and queue, two on each key; for the search two on
	// objects, two on the bucket, one on its key.
	bothHalvesAgree(t, "existing-quilt", "quilt-pack", 15, map[string]string{
		"PackageBucketPolicy": "", "PackageBucketKeyPolicy": firstKey, "PackagingQueuePolicy": "", "PackagingQueueKeyPolicy": secondKey})
	// Two on objects and two on the bucket, of each; one on the key of one.
	bothHalvesAgree(t, "linked-only", "lab-", 9, map[string]string{
		"LinkedBucket1Policy": "", "LinkedBucket2Policy": "", "LinkedBucket2KeyPolicy": firstKey})
}

// bothHalvesAgree compares a shape's outputs, by their names with the ID of the key that
// each is for, with what the worker's role may do with what the text is in the name of.
func bothHalvesAgree(t *testing.T, shape, named string, count int, keys map[string]string) {
	t.Helper()
	template := string(golden.Get(t, shape+".template.json"))
	policies := policiesOf(t, template)
	assert.DeepEqual(t, slices.Sorted(maps.Keys(policies)), slices.Sorted(maps.Keys(keys)))

	role := of(t, template, worker, "AWS::ECS::TaskDefinition")["TaskRoleArn"]
	var may []string
	for id, policy := range resources(t, template, "AWS::IAM::Policy") {
		if !strings.HasPrefix(id, worker+"TaskRole") {
			continue
		}
		for _, statement := range policy.Properties["PolicyDocument"].(map[string]any)["Statement"].([]any) {
			for _, line := range permissions(t, statement.(map[string]any)) {
				if strings.Contains(line, named) {
					may = append(may, line)
				}
			}
		}
	}
	var allowed []string
	for name, statements := range policies {
		for _, statement := range statements {
			statement := statement.(map[string]any)
			assert.DeepEqual(t, statement["Principal"], map[string]any{"AWS": text(t, role)})
			if key := keys[name]; key != "" {
				assert.DeepEqual(t, statement["Resource"], []any{"*"})
				statement["Resource"] = "arn:aws:kms:eu-west-1:123456789012:key/" + key
			}
			allowed = append(allowed, permissions(t, statement)...)
		}
	}
	slices.Sort(may)
	slices.Sort(allowed)
	assert.Equal(t, len(may), count, shape)
	assert.DeepEqual(t, allowed, may)
}

// TestTheMostLinkedBucketsFitIntoPolicies holds that as many buckets as the worker takes
// are taken here, and that IAM takes a role's policies, whose lengths it counts without
// white space.
//
// Source: IAM's guide, IAM and AWS STS quotas.
func TestTheMostLinkedBucketsFitIntoPolicies(t *testing.T) {
	const inline, managed = 10240, 6144
	names := make([]string, figureOf(t, "runtime/settings.py", "MAX_LINKED_BUCKETS"))
	for i := range names {
		names[i] = fmt.Sprintf("%q", fmt.Sprintf("%s-%02d", strings.Repeat("b", 60), i))
	}
	linked := func(names ...string) string {
		return `{"exportEntries": false, "quiltDatabase": "q", "linkedBuckets": [` + strings.Join(names, ",") + `]}`
	}
	_, err := stacks.ReadSettings(contextWith(t, linked(append(names, `"one-more"`)...)))
	assert.ErrorContains(t, err, "is not a list of buckets")
	settings, err := stacks.ReadSettings(contextWith(t, linked(names...)))
	assert.NilError(t, err)
	template := synth(t, settings, contractOf(t, dockerfile))
	buckets := 0
	for kind, most := range map[string]int{"AWS::IAM::Policy": inline, "AWS::IAM::ManagedPolicy": managed} {
		for id, policy := range resources(t, template, kind) {
			document, err := json.Marshal(policy.Properties["PolicyDocument"])
			assert.NilError(t, err)
			written := text(t, string(document))
			buckets += strings.Count(written, "s3:::bbb")
			assert.Check(t, len(written) <= most, "%s: %d characters", id, len(written))
		}
	}
	assert.Equal(t, buckets, 4*len(names))
}

func TestWhatIsMadeHereNeedsNoResourcePolicy(t *testing.T) {
	for _, shape := range []string{"dev", "guarded"} {
		assert.Equal(t, len(policiesOf(t, string(golden.Get(t, shape+".template.json")))), 0, shape)
	}
}
