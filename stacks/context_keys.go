package stacks

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/agext/levenshtein"
)

// checkContextKeys returns what is wrong with the context's keys. CDK ignores a key
// that nothing reads: misspelt, "environment" would deploy DefaultEnvironment. Keys
// of the CDK CLI, of its look-ups and of feature flags pass, as does any that isn't
// taken for one of this app's.
func checkContextKeys(context, environments map[string]any) error {
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(context)) {
		anothers := strings.ContainsAny(key, ":/@") && !slices.Contains(ownKeys, plain(key))
		if !slices.Contains(ownKeys, key) && !anothers {
			problems = append(problems, mistakenKey(key, context, environments))
		}
	}
	return errors.Join(problems...)
}

// ownKeys are the keys that this app reads, the likeliest first.
var ownKeys = []string{EnvironmentKey, environmentsKey, protectKey}

// mistakenKey returns an error for a key that was meant for one of this app's, or
// for a setting.
func mistakenKey(name string, context, environments map[string]any) error {
	for setting := range settingsByName {
		if strings.EqualFold(plain(name), setting) {
			chosen, isText := context[EnvironmentKey].(string)
			if !isText {
				chosen = DefaultEnvironment
			}
			return fmt.Errorf("context %s: nothing reads it: a setting is an environment's; write it in %s, in environments.%s", key(name), SettingsFile, key(chosen))
		}
	}
	value := context[name]
	_, isObject := value.(map[string]any)
	text, _ := value.(string)
	_, isEnvironment := environments[text]
	if _, isName := environments[name]; isName {
		text, isEnvironment = name, true
	}
	own, remedy := EnvironmentKey, "write -c "+EnvironmentKey+"="+DefaultEnvironment
	switch meantProtect := nearProtect(name, value); {
	case isEnvironment && isObject:
		own, remedy = environmentsKey, "write it there, in "+SettingsFile
	case isEnvironment && !meantProtect:
		remedy = "write -c " + EnvironmentKey + "=" + text
	case meantProtect:
		own, remedy = protectKey, "write -c "+Unprotected
	case !nearEnvironment(name):
		return nil
	case isObject:
		own, remedy = environmentsKey, "write that in "+SettingsFile
	}
	return fmt.Errorf("context %s: nothing reads it (did you mean %q?); %s", key(name), own, remedy)
}

// nearEnvironment says whether a key is near to "environment" or "environments": the
// same but for case and signs, the beginning, longer by a word, or within a few
// letters.
func nearEnvironment(name string) bool {
	const leastLetters, mostEdits = 3, 3
	letters := plain(name)
	return len(letters) >= leastLetters && (strings.HasPrefix(environmentsKey, strings.TrimSuffix(letters, "s")) || strings.Contains(letters, EnvironmentKey) ||
		levenshtein.Distance(letters, EnvironmentKey, nil) <= mostEdits)
}

// anotherWord is within a letter of "protect", and a word of its own.
const anotherWord = "project"

// nearProtect says whether a key is near to "protect", which is a short word: one of
// two letters' difference, such as "product", is meant for it only with its value.
func nearProtect(name string, value any) bool {
	const leastEdits, mostEdits = 1, 2
	letters := plain(name)
	edits := levenshtein.Distance(letters, protectKey, nil)
	return strings.Contains(letters, protectKey) || edits <= leastEdits && letters != anotherWord || edits <= mostEdits && value == protectAfter
}

// plain returns a key's letters and digits in lower case.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}
