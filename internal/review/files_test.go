package review

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// files writes files below a directory of their own, which it returns.
func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	directory := t.TempDir()
	for name, text := range texts {
		path := filepath.Join(directory, name)
		assert.NilError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		assert.NilError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return directory
}

const (
	topic   = `{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "before"}}}}`
	renamed = `{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "after"}}}}`
	store   = `{"Resources": {"Store": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Delete"}}}`
	empty   = `{"Resources": {}}`
	// parent has a nested stack whose template is in a file; byHash one whose
	// template is an asset.
	parent = `{"Resources": {"Child": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "x"}, "Metadata": {"aws:asset:path": "child.nested.template.json"}}}}`
	byHash = `{"Resources": {"Child": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": {"Fn::Sub": "https://s3/${AWS::Region}/HASH.json"}}}}}`
)

var hash = strings.Repeat("0a", 32)

// assembly returns the files of a cloud assembly with one stack.
func assembly(stack, template, child string) map[string]string {
	return map[string]string{
		"manifest.json": `{"artifacts": {"` + stack + `": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "t.json"}},
			"` + stack + `.assets": {"type": "cdk:asset-manifest"}}}`,
		"t.json":                     strings.ReplaceAll(template, "HASH", hash),
		"t.assets.json":              `{"files": {"` + hash + `": {"source": {"path": "child.nested.template.json"}}}}`,
		"child.nested.template.json": child,
	}
}

func TestTemplatesOfFilesAndAssemblies(t *testing.T) {
	stage := map[string]string{"manifest.json": `{"artifacts": {"assembly-A": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-A"}}}}`}
	for name, text := range assembly("A", renamed, topic) {
		stage["assembly-A/"+name] = text
	}
	for _, c := range []struct {
		name          string
		before, after map[string]string // A file of the name "template" is compared itself.
		text          string
	}{
		{"files", map[string]string{"template": topic}, map[string]string{"template": renamed}, "changed: Topic DisplayName: before → after\n"},
		{"the same", map[string]string{"template": topic}, map[string]string{"template": topic}, "nothing changed\n"},
		{"a file and an assembly", map[string]string{"template": topic}, assembly("A", renamed, topic), "changed: Topic DisplayName: before → after\n"},
		{"a stack of another name", assembly("B", topic, topic), assembly("A", renamed, topic), "changed: Topic DisplayName: before → after\n"},
		{"a stage", assembly("A", topic, topic), stage, "changed: Topic DisplayName: before → after\n"},
		{"a nested stack", assembly("A", parent, topic), assembly("A", parent, renamed), "changed: Topic DisplayName: before → after [A/Child]\n"},
		{"a nested stack by its hash", assembly("B", byHash, topic), assembly("A", byHash, renamed), "changed: Topic DisplayName: before → after [A/Child]\n"},
		{"a nested stack that goes", assembly("A", parent, store), assembly("A", empty, topic), "DANGEROUS: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			result, err := Templates(Options{Tools: "../../build/tools", Modules: "../../node_modules"}, side(t, c.before), side(t, c.after))
			assert.NilError(t, err)
			assert.Assert(t, strings.HasPrefix(result.Text(), c.text), result.Text())
			if c.name == "a nested stack that goes" {
				assert.Assert(t, strings.Contains(result.Text(), "AWS::S3::Bucket Store"), result.Text())
				assert.Assert(t, !strings.Contains(result.Text(), "leaves it running"), result.Text())
			}
		})
	}
}

// side writes one side and returns what names it.
func side(t *testing.T, texts map[string]string) string {
	t.Helper()
	directory := files(t, texts)
	if texts["template"] != "" {
		return filepath.Join(directory, "template")
	}
	return directory
}

func TestTemplatesThatCannotBeRead(t *testing.T) {
	good := side(t, map[string]string{"template": topic})
	for _, c := range []struct {
		name  string
		texts map[string]string
		fault string
	}{
		{"YAML", map[string]string{"template": "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n"}, "/template: not JSON, and YAML isn't read: name a JSON template, such as `cdk synth` writes to cdk.out"},
		{"cut JSON", map[string]string{"template": topic[:20]}, "/template: not a template: unexpected end of JSON input; synthesize it anew"},
		{"no template", map[string]string{"template": `{"findings": []}`}, "/template: no Resources: it isn't a template; name one"},
		{"no assembly", map[string]string{"other": ""}, ": no manifest.json: name a directory that cdk synth wrote"},
		{"an empty assembly", map[string]string{"manifest.json": "{}"}, ": no stack to compare; name another cloud assembly"},
		{"an assembly without its template", map[string]string{"manifest.json": assembly("A", "", "")["manifest.json"]}, "/t.json: no such file or directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, arguments := range [][2]string{{side(t, c.texts), good}, {good, side(t, c.texts)}} {
				_, err := Templates(Options{Tools: "../../build/tools", Modules: "../../node_modules"}, arguments[0], arguments[1])
				assert.Assert(t, err != nil && strings.HasSuffix(err.Error(), c.fault), err)
				assert.Assert(t, !strings.Contains(err.Error(), "\n"))
			}
		})
	}
}
