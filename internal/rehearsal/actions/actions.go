// Package actions is what the rehearsal does, a file an action, in the order in
// which it does it.
package actions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed"
)

// Action is a part of the rehearsal. Its error is of what later ones stand on; each
// of its checks has a row of its own in the stage's report.
type Action interface {
	Run(context.Context) error
}

// ErrParts is of a name that no part has.
var ErrParts = errors.New("no part of the rehearsal")

// Part is a named group of the rehearsal's rows.
type Part struct {
	Name string
	Action
}

// Lane is a list of parts that run one after another on a stage of their own, beside
// those of other lanes. Before the parts it starts both services, after them it looks at
// what all of them left.
type Lane []string

// lanes are the rehearsal's: what mostly waits runs beside the rest.
var lanes = []Lane{
	{"first deployment", "web service", "worker", "canvases", "packages", "kills", "TLS", "Dockerfiles"},
	{"faults", "outages"},
	{"front door", "releases", "attacks"},
	// It builds and deploys, and is done before the attacks.
	{newcomerPart},
	// The operator's drills run when they are named: beside the other lanes, two cores
	// would be too few. The last one destroys the stack.
	drillParts(),
}

// rightsPart comes after all lanes.
const rightsPart = "rights"

// Lanes returns the rehearsal's lanes, with the named parts only where some are named and
// without the drills otherwise, and whether the tasks' rights are looked at in the end.
func Lanes(names ...string) (chosen []Lane, rights bool, err error) {
	var known []string
	for _, lane := range lanes {
		known = append(known, lane...)
		kept := slices.DeleteFunc(slices.Clone(lane), func(part string) bool {
			if len(names) == 0 {
				return lane.drills()
			}
			return !slices.Contains(names, part)
		})
		if len(kept) > 0 {
			chosen = append(chosen, kept)
		}
	}
	// The stack that is deployed already is no place for who deploys or destroys it.
	if len(chosen) > 0 && chosen[0].Apart() {
		chosen = append([]Lane{{}}, chosen...)
	}
	known = append(known, rightsPart)
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, false, fmt.Errorf("%q: %w: name one or more of %s", name, ErrParts, strings.Join(known, ", "))
		}
	}
	return chosen, len(names) == 0 || slices.Contains(names, rightsPart), nil
}

// Deployed returns the parts that deploy the stack by the CDK CLI, as a person does.
func Deployed(s *stage.Stage) []Part {
	return []Part{{"set-up", prepare{s}}, {"deployment", deploy{s}}, {"image", image{s}}}
}

// Copied returns the parts that deploy a template as it is, on the engine and with the
// image of another stage.
func Copied(s *stage.Stage, other *testbed.Testbed, template string) []Part {
	return []Part{{"set-up", adopt{s, other}}, {"deployment", deployTemplate{s, template}}}
}

// Deploys says whether a lane deploys the stack itself, with other settings.
func (l Lane) Deploys() bool { return slices.Contains(l, newcomerPart) }

// Apart says whether a lane has a stage of its own, at which nobody looks afterwards: it
// deploys the stack itself, or destroys it.
func (l Lane) Apart() bool { return l.Deploys() || l.drills() }

// drills says whether a lane is of drills.
func (l Lane) drills() bool {
	return slices.ContainsFunc(l, func(part string) bool { return part == drillsPart || strings.HasPrefix(part, drillPrefix) })
}

// SetUp returns the parts that get a stage ready for a lane beside the first, on the
// engine and with the image of another stage, by the template that is deployed there.
func (l Lane) SetUp(s *stage.Stage, other *testbed.Testbed, template string) []Part {
	if l.Deploys() {
		return Copied(s, other, template)[:1]
	}
	return Copied(s, other, template)
}

// Of returns a lane's parts, with what comes before and after them. While workers are
// killed, "kills" sends that number of events.
func (l Lane) Of(s *stage.Stage, killEvents int) []Part {
	if len(l) == 0 {
		return nil
	}
	if l.Deploys() {
		return []Part{{newcomerPart, newcomer{Stage: s}}}
	}
	if l.drills() {
		return []Part{{"services", services{s}}, {drillsPart, drills{s, l}}}
	}
	all := []Part{
		{"first deployment", firstDeployment{s}},
		{"web service", webhooks{s}},
		{"services", services{s}},
		{"worker", worker{s}},
		{"front door", frontDoor{s}},
		{"canvases", canvases{s}},
		{"packages", packages{s}},
		{"faults", faults{s}},
		{"outages", outages{s}},
		{"releases", releases{s}},
		{"attacks", attacks{s}},
		{"kills", kills{s, killEvents}},
		{"TLS", trust{s}},
		{"Dockerfiles", dockerfiles{s}},
		{"end", finish{s}},
	}
	return slices.DeleteFunc(all, func(part Part) bool {
		return part.Name != "services" && part.Name != "end" && !slices.Contains(l, part.Name)
	})
}

// Rights returns the part that looks at what the tasks of all stages called. whole says
// that every part has run, so that each right was needed.
func Rights(report *report.Report, stages []*stage.Stage, whole bool) Part {
	return Part{rightsPart, access{report, stages, whole}}
}

type prepare struct{ *stage.Stage }

// Run gets ready what a deployment needs.
func (a prepare) Run(ctx context.Context) error { return a.Prepare(ctx) }

// percentiles returns the median and the 99th percentile of sorted times, as text.
func percentiles(sorted []time.Duration) string {
	return fmt.Sprintf("p50 %.2f s, p99 %.2f s of %d", sorted[len(sorted)/2].Seconds(), sorted[len(sorted)*99/100].Seconds(), len(sorted))
}
