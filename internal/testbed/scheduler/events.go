package scheduler

import (
	"fmt"
	"time"
)

// Event is one of the service's, in ECS's words.
//
// Source: ECS's developer guide, "Amazon ECS service event messages"; what deployments
// say is in no list of AWS's, and is worded as DescribeServices shows it.
type Event struct {
	At      time.Time
	Message string
}

// Events returns what happened, in order.
func (s *Service) Events() []Event {
	s.lock.Lock()
	defer s.lock.Unlock()
	return append([]Event(nil), s.events...)
}

// say adds an event of the service.
func (s *Service) say(format string, arguments ...any) {
	message := fmt.Sprintf("(service %s) ", s.figures.Service) + fmt.Sprintf(format, arguments...)
	s.events = append(s.events, Event{time.Now(), message})
}

// sayOnce adds an event unless the deployment has said it.
func (s *Service) sayOnce(d *deployment, format string, arguments ...any) {
	if !d.said[format] {
		d.said[format] = true
		s.say(format, arguments...)
	}
}
