package actions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/emulator"
	"benchlingwebhook/internal/testbed/resources"
)

// repository is the one that the CDK's bootstrap makes for images.
const repository = "cdk-hnb659fds-container-assets-" + emulator.Account + "-" + emulator.Region

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
		config := a.Emulator.Config()
		template, err := resources.MakeExisting(ctx, config, a.template)
		if err != nil {
			return "", err
		}
		if err := a.putImage(ctx, config); err != nil {
			return "", err
		}
		_, err = resources.Deploy(ctx, config, stage.StackName, template, nil)
		return stage.StackName, err
	}); err != nil {
		return err
	}
	return readBack(ctx, a.Stage)
}

// putImage makes the repository with the image.
func (a deployTemplate) putImage(ctx context.Context, config aws.Config) error {
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
