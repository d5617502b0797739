package limits

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	maxKeyBytes      = 1024
	maxMetadataBytes = 2048
	maxParts         = 10_000
	minPartBytes     = 5 * 1024 * 1024
	maxDeletedKeys   = 1000
	metadataPrefix   = "X-Amz-Meta-"
)

// part is what is known of a part of an upload.
type part struct {
	size  int64
	crc32 uint32
}

// Object returns the bucket and the key that a request to S3 is for; what it isn't for
// is empty.
func Object(r *http.Request) (bucket, key string) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	// SDKs prefer to have the bucket in the host's name: "bucket.s3.us-east-1.amazonaws.com".
	for _, mark := range []string{".s3.", ".s3-"} {
		if at := strings.Index(r.Host, mark); at > 0 {
			return r.Host[:at], path
		}
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key
}

// checkS3 returns the refusal of a request to S3, or nil.
func (c *Checker) checkS3(r *http.Request, body []byte) *Refusal {
	_, key := Object(r)
	query := r.URL.Query()
	if len(key) > maxKeyBytes {
		return refused(S3Key, "KeyTooLongError", "Your key is too long")
	}
	if size := metadataSize(r.Header); size > maxMetadataBytes {
		return refused(S3Metadata, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
	}
	content, trailers, refusal := decode(r, body)
	if refusal != nil {
		return refusal
	}
	upload := query.Get("uploadId")
	// The checksum that completes an upload is of the object, not of the request.
	if !(r.Method == http.MethodPost && upload != "") {
		if refusal := checkChecksums(r.Header, trailers, content); refusal != nil {
			return refusal
		}
	}
	switch {
	case r.Method == http.MethodPut && upload != "":
		return c.checkPart(upload, query.Get("partNumber"), content)
	case r.Method == http.MethodPost && upload != "":
		return c.checkParts(upload, r.Header, content)
	case r.Method == http.MethodDelete && upload != "":
		delete(c.parts, upload)
	case r.Method == http.MethodPost && query.Has("delete"):
		return checkDeletion(content)
	}
	return nil
}

func metadataSize(header http.Header) int {
	size := 0
	for name, values := range header {
		if strings.HasPrefix(name, metadataPrefix) {
			size += len(name) - len(metadataPrefix) + len(strings.Join(values, ","))
		}
	}
	return size
}

func (c *Checker) checkPart(upload, number string, content []byte) *Refusal {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > maxParts {
		return refused(S3PartNumber, "InvalidArgument", fmt.Sprintf("Part number must be an integer between 1 and %d, inclusive", maxParts))
	}
	if c.parts[upload] == nil {
		c.parts[upload] = map[int]part{}
	}
	c.parts[upload][n] = part{int64(len(content)), crc32Of(content)}
	return nil
}

// checkParts returns the refusal of an upload's completion, or nil. Parts that nobody
// has seen are not measured.
func (c *Checker) checkParts(upload string, header http.Header, content []byte) *Refusal {
	var asked struct{ Part []struct{ PartNumber int } }
	if xml.Unmarshal(content, &asked) != nil {
		return nil
	}
	known, total, all := c.parts[upload], uint32(0), len(asked.Part) > 0
	for i, it := range asked.Part {
		p, seen := known[it.PartNumber]
		if seen && i < len(asked.Part)-1 && p.size < minPartBytes {
			return refused(S3PartSize, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
		}
		total, all = combined(total, p.crc32, p.size), all && seen
	}
	wanted := header.Get("X-Amz-Checksum-Crc32")
	composite := strings.EqualFold(header.Get("X-Amz-Checksum-Type"), "COMPOSITE") || strings.Contains(wanted, "-")
	if all && wanted != "" && !composite && wanted != encoded(total) {
		return badDigest("CRC32")
	}
	delete(c.parts, upload)
	return nil
}

func checkDeletion(content []byte) *Refusal {
	var asked struct{ Object []struct{ Key string } }
	if xml.Unmarshal(content, &asked) != nil {
		return nil
	}
	if len(asked.Object) > maxDeletedKeys {
		return refused(S3Delete, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	}
	if slices.ContainsFunc(asked.Object, func(it struct{ Key string }) bool { return len(it.Key) > maxKeyBytes }) {
		return refused(S3Key, "KeyTooLongError", "Your key is too long")
	}
	return nil
}
