package cfn

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// valuesOf returns the property "V" of the resource "R" in every case, as JSON, and the
// problems. The rest of the template is as given.
func valuesOf(t *testing.T, value, rest string) (values []string, problems []Problem) {
	t.Helper()
	text := fmt.Sprintf(`{"Resources": {"R": {"Type": "T", "Properties": {"V": %s}}, "Q": {"Type": "T"}} %s}`, value, rest)
	template, err := Read([]byte(text))
	assert.NilError(t, err, text)
	cases, problems := Cases(template)
	for _, decided := range cases {
		shown := "absent"
		if value, isSet := decided.Resources["R"].Properties["V"]; isSet {
			encoded, err := json.Marshal(value)
			assert.NilError(t, err)
			shown = Shown(string(encoded))
		}
		values = append(values, shown)
	}
	slices.Sort(values)
	return values, problems
}

func TestCases(t *testing.T) {
	const (
		conditions = `, "Conditions": {"C": {"Fn::Equals": [{"Ref": "P"}, "a"]}, "D": {"Fn::Not": [{"Condition": "C"}]},
			"E": {"Fn::Equals": [{"Ref": "P"}, "b"]}, "N": {"Fn::And": [{"Condition": "C"}, {"Condition": "E"}]},
			"O": {"Fn::Or": [{"Condition": "C"}, {"Condition": "D"}]}, "S": {"Fn::Equals": ["a", "b"]}, "L": {"Fn::Not": [{"Condition": "L"}]}}`
		allowed  = `, "Parameters": {"P": {"Type": "String", "AllowedValues": ["a", "b"]}}`
		mappings = `, "Mappings": {"M": {"x": {"k": "1"}, "y": {"k": "2"}}}`
	)
	for _, test := range []struct {
		value, rest string
		want        []string
	}{
		{`1`, ``, []string{`1`}},
		{`{"Ref": "AWS::NoValue"}`, ``, []string{`absent`}},
		{`["a", {"Ref": "AWS::NoValue"}]`, ``, []string{`["a"]`}},
		{`{"Ref": "Q"}`, ``, []string{`"${Q}"`}},
		{`{"Fn::GetAtt": ["Q", "Arn"]}`, ``, []string{`"${Q.Arn}"`}},
		{`{"Fn::GetAtt": "Q.Arn"}`, ``, []string{`"${Q.Arn}"`}},
		{`{"Fn::Sub": "a${Q}b${Q.Arn}${!c}${AWS::Region}"}`, ``, []string{`"a${Q}b${Q.Arn}${c}${AWS::Region}"`}},
		{`{"Fn::Sub": ["${x}${y}", {"x": "a", "y": {"Ref": "Q"}}]}`, ``, []string{`"a${Q}"`}},
		{`{"Fn::Join": ["-", ["a", 1, true, {"Ref": "Q"}]]}`, ``, []string{`"a-1-true-${Q}"`}},
		{`{"Fn::Join": ["-", {"Ref": "P"}]}`, ``, []string{`"${Fn::Join}"`}},
		{`{"Fn::Select": ["1", ["a", "b"]]}`, ``, []string{`"b"`}},
		{`{"Fn::Select": [9, ["a", "b"]]}`, ``, []string{`"${Fn::Select}"`}},
		{`{"Fn::Select": [0, {"Fn::Split": ["/", "a/b"]}]}`, ``, []string{`"a"`}},
		{`{"Fn::Split": ["/", {"Ref": "Q"}]}`, ``, []string{`"${Fn::Split}"`}},
		{`{"Fn::Select": [0, {"Fn::GetAZs": ""}]}`, ``, []string{`"${Fn::GetAZs}"`}},
		{`{"Fn::ToJsonString": {"a": {"Ref": "Q"}}}`, ``, []string{`"{\"a\":\"${Q}\"}"`}},
		{`{"Fn::Base64": "a"}`, ``, []string{`"a"`}},
		{`{"Fn::ImportValue": "x"}`, ``, []string{`"${Fn::ImportValue}"`}},
		{`"a{{resolve:ssm:x}}"`, ``, []string{`"a${resolve:ssm:x}"`}},
		{`{"Ref": "P"}`, ``, []string{`"${P}"`}},
		{`{"Ref": "P"}`, allowed, []string{`"a"`, `"b"`}},
		{`{"Fn::Sub": "${P}${P}"}`, allowed, []string{`"aa"`, `"bb"`}},
		{`{"Fn::If": ["X", 1, 2]}`, ``, []string{`1`, `2`}},
		{`[{"Fn::If": ["X", 1, 2]}, {"Fn::If": ["X", 3, 4]}]`, ``, []string{`[1,3]`, `[2,4]`}},
		{`[{"Fn::If": ["C", 1, 2]}, {"Fn::If": ["D", 3, 4]}]`, conditions, []string{`[1,4]`, `[2,3]`}},
		{`[{"Fn::If": ["C", 1, 2]}, {"Fn::If": ["E", 3, 4]}, {"Ref": "P"}]`, conditions, []string{`[1,4,"a"]`, `[2,3,"b"]`, `[2,4,"${P}"]`}},
		{`[{"Fn::If": ["C", 1, 2]}, {"Fn::If": ["E", 3, 4]}]`, conditions + allowed, []string{`[1,4]`, `[2,3]`}},
		{`{"Fn::If": ["N", 1, 2]}`, conditions, []string{`2`}},
		{`{"Fn::If": ["O", 1, 2]}`, conditions, []string{`1`}},
		{`{"Fn::If": ["S", 1, 2]}`, conditions, []string{`2`}},
		{`{"Fn::If": ["L", 1, 2]}`, conditions, []string{`1`, `2`}},
		{`{"Fn::FindInMap": ["M", "x", "k"]}`, mappings, []string{`"1"`}},
		{`{"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "k"]}`, mappings, []string{`"1"`, `"2"`}},
		{`{"Fn::FindInMap": ["M", "z", "k"]}`, mappings, []string{`"${Fn::FindInMap}"`}},
	} {
		values, problems := valuesOf(t, test.value, test.rest)
		assert.Check(t, slices.Equal(values, test.want), "%s: %q", test.value, values)
		assert.Check(t, len(problems) == 0, "%s: %v", test.value, problems)
	}
}

// TestConditionalResources leaves a resource out where its condition doesn't hold.
func TestConditionalResources(t *testing.T) {
	template, err := Read([]byte(`{"Resources": {"A": {"Type": "T", "Condition": "C"}, "B": {"Type": "T", "Condition": "C"}}}`))
	assert.NilError(t, err)
	cases, problems := Cases(template)
	assert.Equal(t, len(problems), 0)
	var sizes []int
	for _, decided := range cases {
		sizes = append(sizes, len(decided.Resources))
	}
	assert.DeepEqual(t, sizes, []int{2, 0})
}

func TestCasesThatCannotBeShown(t *testing.T) {
	for value, fault := range map[string]string{
		`{"Ref": ["x"]}`:                   "Ref [x]: it must be a name",
		`{"Fn::GetAtt": ["Q"]}`:            "Fn::GetAtt [Q]: it must be a resource and an attribute",
		`{"Fn::Sub": []}`:                  "Fn::Sub []: it must be a text",
		`{"Fn::Transform": {"Name": "x"}}`: "Fn::Transform: it makes what the template doesn't show",
		`{"Fn::If": ["X"]}`:                "Fn::If: it makes what the template doesn't show",
		`{"a": 1, "Fn::Transform": {}}`:    "Fn::Transform beside other names: it makes what the template doesn't show",
	} {
		_, problems := valuesOf(t, value, "")
		assert.Check(t, slices.Equal(problems, []Problem{{"R", fault}}), "%s: %v", value, problems)
	}
	var many []string
	for i := range 8 {
		many = append(many, fmt.Sprintf(`{"Fn::If": ["C%d", 1, 2]}`, i))
	}
	values, problems := valuesOf(t, `[`+strings.Join(many, ",")+`]`, "")
	assert.Equal(t, len(values), maxCases)
	assert.DeepEqual(t, problems, []Problem{{"", "more than 128 cases of its conditions and parameters: use fewer"}})
}
