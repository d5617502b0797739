package quilt

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

//go:embed schema
var schemas embed.FS

// Message asks Quilt's packager for a package: PackagerEvent in its source.
type Message struct {
	SourcePrefix  string         `json:"source_prefix"`
	Registry      string         `json:"registry"`
	PackageName   string         `json:"package_name"`
	Metadata      map[string]any `json:"metadata"`
	MetadataURI   string         `json:"metadata_uri"`
	CommitMessage string         `json:"commit_message"`
	// Workflow is nil for the registry's default, and "" for none.
	Workflow *string `json:"workflow"`
}

// ParseMessage reads a message, whose schema is schema/packaging-message.json. A
// package name or a registry that is absent is inferred as the packager does.
func ParseMessage(text []byte) (Message, error) {
	if err := check(messageSchema, text); err != nil {
		return Message{}, err
	}
	var m Message
	if err := json.Unmarshal(text, &m); err != nil {
		return Message{}, err
	}
	bucket, prefix, err := m.source()
	if m.Registry == "" {
		m.Registry = bucket
	}
	if m.PackageName == "" {
		m.PackageName = inferName(prefix)
	}
	return m, err
}

// CheckEvent says whether an event, as a queue gets it from EventBridge, is as
// schema/package-revision.json has it.
func CheckEvent(text []byte) error { return check(eventSchema, text) }

var (
	messageSchema = sync.OnceValues(func() (*jsonschema.Schema, error) { return compile("packaging-message.json") })
	eventSchema   = sync.OnceValues(func() (*jsonschema.Schema, error) { return compile("package-revision.json") })
)

// compile reads a schema.
func compile(name string) (*jsonschema.Schema, error) {
	text, err := schemas.ReadFile("schema/" + name)
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(name, document); err != nil {
		return nil, err
	}
	return compiler.Compile(name)
}

// check validates JSON against a schema.
func check(compiled func() (*jsonschema.Schema, error), text []byte) error {
	schema, err := compiled()
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// source returns the bucket and the prefix of the keys to package.
func (m Message) source() (bucket, prefix string, err error) {
	bucket, key, err := location(m.SourcePrefix)
	return bucket, key[:strings.LastIndex(key, "/")+1], err
}

// metadataObject returns where the metadata is.
func (m Message) metadataObject() (bucket, key string, err error) {
	base, err := url.Parse(m.SourcePrefix)
	if err != nil {
		return "", "", err
	}
	uri, err := base.Parse(m.MetadataURI)
	if err != nil {
		return "", "", err
	}
	return location(uri.String())
}

// location splits an S3 URI, whose path may be percent-encoded.
func location(uri string) (bucket, key string, err error) {
	parsed, err := url.Parse(uri)
	if err != nil {
		return "", "", err
	}
	if parsed.Scheme != "s3" || parsed.RawQuery != "" || parsed.Fragment != "" {
		return "", "", fmt.Errorf("%q: not an S3 URI without query and fragment", uri)
	}
	return parsed.Host, strings.TrimPrefix(parsed.Path, "/"), nil
}

var notOfNames = regexp.MustCompile(`[^\p{L}\p{N}_-]`)

// inferName names a package by its prefix, as infer_pkg_name_from_prefix does.
func inferName(prefix string) string {
	var parts []string
	for part := range strings.SplitSeq(prefix, "/") {
		if part != "" {
			parts = append(parts, notOfNames.ReplaceAllString(part, "-"))
		}
	}
	if len(parts) == 0 {
		return "package/null"
	}
	last := len(parts) - 1
	if last == 0 {
		return path.Join("package", parts[0])
	}
	return strings.Join(parts[:last], "_") + "/" + parts[last]
}
