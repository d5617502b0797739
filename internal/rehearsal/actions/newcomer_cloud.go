package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"benchlingwebhook/internal/deployed"
	"benchlingwebhook/internal/process"
	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed/emulator"
	"benchlingwebhook/internal/testbed/rights"
)

// keepEvery is the time between two looks at what ECS and CloudWatch have to do.
const keepEvery = time.Second

// apiNames ends the names of HTTP APIs.
// Source: API Gateway's guide, "Default endpoint".
const apiNames = ".execute-api." + emulator.Region + ".amazonaws.com"

// serveNames serves a proxy of HTTP's method CONNECT, which leads from the name of an
// HTTP API to its stand-in, with a certificate of the name, and nowhere else. It returns
// its address.
func serveNames(s *stage.Stage) (string, error) {
	certificate, err := s.Authority.Certificate("*" + apiNames)
	if err != nil {
		return "", err
	}
	door, err := process.ServeTLS(s.Door, certificate)
	if err != nil {
		return "", err
	}
	s.AtEnd(func(context.Context) { door.Stop() })
	proxy, err := process.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || !strings.HasSuffix(r.Host, apiNames+":443") {
			http.Error(w, "nothing but an API's name leads anywhere", http.StatusForbidden)
			return
		}
		tunnel(w, door.Address)
	}))
	if err != nil {
		return "", err
	}
	s.AtEnd(func(context.Context) { proxy.Stop() })
	return proxy.Address, nil
}

// tunnel joins a request's connection with one to an address, until either ends.
func tunnel(w http.ResponseWriter, address string) {
	server, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	client, early, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = server.Close()
		return
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connection Established\r\n\r\n")
	pass := func(to net.Conn, from io.Reader) {
		_, _ = io.Copy(to, from)
		_, _ = client.Close(), server.Close()
	}
	go pass(server, early)
	go pass(client, server)
}

// keepServices does what AWS does of both services, until the stage ends: ECS replaces the
// tasks of a new deployment, and CloudWatch has the metrics that the worker logs.
func (a newcomer) keepServices(ctx context.Context) error {
	stack, err := deployed.Read(ctx, a.Emulator.Config(), stage.StackName)
	if err != nil {
		return err
	}
	names := []string{stack.Outputs["ServiceName"], stack.Outputs["WorkerServiceName"]}
	newest, err := deployments(ctx, a.Stage, names)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		every := time.NewTicker(keepEvery)
		defer every.Stop()
		published := time.Now()
		for ctx.Err() == nil {
			if now, err := deployments(ctx, a.Stage, names); err == nil && now != newest {
				newest = now
				if err := replaceBoth(ctx, a.Stage); err != nil {
					fmt.Fprintln(a.Report, "a new deployment: "+err.Error())
				}
			}
			published = publish(ctx, a.Stage, published)
			select {
			case <-ctx.Done():
			case <-every.C:
			}
		}
	}()
	a.AtEnd(func(context.Context) { cancel(); <-over })
	return nil
}

// deployments returns the IDs of the newest deployments of services, as one text.
func deployments(ctx context.Context, s *stage.Stage, names []string) (string, error) {
	described, err := ecs.NewFromConfig(s.Emulator.Config()).DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String(s.Stack.Cluster), Services: names})
	if err != nil {
		return "", err
	}
	var ids []string
	for _, service := range described.Services {
		for _, one := range service.Deployments {
			if aws.ToString(one.Status) == "PRIMARY" {
				ids = append(ids, aws.ToString(one.Id))
			}
		}
	}
	return strings.Join(ids, " "), nil
}

// publish gives CloudWatch the worker's metric of readiness that was logged since a time,
// and returns the time until which it is given.
func publish(ctx context.Context, s *stage.Stage, since time.Time) time.Time {
	log, err := s.Logs(ctx, s.Worker.Load())
	if err != nil {
		// The worker is being replaced: the next one is read later.
		return since
	}
	for line := range strings.Lines(log) {
		var beat struct {
			AWS            struct{ Timestamp int64 } `json:"_aws"`
			Service, Stack string
			NotReady       *float64
		}
		if json.Unmarshal([]byte(line), &beat) != nil || beat.NotReady == nil {
			continue
		}
		at := time.UnixMilli(beat.AWS.Timestamp)
		if !at.After(since) {
			continue
		}
		if _, err := cloudwatch.NewFromConfig(s.Emulator.Config()).PutMetricData(ctx, &cloudwatch.PutMetricDataInput{
			Namespace: aws.String("BenchlingWebhook"), MetricData: []cwtypes.MetricDatum{{
				MetricName: aws.String("NotReady"), Value: beat.NotReady, Timestamp: aws.Time(at),
				Dimensions: []cwtypes.Dimension{
					{Name: aws.String("Service"), Value: aws.String(beat.Service)}, {Name: aws.String("Stack"), Value: aws.String(beat.Stack)}},
			}},
		}); err == nil {
			since = at
		}
	}
	return since
}

// allowed returns how many different calls the tasks' roles made, or those that AWS
// refused.
func allowed(ctx context.Context, s *stage.Stage) (string, error) {
	h, err := readRights(ctx, s)
	if err != nil {
		return "", err
	}
	if len(h.calls) == 0 {
		return "", errors.New("no call of a role was recorded")
	}
	return fmt.Sprintf("%d different calls of %d roles", len(h.calls), len(h.names)), rights.Refused(h.calls)
}
