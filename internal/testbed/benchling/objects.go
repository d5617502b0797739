package benchling

import (
	"net/http"
	"strings"
	"time"
)

// Link is what an entry refers to.
type Link struct {
	// Type and ID are the API's: a hyperlink has no ID.
	Type, ID string
	// Name is what its object is called: "" where it has no name that the app may
	// read.
	Name string
	// WebURL is where people find it: "" where the app may not read it, and for
	// a location, which has none.
	WebURL string
}

// Links returns what every entry refers to, one of each kind that the worker
// treats in its own way. The app may not read the DNA sequence.
func Links() []Link {
	link := func(kind, id, name string) Link {
		return Link{kind, id, name, webURL + "/" + id + "-" + strings.ToLower(strings.ReplaceAll(name, ".", "-"))}
	}
	return []Link{
		{Type: "link", WebURL: "https://example.com/protocol"},
		link("custom_entity", "bfi_rehearsal", "QB-2743.1"),
		{Type: "dna_sequence", ID: ForbiddenID},
		link("aa_sequence", "prtn_rehearsal", "Insulin"),
		link("entry", "etr_linked", name("etr_linked", 0)),
		link("request", "req_rehearsal", "REQ1"),
		link("box", "box_rehearsal", "Box.1"),
		link("container", "con_rehearsal", "Tube.1"),
		link("plate", "plt_rehearsal", "Plate.1"),
		{Type: "location", ID: "loc_rehearsal", Name: "Freezer.1"},
		{Type: "user", ID: userID, Name: userName, WebURL: webURL + "/" + userHandle},
	}
}

// ForbiddenID is the ID of an object that the app may not read.
const ForbiddenID = "seq_forbidden"

// The person who writes every entry.
const (
	userName   = "Louis Pasteur"
	userHandle = "lpasteur"
)

// created is when every object was made.
var created = time.Date(2026, time.January, 2, 3, 4, 5, 678_000_000, time.UTC)

// stamp returns a time as Benchling writes it, by its documentation's examples.
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000000-07:00") }

func user() map[string]any {
	return map[string]any{"id": userID, "handle": userHandle, "name": userName}
}

// ListedEntry is the ID of the entry that a list of entries shows: every other
// exists, too.
const ListedEntry = "etr_listed"

// listEntries responds with one entry.
func (a *API) listEntries(w http.ResponseWriter, _ *http.Request) {
	respond(w, http.StatusOK, map[string]any{"entries": []any{a.entry(ListedEntry)}, "nextToken": ""})
}

// entry returns all properties that an entry can have.
func (a *API) entry(id string) map[string]any {
	a.lock.Lock()
	modified, changed := a.edited[id]
	title := name(id, a.revision[id])
	a.lock.Unlock()
	if !changed {
		modified = created
	}
	return map[string]any{
		"id": id, "displayId": DisplayID(id), "name": title, "webURL": webURL + "/" + id, "apiURL": webURL + apiRoot + "/entries/" + id,
		"createdAt": stamp(created), "modifiedAt": stamp(modified), "creator": user(), "authors": []any{user()},
		"assignedReviewers": []any{}, "archiveRecord": nil, "entryTemplateId": nil, "folderId": "lib_rehearsal", "reviewRecord": nil,
		"schema":       map[string]any{"id": "assaysch_rehearsal", "name": "Experiment", "modifiedAt": stamp(created)},
		"customFields": map[string]any{"Project code": map[string]any{"value": "P-1"}},
		"fields":       fields(),
		"days": []any{
			map[string]any{"date": "2026-01-02", "title": nil, "notes": notes()},
			map[string]any{"date": "2026-01-03", "title": "Day 2", "notes": []any{}},
		},
	}
}

// getEntry responds with an entry, or with what is wanted of it.
func (a *API) getEntry(w http.ResponseWriter, r *http.Request) {
	entry := a.entry(r.PathValue("id"))
	// The description's form of "returning" for an entry names its parts.
	if wanted := r.URL.Query().Get("returning"); wanted != "" {
		for part := range entry {
			if !names(wanted, part) && !names(wanted, "entry."+part) {
				delete(entry, part)
			}
		}
	}
	respond(w, http.StatusOK, map[string]any{"entry": entry})
}

func fields() map[string]any {
	return map[string]any{
		"Sample": map[string]any{
			"value": "bfi_rehearsal", "displayValue": "QB-2743.1", "textValue": "QB-2743.1", "isMulti": false, "type": "custom_entity_link",
		},
		"Temperature": map[string]any{"value": 37.5, "displayValue": "37.5", "textValue": "37.5", "isMulti": false, "type": "float"},
		"Comment":     map[string]any{"value": nil, "displayValue": nil, "textValue": nil, "isMulti": false, "type": "text"},
	}
}

// notes returns a text with every link, and parts of other kinds.
func notes() []any {
	links := []any{}
	for _, link := range Links() {
		value := map[string]any{"type": link.Type, "webURL": nil}
		if link.ID != "" {
			value["id"] = link.ID
		}
		if link.WebURL != "" {
			value["webURL"] = link.WebURL
		}
		links = append(links, value)
	}
	return []any{
		map[string]any{"type": "text", "indentation": 0, "text": "What was used", "links": links},
		map[string]any{"type": "list_checkbox", "indentation": 1, "text": "weighed", "checked": true, "links": []any{}},
		map[string]any{"type": "external_file", "indentation": 0, "externalFileId": "file_rehearsal", "text": "", "links": []any{}},
		map[string]any{"type": "table", "indentation": 0, "text": "", "links": []any{}, "table": map[string]any{
			"name": "Table1", "columnLabels": []any{"Well", nil},
			"rows": []any{map[string]any{"cells": []any{map[string]any{"text": "A1"}, map[string]any{"text": "B2"}}}},
		}},
	}
}

// collections are where the objects are read that a link can refer to, by the
// link's type: the path below the API's root. Entries have a handler of their own.
var collections = map[string]string{
	"aa-sequences": "aa_sequence", "boxes": "box", "containers": "container", "custom-entities": "custom_entity",
	"dna-sequences": "dna_sequence", "folders": "folder", "locations": "location", "plates": "plate",
	"requests": "request", "users": "user",
}

// getObject responds with an object that a link refers to. An object that no entry
// links isn't there.
func (a *API) getObject(w http.ResponseWriter, r *http.Request) {
	kind, id := collections[r.PathValue("collection")], r.PathValue("id")
	if kind != "" && id == ForbiddenID {
		refuse(w, http.StatusForbidden, "the app may not read "+id)
		return
	}
	for _, link := range Links() {
		if link.Type == kind && link.ID == id {
			respond(w, http.StatusOK, returning(r, object(link)))
			return
		}
	}
	respond(w, http.StatusNotFound, map[string]any{"error": map[string]any{
		"type": "invalid_request_error", "message": "no such object", "userMessage": "no such object", "invalidId": id,
	}})
}

// object returns a linked object: whole for a custom entity and a user, and what
// names it for the others.
func object(link Link) map[string]any {
	switch link.Type {
	case "user":
		value := user()
		value["email"], value["isSuspended"] = userHandle+"@rehearsal.invalid", false
		value["apiKeyLastChangedAt"], value["passwordLastChangedAt"] = nil, nil
		return value
	case "custom_entity":
		return map[string]any{
			"id": link.ID, "name": link.Name, "aliases": []any{}, "apiURL": webURL + apiRoot + "/custom-entities/" + link.ID, "webURL": link.WebURL,
			"url": strings.TrimPrefix(link.WebURL, webURL), "archiveRecord": nil, "authors": []any{user()}, "creator": user(),
			"createdAt": stamp(created), "modifiedAt": stamp(created), "customFields": map[string]any{}, "fields": fields(),
			"entityRegistryId": link.Name, "folderId": "lib_rehearsal", "registryId": "src_rehearsal",
			"registrationOrigin": map[string]any{"originEntryId": nil, "registeredAt": stamp(created)},
			"schema":             map[string]any{"id": "ts_rehearsal", "name": "Strain"},
		}
	case "request":
		return map[string]any{"id": link.ID, "displayId": link.Name, "webURL": link.WebURL}
	case "location":
		return map[string]any{"id": link.ID, "name": link.Name}
	}
	return map[string]any{"id": link.ID, "name": link.Name, "webURL": link.WebURL}
}

// returning keeps the properties that a request names, all without such names.
func returning(r *http.Request, value map[string]any) map[string]any {
	wanted := r.URL.Query().Get("returning")
	if wanted == "" {
		return value
	}
	kept := map[string]any{}
	for part, content := range value {
		if names(wanted, part) {
			kept[part] = content
		}
	}
	return kept
}

// names says whether a list with commas has a name, a part of what it names, or
// the "*" of all.
func names(list, name string) bool {
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if item == name || item == "*" || strings.HasPrefix(item, name+".") {
			return true
		}
	}
	return false
}
