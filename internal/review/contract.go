package review

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/imagecontract"
)

// Fact is one thing that a Dockerfile promises.
type Fact struct {
	// File and Directive say where it is stated, such as "docker/Dockerfile"
	// and "HEALTHCHECK --interval".
	File, Directive string
	// Value is what it says.
	Value string
	// Protects says that it is part of the image's hardening.
	Protects bool
}

// Facts returns what the contract promises.
func Facts(c imagecontract.Contract) []Fact {
	facts := []Fact{
		{Directive: "USER", Value: c.User.String(), Protects: true},
		{Directive: "HEALTHCHECK --interval", Value: c.HealthCheck.Interval.String(), Protects: true},
		{Directive: "HEALTHCHECK --timeout", Value: c.HealthCheck.Timeout.String(), Protects: true},
		{Directive: "HEALTHCHECK --start-period", Value: c.HealthCheck.StartPeriod.String(), Protects: true},
		{Directive: "HEALTHCHECK --retries", Value: fmt.Sprint(c.HealthCheck.Retries), Protects: true},
		{Directive: "HEALTHCHECK CMD", Value: strings.Join(c.HealthCheck.Command, " "), Protects: true},
		{Directive: "EXPOSE", Value: fmt.Sprintf("%d/%s", c.Port, c.Protocol)},
		{Directive: "ENTRYPOINT", Value: strings.Join(c.Entrypoint, " ")},
		{Directive: "CMD", Value: strings.Join(c.Command, " ")},
		{Directive: "WORKDIR", Value: c.WorkingDirectory},
		{Directive: "VOLUME", Value: strings.Join(c.Volumes, " ")},
		{Directive: "STOPSIGNAL", Value: c.StopSignal},
		{Directive: "FROM --platform", Value: c.Architecture},
	}
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		facts = append(facts, Fact{Directive: "ENV " + name, Value: c.Env[name]})
	}
	for _, image := range c.BaseImages {
		facts = append(facts, Fact{Directive: "FROM of stage " + image.Stage, Value: image.Reference})
	}
	for i := range facts {
		facts[i].File = c.File
	}
	return facts
}

// contractFindings returns the facts that differ. Where one side has no
// contract, nothing does.
func contractFindings(before, after []Fact) []Finding {
	if len(before) == 0 || len(after) == 0 {
		return nil
	}
	was := map[string]Fact{}
	for _, fact := range before {
		was[fact.Directive] = fact
	}
	var found []Finding
	add := func(fact Fact, before, after string) {
		section := Contract
		if fact.Protects {
			section = Hardening
		}
		before, after = or(before), or(after)
		found = append(found, Finding{
			Section: section, Property: fact.Directive, Before: before, After: after,
			Text: fmt.Sprintf("%s: %s: %s", fact.File, fact.Directive, arrow(before, after)),
		})
	}
	for _, fact := range after {
		old := was[fact.Directive]
		if old.Value != fact.Value {
			add(fact, old.Value, fact.Value)
		}
		delete(was, fact.Directive)
	}
	for _, directive := range slices.Sorted(maps.Keys(was)) {
		if was[directive].Value != "" {
			add(was[directive], was[directive].Value, "")
		}
	}
	return found
}

func or(value string) string {
	if value == "" {
		return cfn.None
	}
	return value
}
