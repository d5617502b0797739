package stage

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestSecretReferences(t *testing.T) {
	const arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:name-abc"
	for from, key := range map[string]string{arn: "", arn + ":tenant::": "tenant", arn + ":::": ""} {
		gotARN, gotKey := splitValueFrom(from)
		assert.Equal(t, gotARN, arn)
		assert.Equal(t, gotKey, key)
	}
	whole, err := pick(`{"tenant":"t"}`, "")
	assert.NilError(t, err)
	assert.Equal(t, whole, `{"tenant":"t"}`)
	one, err := pick(`{"tenant":"t"}`, "tenant")
	assert.NilError(t, err)
	assert.Equal(t, one, "t")
	_, err = pick("{}", "tenant")
	assert.Error(t, err, `no key "tenant"`)
	_, err = pick("text", "tenant")
	assert.ErrorContains(t, err, "not a JSON object")
}
