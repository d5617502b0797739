// Package secrets knows by what names variables hold secrets, and what secrets look
// like.
package secrets

import (
	"regexp"
	"strings"
)

// named matches the words of BuildKit's rule SecretsUsedInArgOrEnv, the variables of
// Security Hub's control ECS.8, the longest of these words anywhere in a name, and
// other words for the same. "Token" also begins words of another meaning, such as
// "tokenizer": it ends at a letter of the other case, as in tokenValue.
//
// Sources: Docker's build checks, "SecretsUsedInArgOrEnv"; AWS Security Hub User
// Guide, "ECS.8".
var named = regexp.MustCompile(`(?i)(^|[^a-z0-9])(auth|credentials?|creds|key|pword|pass|jwt|bearer|dsn)([^a-z0-9]|$)|[^a-z0-9]pwd([^a-z0-9]|$)` +
	`|(?-i:TOKENS?([^A-Z]|$)|[Tt]okens?([^a-z]|$))|secret|password|passwd|passphrase|passcode|(api|private|access|encryption|signing)[-_.]?key|connection[-_.]?string`)

// harmless matches words that say that the value isn't the secret itself: those of
// BuildKit's rule, and last words that say what is told of it.
var harmless = regexp.MustCompile(`(?i)(^|[^a-z0-9])(public|file|version)([^a-z0-9]|$)` +
	`|[^a-z0-9](arn|name|names|path|dir|prefix|url|uri|endpoint|region|ttl|seconds|minutes|hours|days|timeout|expiry|length|limit|count|size|enabled|mode|type|header|parallelism)$`)

// Named reports whether a variable's name says that it holds a secret.
func Named(name string) bool { return named.MatchString(name) && !harmless.MatchString(name) }

// told matches values that are no secret whatever their name is: none, a switch, or an
// ARN, which says where the secret is.
var told = regexp.MustCompile(`^(|true|false|arn:[^:]*:[a-z0-9-]+:[^:]*:[^:]*:.+)$`)

// Harmless reports whether a value can't be a secret.
func Harmless(value string) bool { return told.MatchString(strings.TrimSpace(value)) }

// valued matches the forms of keys and tokens that are like nothing else, and a
// password within a URL.
//
// Sources: IAM User Guide, "Understanding unique ID prefixes"; RFC 7468 (PEM); RFC 7519
// (JWT); GitHub's, Slack's, GitLab's, npm's, Stripe's and Google's pages of their token
// formats.
var valued = regexp.MustCompile(`\b(AKIA|ASIA)[A-Z2-7]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.` +
	`|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bxox[abposr]-[A-Za-z0-9-]{10,}|\bglpat-[A-Za-z0-9_-]{16,}|\bnpm_[A-Za-z0-9]{30,}` +
	`|\b[rs]k_(live|test)_[A-Za-z0-9]{16,}|\bAIza[A-Za-z0-9_-]{30,}|\bhooks\.slack\.com/services/T[A-Z0-9]+/` +
	`|\b[a-z][a-z0-9+.-]*://[^\s/:@]*:[^\s/:@$]+@`)

// Valued reports whether a text holds what can only be a secret.
func Valued(text string) bool { return valued.MatchString(text) }
