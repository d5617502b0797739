package main

import (
	"bytes"
	"io"
	"os"
	"strings"
)

// exitRace is what jsii prints, now and then and without a line's end, when it
// waits twice for its Node process after a synthesis that went well.
var exitRace = []byte("Runtime process exited abnormally: waitid: no child processes")

// quietExit sends os.Stderr to stderr through a filter that drops exitRace and
// nothing else. The function that it returns ends the filter once everything
// written so far is out.
func quietExit(stderr io.Writer) func() {
	read, write, err := os.Pipe()
	if err != nil {
		return func() {}
	}
	os.Stderr = write
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 64*1024)
		for {
			n, err := read.Read(buffer)
			// One write of jsii's is one read here: a pipe keeps so short a
			// write whole.
			stderr.Write(bytes.ReplaceAll(buffer[:n], exitRace, nil))
			if err != nil {
				return
			}
		}
	}()
	return func() {
		write.Close()
		<-done
	}
}

// firstLine returns what stands before a stack trace.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
