package operate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"benchlingwebhook/stacks"
)

// ErrNoImage is returned where the registry has no image of the assembly yet.
var ErrNoImage = errors.New("the registry has no such image yet; run cdk publish-assets")

// imageAssets is of an asset manifest what it says of images.
type imageAssets struct {
	Images map[string]struct {
		Destinations map[string]struct {
			Repository string `json:"repositoryName"`
			Tag        string `json:"imageTag"`
		} `json:"destinations"`
	} `json:"dockerImages"`
}

// Image prints the image that a deployment of a synthesized environment runs, by its
// digest in the registry of the credentials' account: what to sign, and to verify, before
// it is deployed. ErrNoImage says that it isn't there.
func Image(ctx context.Context, environment, assembly string, asJSON bool, out io.Writer) error {
	repository, tag, err := imageDestination(filepath.Join(assembly, stacks.StackName(environment)+".assets.json"))
	if err != nil {
		return err
	}
	cloud, err := loadConfig(ctx)
	if err != nil {
		return err
	}
	caller, err := sts.NewFromConfig(cloud).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return fmt.Errorf("account of the credentials: %w", err)
	}
	repository = strings.NewReplacer("${AWS::AccountId}", *caller.Account, "${AWS::Region}", cloud.Region).Replace(repository)
	registry := ecr.NewFromConfig(cloud)
	missing := fmt.Errorf("%s:%s: %w", repository, tag, ErrNoImage)
	images, err := registry.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: &repository, ImageIds: []types.ImageIdentifier{{ImageTag: &tag}}})
	if notFound := (*types.ImageNotFoundException)(nil); errors.As(err, &notFound) {
		return missing
	}
	if err != nil {
		return fmt.Errorf("image %s:%s: %w", repository, tag, err)
	}
	if len(images.ImageDetails) == 0 {
		return missing
	}
	repositories, err := registry.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RepositoryNames: []string{repository}})
	if err != nil {
		return fmt.Errorf("repository %s: %w", repository, err)
	}
	name, digest := aws.ToString(repositories.Repositories[0].RepositoryUri), aws.ToString(images.ImageDetails[0].ImageDigest)
	if asJSON {
		return printJSON(out, struct {
			Name   string `json:"name"`
			Digest string `json:"digest"`
		}{name, digest})
	}
	_, err = fmt.Fprintf(out, "%s@%s\n", name, digest)
	return err
}

// imageDestination returns the one repository and tag that an asset manifest has an image
// for, with placeholders for account and region.
func imageDestination(manifest string) (repository, tag string, err error) {
	text, err := os.ReadFile(manifest)
	if err != nil {
		return "", "", fmt.Errorf("%w; run make synth", err)
	}
	var assets imageAssets
	if err := json.Unmarshal(text, &assets); err != nil {
		return "", "", fmt.Errorf("%s: %w; run make synth", manifest, err)
	}
	count := 0
	for _, image := range assets.Images {
		for _, destination := range image.Destinations {
			repository, tag = destination.Repository, destination.Tag
			count++
		}
	}
	if count != 1 {
		return "", "", fmt.Errorf("%s: %d images, and one was expected", manifest, count)
	}
	return repository, tag, nil
}
