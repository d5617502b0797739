package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

const (
	// balancerLogs and packageLogs begin the keys of the load balancer's access
	// logs and of the package bucket's.
	balancerLogs = "load-balancer"
	packageLogs  = "packages/"
	// deletedLogDays is how long a log that has expired or was deleted can still be
	// brought back.
	deletedLogDays = 1
)

// LogBucket takes the access logs that AWS delivers to S3 alone: the load
// balancer's and the package bucket's.
type LogBucket struct {
	// Bucket is private, encrypted and versioned.
	Bucket awss3.Bucket
}

// NewLogBucket returns a private bucket that refuses connections without TLS and
// outlives the stack. A log is kept for so many days, one of LogRetentionDays. Its
// key is S3's: load balancers deliver to no bucket with another one. Its own
// requests aren't logged, for each delivered log would cause the next.
//
// Sources: Application Load Balancers' guide, enable access logs; Amazon S3's
// guide, enabling server access logging.
func NewLogBucket(scope constructs.Construct, id string, retentionDays int) LogBucket {
	return LogBucket{Bucket: newBucket(scope, id, awss3.LifecycleRule{
		Expiration:                  days(retentionDays),
		NoncurrentVersionExpiration: days(deletedLogDays),
	})}
}

// takeBalancerLogs has a load balancer's access logs delivered to the bucket.
//
// CDK's LogAccessLogs wants to know the region, for the accounts that delivered
// once; the service principal does in every region. The statement has no
// condition, as the guides show it: a key of which the delivery says nothing would
// refuse it, and with it the load balancer. Elastic Load Balancing puts the account
// of the load balancer into the path, which keeps other accounts' logs out.
//
// Sources: Application Load Balancers' guide, enable access logs; Amazon S3's
// guide, examples of bucket policies.
func (b LogBucket) takeBalancerLogs(balancer elb.ApplicationLoadBalancer) {
	b.admit("logdelivery.elasticloadbalancing.amazonaws.com", balancerLogs+"/AWSLogs/"+*awscdk.Aws_ACCOUNT_ID()+"/*", nil)
	balancer.SetAttribute(jsii.String("access_logs.s3.enabled"), jsii.String("true"))
	balancer.SetAttribute(jsii.String("access_logs.s3.bucket"), b.Bucket.BucketName())
	balancer.SetAttribute(jsii.String("access_logs.s3.prefix"), jsii.String(balancerLogs))
	// Elastic Load Balancing tries the bucket when the attribute is set.
	balancer.Node().AddDependency(b.Bucket.Policy())
}

// takeBucketLogs has a bucket's access logs delivered to the bucket. CDK's
// ServerAccessLogsBucket would use an ACL where its feature flags are off.
//
// Source: Amazon S3's guide, enabling server access logging.
func (b LogBucket) takeBucketLogs(source awss3.Bucket) {
	b.admit("logging.s3.amazonaws.com", packageLogs+"*", onBehalfOf(source, source.BucketArn()))
	source.Node().DefaultChild().(awss3.CfnBucket).SetLoggingConfiguration(&awss3.CfnBucket_LoggingConfigurationProperty{
		DestinationBucketName: b.Bucket.BucketName(),
		LogFilePrefix:         jsii.String(packageLogs),
	})
}

// admit lets one of AWS's services write what its keys match, under conditions or
// none.
func (b LogBucket) admit(service, keys string, conditions *map[string]any) {
	b.Bucket.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String(service), nil)},
		Actions:    jsii.Strings("s3:PutObject"),
		Resources:  &[]*string{b.Bucket.ArnForObjects(jsii.String(keys))},
		Conditions: conditions,
	}))
}
