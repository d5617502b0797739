package simulation

import (
	"fmt"

	"benchlingwebhook/internal/cfn"
)

// Target is what scales, between two numbers.
type Target struct {
	Name     string
	Min, Max int

	policies []policy
}

func readTarget(r cfn.Resource) (Target, error) {
	var p struct {
		MinCapacity, MaxCapacity int
		ScheduledActions         []any
	}
	if err := r.Decode(&p); err != nil {
		return Target{}, err
	}
	if len(p.ScheduledActions) > 0 {
		return Target{}, fmt.Errorf("ScheduledActions are not simulated: scale by policies")
	}
	return Target{Name: r.ID, Min: p.MinCapacity, Max: p.MaxCapacity}, nil
}

// Scaler is one target in time.
type Scaler struct {
	// Desired is the number of tasks that is asked for.
	Desired int
	// Deploying is set while the service is deployed: nothing is scaled in then.
	//
	// Source: ECS Developer Guide, "Troubleshooting service auto scaling".
	Deploying bool
	// States are its alarms', by name.
	States map[string]State

	target Target
	alarms []Alarm
	// base is the capacity before the scale-out whose cooldown runs.
	base int
	// outUntil and inUntil are when cooldowns end, in seconds.
	outUntil, inUntil int
}

// NewScaler returns a target at its fewest tasks, with the alarms of its template
// that set off its policies.
func NewScaler(stack Stack, target Target) *Scaler {
	s := &Scaler{Desired: target.Min, States: map[string]State{}, target: target}
	for _, a := range stack.Alarms {
		for _, p := range target.policies {
			if len(a.Actions) > 0 && a.Actions[0] == p.name {
				s.alarms = append(s.alarms, a)
			}
		}
	}
	return s
}

// wish is what one policy asks for.
type wish struct{ capacity, change, cooldown int }

// Step evaluates every alarm at a time in seconds and scales: an alarm that rings
// asks anew at each evaluation. The policy that gives the most tasks has its way,
// for scaling out and in alike; policies that track a target scale in when all of
// them would.
//
// Sources: Application Auto Scaling User Guide, "How step scaling works" and "How
// target tracking scaling works" (multiple scaling policies); API Reference,
// PutScalingPolicy.
func (s *Scaler) Step(metrics Metrics, at int) {
	wishes := append(s.stepWishes(metrics, at), s.trackingWishes(metrics, at)...)
	if len(wishes) == 0 {
		return
	}
	most := wishes[0]
	for _, w := range wishes {
		if w.capacity > most.capacity {
			most = w
		}
	}
	s.scale(most, at)
}

func (s *Scaler) stepWishes(metrics Metrics, at int) []wish {
	var wishes []wish
	for _, a := range s.alarms {
		state, points := a.Evaluate(metrics, at, s.state(a.Name))
		s.States[a.Name] = state
		if state != Ringing || len(points) == 0 {
			continue
		}
		for _, p := range s.target.policies {
			if p.name == a.Actions[0] {
				capacity := p.change(s.Desired, a, points)
				change := capacity - s.Desired
				if p.adjustment == "ExactCapacity" {
					change = capacity - s.base
				}
				wishes = append(wishes, wish{s.bounded(capacity), change, p.cooldown})
			}
		}
	}
	return wishes
}

func (s *Scaler) trackingWishes(metrics Metrics, at int) []wish {
	var out, in []wish
	tracked := 0
	for _, p := range s.target.policies {
		t := p.tracking
		if t == nil {
			continue
		}
		tracked++
		high, points := t.high.Evaluate(metrics, at, s.state(t.high.Name))
		low, _ := t.low.Evaluate(metrics, at, s.state(t.low.Name))
		s.States[t.high.Name], s.States[t.low.Name] = high, low
		if len(points) == 0 {
			continue
		}
		capacity := s.bounded(t.wanted(s.Desired, points))
		if high == Ringing {
			out = append(out, wish{capacity, capacity - s.Desired, t.outCooldown})
		} else if low == Ringing && !t.neverIn {
			in = append(in, wish{capacity, capacity - s.Desired, t.inCooldown})
		}
	}
	if len(out) > 0 || len(in) < tracked {
		return out
	}
	return in
}

// scale follows a wish as far as cooldowns let it: during that of a scale-out,
// what it added counts as part of the next; during any, nothing is scaled in; and
// a scale-out ends that of a scale-in.
//
// Source: Application Auto Scaling API Reference, StepScalingPolicyConfiguration.
func (s *Scaler) scale(w wish, at int) {
	capacity := w.capacity
	if at < s.outUntil && capacity > s.Desired {
		capacity = s.bounded(s.base + w.change)
	}
	switch {
	case capacity > s.Desired:
		if at >= s.outUntil {
			s.base = s.Desired
		}
		s.Desired, s.outUntil, s.inUntil = capacity, at+w.cooldown, 0
	case w.capacity < s.Desired && !s.Deploying && at >= s.outUntil && at >= s.inUntil:
		s.Desired, s.inUntil = w.capacity, at+w.cooldown
	}
}

func (s *Scaler) bounded(capacity int) int { return min(max(capacity, s.target.Min), s.target.Max) }

func (s *Scaler) state(name string) State {
	if state, known := s.States[name]; known {
		return state
	}
	return InsufficientData
}
