package cfnschema

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gotest.tools/v3/assert"
)

func TestWhatTheSchemasSay(t *testing.T) {
	s, err := Installed("../../build/tools")
	assert.NilError(t, err)
	assert.Assert(t, s.HoldsData("AWS::S3::Bucket"))
	assert.Assert(t, !s.HoldsData("AWS::ECS::Service"))

	bucket, known, err := s.Of("AWS::S3::Bucket")
	assert.NilError(t, err)
	assert.Assert(t, known)
	assert.Assert(t, slices.ContainsFunc(bucket.CreateOnly, func(path []string) bool { return slices.Equal(path, []string{"BucketName"}) }))
	table, _, err := s.Of("AWS::DynamoDB::Table")
	assert.NilError(t, err)
	assert.DeepEqual(t, table.MayReplace, [][]string{{"KeySchema"}})

	_, known, err = s.Of("Custom::Thing")
	assert.NilError(t, err)
	assert.Assert(t, !known)
}

func TestSchemasThatAreNotThere(t *testing.T) {
	_, err := Installed(t.TempDir())
	assert.ErrorContains(t, err, "0 directories found, not one; remove build/tools and run `make lint`")

	environment := t.TempDir()
	data := filepath.Join(environment, "lib", "python3.11", "site-packages", "cfnlint", "data")
	assert.NilError(t, os.MkdirAll(filepath.Join(data, "schemas", "providers"), 0o700))
	_, err = Installed(environment)
	assert.ErrorContains(t, err, "us-east-1.json: not there: another layout")
	assert.ErrorContains(t, err, "StatefulResources.json: not there")
	assert.NilError(t, os.WriteFile(filepath.Join(data, "schemas", "providers", "us-east-1.json"), []byte("["), 0o600))
	_, err = Installed(environment)
	assert.ErrorContains(t, err, "unexpected end of JSON input; install the tools anew")
}
