package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// PackagingQueue is the queue of the messages by which Quilt makes packages.
type PackagingQueue struct {
	// Queue is the new or existing queue.
	Queue awssqs.IQueue
	// HasReader says whether it is a Quilt stack's. Nobody reads a queue that was
	// made here, until somebody connects Quilt's packager to it.
	HasReader bool
	// keyArn is the KMS key of an existing queue, or empty.
	keyArn string
}

// NewPackagingQueue returns a FIFO queue, encrypted and closed to connections
// without TLS; or the existing one of a Quilt stack, FIFO or not, that has the
// ARN. keyArn is the KMS key that encrypts that, or empty.
func NewPackagingQueue(scope constructs.Construct, id, existingArn, keyArn string) PackagingQueue {
	if existingArn != "" {
		queue := awssqs.Queue_FromQueueArn(scope, jsii.String(id), jsii.String(existingArn))
		return PackagingQueue{Queue: queue, HasReader: true, keyArn: keyArn}
	}
	return PackagingQueue{Queue: newFifoQueue(scope, id, nil)}
}

// grantSend lets a role send messages.
func (q PackagingQueue) grantSend(role awsiam.IRole) {
	role.AddToPrincipalPolicy(awsiam.NewPolicyStatement(q.statement()))
	if q.keyArn != "" {
		role.AddToPrincipalPolicy(awsiam.NewPolicyStatement(q.keyStatement()))
	}
}

// statement is the right to send, of the queue's policy too where the queue is
// another account's.
func (q PackagingQueue) statement() *awsiam.PolicyStatementProps {
	return &awsiam.PolicyStatementProps{Actions: jsii.Strings("sqs:SendMessage"), Resources: &[]*string{q.Queue.QueueArn()}}
}

// keyStatement allows the queue's key for this queue alone.
//
// Source: Amazon SQS's guide, key management, encryption context.
func (q PackagingQueue) keyStatement() *awsiam.PolicyStatementProps {
	return useOfKey(q.Queue, q.keyArn, "sqs", map[string]any{"aws:sqs:arn": q.Queue.QueueArn()})
}
