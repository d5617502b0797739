package stacks

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"benchlingwebhook/constructs"
	"benchlingwebhook/internal/cdkfile"
)

// mostLinkedBuckets bounds a query of linked packages, which asks each bucket's view.
const mostLinkedBuckets = 50

// linkedBucketsAllowed says which buckets may be linked.
var linkedBucketsAllowed = "1 to " + strconv.Itoa(mostLinkedBuckets) + " names of existing buckets, such as [\"lab-a\", \"lab-b\"]; one under a customer key is {\"name\": …, \"keyArn\": …}"

var linkedBucketsSchema = schema{
	"type": "array", "minItems": 1, "maxItems": mostLinkedBuckets, "uniqueItems": true,
	"items": schema{"anyOf": []schema{bucketNameSchema, {
		"type": "object", "additionalProperties": false, "required": []string{"name", "keyArn"},
		"properties": map[string]schema{"name": bucketNameSchema, "keyArn": keyArn.schema()},
	}}},
}

// linkedBuckets reads the buckets in which linked packages are searched for, each once.
func linkedBuckets(value any) ([]constructs.LinkedBucket, error) {
	values, isList := value.([]any)
	if !isList || len(values) == 0 || len(values) > mostLinkedBuckets {
		return nil, fmt.Errorf("%s is not a list of buckets; use %s", cdkfile.Show(value), linkedBucketsAllowed)
	}
	var buckets []constructs.LinkedBucket
	var problems []error
	for i, value := range values {
		bucket, err := linkedBucket(value)
		if err == nil && slices.ContainsFunc(buckets, func(it constructs.LinkedBucket) bool { return it.Name == bucket.Name }) {
			err = fmt.Errorf("%q is there twice; use each once", bucket.Name)
		}
		problems = append(problems, prefixed(fmt.Sprintf("[%d]", i), err))
		if err == nil {
			buckets = append(buckets, bucket)
		}
	}
	return buckets, errors.Join(problems...)
}

func linkedBucket(value any) (constructs.LinkedBucket, error) {
	const nameAllowed = "the name of an existing bucket, such as \"lab-a\""
	object, isObject := value.(map[string]any)
	if !isObject {
		name, err := fitting(value, bucketNameFaults, nameAllowed)
		return constructs.LinkedBucket{Name: name}, err
	}
	problems := unknown(object, "name", "keyArn")
	name, err := fitting(object["name"], bucketNameFaults, nameAllowed)
	problems = append(problems, prefixed(".name", err))
	key, err := fitting(object["keyArn"], keyArn.faults, "the ARN of the bucket's KMS key, such as \"arn:aws:kms:eu-west-1:123456789012:key/…\"")
	problems = append(problems, prefixed(".keyArn", err))
	return constructs.LinkedBucket{Name: name, KeyArn: key}, errors.Join(problems...)
}

// ofExports are the settings that mean nothing where no packages are made.
var ofExports = []string{
	"packagePrefix", "packageBucket", "packageBucketKeyArn", "packagingQueueArn", "packagingQueueKeyArn", "workflow", "confirmWithinMinutes",
}

// checkLinked returns what is wrong between what is exported and what is linked.
func checkLinked(place string, values map[string]any, wrong map[string]bool, s Settings) []error {
	var problems []error
	_, searched := values["quiltDatabase"]
	_, linked := values["linkedBuckets"]
	if linked && !searched {
		problems = append(problems, fmt.Errorf("%s.linkedBuckets: nothing is searched for; set quiltDatabase too, or remove it", place))
	}
	for _, it := range s.LinkedBuckets {
		if it.Name == s.PackageBucket {
			problems = append(problems, fmt.Errorf("%s.linkedBuckets: %q is the packageBucket, which is searched anyway; remove it here", place, it.Name))
		}
	}
	if s.ExportEntries || wrong["exportEntries"] {
		return problems
	}
	var missing []string
	for _, name := range []string{"linkedBuckets", "quiltDatabase"} {
		if _, given := values[name]; !given {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		problems = append(problems, fmt.Errorf("%s.exportEntries: false leaves canvases nothing to show; set %s too, or remove it", place, strings.Join(missing, " and ")))
	}
	for _, name := range ofExports {
		if _, given := values[name]; given {
			problems = append(problems, fmt.Errorf("%s.%s: nothing is exported; remove it, or exportEntries", place, name))
		}
	}
	return problems
}
