package benchling

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// API serves the part of Benchling's API that the worker calls. Every entry and
// every canvas exists, with a content that follows from its ID and from how often
// the entry was edited.
type API struct {
	lock  sync.Mutex
	token string
	// clientSecret is the only one for which there is a token; "" takes any.
	clientSecret string
	refused      int
	revision     map[string]int
	edited       map[string]time.Time
	exports      map[string]export
	started      map[string]int
	asked        map[string]int
	held         map[string]bool
	canvases     map[string]*canvas
	// gate is closed when canvases may be updated again; nil while they may.
	gate    chan struct{}
	waiting int
}

// export is what a task exports: an entry as it was when the task began.
type export struct {
	entry    string
	revision int
}

// newAPI returns an API whose exports end at once.
func newAPI() *API {
	return &API{
		token: RandomText(), revision: map[string]int{}, edited: map[string]time.Time{}, exports: map[string]export{},
		started: map[string]int{}, asked: map[string]int{}, held: map[string]bool{}, canvases: map[string]*canvas{},
	}
}

// HoldExports keeps every export running until it is called again with false.
func (a *API) HoldExports(held bool) { a.HoldExportsOf("", held) }

// HoldExportsOf keeps the exports running of the entries whose IDs begin with a
// prefix, until it is called again with the prefix and false.
func (a *API) HoldExportsOf(prefix string, held bool) {
	a.lock.Lock()
	defer a.lock.Unlock()
	if held {
		a.held[prefix] = true
	} else {
		delete(a.held, prefix)
	}
}

// Exports returns how many exports of an entry were started.
func (a *API) Exports(entry string) int {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.started[entry]
}

// Asked returns how often the state of an entry's exports was asked for.
func (a *API) Asked(entry string) int {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.asked[entry]
}

// Edit changes an entry: its name, the time of its last change, and the files of
// the exports that are started from now on. It returns the entry's revision,
// which is 0 before the first edit.
func (a *API) Edit(entry string) int {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.revision[entry]++
	a.edited[entry] = time.Now()
	return a.revision[entry]
}

// Name returns an entry's name, which names its revision.
func (a *API) Name(entry string) string {
	a.lock.Lock()
	defer a.lock.Unlock()
	return name(entry, a.revision[entry])
}

func name(entry string, revision int) string {
	return "Entry " + entry + edit(" edited ", revision)
}

// edit returns how texts name a revision after a text before it; the first has
// none.
func edit(before string, revision int) string {
	if revision == 0 {
		return ""
	}
	return before + strconv.Itoa(revision)
}

// DisplayID returns the name that people see of an entry.
func DisplayID(entry string) string { return "EXP-" + strings.TrimPrefix(entry, "etr_") }

// SmallPrefix begins the IDs of entries with a small export, of which thousands
// fit into a local AWS.
const SmallPrefix = "etr_small"

// LargePrefix begins the IDs of entries whose document is written to S3 in parts.
const LargePrefix = "etr_large"

// ShrinkingPrefix begins the IDs of entries that lose their results by the first edit.
const ShrinkingPrefix = "etr_shrinking"

// Files returns what the export of an entry holds that was never edited, by path.
func Files(entry string) map[string][]byte { return files(export{entry, 0}) }

// FilesOf returns what an export of an entry would hold that was started now.
func (a *API) FilesOf(entry string) map[string][]byte {
	a.lock.Lock()
	defer a.lock.Unlock()
	return files(export{entry, a.revision[entry]})
}

// files returns an export's files. An edit changes the results alone, and the
// document keeps its bytes, so that an unchanged file can be told from a changed one.
func files(e export) map[string][]byte {
	lines := 40_000
	switch {
	case strings.HasPrefix(e.entry, SmallPrefix):
		lines = 10
	case strings.HasPrefix(e.entry, LargePrefix):
		lines = 400_000
	}
	all := map[string][]byte{DisplayID(e.entry) + "/entry.pdf": bytes.Repeat([]byte("%PDF of "+e.entry+"\n"), lines)}
	if !strings.HasPrefix(e.entry, ShrinkingPrefix) || e.revision == 0 {
		all["data/results.csv"] = []byte("well,value\nA1," + e.entry + edit(" edit ", e.revision) + "\n")
	}
	return all
}

// serve adds the API's routes.
func (a *API) serve(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/v2/token", a.giveToken)
	for pattern, handle := range map[string]http.HandlerFunc{
		"GET /api/v2/entries":             a.listEntries,
		"GET /api/v2/entries/{id}":        a.getEntry,
		"GET /api/v2/{collection}/{id}":   a.getObject,
		"POST /api/v2/exports":            a.startExport,
		"GET /api/v2/tasks/{id}":          a.getTask,
		"GET /api/v2/app-canvases":        a.listCanvases,
		"POST /api/v2/app-canvases":       a.createCanvas,
		"GET /api/v2/app-canvases/{id}":   a.getCanvas,
		"PATCH /api/v2/app-canvases/{id}": a.updateCanvas,
	} {
		mux.HandleFunc(pattern, a.authorized(handle))
	}
	mux.HandleFunc("GET /downloads/{revision}/{name}", download)
}

func (a *API) startExport(w http.ResponseWriter, r *http.Request) {
	var wanted struct{ ID string }
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
		refuse(w, http.StatusBadRequest, "the request isn't JSON")
		return
	}
	task := "task_" + RandomText()
	a.lock.Lock()
	a.exports[task] = export{wanted.ID, a.revision[wanted.ID]}
	a.started[wanted.ID]++
	a.lock.Unlock()
	respond(w, http.StatusAccepted, map[string]any{"taskId": task})
}

func (a *API) getTask(w http.ResponseWriter, r *http.Request) {
	a.lock.Lock()
	e, found := a.exports[r.PathValue("id")]
	a.asked[e.entry]++
	held := false
	for prefix := range a.held {
		held = held || strings.HasPrefix(e.entry, prefix)
	}
	a.lock.Unlock()
	switch {
	case !found:
		refuse(w, http.StatusNotFound, "no such task")
	case held:
		respond(w, http.StatusOK, map[string]any{"status": "RUNNING"})
	default:
		scheme := "https"
		if r.TLS == nil {
			scheme = "http"
		}
		address := fmt.Sprintf(scheme+"://%s/downloads/%d/%s.zip", r.Host, e.revision, e.entry)
		respond(w, http.StatusOK, map[string]any{"status": "SUCCEEDED", "response": map[string]string{"downloadURL": address}})
	}
}

// download responds as S3 does: by ranges, and without the API's token.
func download(w http.ResponseWriter, r *http.Request) {
	revision, err := strconv.Atoi(r.PathValue("revision"))
	if err != nil || r.Header.Get("Authorization") != "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	entry := strings.TrimSuffix(r.PathValue("name"), ".zip")
	if zip := hostile(entry); zip != nil {
		http.ServeContent(w, r, "export.zip", time.Time{}, zip)
		return
	}
	content, err := archive(export{entry, revision})
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(content)))
	http.ServeContent(w, r, "export.zip", time.Time{}, bytes.NewReader(content))
}

func archive(e export) ([]byte, error) {
	var written bytes.Buffer
	w := zip.NewWriter(&written)
	content := files(e)
	// In one order, as it is read by ranges of several requests.
	for _, path := range slices.Sorted(maps.Keys(content)) {
		file, err := w.Create(path)
		if err != nil {
			return nil, err
		}
		if _, err := file.Write(content[path]); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return written.Bytes(), err
}

func respond(w http.ResponseWriter, status int, value map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

// refuse responds with an error in Benchling's form.
func refuse(w http.ResponseWriter, status int, message string) {
	respond(w, status, map[string]any{"error": map[string]string{
		"type": "invalid_request_error", "message": message, "userMessage": message,
	}})
}
