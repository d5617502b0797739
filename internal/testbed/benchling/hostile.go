package benchling

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
)

// HostilePrefix begins the IDs of the entries whose exports are of a kind in
// Hostile: the kind follows.
const HostilePrefix = "etr_hostile-"

// Hostile are ZIPs that need much memory of who parses their directory, by kind.
// None of them has a file.
var Hostile = map[string]ZIP{
	"files":    {Records: 1_000_000, Record: record([]byte("a"), 0)},
	"one":      {Records: 1_000_000, Record: record([]byte("a"), 0), Count: 1},
	"comments": {Records: 9_999, Record: record([]byte("a"), 60_000), Tail: 60_000},
	"names":    {Records: 9_999, Record: record(bytes.Repeat([]byte("n"), 60_000), 0)},
	"lies":     {Records: 1, Record: record([]byte("a"), 0), Size: 0xfffffff0},
}

// ZIP is a directory of equal records, and the record of its end, made as they
// are read: some have hundreds of megabytes.
type ZIP struct {
	// Records is how many there are, each of them Record and Tail zeros.
	Records int
	Record  []byte
	Tail    int
	// Count and Size are what the end says of the directory; 0 is the truth.
	Count uint16
	Size  uint32
}

// record returns a file's record in a directory: PKWARE's APPNOTE.TXT, 4.3.12.
func record(name []byte, comment uint16) []byte {
	head := make([]byte, 46)
	copy(head, "PK\x01\x02")
	binary.LittleEndian.PutUint16(head[28:], uint16(len(name)))
	binary.LittleEndian.PutUint16(head[32:], comment)
	return append(head, name...)
}

// hostile returns the ZIP of an entry's export, or nil if it is none of these.
func hostile(entry string) io.ReadSeeker {
	kind, is := strings.CutPrefix(entry, HostilePrefix)
	kind, _, _ = strings.Cut(kind, "-")
	z, found := Hostile[kind]
	if !is || !found {
		return nil
	}
	return io.NewSectionReader(z, 0, z.directory()+int64(len(z.end())))
}

func (z ZIP) directory() int64 { return int64(z.Records) * int64(len(z.Record)+z.Tail) }

// end returns the end of the central directory: APPNOTE.TXT, 4.3.16.
func (z ZIP) end() []byte {
	count, size := z.Count, z.Size
	if count == 0 {
		count = uint16(min(z.Records, 0xffff))
	}
	if size == 0 {
		size = uint32(z.directory())
	}
	end := make([]byte, 22)
	copy(end, "PK\x05\x06")
	binary.LittleEndian.PutUint16(end[8:], count)
	binary.LittleEndian.PutUint16(end[10:], count)
	binary.LittleEndian.PutUint32(end[12:], size)
	return end
}

// ReadAt reads from a place of the ZIP.
func (z ZIP) ReadAt(into []byte, at int64) (int, error) {
	one := int64(len(z.Record) + z.Tail)
	n := 0
	for n < len(into) {
		place := at + int64(n)
		var from []byte
		switch inRecord := place % one; {
		case place >= z.directory():
			end := z.end()
			if from = end[min(place-z.directory(), int64(len(end))):]; len(from) == 0 {
				return n, io.EOF
			}
		case inRecord < int64(len(z.Record)):
			from = z.Record[inRecord:]
		default:
			from = make([]byte, min(one-inRecord, int64(len(into)-n)))
		}
		n += copy(into[n:], from)
	}
	return n, nil
}
