// Package constructs turns the image contract and the settings of an
// environment into AWS resources, one construct a file. Each constructor takes
// plain Go values and returns only what its caller wires next.
package constructs
