package operate

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/emulator"
)

// assetManifest is as CDK writes it.
const assetManifest = `{"version": "54.0.0", "files": {}, "dockerImages": {"e606": {
	"displayName": "Image", "source": {"directory": "asset.e606", "platform": "linux/amd64"},
	"destinations": {"current_account-current_region-0d4a36ed": {
		"repositoryName": "cdk-hnb659fds-container-assets-${AWS::AccountId}-${AWS::Region}", "imageTag": "e606",
		"assumeRoleArn": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cdk-hnb659fds-image-publishing-role-${AWS::AccountId}-${AWS::Region}"}}}}}`

// TestImage looks for an image that isn't pushed, then is.
func TestImage(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cloud, _ := start(ctx, t)
	assert.NilError(t, os.Mkdir("cdk.out", 0o700))
	manifest := filepath.Join("cdk.out", "BenchlingWebhook-dev.assets.json")
	assert.ErrorContains(t, Image(ctx, "dev", "cdk.out", false, nil), "BenchlingWebhook-dev.assets.json: no such file or directory; run make synth")
	for text, problem := range map[string]string{`{`: "unexpected end of JSON input; run make synth", `{}`: "0 images, and one was expected"} {
		assert.NilError(t, os.WriteFile(manifest, []byte(text), 0o600))
		assert.ErrorContains(t, Image(ctx, "dev", "cdk.out", false, nil), problem)
	}
	assert.NilError(t, os.WriteFile(manifest, []byte(assetManifest), 0o600))
	assert.ErrorContains(t, Image(ctx, "dev", "cdk.out", false, nil), "RepositoryNotFoundException")

	registry := ecr.NewFromConfig(cloud)
	name := "cdk-hnb659fds-container-assets-" + emulator.Account + "-" + emulator.Region
	_, err := registry.CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: &name})
	assert.NilError(t, err)
	assert.ErrorIs(t, Image(ctx, "dev", "cdk.out", false, nil), ErrNoImage)

	put, err := registry.PutImage(ctx, &ecr.PutImageInput{RepositoryName: &name, ImageTag: aws.String("e606"), ImageManifest: aws.String(`{"schemaVersion": 2}`)})
	assert.NilError(t, err)
	var out bytes.Buffer
	assert.NilError(t, Image(ctx, "dev", "cdk.out", false, &out))
	assert.Check(t, strings.HasSuffix(out.String(), "/"+name+"@"+*put.Image.ImageId.ImageDigest+"\n"), out.String())
	out.Reset()
	assert.NilError(t, Image(ctx, "dev", "cdk.out", true, &out))
	assert.Check(t, strings.Contains(out.String(), `"digest": "`+*put.Image.ImageId.ImageDigest+`"`), out.String())
}
