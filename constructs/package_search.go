package constructs

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// PackageSearch says where canvases search for packages that are linked to an entry.
type PackageSearch struct {
	// Database is Quilt's database in Athena; empty searches nowhere.
	Database string
	// Workgroup is the workgroup in which queries run.
	Workgroup string
	// Results is where a workgroup puts its results, s3://BUCKET/PREFIX/; empty is
	// a workgroup whose results Athena manages.
	Results string
	// LinkedBy is the key of a package's metadata that has the entry's display ID.
	LinkedBy string
}

// manifests are the parts of a registry that Quilt's views of packages read, and by
// which canvases show a linked package.
//
// Sources: Quilt's documentation, Athena; quilt3's registry.
var manifests = []string{".quilt/named_packages/*", ".quilt/packages/*"}

// addTo sets what the worker searches by, and in which buckets beside the packages' own.
func (s PackageSearch) addTo(environment map[string]*string, linked []PackageBucket) {
	if s.Database == "" {
		return
	}
	environment["QUILT_ATHENA_DATABASE"] = jsii.String(s.Database)
	environment["ATHENA_WORKGROUP"] = jsii.String(s.Workgroup)
	environment["LINKED_BY"] = jsii.String(s.LinkedBy)
	if len(linked) > 0 {
		names := make([]string, len(linked))
		for i, bucket := range linked {
			names[i] = *bucket.Bucket.BucketName()
		}
		environment["LINKED_BUCKETS"] = jsii.String(strings.Join(names, ","))
	}
}

// grant lets a role run queries of the database in the workgroup, read the manifests
// of the buckets, and use the place of results. Athena calls Glue and S3 by the rights of
// who asks.
//
// Sources: Athena's guide, identity and access management, access to workgroups, access
// to databases and tables in the Glue Data Catalog (the default database is looked up
// whatever the query names); AmazonAthenaFullAccess, for places of results.
func (s PackageSearch) grant(scope constructs.Construct, role awsiam.IRole, buckets []PackageBucket) {
	if s.Database == "" {
		return
	}
	stack := awscdk.Stack_Of(scope)
	named := func(service, resource, name string) *string {
		parts := awscdk.ArnComponents{Service: jsii.String(service), Resource: jsii.String(resource)}
		if name != "" {
			parts.ResourceName = jsii.String(name)
		}
		return stack.FormatArn(&parts)
	}
	allow := func(resources []*string, actions ...string) {
		role.AddToPrincipalPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: jsii.Strings(actions...), Resources: &resources}))
	}
	allow([]*string{named("athena", "workgroup", s.Workgroup)},
		"athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults", "athena:StopQueryExecution")
	catalog, database := named("glue", "catalog", ""), named("glue", "database", s.Database)
	allow([]*string{catalog, database, named("glue", "database", "default")}, "glue:GetDatabase")
	allow([]*string{catalog, database, named("glue", "table", s.Database+"/*")}, "glue:GetTable", "glue:GetTables", "glue:GetPartitions")
	for _, bucket := range buckets {
		for _, statement := range bucket.manifestStatements() {
			role.AddToPrincipalPolicy(awsiam.NewPolicyStatement(&statement))
		}
		if bucket.keyArn != "" {
			role.AddToPrincipalPolicy(awsiam.NewPolicyStatement(bucket.manifestKeyStatement()))
		}
	}
	if s.Results != "" {
		name, prefix, _ := strings.Cut(strings.TrimPrefix(s.Results, "s3://"), "/")
		results := "arn:" + *stack.Partition() + ":s3:::" + name
		allow(*jsii.Strings(results), "s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
		allow(*jsii.Strings(results + "/" + prefix + "*"), "s3:GetObject", "s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload")
	}
}

// manifestStatements allow reading the manifests of a bucket.
func (b PackageBucket) manifestStatements() []awsiam.PolicyStatementProps {
	objects := b.manifests()
	return []awsiam.PolicyStatementProps{
		{Actions: jsii.Strings("s3:GetObject"), Resources: &objects},
		{
			Actions:    jsii.Strings("s3:ListBucket"),
			Resources:  &[]*string{b.Bucket.BucketArn()},
			Conditions: &map[string]any{"StringLike": map[string]any{"s3:prefix": manifests}},
		},
		{Actions: jsii.Strings("s3:GetBucketLocation"), Resources: &[]*string{b.Bucket.BucketArn()}},
	}
}

// manifestKeyStatement allows the bucket's key for the manifests.
func (b PackageBucket) manifestKeyStatement() *awsiam.PolicyStatementProps {
	statement := useOfKey(b.Bucket, b.keyArn, "s3", map[string]any{"aws:s3:arn": b.manifests()})
	// They are only read.
	statement.Actions = jsii.Strings("kms:Decrypt")
	return statement
}

// manifests are the ARNs of a bucket's manifests.
func (b PackageBucket) manifests() []*string {
	var objects []*string
	for _, part := range manifests {
		objects = append(objects, b.Bucket.ArnForObjects(jsii.String(part)))
	}
	return objects
}
