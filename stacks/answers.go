package stacks

import (
	"encoding/json"
	"fmt"
)

// ParseSetting returns the value of a setting as cdk.json has it, from what a person
// types: a text as it is, anything else as JSON. It names what is no setting.
func ParseSetting(name, typed string) (any, error) {
	setting, known := settingsByName[name]
	if !known {
		return nil, fmt.Errorf("%q: no such setting%s; docs/settings.md lists all", name, didYouMean(name, settingsByName))
	}
	var value any = typed
	if setting.schema["type"] != "string" {
		if err := json.Unmarshal([]byte(typed), &value); err != nil {
			return nil, fmt.Errorf("%s: %q is no JSON; use %s", name, typed, withoutLinks(setting.Allowed()))
		}
	}
	return value, prefixed(name, setting.read(value, &Settings{}))
}
