package cfn

import (
	"encoding/json"
	"testing"

	"gotest.tools/v3/assert"
)

const text = `{
	"Description": "a queue and who may send to it",
	"Resources": {
		"Queue": {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain", "DependsOn": ["Role"], "Properties": {"DelaySeconds": 5}},
		"Other": {"Type": "AWS::SQS::Queue"},
		"Role": {"Type": "AWS::IAM::Role", "Properties": {
			"AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole"}},
			"Policies": [{"PolicyDocument": {"Statement": ["broken", {"Effect": "Deny", "Resource": {"Fn::GetAtt": ["Queue", "Arn"]}}]}}],
			"Description": {"Fn::Sub": "of ${Queue} and ${Queue.Arn}"}
		}}
	},
	"Outputs": {"Url": {"Value": {"Ref": "Queue"}}}
}`

func read(t *testing.T) Template {
	t.Helper()
	template, err := Read([]byte(text))
	assert.NilError(t, err)
	return template
}

func TestRead(t *testing.T) {
	template := read(t)
	queue := template.Resources["Queue"]
	assert.DeepEqual(t, queue, Resource{
		ID: "Queue", Type: "AWS::SQS::Queue", Properties: map[string]any{"DelaySeconds": 5.0},
		Attributes: map[string]any{"DeletionPolicy": "Retain", "DependsOn": []any{"Role"}},
	})
	assert.Equal(t, queue.Attribute("DeletionPolicy"), "Retain")
	assert.Equal(t, queue.Attribute("DependsOn"), "", "a list is no text")
	assert.DeepEqual(t, idsOf(template.All()), []string{"Other", "Queue", "Role"})
	assert.DeepEqual(t, idsOf(template.OfType("AWS::SQS::Queue")), []string{"Other", "Queue"})
	assert.Equal(t, template.Rest["Description"], "a queue and who may send to it")
	assert.Equal(t, template.Rest["Resources"], nil)

	var properties struct{ DelaySeconds int }
	assert.NilError(t, queue.Decode(&properties))
	assert.Equal(t, properties.DelaySeconds, 5)
	var wrong struct{ DelaySeconds string }
	assert.ErrorContains(t, queue.Decode(&wrong), "cannot unmarshal number into Go struct field .DelaySeconds")
}

func idsOf(resources []Resource) []string {
	var ids []string
	for _, r := range resources {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestReadRefusesWhatIsNoTemplate(t *testing.T) {
	for text, fault := range map[string]string{
		`{`:                                 "not a template: unexpected end of JSON input; synthesize it anew",
		`{"Resources": []}`:                 "resources: json: cannot unmarshal array",
		`{"Resources": {"Q": {"Type": 1}}}`: "resources: json: cannot unmarshal number",
	} {
		_, err := Read([]byte(text))
		assert.ErrorContains(t, err, fault)
	}
}

func TestAtAndList(t *testing.T) {
	role := read(t).Resources["Role"]
	statement := At(role.Properties, "AssumeRolePolicyDocument", "Statement")
	assert.Equal(t, At(statement, "Action"), "sts:AssumeRole")
	assert.Equal(t, At(role.Properties, "Description", "None", "Deeper"), nil)
	assert.DeepEqual(t, List(statement), []any{statement})
	assert.DeepEqual(t, List([]any{"a"}), []any{"a"})
	assert.Equal(t, len(List(nil)), 0)
}

func TestStatements(t *testing.T) {
	properties := read(t).Resources["Role"].Properties
	assert.DeepEqual(t, Statements(properties), []Statement{
		{"AssumeRolePolicyDocument.Statement[0]", map[string]any{"Effect": "Allow", "Action": "sts:AssumeRole"}},
		{"Policies[0].PolicyDocument.Statement[1]", map[string]any{"Effect": "Deny", "Resource": map[string]any{"Fn::GetAtt": []any{"Queue", "Arn"}}}},
	})
	document, _ := properties["AssumeRolePolicyDocument"].(map[string]any)
	assert.Assert(t, IsPolicy(document))
	assert.Assert(t, !IsPolicy(properties))
}

func TestText(t *testing.T) {
	for value, want := range map[string]string{
		`null`:                         "none",
		`""`:                           `""`,
		`5.5`:                          "5.5",
		`true`:                         "true",
		`["a", {"Ref": "B"}]`:          "[a, B]",
		`{"b": 1, "a": []}`:            "{a: [], b: 1}",
		`{"Fn::GetAtt": ["A", "Arn"]}`: "A.Arn",
		`{"Fn::Sub": "x ${A}"}`:        "x ${A}",
		`{"Fn::Join": ["/", ["arn", {"Ref": "A"}]]}`:    "arn/A",
		`{"Fn::Select": [0, {"Fn::GetAZs": ""}]}`:       `Select[0, GetAZs""]`,
		`{"Ref": "A", "Fn::GetAtt": "two, so neither"}`: "{Fn::GetAtt: two, so neither, Ref: A}",
	} {
		var read any
		assert.NilError(t, json.Unmarshal([]byte(value), &read))
		assert.Equal(t, Text(read), want)
	}
}

func TestWithIDs(t *testing.T) {
	template := read(t)
	renamed := template.WithIDs(map[string]string{"Queue": "Intake", "Role": "Sender"})
	assert.DeepEqual(t, idsOf(renamed.All()), []string{"Intake", "Other", "Sender"})
	role := renamed.Resources["Sender"]
	assert.Equal(t, Text(role.Properties["Description"]), "of ${Intake} and ${Intake.Arn}")
	assert.Equal(t, Text(Statements(role.Properties)[1].Elements["Resource"]), "Intake.Arn")
	assert.DeepEqual(t, renamed.Resources["Intake"].Attributes["DependsOn"], []any{"Sender"})
	assert.Equal(t, Text(At(renamed.Rest, "Outputs", "Url", "Value")), "Intake")
	assert.DeepEqual(t, template, read(t)) // The template itself stays.
	assert.DeepEqual(t, template.WithIDs(nil), template)
}

func TestFirstReference(t *testing.T) {
	properties := read(t).Resources["Role"].Properties
	assert.Equal(t, FirstReference(properties, map[string]bool{"Queue": true}), "Queue")
	assert.Equal(t, FirstReference(properties, map[string]bool{"Other": true}), "")
	for text, want := range map[string]string{
		`{"Fn::Sub": "https://${A}/x"}`:               "A",
		`{"Fn::Sub": ["${a}", {"a": {"Ref": "A"}}]}`:  "A",
		`{"Fn::Sub": "${!A}"}`:                        "",
		`{"Fn::GetAtt": "A.Arn"}`:                     "A",
		`[{"x": {"Fn::Join": ["", [{"Ref": "A"}]]}}]`: "A",
		`"A"`: "",
	} {
		var value any
		assert.NilError(t, json.Unmarshal([]byte(text), &value))
		assert.Equal(t, FirstReference(value, map[string]bool{"A": true}), want, text)
	}
}
