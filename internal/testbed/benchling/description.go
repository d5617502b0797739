package benchling

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Client is Benchling's published client in the service's environment, from the
// repository's root. It holds Benchling's descriptions of its API and webhooks.
const Client = "docker/.venv/lib/python3.11/site-packages/benchling_api_client"

// apiRoot begins every path of the API; it is the description's server.
const apiRoot = "/api/v2"

// description is Benchling's own description of its API, by which calls are checked.
type description struct {
	document *openapi3.T
	router   routers.Router
}

// loaded are the descriptions by their client's directory: it takes seconds to read one.
var loaded sync.Map

// described returns a client's description, which is read once.
func described(client string) (*description, error) {
	load, _ := loaded.LoadOrStore(client, sync.OnceValues(func() (*description, error) { return loadDescription(client) }))
	return load.(func() (*description, error))()
}

// loadDescription reads the description of the stable API from a client's directory.
func loadDescription(client string) (*description, error) {
	document, err := loadDocument(filepath.Join(client, "v2", "stable", "openapi.yaml"))
	if err != nil {
		return nil, err
	}
	// The document as a whole isn't validated: several of Benchling's examples
	// contradict its schemas.
	router, err := gorillamux.NewRouter(document)
	return &description{document: document, router: router}, err
}

// loadDocument reads a description and closes its schemas.
func loadDocument(path string) (*openapi3.T, error) {
	document, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: `make rehearse` installs Benchling's client", path, err)
	}
	for _, schema := range document.Components.Schemas {
		closeSchema(schema.Value)
	}
	return document, nil
}

// closeSchema makes "no other properties" mean what Benchling means by it: none
// but those of the schema and of its allOf. By OpenAPI 3.0 such a schema counts
// its own properties alone, so that nothing could ever meet it.
func closeSchema(schema *openapi3.Schema) {
	if forbidden := schema.AdditionalProperties.Has; forbidden == nil || *forbidden || len(schema.AllOf) == 0 {
		return
	}
	names := properties(schema)
	if schema.Properties == nil {
		schema.Properties = openapi3.Schemas{}
	}
	for _, name := range names {
		if _, found := schema.Properties[name]; !found {
			schema.Properties[name] = openapi3.NewSchema().NewRef()
		}
	}
}

// properties returns the names of a schema's properties, allOf included, sorted.
func properties(schema *openapi3.Schema) []string {
	var names []string
	for name := range schema.Properties {
		names = append(names, name)
	}
	for _, part := range schema.AllOf {
		names = append(names, properties(part.Value)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// call is a request to the API and the response that it got.
type call struct {
	request      *http.Request
	requestBody  []byte
	status       int
	header       http.Header
	responseBody []byte
}

// checkRequest says what in a request contradicts the description. It returns
// the operation's name, "" where there is none.
func (d *description) checkRequest(request *http.Request, body []byte) (string, error) {
	input, err := d.input(request, body)
	if err != nil {
		return "", err
	}
	known := func(name string) bool {
		return input.Route.Operation.Parameters.GetByInAndName("query", name) != nil ||
			input.Route.PathItem.Parameters.GetByInAndName("query", name) != nil
	}
	for name := range request.URL.Query() {
		if !known(name) {
			err = errors.Join(err, fmt.Errorf("parameter %q: the description has none", name))
		}
	}
	ctx := context.WithoutCancel(request.Context())
	return input.Route.Operation.OperationID, errors.Join(err, openapi3filter.ValidateRequest(ctx, input))
}

// checkResponse says what in a call's response contradicts the description. A
// refusal whose status the description doesn't list has Benchling's common form.
func (d *description) checkResponse(c call) error {
	input, err := d.input(c.request, c.requestBody)
	if err != nil {
		return err
	}
	if input.Route.Operation.Responses.Status(c.status) == nil && c.status >= http.StatusBadRequest {
		return checkError(c.responseBody)
	}
	return openapi3filter.ValidateResponse(context.WithoutCancel(c.request.Context()), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: c.status, Header: c.header,
		Body: io.NopCloser(bytes.NewReader(c.responseBody)),
		Options: &openapi3filter.Options{
			MultiError: true, IncludeResponseStatus: true,
			SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.VisitAsResponse(), reasons},
		},
	})
}

func (d *description) input(request *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	copied := request.Clone(context.WithoutCancel(request.Context()))
	copied.Body = io.NopCloser(bytes.NewReader(body))
	route, parameters, err := d.router.FindRoute(copied)
	if err != nil {
		return nil, err
	}
	return &openapi3filter.RequestValidationInput{
		Request: copied, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{
			MultiError: true, SkipSettingDefaults: true, RejectWhenRequestBodyNotSpecified: true,
			AuthenticationFunc:      authenticated,
			SchemaValidationOptions: []openapi3.SchemaValidationOption{reasons},
		},
	}, nil
}

// reasons lets a violation say where it is and why, without the value, which may
// be a secret.
var reasons = openapi3.SetSchemaErrorMessageCustomizer(func(err *openapi3.SchemaError) string {
	text := "/" + strings.Join(err.JSONPointer(), "/") + ": " + err.Reason
	if err.Origin != nil {
		text += ": " + err.Origin.Error()
	}
	return text
})

// authenticated says whether a request carries what a security scheme demands.
// Its value is the API's to judge.
func authenticated(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	// By OAuth 2 (RFC 6749, section 2.3.1), a client may name itself in the body,
	// for which TokenCreate has properties.
	if input.SecuritySchemeName == "basicClientIdSecretAuth" {
		return nil
	}
	scheme := "Bearer "
	if input.SecurityScheme.Type == "http" {
		scheme = "Basic "
	}
	if !strings.HasPrefix(input.RequestValidationInput.Request.Header.Get("Authorization"), scheme) {
		return fmt.Errorf("no authorization by %q", strings.TrimSpace(scheme))
	}
	return nil
}

// checkError says whether a body has the common form of Benchling's errors: the
// description's BaseError below "error", with the message that people read.
func checkError(body []byte) error {
	var refusal struct {
		Error struct {
			Message string `json:"message"`
			Type    string `json:"type"`
		} `json:"error"`
	}
	if err := json.Unmarshal(body, &refusal); err != nil {
		return fmt.Errorf("error without Benchling's form: %w", err)
	}
	if refusal.Error.Message == "" || refusal.Error.Type == "" {
		return errors.New("error without Benchling's form: no error.message or no error.type")
	}
	return nil
}

// recorder passes a response on and keeps a copy.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader keeps the status and passes it on.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write keeps the text and passes it on.
func (r *recorder) Write(text []byte) (int, error) {
	r.body.Write(text)
	return r.ResponseWriter.Write(text)
}

// wrap checks every call of the API that a handler serves. A response that was
// broken off, or that nobody waits for any more, isn't checked.
func (c *checks) wrap(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, apiRoot+"/") {
			handler.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		// As it came: what is called on the way may change the request.
		request := r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
		name, err := c.description.checkRequest(request, body)
		c.record(name, fmt.Sprintf("request %s %s", request.Method, request.URL.Path), err)
		kept := &recorder{ResponseWriter: w, status: http.StatusOK}
		handler.ServeHTTP(kept, r)
		if name == "" || r.Context().Err() != nil {
			return
		}
		err = c.description.checkResponse(call{request, body, kept.status, w.Header(), kept.body.Bytes()})
		c.record("", fmt.Sprintf("response %d to %s %s", kept.status, request.Method, request.URL.Path), err)
	})
}
