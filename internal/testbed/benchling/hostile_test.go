package benchling

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

func TestAHostileZIPIsAZIP(t *testing.T) {
	few := ZIP{Records: 3, Record: record([]byte("a"), 5), Tail: 5}
	content, err := io.ReadAll(io.NewSectionReader(few, 0, few.directory()+22))
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(io.NewSectionReader(few, 0, few.directory()+22), content); err != nil {
		t.Fatal(err)
	}
	read, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	if len(read.File) != 3 || read.File[2].Name != "a" || len(read.File[2].Comment) != 5 {
		t.Fatalf("%d files, the last %+v", len(read.File), read.File[len(read.File)-1])
	}
}

func TestEveryKindOfHostileZIPIsServed(t *testing.T) {
	for kind, z := range Hostile {
		reader := hostile(HostilePrefix + kind + "-1")
		end, err := reader.Seek(-22, io.SeekEnd)
		if err != nil || end != z.directory() {
			t.Fatalf("%s: end at %d, %v", kind, end, err)
		}
		tail, err := io.ReadAll(reader)
		if err != nil || !bytes.HasPrefix(tail, []byte("PK\x05\x06")) || len(tail) != 22 {
			t.Fatalf("%s: %x, %v", kind, tail, err)
		}
	}
	if hostile("etr_1") != nil || hostile(HostilePrefix+"other-1") != nil {
		t.Fatal("an entry's export is hostile that isn't meant to be")
	}
}
