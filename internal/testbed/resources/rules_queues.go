package resources

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

func queues(d *Deployed) map[string]map[string]string { return d.Queues }

// withoutDeadLetters are the queues, by the beginning of their logical IDs, from which
// SQS moves no message to a dead-letter queue, and why.
var withoutDeadLetters = map[string]string{
	"IntakeDeadLetters": "it is one",
	"Packaging":         "Quilt's packager reads it, or nobody: its stack decides",
	"Revisions":         "an event that can't be read is deleted, and a package that isn't confirmed is reported: constructs/revision_queue.go",
}

// redrive is SQS's RedrivePolicy.
type redrive struct {
	DeadLetterTargetArn string
	MaxReceiveCount     int
}

// redriveOf returns a queue's redrive policy; has is false for none.
func redriveOf(attributes map[string]string) (policy redrive, has bool) {
	err := json.Unmarshal([]byte(attributes["RedrivePolicy"]), &policy)
	return policy, err == nil
}

// queueOf returns the attributes of the stack's queue with an ARN, or nil.
func queueOf(d *Deployed, arn string) map[string]string {
	for _, attributes := range d.Queues {
		if attributes["QueueArn"] == arn {
			return attributes
		}
	}
	return nil
}

// number returns an attribute in whole units, -1 where it is none.
func number(attributes map[string]string, name string) int {
	n, err := strconv.Atoi(attributes[name])
	if err != nil {
		return -1
	}
	return n
}

var queueRules = []Rule{
	{"queue: retention", "API reference of SQS, SetQueueAttributes: 60 s to 14 days; the project's own: the longest, for an outage must not lose events",
		every(queues, func(_ *Deployed, _ string, it map[string]string) []string {
			return unless(number(it, "MessageRetentionPeriod") == 1209600, "a message is kept for %s s", it["MessageRetentionPeriod"])
		})},
	{"queue: dead letters are kept as long", "guide of SQS, dead-letter queue retention: longer than the source's, where the time runs on; a FIFO queue's begins anew",
		every(queues, func(d *Deployed, _ string, it map[string]string) []string {
			policy, has := redriveOf(it)
			target := queueOf(d, policy.DeadLetterTargetArn)
			if !has || target == nil {
				return nil
			}
			return unless(number(target, "MessageRetentionPeriod") >= number(it, "MessageRetentionPeriod"),
				"kept for %s s, its dead letters for %s s", it["MessageRetentionPeriod"], target["MessageRetentionPeriod"])
		})},
	{"queue: redrive", "guide of SQS, dead-letter queues: of the same type",
		every(queues, func(d *Deployed, id string, it map[string]string) []string {
			policy, has := redriveOf(it)
			for beginning := range withoutDeadLetters {
				if strings.HasPrefix(id, beginning) {
					return unless(!has, "has a redrive policy")
				}
			}
			target := queueOf(d, policy.DeadLetterTargetArn)
			return slices.Concat(
				unless(has && policy.MaxReceiveCount >= 1 && target != nil, "has no dead-letter queue of the stack's"),
				unless(target == nil || target["FifoQueue"] == it["FifoQueue"], "its dead-letter queue is of the other type"))
		})},
	{"queue: encrypted", "API reference of SQS, SetQueueAttributes: a key of KMS, or SQS's own",
		every(queues, func(_ *Deployed, _ string, it map[string]string) []string {
			return unless(it["SqsManagedSseEnabled"] == "true" || it["KmsMasterKeyId"] != "", "not encrypted")
		})},
	{"queue: FIFO by name", "API reference of SQS, CreateQueue: a FIFO queue's name ends in .fifo",
		every(queues, func(_ *Deployed, id string, it map[string]string) []string {
			named := strings.HasSuffix(it["QueueArn"], ".fifo")
			wanted := !strings.HasPrefix(id, "Revisions")
			return unless(named == (it["FifoQueue"] == "true") && named == wanted, "FIFO %q, %s", it["FifoQueue"], it["QueueArn"])
		})},
	{"queue: TLS only", "guide of SQS, security best practices",
		every(queues, func(_ *Deployed, _ string, it map[string]string) []string {
			return unless(deniesPlain(it["Policy"]), "its policy lets plain HTTP through")
		})},
}

// deniesPlain says whether a resource policy denies calls without TLS to everybody.
func deniesPlain(policy string) bool {
	var document struct {
		Statement []struct {
			Effect    string
			Condition map[string]map[string]any
		}
	}
	if json.Unmarshal([]byte(policy), &document) != nil {
		return false
	}
	for _, it := range document.Statement {
		if it.Effect == "Deny" && it.Condition["Bool"]["aws:SecureTransport"] == "false" {
			return true
		}
	}
	return false
}
