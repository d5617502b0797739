package stage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"benchlingwebhook/internal/deployed"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/apigateway"
	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/loadbalancer"
	"benchlingwebhook/internal/testbed/reachability"
)

const (
	// checksFaster is how many times as often as deployed the load balancer checks
	// health: a run waits for a whole interval of each task otherwise.
	checksFaster = 10
	// noticed is how long after a task has ended it is a target no more.
	// Source: the guide of Amazon ECS, load balancing: it follows the task's state.
	noticed = 3 * time.Second
)

// openDoor starts the load balancer as deployed, and gives API Gateway's stand-in the
// deployed routes.
func (s *Stage) openDoor(ctx context.Context, config aws.Config) error {
	groups, err := deployed.Resources(ctx, config, StackName, "AWS::ElasticLoadBalancingV2::TargetGroup")
	if err != nil {
		return err
	}
	if len(groups) != 1 {
		return fmt.Errorf("stack %s: %d target groups, not 1", StackName, len(groups))
	}
	figures, err := loadbalancer.Read(ctx, config, groups[0])
	if err != nil {
		return err
	}
	if s.Balancer, err = loadbalancer.Serve(figures.Faster(checksFaster)); err != nil {
		return err
	}
	s.AtEnd(func(context.Context) { s.Balancer.Stop() })
	s.Stack.IdleTimeout = figures.IdleTimeout
	api, err := apigateway.Read(ctx, config, StackName)
	if err != nil {
		return err
	}
	if err := probes(s.Stack.WorkerTask, api.ID); err != nil {
		return err
	}
	balancer := s.Reach.LoadBalancer
	if ok, reason := s.Reach.Allows(s.Reach.VpcLink, balancer, reachability.TCP, int32(figures.Port)); !ok {
		return fmt.Errorf("API Gateway can't reach the load balancer: %s", reason)
	}
	return s.Door.Deploy(api, map[string]string{figures.ListenerARN: s.Balancer.URL()})
}

// probes returns an error unless the worker probes the API.
func probes(worker types.TaskDefinition, api string) error {
	for _, c := range worker.ContainerDefinitions {
		for _, pair := range c.Environment {
			if aws.ToString(pair.Name) != "FRONT_DOOR_URL" {
				continue
			}
			if url := aws.ToString(pair.Value); !strings.HasPrefix(url, "https://"+api+".execute-api.") {
				return fmt.Errorf("FRONT_DOOR_URL %q: not the deployed API %s", url, api)
			}
			return nil
		}
	}
	return errors.New("FRONT_DOOR_URL: the worker's task definition has none")
}

// Post sends a webhook to a path of the front door, and returns status and body.
func (s *Stage) Post(ctx context.Context, path string, webhook benchling.Webhook) (int, string, error) {
	return s.PostTrusting(ctx, s.Door.URL()+path, webhook)
}

// register makes a web task a target, and returns when it is healthy.
func (s *Stage) register(ctx context.Context, t *Task) error {
	address := t.address()
	if ok, reason := s.Reach.Allows(s.Reach.LoadBalancer, s.Reach.Services[t.Service], reachability.TCP, int32(t.Containers[0].Ports[0])); !ok {
		return fmt.Errorf("target %s: Target.Timeout: %s", address, reason)
	}
	// The engine gives the address of a task that has ended to the next.
	if last, taken := s.targets.Swap(address, t.ID); taken && last != t.ID {
		<-s.Balancer.Deregister(address)
	}
	s.Balancer.Register(address)
	return testbed.Until(ctx, testbed.HealthTimeout, func() (bool, string) {
		state := s.Balancer.States()[address]
		return state == loadbalancer.Healthy, fmt.Sprintf("target %s: %s", address, state)
	})
}

// deregister makes a task that has ended no target any more, as soon as ECS would.
func (s *Stage) deregister(t *Task) {
	time.AfterFunc(noticed, func() {
		if s.targets.CompareAndDelete(t.address(), t.ID) {
			s.Balancer.Deregister(t.address())
		}
	})
}

// address is the task's, as host and port.
func (t *Task) address() string { return strings.TrimPrefix(t.URL, "http://") }

// RetireWeb ends a web task as a deployment does: it is drained first.
// Source: the guide of Amazon ECS, connection draining of a load balancer.
func (s *Stage) RetireWeb(ctx context.Context, t *Task) (string, error) {
	select {
	case <-s.Balancer.Deregister(t.address()):
	case <-ctx.Done():
		return "", ctx.Err()
	}
	return s.StopTask(ctx, t)
}

// StopWeb ends a web task as StopTask and Fargate's maintenance do: it gets SIGTERM
// while it is a target, and is none some seconds later.
// Source: aws/containers-roadmap, issue 708.
func (s *Stage) StopWeb(ctx context.Context, t *Task) (string, error) {
	s.Balancer.Stopping(t.address())
	s.deregister(t)
	return s.StopTask(ctx, t)
}
