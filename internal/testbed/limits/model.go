package limits

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"benchlingwebhook/internal/testbed/awserror"
)

// modelJSON is what botocore's models say of the operations that the service calls.
// `go test ./internal/testbed/limits -update` writes it from the botocore of
// docker/.venv, and a test compares both.
//
//go:embed model.json
var modelJSON []byte

// services are the models by the beginning of X-Amz-Target.
var services = func() map[string]serviceModel {
	var read map[string]serviceModel
	if err := json.Unmarshal(modelJSON, &read); err != nil {
		panic(err)
	}
	return read
}()

// serviceModel is a service's operations by name, each with its input's shape, and
// the shapes.
type serviceModel struct {
	Operations map[string]string `json:"operations"`
	Shapes     map[string]shape  `json:"shapes"`
}

// shape is a type of a model.
type shape struct {
	Type     string            `json:"type"`
	Required []string          `json:"required,omitempty"`
	Members  map[string]string `json:"members,omitempty"`
	// Member is the shape of a list's elements, Value of a map's values, Key of its keys.
	Member  string   `json:"member,omitempty"`
	Key     string   `json:"key,omitempty"`
	Value   string   `json:"value,omitempty"`
	Enum    []string `json:"enum,omitempty"`
	Min     *float64 `json:"min,omitempty"`
	Max     *float64 `json:"max,omitempty"`
	Pattern string   `json:"pattern,omitempty"`
}

// checkModel returns the refusal of an input that isn't as the model says, or nil.
// Operations that the model hasn't pass.
func checkModel(service, operation string, body []byte) *Refusal {
	model, known := services[service]
	input := model.Operations[operation]
	if !known || input == "" {
		return nil
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return refused(Model, "SerializationException", "the body is not JSON")
	}
	v := validator{shapes: model.Shapes}
	v.check("", input, value)
	switch {
	case v.mismatch != "":
		return refused(Model, "SerializationException", v.mismatch)
	case v.faults == nil:
		return nil
	case service == awserror.SQS && v.missing != "":
		return refused(Model, "MissingRequiredParameterException", fmt.Sprintf("The request must contain the parameter %s.", v.missing))
	case service == awserror.SQS:
		return refused(Model, "InvalidParameterValueException", strings.Join(v.faults, "; "))
	case service == awserror.Logs:
		return refused(Model, "InvalidParameterException", v.summary())
	default:
		return refused(Model, "ValidationException", v.summary())
	}
}

// validator collects what is wrong with a value.
type validator struct {
	shapes   map[string]shape
	faults   []string
	missing  string
	mismatch string
}

func (v *validator) summary() string {
	noun := "error"
	if len(v.faults) > 1 {
		noun = "errors"
	}
	return fmt.Sprintf("%d validation %s detected: %s", len(v.faults), noun, strings.Join(v.faults, "; "))
}

func (v *validator) fault(place, constraint string, arguments ...any) {
	v.faults = append(v.faults, fmt.Sprintf("Value at '%s' failed to satisfy constraint: Member must %s", lowerFirst(place), fmt.Sprintf(constraint, arguments...)))
}

// check compares a value with the shape of a name.
func (v *validator) check(place, name string, value any) {
	s := v.shapes[name]
	if value == nil {
		return
	}
	mismatch := func() { v.mismatch = fmt.Sprintf("%s is not a %s", place, s.Type) }
	switch s.Type {
	case "structure", "map":
		members, matches := value.(map[string]any)
		if !matches {
			mismatch()
			return
		}
		v.checkMembers(place, s, members)
	case "list":
		elements, matches := value.([]any)
		if !matches {
			mismatch()
			return
		}
		v.size(place, s, float64(len(elements)), "length")
		for i, element := range elements {
			v.check(fmt.Sprintf("%s.%d.member", place, i+1), s.Member, element)
		}
	case "string":
		text, matches := value.(string)
		if !matches {
			mismatch()
			return
		}
		v.checkText(place, s, text)
	case "integer", "long":
		number, matches := value.(json.Number)
		if _, err := number.Int64(); !matches || err != nil {
			mismatch()
			return
		}
		figure, _ := number.Float64()
		v.size(place, s, figure, "value")
	case "boolean":
		if _, matches := value.(bool); !matches {
			mismatch()
		}
	}
}

func (v *validator) checkMembers(place string, s shape, members map[string]any) {
	for _, required := range s.Required {
		if members[required] == nil {
			v.missing = required
			v.fault(join(place, required), "not be null")
		}
	}
	if s.Type == "map" {
		v.size(place, s, float64(len(members)), "length")
	}
	for _, name := range sortedKeys(members) {
		if s.Type == "map" {
			v.check(place, s.Key, name)
			v.check(join(place, name), s.Value, members[name])
		} else if member := s.Members[name]; member != "" {
			v.check(join(place, name), member, members[name])
		}
	}
}

func (v *validator) checkText(place string, s shape, text string) {
	v.size(place, s, float64(utf8.RuneCountInString(text)), "length")
	if s.Enum != nil && !slices.Contains(s.Enum, text) {
		v.fault(place, "satisfy enum value set: [%s]", strings.Join(s.Enum, ", "))
	}
	if s.Pattern != "" && !regexp.MustCompile("^(?:"+s.Pattern+")$").MatchString(text) {
		v.fault(place, "satisfy regular expression pattern: %s", s.Pattern)
	}
}

func (v *validator) size(place string, s shape, size float64, what string) {
	if s.Min != nil && size < *s.Min {
		v.fault(place, "have %s greater than or equal to %.0f", what, *s.Min)
	}
	if s.Max != nil && size > *s.Max {
		v.fault(place, "have %s less than or equal to %.0f", what, *s.Max)
	}
}

func join(place, name string) string {
	if place == "" {
		return name
	}
	return place + "." + name
}

func lowerFirst(text string) string {
	if text == "" {
		return text
	}
	return strings.ToLower(text[:1]) + text[1:]
}
