// Emptyapp is the smallest CDK app in Go: an app with nothing in it. What it
// takes to synthesize is what jsii and the construct library cost by themselves.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	awscdk.NewStack(app, jsii.String("Empty"), nil)
	app.Synth(nil)
}
