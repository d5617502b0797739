package actions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/emulator"
)

const (
	// repository is the one that the CDK's bootstrap makes for images.
	repository = "cdk-hnb659fds-container-assets-" + emulator.Account + "-" + emulator.Region
	// templateTimeout bounds the deployment of a template without the CDK CLI.
	templateTimeout = time.Minute
)

// imageTag finds the tag of the image in a template: the hash of its asset, or what stands
// for it in golden templates.
var imageTag = regexp.MustCompile(`cdk-hnb659fds-container-assets-\$\{AWS::AccountId\}-\$\{AWS::Region\}:([A-Za-z0-9_]+)`)

// adopt prepares a stage on the engine of another testbed.
type adopt struct {
	*stage.Stage
	other *testbed.Testbed
}

// Run gets ready what a deployment needs.
func (a adopt) Run(ctx context.Context) error { return a.PrepareOn(ctx, a.other) }

// deployTemplate deploys a template as it is, without the CDK CLI.
type deployTemplate struct {
	*stage.Stage
	template string
}

// Run makes what the CDK's bootstrap makes of it that a deployment asks for, deploys the
// template and reads it back.
func (a deployTemplate) Run(ctx context.Context) error {
	if err := a.Report.Check("template deployed", func() (string, error) {
		if err := a.bootstrap(ctx); err != nil {
			return "", err
		}
		return stage.StackName, a.deploy(ctx)
	}); err != nil {
		return err
	}
	return readBack(ctx, a.Stage)
}

// bootstrap makes the version of the bootstrap, and the repository with the image.
func (a deployTemplate) bootstrap(ctx context.Context) error {
	config := a.Emulator.Config()
	if _, err := ssm.NewFromConfig(config).PutParameter(ctx, &ssm.PutParameterInput{
		Name: aws.String("/cdk-bootstrap/hnb659fds/version"), Value: aws.String("30"), Type: ssmtypes.ParameterTypeString,
	}); err != nil {
		return err
	}
	client := ecr.NewFromConfig(config)
	if _, err := client.CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: aws.String(repository)}); err != nil {
		return err
	}
	tag := imageTag.FindStringSubmatch(a.template)
	if tag == nil {
		return errors.New("the template has no image of the CDK's repository")
	}
	// The engine has the image already: ECR has as much of it as is asked of it here.
	digest := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "sha256:" + hex.EncodeToString(sum[:])
	}
	part := func(name string) map[string]any {
		return map[string]any{"mediaType": "application/vnd.oci.image." + name, "digest": digest(a.Image + name), "size": 1}
	}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": part("config.v1+json"), "layers": []any{part("layer.v1.tar+gzip")},
	})
	if err != nil {
		return err
	}
	_, err = client.PutImage(ctx, &ecr.PutImageInput{
		RepositoryName: aws.String(repository), ImageTag: aws.String(tag[1]), ImageManifest: aws.String(string(manifest)),
		ImageManifestMediaType: aws.String("application/vnd.oci.image.manifest.v1+json"), ImageDigest: aws.String(digest(string(manifest))),
	})
	return err
}

// deploy creates the stack and waits for it; its error has what failed first.
func (a deployTemplate) deploy(ctx context.Context) error {
	client := cloudformation.NewFromConfig(a.Emulator.Config())
	name := aws.String(stage.StackName)
	if _, err := client.CreateStack(ctx, &cloudformation.CreateStackInput{
		StackName: name, TemplateBody: aws.String(a.template),
		Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam},
	}); err != nil {
		return err
	}
	var reason string
	err := testbed.Until(ctx, templateTimeout, func() (bool, string) {
		described, err := client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: name})
		if err != nil {
			return false, err.Error()
		}
		status := described.Stacks[0].StackStatus
		if strings.Contains(string(status), "ROLLBACK") || strings.HasSuffix(string(status), "FAILED") {
			reason = string(status) + ": " + aws.ToString(described.Stacks[0].StackStatusReason)
		}
		return status == cfntypes.StackStatusCreateComplete || reason != "", string(status)
	})
	if err == nil && reason != "" {
		err = fmt.Errorf("stack %s: %s", stage.StackName, reason)
	}
	return err
}
