package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/imagecontract"
	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/quilt"
)

func TestSecretReferences(t *testing.T) {
	const arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:name-abc"
	for from, key := range map[string]string{arn: "", arn + ":tenant::": "tenant", arn + ":::": ""} {
		gotARN, gotKey := splitValueFrom(from)
		assert.Equal(t, gotARN, arn)
		assert.Equal(t, gotKey, key)
	}
	whole, err := pick(`{"tenant":"t"}`, "")
	assert.NilError(t, err)
	assert.Equal(t, whole, `{"tenant":"t"}`)
	one, err := pick(`{"tenant":"t"}`, "tenant")
	assert.NilError(t, err)
	assert.Equal(t, one, "t")
	_, err = pick("{}", "tenant")
	assert.Error(t, err, `no key "tenant"`)
	_, err = pick("text", "tenant")
	assert.ErrorContains(t, err, "not a JSON object")
}

func TestRestrictionsFromInside(t *testing.T) {
	good := "Name:\tpython\nUid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\n"
	assert.NilError(t, unrestricted(good, 1000))
	assert.Error(t, unrestricted("", 1000), "no process to look at")
	bad := strings.ReplaceAll(strings.Replace(good, "NoNewPrivs:\t1", "NoNewPrivs:\t0", 1), "1000\t1000", "0\t0")
	assert.Error(t, unrestricted(good+bad, 1000), "Uid: 0 0 0 0, not 1000 1000 1000 1000\nNoNewPrivs: 0, not 1")
}

func TestImageAgainstTheContract(t *testing.T) {
	contract := imagecontract.Contract{
		File: "docker/Dockerfile", Port: 5000, Protocol: "tcp", User: imagecontract.User{UID: 1000, GID: 1000},
		Command: []string{"python"}, WorkingDirectory: "/app", Env: map[string]string{"PATH": "/app/bin:$PATH", "PORT": "5000"},
		HealthCheck: imagecontract.HealthCheck{Command: []string{"CMD-SHELL", "curl"}, Interval: 30 * time.Second, Timeout: 30 * time.Second, Retries: 3},
	}
	var image builtImage
	image.Config.ExposedPorts = map[string]any{"5000/tcp": nil}
	image.Config.User = "1000"
	image.Config.Cmd = []string{"python"}
	image.Config.WorkingDir = "/app"
	image.Config.Env = []string{"PATH=/app/bin:/usr/bin", "PORT=8080", "LANG=C"}
	assert.Error(t, differences(contract, image), `user: docker/Dockerfile promises 1000:1000, the image has 1000
environment: docker/Dockerfile promises PORT="5000", the image has "8080"
health check: the image has none`)
	contract.User.GID = -1
	contract.Env["PORT"] = "8080"
	image.Config.Healthcheck = &builtHealthCheck{Test: []string{"CMD-SHELL", "curl"}}
	assert.NilError(t, differences(contract, image))
	image.Config.Env[0] = "PATH=/usr/bin"
	image.Config.Volumes = map[string]any{"/data": nil}
	assert.Error(t, differences(contract, image), `volumes: docker/Dockerfile promises [], the image has [/data]
environment: docker/Dockerfile promises PATH="/app/bin:$PATH", the image has "/usr/bin"`)
}

func TestNumberOfEvents(t *testing.T) {
	for text, wanted := range map[string]int{"": killEvents, "7": 7} {
		t.Setenv(killEventsIn, text)
		n, err := eventsToSend()
		assert.NilError(t, err)
		assert.Equal(t, n, wanted)
	}
	for _, text := range []string{"0", "many", "100001"} {
		t.Setenv(killEventsIn, text)
		_, err := eventsToSend()
		assert.Error(t, err, fmt.Sprintf("EVENTS: %q: not a whole number from 1 to 100000: set one", text))
	}
}

// TestLoadRepeatsWhatIsRefused sends events to a service that refuses the first
// request of each.
func TestLoadRepeatsWhatIsRefused(t *testing.T) {
	var lock sync.Mutex
	seen := map[string]int{}
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		id := r.Header.Get("webhook-id")
		if seen[id]++; seen[id] == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer service.Close()
	key, err := benchling.NewKey()
	assert.NilError(t, err)
	r := &rehearsal{key: key}
	r.web.Store(&runningTask{url: service.URL})
	sent, err := r.startLoad(t.Context(), 3, "etr_", 0).wait()
	assert.NilError(t, err)
	assert.Equal(t, len(sent.entries), 3)
	assert.Equal(t, sent.again, 3)
	assert.Equal(t, sent.seen(), "200: 3, 503: 3")
	_, err = r.sendEvents(t.Context())
	assert.Error(t, err, "/event: answers 200: 6, 503: 6: only 200 was due")
}

func TestTally(t *testing.T) {
	var counts map[string]int
	assert.NilError(t, json.Unmarshal([]byte(tally{accepted: 5, packaged: 4, lost: 1, sentAgain: 2}.String()), &counts))
	assert.DeepEqual(t, counts, map[string]int{"accepted": 5, "packaged": 4, "lost": 1, "doubled": 0, "sent_again": 2})
}

func TestEventsInALog(t *testing.T) {
	log := "Running on\n" + `{"event": "working", "entry_id": "etr_1", "webhook_id": "wh_1"}` + "\n" + `{"event": "draining"}` + "\n"
	events := eventsIn(log)
	assert.Assert(t, events[loggedEvent{"etr_1", "wh_1"}])
	assert.Assert(t, !events[loggedEvent{"etr_1", "wh_2"}])
}

func TestTexts(t *testing.T) {
	assert.Equal(t, lastLines("a\nb\nc\n", 2), "b | c")
	assert.Equal(t, lastLines("a", 2), "a")
	assert.Equal(t, linesWith("fine\nAn Error\n", complaint.MatchString), "An Error")
}

func TestCallsOfTheDescription(t *testing.T) {
	detail, err := callsChecked(map[string]int{"getTask": 2, "exportItem": 1}, nil)
	assert.NilError(t, err)
	assert.Equal(t, detail, "exportItem 1, getTask 2")
	_, err = callsChecked(nil, nil)
	assert.Error(t, err, "no call was checked")
	_, err = callsChecked(map[string]int{"getTask": 2}, []string{"a", "b"})
	assert.Error(t, err, "a; b")
}

func TestPackagingMessagesOfTheBucket(t *testing.T) {
	message := quilt.Message{SourcePrefix: "s3://b/benchling/EXP-1/", Registry: "b", PackageName: "benchling/EXP-1", MetadataURI: "entry.json"}
	assert.NilError(t, checkMessage(message, "b"))
	message.Registry = "other"
	assert.ErrorContains(t, checkMessage(message, "b"), "isn't of the bucket b")
}
