package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"benchlingwebhook/internal/cfn"
)

// pluginName is how CDK's report calls these rules; an acknowledgement's ID
// begins with it.
const pluginName = "webhook-policy"

// Acknowledgement excuses the violations of one rule by one property of one resource.
type Acknowledgement struct {
	// Name is the violation's, such as "LOG1[Log.RetentionInDays]".
	Name string
	// Reason says why the violation may stay; it shows in the report.
	Reason string
}

// Enforce makes the app's synthesis fail where a template violates a rule that
// isn't acknowledged, or where an acknowledgement excuses nothing or says no
// reason. The report is validation-report.json in the cloud assembly.
func Enforce(app awscdk.App, acknowledged []Acknowledgement) {
	validations := awscdk.Validations_Of(app)
	for _, a := range acknowledged {
		// CDK looks a violation up with hyphens in place of its spaces.
		id := pluginName + "::" + strings.ReplaceAll(a.Name, " ", "-")
		validations.Acknowledge(&awscdk.Acknowledgment{Id: jsii.String(id), Reason: jsii.String(a.Reason)})
	}
	validations.AddPlugins(&plugin{acknowledged: acknowledged})
}

// plugin is what CDK calls with the templates that it wrote.
type plugin struct {
	acknowledged []Acknowledgement
}

func (p *plugin) Name() *string { return jsii.String(pluginName) }

// Version is that of the rules, which are part of this app.
func (p *plugin) Version() *string { return jsii.String("1.0.0") }

func (p *plugin) RuleIds() *[]*string {
	ids := make([]*string, len(Rules))
	for i, rule := range Rules {
		ids[i] = jsii.String(rule.ID)
	}
	return &ids
}

// Validate returns all violations; CDK sorts out the acknowledged ones.
func (p *plugin) Validate(context awscdk.IPolicyValidationContext) *awscdk.PolicyValidationPluginReport {
	var violations []*awscdk.PolicyViolation
	var names []string
	for _, path := range withNested(*context.TemplatePaths()) {
		found, err := checkFile(path)
		if err != nil {
			found = []Violation{{Rule: "unreadable", Property: filepath.Base(path), Fault: err.Error()}}
		}
		for _, v := range found {
			names = append(names, v.Name())
			violations = append(violations, reported(v, path))
		}
	}
	for _, v := range p.idle(names) {
		violations = append(violations, reported(v, (*(*context.TemplatePaths())[0])))
	}
	return &awscdk.PolicyValidationPluginReport{Success: jsii.Bool(len(violations) == 0), Violations: &violations}
}

// idle returns a violation for each acknowledgement that excuses nothing or
// gives no reason.
func (p *plugin) idle(names []string) []Violation {
	var found []Violation
	for _, a := range p.acknowledged {
		switch {
		case !slices.Contains(names, a.Name):
			found = append(found, Violation{Rule: "ACK1", Property: a.Name, Fault: "the acknowledgement excuses nothing: remove it"})
		case a.Reason == "":
			found = append(found, Violation{Rule: "ACK2", Property: a.Name, Fault: "the acknowledgement says no reason: give one"})
		}
	}
	return found
}

// withNested returns the templates' paths and those of the nested stacks beside them,
// which CDK writes as assets and doesn't name.
func withNested(templates []*string) []string {
	var paths []string
	for _, path := range templates {
		paths = append(paths, *path)
	}
	for _, path := range slices.Clone(paths) {
		nested, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*.nested.template.json"))
		paths = append(paths, nested...)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

func checkFile(path string) ([]Violation, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	template, err := cfn.Read(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	properties, err := stackOf(path)
	if err != nil {
		return nil, err
	}
	if properties != nil {
		template.Rest[stackProperties] = properties
	}
	return Check(template), nil
}

// stackOf returns the properties of the stack with a template in the manifest beside
// it; nil if there is no manifest, or no such stack.
func stackOf(path string) (map[string]any, error) {
	text, err := os.ReadFile(filepath.Join(filepath.Dir(path), "manifest.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var manifest struct {
		Artifacts map[string]struct{ Properties map[string]any }
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, fmt.Errorf("manifest.json: %w; synthesize it anew", err)
	}
	for _, artifact := range manifest.Artifacts {
		if artifact.Properties["templateFile"] == filepath.Base(path) {
			return artifact.Properties, nil
		}
	}
	return nil, nil
}

// reported returns a violation as CDK's report takes it.
func reported(v Violation, path string) *awscdk.PolicyViolation {
	resource := &awscdk.PolicyViolatingResource{
		TemplatePath: jsii.String(path),
		Locations:    jsii.Strings(v.Property),
	}
	if v.Resource != "" {
		resource.ResourceLogicalId = jsii.String(v.Resource)
	}
	return &awscdk.PolicyViolation{
		RuleName:           jsii.String(v.Name()),
		Description:        jsii.String(v.String()),
		Fix:                jsii.String("docs/rules/" + page(v.Rule) + ".md"),
		Severity:           jsii.String("error"),
		ViolatingResources: &[]*awscdk.PolicyViolatingResource{resource},
	}
}

// page returns the name of the page that explains a violation.
func page(id string) string {
	if slices.ContainsFunc(Rules, func(rule Rule) bool { return rule.ID == id }) {
		return id
	}
	return "README"
}
