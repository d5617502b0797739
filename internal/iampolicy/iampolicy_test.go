package iampolicy

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true},
		{"", "", true},
		{"", "a", false},
		{"a*", "abc", true},
		{"*c", "abc", true},
		{"a*c", "abd", false},
		{"a*b*c", "axxbyybzzc", true},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"s3:Get*", "S3:getObject", true},
		{"s3:Get*", "s3:PutObject", false},
		{"arn:aws:s3:::b/*", "arn:aws:s3:::b/*/x", true},
		{"[a]*", "a", false},
		{"?", "ü", true},
		{"**a**", "bab", true},
	} {
		assert.Equal(t, Matches(c.pattern, c.text), c.want, "%s %s", c.pattern, c.text)
	}
}

func TestActions(t *testing.T) {
	actions, err := Installed("../../node_modules")
	assert.NilError(t, err)
	for pattern, want := range map[string]Action{
		"s3:PutBucketPolicy":        {"s3:PutBucketPolicy", []string{Permissions, Write}, true},
		"s3:getobject":              {"s3:GetObject", []string{Read}, true},
		"ecr:GetAuthorizationToken": {"ecr:GetAuthorizationToken", []string{Read}, false},
		"cloudwatch:PutMetricData":  {"cloudwatch:PutMetricData", []string{Write}, false},
		"dynamodb:ListTables":       {"dynamodb:ListTables", []string{List}, false},
	} {
		found, err := actions.Of(pattern)
		assert.NilError(t, err)
		assert.DeepEqual(t, found, []Action{want})
	}
	for _, unknown := range []string{"nothing:Here", "${Unknown}", "*", "[a:b", "s3:Nothing"} {
		found, err := actions.Of(unknown)
		assert.NilError(t, err)
		assert.Equal(t, len(found), 0, unknown)
	}
	found, err := actions.Of("s3:Get*")
	assert.NilError(t, err)
	assert.Assert(t, len(found) > 20, len(found))
	_, err = Installed(t.TempDir())
	assert.ErrorContains(t, err, "run `make node_modules/.package-lock.json`")
}
