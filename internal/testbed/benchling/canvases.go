package benchling

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// canvas is an app's canvas in an entry.
type canvas struct {
	entry   string
	blocks  any
	enabled bool
	// data is what the app keeps with the canvas, unseen: nil or a string.
	data any
	// updates are what it was updated with, and at when.
	updates []map[string]any
	at      []time.Time
}

// PlaceCanvas puts a canvas into an entry. One that wasn't placed is in the entry
// whose ID ends alike: "cnvs_1" is in "etr_1".
func (a *API) PlaceCanvas(id, entry string) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.canvas(id).entry = entry
}

// CanvasesOf returns the IDs of the canvases in an entry.
func (a *API) CanvasesOf(entry string) []string {
	a.lock.Lock()
	defer a.lock.Unlock()
	var found []string
	for _, id := range slices.Sorted(maps.Keys(a.canvases)) {
		if a.canvases[id].entry == entry {
			found = append(found, id)
		}
	}
	return found
}

// Drawn returns what a canvas was created or updated with, in order.
func (a *API) Drawn(id string) []map[string]any {
	a.lock.Lock()
	defer a.lock.Unlock()
	return slices.Clone(a.canvas(id).updates)
}

// DrawnAt returns when a canvas was created or updated, in the order of Drawn.
func (a *API) DrawnAt(id string) []time.Time {
	a.lock.Lock()
	defer a.lock.Unlock()
	return slices.Clone(a.canvas(id).at)
}

// HoldCanvases lets updates of canvases wait, unrecorded, until it is called again
// with false. What a client gives up meanwhile never happens.
func (a *API) HoldCanvases(held bool) {
	a.lock.Lock()
	defer a.lock.Unlock()
	switch {
	case held && a.gate == nil:
		a.gate = make(chan struct{})
	case !held && a.gate != nil:
		close(a.gate)
		a.gate = nil
	}
}

// HeldCanvases returns how many updates wait now.
func (a *API) HeldCanvases() int {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.waiting
}

// canvas returns a canvas; the lock must be held.
func (a *API) canvas(id string) *canvas {
	found := a.canvases[id]
	if found == nil {
		found = &canvas{entry: "etr_" + strings.TrimPrefix(id, "cnvs_"), blocks: []any{}, enabled: true}
		a.canvases[id] = found
	}
	return found
}

// pass waits while canvases are held, and says whether the client waited too.
func (a *API) pass(r *http.Request) bool {
	a.lock.Lock()
	gate := a.gate
	if gate != nil {
		a.waiting++
	}
	a.lock.Unlock()
	if gate == nil {
		return true
	}
	defer func() {
		a.lock.Lock()
		defer a.lock.Unlock()
		a.waiting--
	}()
	select {
	case <-gate:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (a *API) getCanvas(w http.ResponseWriter, r *http.Request) {
	a.lock.Lock()
	value := a.canvas(r.PathValue("id")).value(r.PathValue("id"))
	a.lock.Unlock()
	respond(w, http.StatusOK, returning(r, value))
}

func (a *API) listCanvases(w http.ResponseWriter, r *http.Request) {
	a.lock.Lock()
	found := []any{}
	for _, id := range slices.Sorted(maps.Keys(a.canvases)) {
		if entry := r.URL.Query().Get("resourceId"); entry == "" || entry == a.canvases[id].entry {
			found = append(found, a.canvases[id].value(id))
		}
	}
	a.lock.Unlock()
	respond(w, http.StatusOK, map[string]any{"appCanvases": found, "nextToken": ""})
}

func (a *API) updateCanvas(w http.ResponseWriter, r *http.Request) {
	a.draw(w, r, r.PathValue("id"), http.StatusOK)
}

func (a *API) createCanvas(w http.ResponseWriter, r *http.Request) {
	a.draw(w, r, "cnvs_"+RandomText(), http.StatusCreated)
}

// draw records a canvas's update and responds with the canvas.
func (a *API) draw(w http.ResponseWriter, r *http.Request, id string, status int) {
	var update map[string]any
	if err := json.NewDecoder(r.Body).Decode(&update); err != nil {
		refuse(w, http.StatusBadRequest, "the request isn't JSON")
		return
	}
	if !a.pass(r) {
		return
	}
	a.lock.Lock()
	drawn := a.canvas(id)
	drawn.updates = append(drawn.updates, update)
	drawn.at = append(drawn.at, time.Now())
	if blocks, found := update["blocks"]; found {
		drawn.blocks = blocks
	}
	if enabled, found := update["enabled"].(bool); found {
		drawn.enabled = enabled
	}
	if data, found := update["data"]; found {
		drawn.data = data
	}
	if entry, found := update["resourceId"].(string); found {
		drawn.entry = entry
	}
	value := drawn.value(id)
	a.lock.Unlock()
	respond(w, status, value)
}

// value returns the canvas as the API does; the API's lock must be held.
func (c *canvas) value(id string) map[string]any {
	return map[string]any{
		"id": id, "app": map[string]string{"id": appID}, "featureId": featureID, "resourceId": c.entry,
		"blocks": c.blocks, "enabled": c.enabled, "archiveRecord": nil, "data": c.data, "sessionId": nil,
	}
}
