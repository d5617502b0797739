package limits

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"strconv"
	"strings"
)

// checksums are those that a request can have of its content, by their header's name.
// Source: Amazon S3 User Guide, Checking object integrity in Amazon S3.
var checksums = map[string]func(content []byte) []byte{
	"Content-Md5":              func(it []byte) []byte { sum := md5.Sum(it); return sum[:] },
	"X-Amz-Checksum-Crc32":     func(it []byte) []byte { return binary.BigEndian.AppendUint32(nil, crc32Of(it)) },
	"X-Amz-Checksum-Crc32c":    func(it []byte) []byte { return binary.BigEndian.AppendUint32(nil, crc32.Checksum(it, castagnoli)) },
	"X-Amz-Checksum-Crc64nvme": func(it []byte) []byte { return binary.BigEndian.AppendUint64(nil, crc64.Checksum(it, nvme)) },
	"X-Amz-Checksum-Sha1":      func(it []byte) []byte { sum := sha1.Sum(it); return sum[:] },
	"X-Amz-Checksum-Sha256":    func(it []byte) []byte { sum := sha256.Sum256(it); return sum[:] },
}

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	// nvme is CRC-64/NVME's polynomial, reflected.
	nvme = crc64.MakeTable(0x9a6c9329ac4bc9b5)
)

func crc32Of(content []byte) uint32 { return crc32.ChecksumIEEE(content) }

// encoded returns a CRC-32 as S3's headers have it.
func encoded(sum uint32) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum))
}

func badDigest(algorithm string) *Refusal {
	return refused(S3Checksum, "BadDigest", fmt.Sprintf("The %s you specified did not match the calculated checksum.", algorithm))
}

// checkChecksums returns the refusal of content whose checksum differs, or nil.
func checkChecksums(header, trailers http.Header, content []byte) *Refusal {
	for _, name := range sortedKeys(checksums) {
		wanted := header.Get(name)
		if wanted == "" {
			wanted = trailers.Get(name)
		}
		if wanted == "" {
			continue
		}
		sum := checksums[name](content)
		given, err := base64.StdEncoding.DecodeString(wanted)
		switch {
		case name == "Content-Md5" && (err != nil || len(given) != len(sum)):
			return refused(S3Checksum, "InvalidDigest", "The Content-MD5 you specified was invalid.")
		case err != nil || len(given) != len(sum):
			return refused(S3Checksum, "InvalidRequest", fmt.Sprintf("Value for %s header is invalid.", strings.ToLower(name)))
		case !bytes.Equal(given, sum):
			return badDigest(strings.TrimPrefix(name, "X-Amz-Checksum-"))
		}
	}
	return nil
}

// decode returns a body's content, and what follows it: bodies in aws-chunked have
// their checksum there. Source: Amazon S3 API Reference, Signature calculations for the
// authorization header: transferring a payload in multiple chunks.
func decode(r *http.Request, body []byte) ([]byte, http.Header, *Refusal) {
	if !strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") {
		return body, nil, nil
	}
	incomplete := refused(S3Checksum, "IncompleteBody", "The request body terminated unexpectedly")
	var content []byte
	for {
		line, rest, found := bytes.Cut(body, []byte("\r\n"))
		length, _, _ := strings.Cut(string(line), ";")
		size, err := strconv.ParseInt(length, 16, 64)
		if !found || err != nil || size < 0 || int64(len(rest)) < size {
			return nil, nil, incomplete
		}
		if size == 0 {
			body = rest
			break
		}
		content = append(content, rest[:size]...)
		body = bytes.TrimPrefix(rest[size:], []byte("\r\n"))
	}
	if wanted := r.Header.Get("X-Amz-Decoded-Content-Length"); wanted != "" && wanted != strconv.Itoa(len(content)) {
		return nil, nil, incomplete
	}
	trailers := http.Header{}
	for line := range strings.SplitSeq(string(body), "\n") {
		if name, value, found := strings.Cut(strings.TrimSpace(line), ":"); found {
			trailers.Set(name, strings.TrimSpace(value))
		}
	}
	return content, trailers, nil
}

// combined returns the CRC-32 of two contents in a row, from that of each and the
// second's size: the first's is advanced by as many zero bytes, by squaring the
// matrix that advances by one bit.
func combined(first, second uint32, size int64) uint32 {
	var matrix [32]uint32
	matrix[0] = crc32.IEEE
	for i := 1; i < len(matrix); i++ {
		matrix[i] = 1 << (i - 1)
	}
	for bits := size * 8; bits > 0; bits >>= 1 {
		if bits&1 == 1 {
			first = times(&matrix, first)
		}
		var squared [32]uint32
		for i, column := range matrix {
			squared[i] = times(&matrix, column)
		}
		matrix = squared
	}
	return first ^ second
}

// times multiplies a vector by a matrix over two elements.
func times(matrix *[32]uint32, vector uint32) (product uint32) {
	for i := 0; vector != 0; i, vector = i+1, vector>>1 {
		if vector&1 == 1 {
			product ^= matrix[i]
		}
	}
	return product
}
