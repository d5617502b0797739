package cdkfile

import (
	"testing"

	"gotest.tools/v3/assert"
)

// TestFaultsHaveAPlace holds line, column and remedy of what isn't JSON.
func TestFaultsHaveAPlace(t *testing.T) {
	for text, want := range map[string]string{
		"":                `cdk.json: empty; write {…}`,
		"[1]":             `cdk.json: not a JSON object; write {…}`,
		`{"context": []}`: `cdk.json: context: [] is not an object; write {"environments": …}`,
		"{\n  \"context\": {\n    \"environments\": {},\n  }\n}": `cdk.json:4:3: invalid character '}' looking for beginning of object key string; remove the comma before it`,
		"{\n\t// a comment\n}":   `cdk.json:2:2: invalid character '/' looking for beginning of object key string; remove it: JSON has no comments`,
		`{'context': {}}`:        `cdk.json:1:2: invalid character '\'' looking for beginning of object key string; write " for '`,
		`{"ä": “x”}`:             `cdk.json:1:7: invalid character '“'; write " for a quotation mark, and ASCII outside strings`,
		"{\"a\": 1\r\n\"b\": 2}": `cdk.json:2:1: invalid character '"' after object key:value pair; write a comma before it, or close what is open`,
		"{\"a\": \"x\n\"}":       `cdk.json:1:9: invalid character '\n' in string literal; close the string before it`,
		`{"a": 1e999}`:           `cdk.json:1:12: number 1e999 is too large; write a smaller number`,
		"{\n \"context\": {":     `cdk.json:2:13: unexpected end of JSON input; close what is open`,
		`{} {}`:                  `cdk.json:1:4: invalid character '{' after top-level value; remove it, and what follows`,
		"{\"context\": {\"cpu\": 1,\n \"cpu\": 2}, \"context\": {}}": "cdk.json:2:2: context.cpu is there twice; keep one\ncdk.json:2:13: context is there twice; keep one",
	} {
		_, err := Context([]byte(text))
		assert.Check(t, err != nil && err.Error() == want, "%q: %v\nwant %s", text, err, want)
	}
	context, err := Context([]byte("\uFEFF" + `{"context": {"environments": {}}}`))
	assert.NilError(t, err)
	assert.DeepEqual(t, context, map[string]any{"environments": map[string]any{}})
}
