package stacks

import (
	"fmt"
	"strings"
	"time"

	"benchlingwebhook/internal/cdkfile"
)

// Setting is one setting of cdk.json: how it is read, and all that docs/settings.md
// says of it.
type Setting struct {
	// Group is the heading below which it is listed.
	Group string
	// Name is the one that cdk.json has.
	Name string
	// Meaning says in a sentence or two what it does, in Markdown.
	Meaning string
	// Cost is what another value than the default costs; empty where that doesn't
	// matter.
	Cost string
	// Unset says in words what an environment has that leaves it out; empty where
	// Default shows a value.
	Unset string
	kind
}

// Default returns what an environment that leaves the setting out has: a value as
// cdk.json writes it, or words.
func (s Setting) Default() string {
	if s.Unset != "" {
		return s.Unset
	}
	return "`" + cdkfile.Show(s.value(DefaultSettings(""))) + "`"
}

// Allowed says which values the setting takes.
func (s Setting) Allowed() string { return s.allowed }

// kind is a kind of value: which are allowed, how one is checked and put into the
// settings, and how one is taken out again.
type kind struct {
	allowed string
	// read puts a value of cdk.json into the settings. Its error begins with the
	// value. Of a value that has parts it puts in those that are right, for the
	// rules between settings.
	read func(value any, into *Settings) error
	// value returns the setting as cdk.json would have it; nil for a setting whose
	// default is described in words.
	value func(s Settings) any
	// schema is what a JSON Schema can say of the values.
	schema schema
}

// choice is one of some texts.
func choice[T ~string](at func(*Settings) *T, allowed ...T) kind {
	texts := make([]string, len(allowed))
	for i, value := range allowed {
		texts[i] = string(value)
	}
	return kind{
		allowed: "`" + strings.Join(texts, "`, `") + "`",
		read: func(value any, into *Settings) error {
			text, err := oneOf(value, texts...)
			*at(into) = T(text)
			return err
		},
		value:  func(s Settings) any { return *at(&s) },
		schema: schema{"type": "string", "enum": texts},
	}
}

// oneNumber is one of some numbers.
func oneNumber(at func(*Settings) *int, allowed ...int) kind {
	return kind{
		allowed: numbers(allowed),
		read: func(value any, into *Settings) (err error) {
			*at(into), err = oneNumberOf(value, allowed...)
			return err
		},
		value:  func(s Settings) any { return *at(&s) },
		schema: schema{"type": "integer", "enum": allowed},
	}
}

// number is a whole number from low to high.
func number(at func(*Settings) *int, low, high int) kind {
	return kind{
		allowed: fmt.Sprintf("%d to %d", low, high),
		read: func(value any, into *Settings) (err error) {
			*at(into), err = between(value, low, high)
			return err
		},
		value:  func(s Settings) any { return *at(&s) },
		schema: schema{"type": "integer", "minimum": low, "maximum": high},
	}
}

// minutes is a time of 1 to high minutes.
func minutes(at func(*Settings) *time.Duration, high int) kind {
	return kind{
		allowed: fmt.Sprintf("1 to %d", high),
		read: func(value any, into *Settings) error {
			n, err := between(value, 1, high)
			*at(into) = time.Duration(n) * time.Minute
			return err
		},
		value:  func(s Settings) any { return int(at(&s).Minutes()) },
		schema: schema{"type": "integer", "minimum": 1, "maximum": high},
	}
}

// fittingText is a text in which faults finds nothing; form is what a JSON Schema can
// say of that, and allowed says it in words.
func fittingText(at func(*Settings) *string, faults faultsOf, form schema, allowed string) kind {
	return kind{
		allowed: allowed,
		read: func(value any, into *Settings) (err error) {
			*at(into), err = fitting(value, faults, allowed)
			return err
		},
		value:  func(s Settings) any { return *at(&s) },
		schema: form,
	}
}

// orEmpty is a kind of text that may also be empty, which is its default.
func orEmpty(of kind) kind {
	return kind{
		allowed: of.allowed + `, or ""`,
		read: func(value any, into *Settings) error {
			if value == "" {
				return nil
			}
			return of.read(value, into)
		},
		value:  of.value,
		schema: emptyOr(of.schema),
	}
}

// onOff is true or false.
func onOff(at func(*Settings) *bool) kind {
	return kind{
		allowed: "`true`, `false`",
		read: func(value any, into *Settings) error {
			on, isBool := value.(bool)
			if !isBool {
				return fmt.Errorf("%s is not true or false; write it without quotes", cdkfile.Show(value))
			}
			*at(into) = on
			return nil
		},
		value:  func(s Settings) any { return *at(&s) },
		schema: schema{"type": "boolean"},
	}
}

// object is what a function reads that returns the setting's own type.
func object[T any](at func(*Settings) *T, read func(value any) (T, error), form schema, allowed string) kind {
	return kind{
		allowed: allowed,
		read: func(value any, into *Settings) (err error) {
			*at(into), err = read(value)
			return err
		},
		schema: form,
	}
}
