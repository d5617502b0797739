package proxy

import (
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"benchlingwebhook/internal/testbed/awserror"
)

// Fault is a way in which AWS, or the network before it, fails. With its Operation
// alone it has no effect. AWS sees the requests of Delay, CutBody and HalfOpen, and
// none of the others.
type Fault struct {
	// Operation is the beginning of the names, as Operation returns them, of what
	// it is for; "" is for all.
	Operation string
	// Refuse responds with 503.
	Refuse bool
	// Throttle responds that the service is asked too often: SQS by RequestThrottled,
	// DynamoDB by ProvisionedThroughputExceededException, S3 by SlowDown, others by
	// ThrottlingException. Code has the services' other ways to say so.
	Throttle bool
	// Code responds with the service's error of this code and its status, such as
	// "TransactionConflictException" of DynamoDB, "OverLimit" and "KmsThrottled" of SQS
	// (by the names of its JSON protocol), "ConditionalRequestConflict" of S3.
	Code string
	// Hang takes a request and never responds.
	Hang bool
	// Reset takes a request and ends its connection by a TCP reset.
	Reset bool
	// CutBody ends the connection in the middle of the response.
	CutBody bool
	// HalfOpen responds, and then leaves the connection open and takes no notice of it
	// for good: who uses it again waits in vain, also when the fault is over.
	HalfOpen bool
	// Delay holds back the response; Jitter adds up to as much, another time for each.
	Delay, Jitter time.Duration
}

// fail responds to a request in AWS's place if the fault says so; it returns whether
// it did.
func (p *Proxy) fail(fault Fault, w http.ResponseWriter, r *http.Request) bool {
	service := awserror.Service(r)
	switch {
	case fault.Refuse:
		code := "ServiceUnavailable"
		if service == awserror.S3 {
			code = "SlowDown"
		}
		awserror.Error{Code: code, Message: "a fault on demand"}.Write(w, r)
	case fault.Throttle:
		awserror.Throttled(service).Write(w, r)
	case fault.Code != "":
		awserror.Error{Code: fault.Code, Message: "a fault on demand"}.Write(w, r)
	case fault.Hang:
		// The server notices that the client has gone only when it has read all.
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	case fault.Reset:
		_, _ = io.Copy(io.Discard, r.Body)
		reset(hijack(w))
	default:
		return false
	}
	return true
}

// pass has the target respond, and brings the response as the fault says.
func (p *Proxy) pass(fault Fault, onward http.Handler, w http.ResponseWriter, r *http.Request) {
	if !fault.CutBody && !fault.HalfOpen {
		onward.ServeHTTP(&late{ResponseWriter: w, by: fault.delay()}, r)
		return
	}
	whole := newRecorder()
	onward.ServeHTTP(whole, r)
	time.Sleep(fault.delay())
	connection := hijack(w)
	response := whole.written(r)
	if fault.CutBody {
		cut := whole.body.Len()
		if cut < 2 {
			// Then its head is cut.
			cut = len(response)
		}
		_, _ = connection.Write(response[:len(response)-cut/2])
		_ = connection.Close()
		return
	}
	_, _ = connection.Write(response)
	p.hold(connection)
}

func (f Fault) delay() time.Duration {
	if f.Jitter <= 0 {
		return f.Delay
	}
	return f.Delay + rand.N(f.Jitter)
}

// late writes a response after a while.
type late struct {
	http.ResponseWriter
	by time.Duration
}

// WriteHeader waits, then writes.
func (l *late) WriteHeader(status int) {
	time.Sleep(l.by)
	l.ResponseWriter.WriteHeader(status)
}

// Unwrap returns what it writes to, for http.ResponseController.
func (l *late) Unwrap() http.ResponseWriter { return l.ResponseWriter }
