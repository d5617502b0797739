package review

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// strength is how well a resource is protected in one respect.
type strength struct {
	// number is the larger the stronger.
	number float64
	// open is what is left open; one thing more is weaker.
	open []string
}

// weakerThan says whether something was stronger before.
func (s strength) weakerThan(before strength) bool {
	return s.number < before.number || slices.ContainsFunc(s.open, func(thing string) bool { return !slices.Contains(before.open, thing) })
}

// resource is one of a template, with the properties of one way in which its
// conditions may turn out.
type resource struct {
	cfn.Resource
	template cfn.Template
}

// protection is one respect in which resources of some types are protected.
type protection struct {
	name string
	// kinds are the types, and property matches the paths that it follows from.
	kinds    []string
	property *regexp.Regexp
	// of returns the strength by what has it, such as a container; "" is the
	// resource itself.
	of func(resource) map[string]strength
	// needed is the number that an added resource, or an added part of one,
	// must have, and it may leave nothing open; -Inf where any will do.
	needed float64
}

// unremarkable are the protections whose properties say more than how well
// something is protected: a change of one is a finding of this kind only where it
// is weaker.
var unremarkable = []string{"secrets in plain text", "image", "role", "who may call", "who listens", "what is watched", "private way", "what isn't read here", "load balancer", "network of its own"}

// strengths returns the weakest strength of every part of a resource, whichever
// way its conditions turn out.
func (p protection) strengths(r cfn.Resource, t cfn.Template) map[string]strength {
	weakest := map[string]strength{}
	for _, properties := range r.Variants() {
		variant := resource{Resource: r, template: t}
		variant.Properties = properties
		for part, is := range p.of(variant) {
			if known, has := weakest[part]; has {
				is.number = min(is.number, known.number)
				is.open = append(slices.Clone(known.open), is.open...)
			}
			weakest[part] = is
		}
	}
	return weakest
}

// weakening is a protection that a part of a resource loses.
type weakening struct {
	protection protection
	part       string
	// added says that the part is new, and without the protection.
	added         bool
	before, after strength
}

// weakenings returns what a resource, or a new part of it, isn't protected by
// any more. before is empty where the resource is new.
func weakenings(before, after cfn.Template, id string) []weakening {
	var found []weakening
	now := after.Resources[id]
	then, stays := before.Resources[id]
	stays = stays && then.Type == now.Type
	for _, p := range protections {
		if !slices.Contains(p.kinds, now.Type) && p.kinds != nil {
			continue
		}
		var was map[string]strength
		if stays {
			was = p.strengths(then, before)
		}
		is := p.strengths(now, after)
		for _, part := range slices.Sorted(maps.Keys(is)) {
			known, has := was[part]
			added := !has && !math.IsInf(p.needed, -1) && (is[part].number < p.needed || len(is[part].open) > 0)
			if added || has && is[part].weakerThan(known) {
				found = append(found, weakening{p, part, added, known, is[part]})
			}
		}
	}
	return found
}

// explains says whether the weakening follows from a change of one property.
func (w weakening) explains(c change) bool {
	name := c.path()
	return w.protection.property.MatchString(name) && (w.part == "" || strings.Contains(name, "["+w.part+"]") || strings.HasPrefix(name, w.part))
}

// outages are the protections without which something stops.
var outages = []string{"load balancer", "running tasks", "tasks", "running", "healthy tasks in a deployment", "essential"}

func (w weakening) section() Section {
	if slices.Contains(outages, w.protection.name) {
		return Outage
	}
	return Hardening
}

// finding returns a weakening that no changed property of the resource explains.
func (w weakening) finding(id, kind string) Finding {
	name := strings.TrimSpace(kind + " " + id)
	if w.part != "" {
		name += " " + w.part
	}
	text := fmt.Sprintf("%s: %s: %s", w.protection.name, name, arrow(w.before.String(), w.after.String()))
	if w.added {
		text = fmt.Sprintf("%s: %s is added: %s", w.protection.name, name, w.after.String())
	}
	return Finding{Section: w.section(), Danger: true, Text: text, Resource: id, Type: kind}
}

// String says what is open, or how strong the protection is.
func (s strength) String() string {
	switch {
	case len(s.open) > 0:
		return strings.Join(slices.Compact(slices.Sorted(slices.Values(s.open))), ", ")
	case s.number <= 0:
		return cfn.None
	case math.IsInf(s.number, 1):
		return "for good"
	}
	return strconv.FormatFloat(s.number, 'f', -1, 64)
}

// protectionOf returns the first protection that a property is of.
func protectionOf(c change) (protection, bool) {
	i := slices.IndexFunc(protections, func(p protection) bool {
		return (p.kinds == nil || slices.Contains(p.kinds, c.kind)) && p.property.MatchString(c.path())
	})
	if i < 0 || slices.Contains(unremarkable, protections[i].name) {
		return protection{}, false
	}
	return protections[i], true
}
