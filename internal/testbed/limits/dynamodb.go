package limits

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"benchlingwebhook/internal/testbed/awserror"
)

const (
	maxItemBytes       = 400 * 1024
	maxPartitionBytes  = 2048
	maxSortBytes       = 1024
	maxExpressionBytes = 4096
)

//go:embed reserved_words.txt
var reservedText string

var (
	// reserved are the words that an expression can't have as an attribute's name.
	reserved = func() map[string]bool {
		words := map[string]bool{}
		for _, word := range strings.Fields(reservedText) {
			words[word] = true
		}
		return words
	}()
	// syntax are the words that expressions are made of.
	syntax = strings.Fields("SET REMOVE ADD DELETE AND OR NOT BETWEEN IN")
	// token is a name, with what tells placeholders and functions.
	token = regexp.MustCompile(`([#:]?)([A-Za-z_][A-Za-z0-9_]*)(\s*\(?)`)
)

// attributeValue is a value of any type, such as {"S": "text"}.
type attributeValue map[string]json.RawMessage

type dynamoRequest struct {
	Key, Item                                               map[string]attributeValue
	ExpressionAttributeValues                               map[string]attributeValue
	UpdateExpression, ConditionExpression, FilterExpression *string
	KeyConditionExpression, ProjectionExpression            *string
}

// checkDynamoDB returns the refusal of a request to DynamoDB, or nil. Of an update it
// knows the new values alone: an item that grows beyond the limit by many passes.
func checkDynamoDB(body []byte) *Refusal {
	var r dynamoRequest
	// What can't be read is the model's.
	if json.Unmarshal(body, &r) != nil {
		return nil
	}
	if refusal := checkKey(r.Key); refusal != nil {
		return refusal
	}
	for _, values := range []map[string]attributeValue{r.Item, r.ExpressionAttributeValues} {
		if refusal := checkValues(values); refusal != nil {
			return refusal
		}
	}
	for _, it := range []struct {
		name string
		text *string
	}{
		{"UpdateExpression", r.UpdateExpression}, {"ConditionExpression", r.ConditionExpression}, {"FilterExpression", r.FilterExpression},
		{"KeyConditionExpression", r.KeyConditionExpression}, {"ProjectionExpression", r.ProjectionExpression},
	} {
		if it.text == nil {
			continue
		}
		if refusal := checkExpression(it.name, *it.text); refusal != nil {
			return refusal
		}
	}
	return nil
}

func invalidValue(limit, message string) *Refusal {
	return refused(limit, "ValidationException", "One or more parameter values were invalid: "+message)
}

// checkKey returns the refusal of a key of one or two attributes, or nil. Which of two
// is the sort key isn't known: the shorter one may be it.
func checkKey(key map[string]attributeValue) *Refusal {
	var sizes []int
	for _, name := range sortedKeys(key) {
		size, _ := sizeOf(key[name])
		if size == 0 {
			return invalidValue(DynamoDBKeyEmpty, "The AttributeValue for a key attribute cannot contain an empty string value. Key: "+name)
		}
		sizes = append(sizes, size)
	}
	slices.Sort(sizes)
	if len(sizes) > 0 && sizes[len(sizes)-1] > maxPartitionBytes {
		return invalidValue(DynamoDBKeySize, fmt.Sprintf("Size of hashkey has exceeded the maximum size limit of %d bytes", maxPartitionBytes))
	}
	if len(sizes) > 1 && sizes[0] > maxSortBytes {
		return invalidValue(DynamoDBKeySize, fmt.Sprintf("Aggregated size of all range keys has exceeded the size limit of %d bytes", maxSortBytes))
	}
	return nil
}

func checkValues(values map[string]attributeValue) *Refusal {
	total := 0
	for _, name := range sortedKeys(values) {
		size, refusal := sizeOf(values[name])
		if refusal != nil {
			return refusal
		}
		total += len(name) + size
	}
	if total > maxItemBytes {
		return refused(DynamoDBItem, "ValidationException", "Item size has exceeded the maximum allowed size")
	}
	return nil
}

// sizeOf returns a value's size in bytes as DynamoDB counts it, and the refusal of
// one that no item may have. A number has one byte for two digits, a list or a map
// three of its own.
func sizeOf(value attributeValue) (int, *Refusal) {
	for kind, raw := range value {
		switch kind {
		case "S", "N", "B":
			return len(scalar(kind, raw)), nil
		case "SS", "NS", "BS":
			var elements []json.RawMessage
			_ = json.Unmarshal(raw, &elements)
			if len(elements) == 0 {
				return 0, invalidValue(DynamoDBSet, fmt.Sprintf("An %s set may not be empty", map[string]string{"SS": "string", "NS": "number", "BS": "binary"}[kind]))
			}
			size := 0
			for _, element := range elements {
				size += len(scalar(kind[:1], element))
			}
			return size, nil
		case "L":
			var elements []attributeValue
			_ = json.Unmarshal(raw, &elements)
			return sum(3, slices.Values(elements))
		case "M":
			var members map[string]attributeValue
			_ = json.Unmarshal(raw, &members)
			names := 3
			for name := range members {
				names += len(name)
			}
			return sum(names, maps.Values(members))
		}
	}
	return 1, nil
}

func sum(size int, values func(yield func(attributeValue) bool)) (int, *Refusal) {
	for value := range values {
		own, refusal := sizeOf(value)
		if refusal != nil {
			return 0, refusal
		}
		size += own + 1
	}
	return size, nil
}

// scalar returns a value as DynamoDB stores it, or as many bytes.
func scalar(kind string, raw json.RawMessage) []byte {
	var text string
	_ = json.Unmarshal(raw, &text)
	switch kind {
	case "B":
		decoded, _ := base64.StdEncoding.DecodeString(text)
		return decoded
	case "N":
		return make([]byte, (len(text)+1)/2+1)
	default:
		return []byte(text)
	}
}

func checkExpression(name, text string) *Refusal {
	if len(text) > maxExpressionBytes {
		return &Refusal{Limit: DynamoDBExpression, Error: awserror.Error{Code: "ValidationException", Message: fmt.Sprintf(
			"Invalid %s: Expression size has exceeded the maximum allowed size; expression size: %d", name, len(text))}}
	}
	for _, found := range token.FindAllStringSubmatch(text, -1) {
		word := strings.ToUpper(found[2])
		if found[1] == "" && !strings.HasSuffix(found[3], "(") && reserved[word] && !slices.Contains(syntax, word) {
			return refused(DynamoDBReserved, "ValidationException", fmt.Sprintf("Invalid %s: Attribute name is a reserved keyword; reserved keyword: %s", name, found[2]))
		}
	}
	return nil
}

func sortedKeys[V any](of map[string]V) []string { return slices.Sorted(maps.Keys(of)) }
