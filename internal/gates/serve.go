package gates

import (
	"context"
	"fmt"
	"io"

	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed"
)

// servePort is the machine's port of Serve.
const servePort = "5000"

// Serve builds the image and runs its web service as Fargate would, beside a local
// AWS and a stand-in for Benchling, with its log on out, until the context ends. It
// returns whether the service became ready and ran until then.
func Serve(ctx context.Context, image string, out io.Writer) bool {
	m := &measurement{Testbed: testbed.New(report.New(out)), port: servePort}
	defer m.Stop()
	var web *started
	if m.Prepare(ctx) != nil || m.Report.Run(ctx,
		report.Check{Name: "build", Run: func(ctx context.Context) (string, error) {
			_, err := m.Build(ctx, image, testbed.Dockerfile, testbed.BuildContext)
			return "", err
		}},
		report.Check{Name: "web service", Run: func(ctx context.Context) (string, error) {
			err := m.chooseSettings(ctx)
			if err == nil {
				web, err = m.start(ctx, image, readOnly)
			}
			if err != nil {
				return "", err
			}
			return web.url, testbed.WaitOK(ctx, web.url+"/health/ready")
		}},
	) != nil {
		return false
	}
	fmt.Fprintf(out, "Ready: %s/health/ready, until Ctrl-C. Its log:\n", web.url)
	log := m.Engine.Command(ctx, "logs", "--follow", web.name)
	log.Stdout, log.Stderr = out, out
	// It ends with the container, or with the context, which is no fault.
	_ = log.Run()
	return ctx.Err() != nil
}
