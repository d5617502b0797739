package benchling

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"gotest.tools/v3/assert"
)

// client is Benchling's client, from this package's directory.
var client = filepath.Join("..", "..", "..", Client)

func TestDescriptionIsLoadedQuickly(t *testing.T) {
	processorTime := func() time.Duration {
		var usage syscall.Rusage
		assert.NilError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
		return time.Duration(usage.Utime.Nano())
	}
	// Not the time of the clock: a busy machine would decide.
	began := processorTime()
	_, err := loadDescription(client)
	assert.NilError(t, err)
	took := processorTime() - began
	assert.Check(t, took < 3*time.Second, "%s", took)
}

func TestDescriptionThatIsMissing(t *testing.T) {
	_, err := loadDescription(t.TempDir())
	assert.ErrorContains(t, err, "`make rehearse` installs Benchling's client")
}

// serveCalls returns a server and a function that calls it with its token.
func serveCalls(t *testing.T) (*Server, func(method, path, body string) (int, map[string]any)) {
	t.Helper()
	key, err := NewKey()
	assert.NilError(t, err)
	server, err := Serve(key, client, nil)
	assert.NilError(t, err)
	t.Cleanup(server.Stop)
	return server, func(method, path, body string) (int, map[string]any) {
		t.Helper()
		request, err := http.NewRequest(method, "http://"+server.Address+apiRoot+path, strings.NewReader(body))
		assert.NilError(t, err)
		request.Header.Set("Authorization", "Bearer "+server.API.Token())
		if body != "" {
			request.Header.Set("Content-Type", "application/json")
		}
		response, err := http.DefaultClient.Do(request)
		assert.NilError(t, err)
		defer response.Body.Close()
		var value map[string]any
		assert.NilError(t, json.NewDecoder(response.Body).Decode(&value))
		return response.StatusCode, value
	}
}

// TestEveryCallMeetsTheDescription makes each call that the stand-in serves.
func TestEveryCallMeetsTheDescription(t *testing.T) {
	server, call := serveCalls(t)
	token, err := http.Post("http://"+server.Address+apiRoot+"/token", "application/x-www-form-urlencoded", strings.NewReader("grant_type=client_credentials"))
	assert.NilError(t, err)
	assert.NilError(t, token.Body.Close())
	assert.Equal(t, token.StatusCode, http.StatusOK)

	const blocks = `"blocks": [
		{"id": "a", "type": "MARKDOWN", "value": "**Export**"},
		{"id": "b", "type": "BUTTON", "text": "Update", "enabled": true},
		{"id": "c", "type": "SECTION", "children": [{"id": "d", "type": "BUTTON", "text": "More"}]}]`
	server.API.HoldExports(true)
	expect := func(status int, method, path, body string) map[string]any {
		t.Helper()
		got, value := call(method, path, body)
		assert.Equal(t, got, status, path)
		return value
	}
	task := "/tasks/" + expect(202, "POST", "/exports", `{"id": "etr_1"}`)["taskId"].(string)
	expect(200, "GET", task, "")
	server.API.HoldExports(false)
	expect(200, "GET", task, "")
	expect(404, "GET", "/tasks/none", "")
	expect(200, "GET", "/entries/etr_1", "")
	expect(200, "GET", "/entries/etr_1?returning=id,days", "")
	expect(201, "POST", "/app-canvases", `{"appId": "app_1", "featureId": "f", "resourceId": "etr_1", `+blocks+`}`)
	expect(200, "PATCH", "/app-canvases/cnvs_1", `{"enabled": true, `+blocks+`}`)
	expect(200, "GET", "/app-canvases/cnvs_1", "")
	expect(200, "GET", "/app-canvases?resourceId=etr_1", "")
	for collection, kind := range collections {
		for _, link := range Links() {
			if link.Type == kind && link.ID != ForbiddenID {
				expect(200, "GET", "/"+collection+"/"+link.ID, "")
			}
		}
		expect(404, "GET", "/"+collection+"/none", "")
	}
	expect(403, "GET", "/dna-sequences/"+ForbiddenID, "")
	assert.DeepEqual(t, expect(200, "GET", "/custom-entities/bfi_rehearsal?returning=name", ""), map[string]any{"name": "QB-2743.1"})
	server.API.ExpireToken()
	server.Faults.Inject(Fault{Times: 1, Status: 429, RetryAfter: time.Second})
	expect(429, "GET", "/entries/etr_1", "")

	assert.DeepEqual(t, server.Violations(), []string(nil))
	calls := server.Calls()
	assert.Equal(t, calls["getEntry"], 3)
	for _, operation := range []string{"generateToken", "exportItem", "getTask", "createAppCanvas", "updateAppCanvas", "getAppCanvas", "listAppCanvases", "getUser", "getDNASequence"} {
		assert.Check(t, calls[operation] > 0, operation)
	}
}

func TestWrongRequestsAreFound(t *testing.T) {
	for what, request := range map[string]struct{ method, path, body, violation string }{
		"property": {"POST", "/exports", `{"id": "etr_1", "fromat": "pdf"}`, "fromat"},
		"missing":  {"POST", "/app-canvases", `{"featureId": "f", "resourceId": "etr_1", "blocks": []}`, "appId"},
		"closed":   {"PATCH", "/app-canvases/cnvs_1", `{"blocks": [], "entry": "etr_1"}`, `"entry"`},
		"block":    {"PATCH", "/app-canvases/cnvs_1", `{"blocks": [{"type": "BUTTON", "id": "a"}]}`, "text"},
		"query":    {"GET", "/entries/etr_1?fields=id", "", `parameter "fields"`},
		"no such":  {"GET", "/batches/bat_1", "", "no matching operation was found"},
	} {
		t.Run(what, func(t *testing.T) {
			server, call := serveCalls(t)
			call(request.method, request.path, request.body)
			found := server.Violations()
			assert.Check(t, len(found) >= 1)
			assert.Check(t, strings.Contains(strings.Join(found, " "), request.violation), "%q", found)
		})
	}
}

func TestWrongResponsesAreFound(t *testing.T) {
	described, err := loadDescription(client)
	assert.NilError(t, err)
	for what, response := range map[string]struct {
		path, text, violation string
		status                int
	}{
		"type":           {"/entries/etr_1", `{"entry": {"id": 1}}`, "/entry/id", 200},
		"time":           {"/entries/etr_1", `{"entry": {"createdAt": "yesterday"}}`, "createdAt", 200},
		"link":           {"/entries/etr_1", `{"entry": {"days": [{"notes": [{"type": "text", "links": [{"type": "sample"}]}]}]}}`, "links/0/type", 200},
		"status":         {"/entries/etr_1", `{}`, "status is not supported", 201},
		"enumeration":    {"/tasks/1", `{"status": "DONE"}`, "status", 200},
		"required":       {"/tasks/1", `{}`, "status", 200},
		"error's form":   {"/entries/etr_1", `{}`, "no error.message", 403},
		"described form": {"/entries/etr_1", `{"error": {"type": "other"}}`, "type", 404},
	} {
		t.Run(what, func(t *testing.T) {
			c := &checks{description: described, calls: map[string]int{}}
			server := httptest.NewServer(c.wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(response.status)
				_, _ = io.WriteString(w, response.text)
			})))
			defer server.Close()
			ask(t, "GET", server.URL+apiRoot+response.path, "token")
			assert.Check(t, len(c.violations) > 0)
			assert.Check(t, strings.Contains(strings.Join(c.violations, " "), response.violation), "%q", c.violations)
		})
	}
}

func TestViolationsAreBounded(t *testing.T) {
	server, call := serveCalls(t)
	for range violationsKept + 5 {
		call("GET", "/batches/bat_1", "")
	}
	found := server.Violations()
	assert.Equal(t, len(found), violationsKept+1)
	assert.Equal(t, found[violationsKept], "and 5 more")
}

// TestResponsesAreWhole compares the stand-in's responses with all properties
// that the description has: none is missing, and none is misspelt.
func TestResponsesAreWhole(t *testing.T) {
	server, call := serveCalls(t)
	schema := func(name string) []string {
		return properties(server.checks.description.document.Components.Schemas[name].Value)
	}
	names := func(value any) []string {
		var found []string
		for name := range value.(map[string]any) {
			found = append(found, name)
		}
		slices.Sort(found)
		return found
	}
	_, entry := call("GET", "/entries/etr_1", "")
	assert.DeepEqual(t, names(entry["entry"]), schema("Entry"))
	_, canvas := call("GET", "/app-canvases/cnvs_1", "")
	assert.DeepEqual(t, names(canvas), schema("AppCanvas"))
	_, entity := call("GET", "/custom-entities/bfi_rehearsal", "")
	assert.DeepEqual(t, names(entity), schema("CustomEntity"))
	_, person := call("GET", "/users/"+userID, "")
	assert.DeepEqual(t, names(person), schema("User"))
	for collection, kind := range collections {
		for _, link := range Links() {
			if link.Type != kind || link.ID == ForbiddenID {
				continue
			}
			_, object := call("GET", "/"+collection+"/"+link.ID, "")
			path := server.checks.description.document.Paths.Find("/" + collection + "/{id}")
			described := properties(path.Get.Responses.Status(200).Value.Content["application/json"].Schema.Value)
			for _, name := range names(object) {
				assert.Check(t, slices.Contains(described, name), "%s: %s", kind, name)
			}
		}
	}
}

// TestWebhooksMeetTheDescription holds every webhook against Benchling's own
// description of webhooks.
func TestWebhooksMeetTheDescription(t *testing.T) {
	document, err := loadDocument(filepath.Join(client, "webhooks", "v0", "stable", "openapi.yaml"))
	assert.NilError(t, err)
	check := func(body []byte) error {
		var value any
		assert.NilError(t, json.Unmarshal(body, &value))
		return document.Components.Schemas["WebhookEnvelopeV0"].Value.VisitJSON(value, openapi3.MultiErrors())
	}
	types := map[string]bool{}
	for what, webhook := range map[string]func() ([]byte, error){
		"v2.entry.updated.fields":       func() ([]byte, error) { return EntryUpdated("appdef_1", "etr_1") },
		"v2.entry.updated.reviewRecord": func() ([]byte, error) { return EntryReviewed("appdef_1", "etr_1") },
		"v2.entry.created":              func() ([]byte, error) { return EntryCreated("appdef_1", "etr_1") },
		"v3.entry.created":              func() ([]byte, error) { return EntryCreatedV3("appdef_1", "etr_1") },
		"v2.canvas.userInteracted":      func() ([]byte, error) { return ButtonPressed("appdef_1", "cnvs_1", "b") },
		"v2.canvas.created":             func() ([]byte, error) { return CanvasCreated("appdef_1", "cnvs_1") },
		"v2-beta.canvas.created":        func() ([]byte, error) { return CanvasCreatedBeta("appdef_1", "cnvs_1") },
		"v2.canvas.initialized":         func() ([]byte, error) { return CanvasInitialized("appdef_1", "etr_1") },
		"v2.app.installed":              func() ([]byte, error) { return AppInstalled("appdef_1") },
	} {
		body, err := webhook()
		assert.NilError(t, err)
		assert.NilError(t, check(body), what)
		assert.Check(t, strings.Contains(string(body), `"type":"`+what+`"`), "%s", body)
		types[what] = true
		wrong := strings.Replace(string(body), `"deprecated":false`, `"deprecated":"no"`, 1)
		assert.ErrorContains(t, check([]byte(wrong)), "deprecated", what)
	}
	body, err := CanvasCreated("appdef_1", "cnvs_1")
	assert.NilError(t, err)
	assert.ErrorContains(t, check([]byte(strings.Replace(string(body), `"canvasId"`, `"canvas"`, 1))), "canvas")
}

func TestEdits(t *testing.T) {
	server, call := serveCalls(t)
	api := server.API
	export := func() map[string]any {
		_, started := call("POST", "/exports", `{"id": "etr_1"}`)
		_, task := call("GET", "/tasks/"+started["taskId"].(string), "")
		return task["response"].(map[string]any)
	}
	before := export()["downloadURL"].(string)
	assert.Equal(t, api.Edit("etr_1"), 1)
	assert.Equal(t, api.Edit("etr_1"), 2)
	after := export()["downloadURL"].(string)
	assert.Equal(t, api.Exports("etr_1"), 2)
	assert.Equal(t, api.Name("etr_1"), "Entry etr_1 edited 2")
	assert.Check(t, before != after)
	assert.Equal(t, string(api.FilesOf("etr_1")["data/results.csv"]), "well,value\nA1,etr_1 edit 2\n")
	assert.DeepEqual(t, api.FilesOf("etr_1")["EXP-1/entry.pdf"], Files("etr_1")["EXP-1/entry.pdf"])
	assert.DeepEqual(t, api.FilesOf("etr_2"), Files("etr_2"))
	_, value := call("GET", "/entries/etr_1", "")
	entry := value["entry"].(map[string]any)
	assert.Equal(t, entry["name"], "Entry etr_1 edited 2")
	assert.Check(t, entry["modifiedAt"] != entry["createdAt"])
	assert.DeepEqual(t, server.Violations(), []string(nil))
}

func TestHolds(t *testing.T) {
	server, call := serveCalls(t)
	api := server.API
	api.HoldExportsOf("etr_slow", true)
	state := func(entry string) any {
		_, started := call("POST", "/exports", `{"id": "`+entry+`"}`)
		_, task := call("GET", "/tasks/"+started["taskId"].(string), "")
		return task["status"]
	}
	assert.Equal(t, state("etr_slow1"), "RUNNING")
	assert.Equal(t, state("etr_1"), "SUCCEEDED")
	api.HoldExportsOf("etr_slow", false)
	assert.Equal(t, state("etr_slow1"), "SUCCEEDED")

	api.PlaceCanvas("cnvs_1", "etr_2")
	api.HoldCanvases(true)
	done := make(chan struct{})
	go func() {
		defer close(done)
		status, canvas := call("PATCH", "/app-canvases/cnvs_1", `{"blocks": []}`)
		assert.Check(t, status == 200)
		assert.Check(t, canvas["resourceId"] == "etr_2")
	}()
	for api.HeldCanvases() == 0 {
		time.Sleep(time.Millisecond)
	}
	// A client that gives up has drawn nothing.
	hasty := http.Client{Timeout: 50 * time.Millisecond}
	request, err := http.NewRequest("PATCH", "http://"+server.Address+apiRoot+"/app-canvases/cnvs_1", strings.NewReader(`{"blocks": []}`))
	assert.NilError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+api.Token())
	_, err = hasty.Do(request)
	assert.ErrorContains(t, err, "Client.Timeout")
	for api.HeldCanvases() > 1 {
		time.Sleep(time.Millisecond)
	}
	assert.Equal(t, len(api.Drawn("cnvs_1")), 0)
	released := time.Now()
	api.HoldCanvases(false)
	<-done
	assert.Equal(t, len(api.Drawn("cnvs_1")), 1)
	assert.Check(t, api.DrawnAt("cnvs_1")[0].After(released))
}
