package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// RevisionQueueProps says whose revisions are taken.
type RevisionQueueProps struct {
	// Bucket holds the packages.
	Bucket *PackageBucket
	// PackagePrefix is the first part of every package's name.
	PackagePrefix string
}

// RevisionQueue gets Quilt's word that a revision of a package exists.
type RevisionQueue struct {
	// Queue is a standard queue: events come at least once, in any order.
	Queue awssqs.Queue
}

// NewRevisionQueue returns a queue to which a rule sends the package-revision
// events of the bucket and the prefix. A Quilt stack in the same account and
// region puts them on the default event bus; without one, nothing comes.
//
// Source of the event's form: Quilt's documentation, Package events.
func NewRevisionQueue(scope constructs.Construct, id string, props RevisionQueueProps) RevisionQueue {
	scope = constructs.NewConstruct(scope, jsii.String(id))
	queue := awssqs.NewQueue(scope, jsii.String("Events"), &awssqs.QueueProps{
		Encryption:        awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		RetentionPeriod:   days(queueRetentionDays),
		VisibilityTimeout: duration(visibilityTimeout),
		RemovalPolicy:     retained,
	})
	awsevents.NewRule(scope, jsii.String("Rule"), &awsevents.RuleProps{
		Description: jsii.String("Quilt's new revisions of packages"),
		EventPattern: &awsevents.EventPattern{
			Source:     jsii.Strings("com.quiltdata"),
			DetailType: jsii.Strings("package-revision"),
			Detail: &map[string]any{
				"type":   []any{"created"},
				"bucket": []any{props.Bucket.Bucket.BucketName()},
				"handle": []any{map[string]any{"prefix": props.PackagePrefix + "/"}},
			},
		},
		Targets: &[]awsevents.IRuleTarget{awseventstargets.NewSqsQueue(queue, nil)},
	})
	return RevisionQueue{Queue: queue}
}
