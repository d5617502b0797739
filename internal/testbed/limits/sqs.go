package limits

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"benchlingwebhook/internal/testbed/awserror"
)

const (
	maxMessageBytes  = 1024 * 1024
	maxBatchEntries  = 10
	maxAttributes    = 10
	maxDelaySeconds  = 900
	maxHiddenSeconds = 12 * 3600
	maxWaitSeconds   = 20
	maxMessages      = 10
)

var (
	entryID    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)
	identifier = regexp.MustCompile(`^[!-~]{1,128}$`)
)

// sqsMessage is what a message is sent with.
type sqsMessage struct {
	ID                     string `json:"Id"`
	MessageBody            *string
	MessageGroupID         *string `json:"MessageGroupId"`
	MessageDeduplicationID *string `json:"MessageDeduplicationId"`
	DelaySeconds           *int
	MessageAttributes      map[string]struct {
		DataType, StringValue string
		BinaryValue           []byte
	}
}

// sqsRequest is a request of any operation.
type sqsRequest struct {
	sqsMessage
	QueueURL            string `json:"QueueUrl"`
	ReceiptHandle       string
	VisibilityTimeout   *int
	WaitTimeSeconds     *int
	MaxNumberOfMessages *int
	Entries             *[]struct {
		sqsMessage
		ReceiptHandle     string
		VisibilityTimeout *int
	}
}

func (r *sqsRequest) fifo() bool {
	address, err := url.Parse(r.QueueURL)
	return err == nil && strings.HasSuffix(address.Path, ".fifo")
}

// failedEntry is an entry of a batch that SQS doesn't take.
type failedEntry struct {
	ID          string `json:"Id"`
	SenderFault bool
	Code        string
	Message     string
}

// checkSQS returns the refusal of a request to SQS, or nil.
func (c *Checker) checkSQS(operation string, body []byte) *Refusal {
	var r sqsRequest
	// What can't be read is the model's.
	if json.Unmarshal(body, &r) != nil {
		return nil
	}
	if refusal := c.checkRate(operation, &r); refusal != nil {
		return refusal
	}
	switch operation {
	case "SendMessage":
		return checkMessage(&r.sqsMessage, r.fifo(), maxMessageBytes)
	case "ReceiveMessage":
		return c.checkReceive(&r)
	case "ChangeMessageVisibility":
		return c.checkVisibility(r.QueueURL, r.ReceiptHandle, r.VisibilityTimeout)
	case "DeleteMessage":
		c.deleted(r.QueueURL, r.ReceiptHandle)
	case "SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch":
		return c.checkBatch(operation, &r)
	}
	return nil
}

func (c *Checker) checkReceive(r *sqsRequest) *Refusal {
	for _, it := range []struct {
		limit, name string
		value       *int
		least, most int
	}{
		{SQSReceive, "MaxNumberOfMessages", r.MaxNumberOfMessages, 1, maxMessages},
		{SQSWait, "WaitTimeSeconds", r.WaitTimeSeconds, 0, maxWaitSeconds},
		{SQSVisibility, "VisibilityTimeout", r.VisibilityTimeout, 0, maxHiddenSeconds},
	} {
		if refusal := outside(it.limit, it.name, it.value, it.least, it.most); refusal != nil {
			return refusal
		}
	}
	return c.checkInFlight(r)
}

// outside returns the refusal of a number that isn't between two, or nil.
func outside(limit, name string, value *int, least, most int) *Refusal {
	if value == nil || (*value >= least && *value <= most) {
		return nil
	}
	return invalid(limit, fmt.Sprint(*value), name, fmt.Sprintf("Must be between %d and %d, if provided.", least, most))
}

func invalid(limit, value, name, reason string) *Refusal {
	return refused(limit, "InvalidParameterValueException", fmt.Sprintf("Value %s for parameter %s is invalid. Reason: %s", value, name, reason))
}

// checkMessage returns the refusal of a message, or nil.
func checkMessage(m *sqsMessage, fifo bool, most int) *Refusal {
	if m.MessageBody == nil || *m.MessageBody == "" {
		return refused(SQSMessageEmpty, "MissingRequiredParameterException", "The request must contain the parameter MessageBody.")
	}
	if m.size() > most {
		return refused(SQSMessageSize, "InvalidParameterValueException", fmt.Sprintf("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", most))
	}
	if bad, found := forbidden(*m.MessageBody); found {
		return refused(SQSMessageCharacters, "InvalidMessageContents", fmt.Sprintf("Invalid binary character '#x%X' was found in the message body", bad))
	}
	if refusal := m.checkAttributes(); refusal != nil {
		return refusal
	}
	if refusal := m.checkQueueType(fifo); refusal != nil {
		return refusal
	}
	return outside(SQSDelay, "DelaySeconds", m.DelaySeconds, 0, maxDelaySeconds)
}

func (m *sqsMessage) size() int {
	size := len(*m.MessageBody)
	for name, it := range m.MessageAttributes {
		size += len(name) + len(it.DataType) + len(it.StringValue) + len(it.BinaryValue)
	}
	return size
}

func (m *sqsMessage) checkAttributes() *Refusal {
	if len(m.MessageAttributes) > maxAttributes {
		return refused(SQSAttributes, "InvalidParameterValueException", fmt.Sprintf("Number of message attributes [%d] exceeds the allowed maximum [%d].", len(m.MessageAttributes), maxAttributes))
	}
	for _, name := range sortedKeys(m.MessageAttributes) {
		it := m.MessageAttributes[name]
		if it.StringValue == "" && len(it.BinaryValue) == 0 {
			return refused(SQSAttributes, "InvalidParameterValueException", fmt.Sprintf("The message attribute '%s' must contain non-empty message attribute value.", name))
		}
		if bad, found := forbidden(it.StringValue); found {
			return refused(SQSMessageCharacters, "InvalidParameterValueException", fmt.Sprintf("The message attribute '%s' has the invalid character '#x%X'.", name, bad))
		}
	}
	return nil
}

// checkQueueType returns the refusal of what a queue of its type doesn't take, or nil.
func (m *sqsMessage) checkQueueType(fifo bool) *Refusal {
	for name, value := range map[string]*string{"MessageGroupId": m.MessageGroupID, "MessageDeduplicationId": m.MessageDeduplicationID} {
		switch {
		case value == nil && fifo:
			return refused(SQSFIFO, "MissingRequiredParameterException", fmt.Sprintf("The request must contain the parameter %s.", name))
		case value == nil:
		case !fifo && name == "MessageDeduplicationId":
			return invalid(SQSFIFO, *value, name, "The request includes a parameter that is not valid for this queue type.")
		case !identifier.MatchString(*value):
			return invalid(SQSIdentifier, *value, name, name+" can only include alphanumeric and punctuation characters. 1 to 128 in length.")
		}
	}
	if fifo && m.DelaySeconds != nil {
		return invalid(SQSFIFO, fmt.Sprint(*m.DelaySeconds), "DelaySeconds", "The request include parameter that is not valid for this queue type.")
	}
	return nil
}

// forbidden returns the first character that no message may have, and whether there
// is one. JSON's escape of half a character has been read as U+FFFD, which may.
func forbidden(text string) (rune, bool) {
	for _, it := range text {
		if (it < 0x20 && it != '\t' && it != '\n' && it != '\r') || it == 0xFFFE || it == 0xFFFF {
			return it, true
		}
	}
	return 0, false
}

// checkBatch returns the refusal of a batch, or nil.
func (c *Checker) checkBatch(operation string, r *sqsRequest) *Refusal {
	if r.Entries == nil || len(*r.Entries) == 0 {
		return refused(SQSBatchEmpty, "EmptyBatchRequest", fmt.Sprintf("There should be at least one %sRequestEntry in the request.", operation))
	}
	entries := *r.Entries
	if len(entries) > maxBatchEntries {
		return refused(SQSBatchEntries, "TooManyEntriesInBatchRequest", fmt.Sprintf("Maximum number of entries per request are %d. You have sent %d.", maxBatchEntries, len(entries)))
	}
	seen, total := map[string]bool{}, 0
	for _, entry := range entries {
		if !entryID.MatchString(entry.ID) {
			return refused(SQSBatchIDs, "InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if seen[entry.ID] {
			return refused(SQSBatchIDs, "BatchEntryIdsNotDistinct", fmt.Sprintf("Id %s repeated.", entry.ID))
		}
		seen[entry.ID] = true
		if entry.MessageBody != nil {
			total += entry.size()
		}
	}
	if total > maxMessageBytes {
		return refused(SQSBatchSize, "BatchRequestTooLong", fmt.Sprintf("Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxMessageBytes, total))
	}
	var broken string
	var failed []failedEntry
	for _, entry := range entries {
		var refusal *Refusal
		switch operation {
		case "SendMessageBatch":
			refusal = checkMessage(&entry.sqsMessage, r.fifo(), maxMessageBytes)
		case "ChangeMessageVisibilityBatch":
			refusal = c.checkVisibility(r.QueueURL, entry.ReceiptHandle, entry.VisibilityTimeout)
		default:
			c.deleted(r.QueueURL, entry.ReceiptHandle)
		}
		if refusal == nil {
			// The request can't be sent in part, as it is signed: AWS may fail any entry.
			failed = append(failed, failedEntry{entry.ID, false, "InternalError", "The entry shares a batch with one that was refused."})
			continue
		}
		broken = refusal.Limit
		failed = append(failed, failedEntry{entry.ID, true, awserror.QueryCode(refusal.Error.Code), refusal.Error.Message})
	}
	if broken == "" {
		return nil
	}
	return &Refusal{Limit: broken, failed: failed}
}
