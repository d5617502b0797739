package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"benchlingwebhook/internal/testbed/benchling"
)

// CheckFiles compares objects below a package's prefix with their contents.
func (s *Stage) CheckFiles(ctx context.Context, name string, files map[string][]byte) error {
	var problems []error
	for path, want := range files {
		got, err := s.ReadObject(ctx, name+"/"+path)
		if err == nil && !bytes.Equal(got, want) {
			err = fmt.Errorf("%s/%s: %d bytes that aren't those due", name, path, len(got))
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// S3 returns a client of the local AWS.
func (s *Stage) S3() *s3.Client {
	return s3.NewFromConfig(s.Emulator.Config(), func(o *s3.Options) { o.UsePathStyle = true })
}

// ReadObject returns the latest version of an object of the stack's bucket.
func (s *Stage) ReadObject(ctx context.Context, key string) ([]byte, error) {
	object, err := s.S3().GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(s.Stack.Bucket), Key: aws.String(key)})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	defer object.Body.Close()
	return io.ReadAll(object.Body)
}

// Versions returns how many versions of objects, delete markers included, lie
// below a prefix.
func (s *Stage) Versions(ctx context.Context, prefix string) (int, error) {
	listed, err := s.S3().ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: aws.String(s.Stack.Bucket), Prefix: aws.String(prefix)})
	if err != nil {
		return 0, err
	}
	return len(listed.Versions) + len(listed.DeleteMarkers), nil
}

// checkPackage compares a package's files with the export's, and looks for the
// webhook in what the worker adds.
func (s *Stage) checkPackage(ctx context.Context, name, entry, webhook string) error {
	files := s.Benchling.API.FilesOf(entry)
	if err := s.CheckFiles(ctx, name, files); err != nil {
		return err
	}
	for path, wanted := range map[string]string{"input.json": webhook, "entry.json": entry, "entry_data.json": entry, "links.json": entry, "README.md": entry} {
		got, err := s.ReadObject(ctx, name+"/"+path)
		if err == nil && !strings.Contains(string(got), wanted) {
			err = fmt.Errorf("%s/%s: doesn't name %s", name, path, wanted)
		}
		if err != nil {
			return err
		}
	}
	listed, err := s.S3().ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(s.Stack.Bucket), Prefix: aws.String(name + "/")})
	if err != nil {
		return err
	}
	for _, object := range listed.Contents {
		path := strings.TrimPrefix(aws.ToString(object.Key), name+"/")
		if _, exported := files[path]; !exported && !slices.Contains(ownFiles, path) {
			return fmt.Errorf("%s/%s: neither the export's nor the worker's", name, path)
		}
	}
	return nil
}

// PackageName returns the name of an entry's package.
func PackageName(entry string) string { return "benchling/" + benchling.DisplayID(entry) }
