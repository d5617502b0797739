// Package secrets knows by what names variables hold secrets.
package secrets

import "regexp"

// named matches the words of BuildKit's rule SecretsUsedInArgOrEnv, the variables of
// Security Hub's control ECS.8, and the longest of these words anywhere in a name.
// "Token" also begins words of another meaning, such as "tokenizer": it ends at a
// letter of the other case, as in tokenValue.
//
// Sources: Docker's build checks, "SecretsUsedInArgOrEnv"; AWS Security Hub User
// Guide, "ECS.8".
var named = regexp.MustCompile(`(?i)(^|_)(auth|credentials?|key|pword)(_|$)|(?-i:TOKENS?([^A-Z]|$)|[Tt]okens?([^a-z]|$))|secret|password|passwd|(api|private|access)_?key`)

// harmless matches what BuildKit's rule lets pass: words that say that the value
// isn't the secret itself.
var harmless = regexp.MustCompile(`(?i)(^|_)(public|file|version)(_|$)`)

// Named reports whether a variable's name says that it holds a secret.
func Named(name string) bool { return named.MatchString(name) && !harmless.MatchString(name) }
