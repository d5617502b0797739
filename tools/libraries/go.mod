// The Go libraries that are only compared: a module of its own, so that none of
// them is the app's. bench.py builds it in a copy, with the app's go.sum added.
module benchlingwebhook/tools/libraries

go 1.26.8

require (
	benchlingwebhook v0.0.0
	github.com/google/go-containerregistry v0.22.1
	github.com/mattn/go-isatty v0.0.23
	github.com/moby/go-archive v0.2.0
	github.com/open-policy-agent/opa v1.22.3
	github.com/tsenart/vegeta/v12 v12.13.0
)

replace benchlingwebhook => ../..
