package proxy

import (
	"bytes"
	"io"
	"net/http"

	"benchlingwebhook/internal/testbed/awserror"
	"benchlingwebhook/internal/testbed/limits"
)

// HideMissingKeys has S3 respond 403, not 404, for a key that isn't there to whom may
// not list its bucket. mayList says whether who signs with an access key may.
// Source: Amazon S3 API Reference, GetObject and HeadObject, Permissions.
func (p *Proxy) HideMissingKeys(mayList func(key, bucket string) bool) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.mayList = mayList
}

// read reads what AWS has responded: limits are measured by some of it, and a missing
// key is hidden.
func (p *Proxy) read(response *http.Response) error {
	r := response.Request
	if Operation(r) == "AmazonSQS.ReceiveMessage" && response.StatusCode == http.StatusOK {
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return err
		}
		_ = response.Body.Close()
		response.Body = io.NopCloser(bytes.NewReader(body))
		request, _ := r.Context().Value(bodyKey{}).([]byte)
		p.limits.Received(Operation(r), request, body)
	}
	if p.hides(response) {
		_ = response.Body.Close()
		denied := newRecorder()
		awserror.Error{Code: "AccessDenied", Message: "Access Denied"}.Write(denied, r)
		response.StatusCode, response.Status, response.Header = denied.status, http.StatusText(denied.status), denied.header
		response.Body, response.ContentLength = io.NopCloser(&denied.body), int64(denied.body.Len())
	}
	return nil
}

// hides returns whether a response must not say that a key is missing.
func (p *Proxy) hides(response *http.Response) bool {
	r := response.Request
	p.lock.Lock()
	mayList := p.mayList
	p.lock.Unlock()
	reads := Operation(r) == "S3.GET" || Operation(r) == "S3.HEAD"
	if mayList == nil || !reads || response.StatusCode != http.StatusNotFound {
		return false
	}
	bucket, key := limits.Object(r)
	return key != "" && !mayList(accessKey(r), bucket)
}
