package cdkfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// ReadObject reads a JSON object. Its errors begin with the place, such as
// "cdk.json:12:5", and say what to do: a text that isn't JSON, or a key that is
// there twice, of which each reader takes another one.
func ReadObject(name string, text []byte) (map[string]any, error) {
	// Node's readers drop the byte order mark that some editors write.
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, jsonProblem(name, text, err)
	}
	object, isObject := value.(map[string]any)
	if !isObject {
		return nil, fmt.Errorf("%s: not a JSON object; write {…}", name)
	}
	var repeats []error
	err := findRepeats(json.NewDecoder(bytes.NewReader(text)), "", func(path string, end int64) {
		opening := bytes.LastIndexByte(text[:end-1], '"') + 1
		repeats = append(repeats, fmt.Errorf("%s: %s is there twice; keep one", at(name, text, int64(opening)), path))
	})
	return object, errors.Join(append(repeats, err)...)
}

// jsonProblem returns an error of encoding/json's with its place and remedy.
func jsonProblem(name string, text []byte, err error) error {
	var syntax *json.SyntaxError
	var number *json.UnmarshalTypeError
	switch {
	case errors.As(err, &number):
		return fmt.Errorf("%s: %s is too large; write a smaller number", at(name, text, number.Offset), number.Value)
	case !errors.As(err, &syntax):
		return fmt.Errorf("%s: %w; correct the JSON", name, err)
	}
	end := int(syntax.Offset)
	if strings.HasPrefix(err.Error(), "unexpected end") {
		end = len(text)
		if len(bytes.TrimSpace(text)) == 0 {
			return fmt.Errorf("%s: empty; write {…}", name)
		}
		return fmt.Errorf("%s: %w; close what is open", at(name, text, int64(end)), err)
	}
	place := at(name, text, int64(end))
	// encoding/json names the first byte of a character that has several.
	if r, _ := utf8.DecodeRune(text[end-1:]); r >= utf8.RuneSelf {
		return fmt.Errorf("%s: invalid character %q; write \" for a quotation mark, and ASCII outside strings", place, r)
	}
	return fmt.Errorf("%s: %w; %s", place, err, jsonRemedy(err.Error()))
}

// jsonRemedy says what to do about a character that isn't expected, as
// encoding/json says it.
func jsonRemedy(message string) string {
	begins := strings.Contains(message, "looking for beginning of")
	is := func(characters ...string) bool {
		for _, one := range characters {
			if strings.HasPrefix(message, "invalid character '"+one+"'") {
				return true
			}
		}
		return false
	}
	switch {
	case begins && is("}", "]"):
		return "remove the comma before it"
	case is("/", "#"):
		return "remove it: JSON has no comments"
	case begins && is(`\'`):
		return "write \" for '"
	case strings.Contains(message, "after object key:value pair"), strings.Contains(message, "after array element"):
		return "write a comma before it, or close what is open"
	case strings.Contains(message, "after top-level value"):
		return "remove it, and what follows"
	case strings.Contains(message, "in string literal"):
		return "close the string before it"
	}
	return "correct the JSON"
}

// at returns the place of the character that ends at a byte, as editors count: from
// line 1 and column 1.
func at(name string, text []byte, end int64) string {
	before := text[:max(0, min(int(end), len(text))-1)]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Sprintf("%s:%d:%d", name, line, column)
}

// findRepeats reports each key that an object has twice, with the path to it and
// the byte at which its second one ends. The text is valid JSON.
func findRepeats(decoder *json.Decoder, path string, report func(path string, end int64)) error {
	token, err := decoder.Token()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	opening, isNested := token.(json.Delim)
	if !isNested {
		return nil
	}
	seen := map[string]bool{}
	for decoder.More() {
		inner := path
		if opening == '{' {
			key, err := decoder.Token()
			if err != nil {
				return err
			}
			name := fmt.Sprint(key)
			inner = strings.TrimPrefix(path+"."+name, ".")
			if seen[name] {
				report(inner, decoder.InputOffset())
			}
			seen[name] = true
		}
		if err := findRepeats(decoder, inner, report); err != nil {
			return err
		}
	}
	_, err = decoder.Token()
	return err
}
