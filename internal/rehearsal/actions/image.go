package actions

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"benchlingwebhook/internal/imageaudit"
	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
)

type image struct{ *stage.Stage }

// Run fetches the task's image from the local registry by the digest that ECR
// has for it, after the copy that the CDK CLI built is gone, and compares it with
// the contract.
func (a image) Run(ctx context.Context) error {
	if err := a.Report.Check("image pulled by digest", func() (string, error) {
		if len(a.Stack.WebTask.ContainerDefinitions) == 0 {
			return "", errors.New("the task definition has no container")
		}
		image := aws.ToString(a.Stack.WebTask.ContainerDefinitions[0].Image)
		_, path, _ := strings.Cut(image, "/")
		repository, tag, found := strings.Cut(path, ":")
		if !found {
			return "", fmt.Errorf("%q: no tag", image)
		}
		images, err := ecr.NewFromConfig(a.Emulator.Config()).DescribeImages(ctx, &ecr.DescribeImagesInput{
			RepositoryName: aws.String(repository), ImageIds: []ecrtypes.ImageIdentifier{{ImageTag: aws.String(tag)}},
		})
		if err != nil {
			return "", err
		}
		digest := aws.ToString(images.ImageDetails[0].ImageDigest)
		if err := testbed.RemoveImages(ctx, a.Engine, testbed.ImagePrefix()+"*"); err != nil {
			return "", err
		}
		a.Image = a.Registry.Host + "/" + repository + "@" + digest
		_, err = a.Docker(ctx, "pull", a.Image)
		return digest, err
	}); err != nil {
		return err
	}
	a.AtEnd(func(ctx context.Context) { _, _ = a.Docker(ctx, "image", "rm", a.Image) })
	return a.checkImage(ctx)
}

// checkImage compares the built image with the contract that the stack was
// synthesized from.
func (a image) checkImage(ctx context.Context) error {
	var image imageaudit.BuiltImage
	if err := a.Report.Check("image size", func() (string, error) {
		err := a.Inspect(ctx, "image", a.Image, &image)
		base := ""
		if a.Contexts.Standin {
			base = ", on the stand-in base"
		}
		return fmt.Sprintf("%.0f MB%s", float64(image.Size)/1e6, base), err
	}); err != nil {
		return err
	}
	_ = a.Report.Check("image keeps the contract", func() (string, error) {
		return imageaudit.Conforming, imageaudit.Nonconformance(a.Contract, image)
	})
	return nil
}
