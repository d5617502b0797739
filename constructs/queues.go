package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

const (
	// queueRetentionDays is the longest that SQS keeps a message.
	queueRetentionDays = 14
	// maxReceiveCount is how often an event is received before SQS takes it for
	// poison. The worker gives up after five attempts of its own and says why; this
	// is for events that kill their worker, so it leaves room for workers that
	// are replaced and for deliveries that wait for another worker's claim.
	maxReceiveCount = 20
)

// IntakeQueue holds what Benchling was acknowledged until it is done.
type IntakeQueue struct {
	// Events is the queue of entries' events in front of the worker, in order
	// within one entry.
	Events awssqs.Queue
	// Canvases is the queue of what canvases ask for and must show, in order
	// within one entry: what a person waits for goes past the exports.
	Canvases awssqs.Queue
	// DeadLetters holds the events that failed for good.
	DeadLetters awssqs.Queue
}

// NewIntakeQueue returns FIFO queues with one dead-letter queue. All are
// encrypted, refuse connections without TLS, and outlive the stack: what is in
// them has been acknowledged to Benchling and comes from nowhere else.
func NewIntakeQueue(scope constructs.Construct, id string) IntakeQueue {
	scope = constructs.NewConstruct(scope, jsii.String(id))
	dead := newFifoQueue(scope, "DeadLetters", nil)
	events := newFifoQueue(scope, "Events", &awssqs.DeadLetterQueue{Queue: dead, MaxReceiveCount: jsii.Number(maxReceiveCount)})
	canvases := newFifoQueue(scope, "Canvases", &awssqs.DeadLetterQueue{Queue: dead, MaxReceiveCount: jsii.Number(maxReceiveCount)})
	return IntakeQueue{Events: events, Canvases: canvases, DeadLetters: dead}
}

func newFifoQueue(scope constructs.Construct, id string, deadLetters *awssqs.DeadLetterQueue) awssqs.Queue {
	return awssqs.NewQueue(scope, jsii.String(id), &awssqs.QueueProps{
		Fifo:              jsii.Bool(true),
		Encryption:        awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		RetentionPeriod:   days(queueRetentionDays),
		VisibilityTimeout: duration(visibilityTimeout),
		DeadLetterQueue:   deadLetters,
		RemovalPolicy:     retained,
	})
}
