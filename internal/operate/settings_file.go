package operate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"benchlingwebhook/stacks"
)

// member is a name and a value of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// object is a JSON object that keeps the order of its members.
type object []member

// parseObject reads an object, of which each name is there once; nothing is an empty one.
func parseObject(text json.RawMessage) (object, error) {
	if len(text) == 0 {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('{') {
		return nil, fmt.Errorf("%s: not a JSON object; write {…}", stacks.SettingsFile)
	}
	var all object
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		all = append(all, member{fmt.Sprint(name), value})
	}
	return all, nil
}

// at returns where a name is, or -1.
func (o object) at(name string) int {
	return slices.IndexFunc(o, func(m member) bool { return m.name == name })
}

// get returns the value of a name; nothing where it isn't there.
func (o object) get(name string) json.RawMessage {
	if at := o.at(name); at >= 0 {
		return o[at].value
	}
	return nil
}

// with returns the object with a value, in its former place or at the end; no value
// removes it.
func (o object) with(name string, value json.RawMessage) object {
	at := o.at(name)
	switch {
	case at < 0 && value == nil:
		return o
	case at < 0:
		return append(slices.Clone(o), member{name, value})
	case value == nil:
		return slices.Delete(slices.Clone(o), at, at+1)
	}
	changed := slices.Clone(o)
	changed[at].value = value
	return changed
}

// text returns the object as JSON.
func (o object) text() (json.RawMessage, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		name, err := encode(m.name)
		if err != nil {
			return nil, err
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(m.value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// encode returns a value as cdk.json has it: encoding/json would escape <, > and &.
func encode(value any) (json.RawMessage, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSpace(out.Bytes()), err
}

// withSettings returns the text of a cdk.json with an environment's settings changed;
// nil removes one. What else the file has, and its order, stay; new settings follow in
// the order of docs/settings.md. The text is indented by two spaces.
func withSettings(text []byte, environment string, changes map[string]any) ([]byte, error) {
	edited, err := edit(bytes.TrimPrefix(text, []byte("\uFEFF")), []string{"context", "environments", environment}, func(settings object) (object, error) {
		for _, setting := range stacks.AllSettings() {
			value, changed := changes[setting.Name]
			if !changed {
				continue
			}
			var raw json.RawMessage
			if value != nil {
				var err error
				if raw, err = encode(value); err != nil {
					return nil, err
				}
			}
			settings = settings.with(setting.Name, raw)
		}
		return settings, nil
	})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Indent(&out, edited, "", "  ")
	out.WriteByte('\n')
	return out.Bytes(), err
}

// edit returns an object with the one at a path below it changed.
func edit(text json.RawMessage, path []string, change func(object) (object, error)) (json.RawMessage, error) {
	here, err := parseObject(text)
	if err != nil {
		return nil, err
	}
	if len(path) == 0 {
		if here, err = change(here); err != nil {
			return nil, err
		}
		return here.text()
	}
	below, err := edit(here.get(path[0]), path[1:], change)
	if err != nil {
		return nil, err
	}
	return here.with(path[0], below).text()
}

// replaceFile puts a text in the place of a file's, whole or not at all. It refuses where
// the file has another text by now than the one that was read.
func replaceFile(name string, read, text []byte) error {
	now, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, read) {
		return fmt.Errorf("%s: it was changed meanwhile, and stays so; run this again", name)
	}
	about, err := os.Stat(name)
	if err != nil {
		return err
	}
	beside, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(beside.Name())
	_, err = beside.Write(text)
	err = errors.Join(err, beside.Chmod(about.Mode().Perm()), beside.Sync(), beside.Close())
	if err != nil {
		return err
	}
	return os.Rename(beside.Name(), name)
}
