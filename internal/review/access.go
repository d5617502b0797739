package review

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/iampolicy"
)

// accessFindings returns the grants that come, go or reach further.
func accessFindings(before, after cfn.Template, actions *iampolicy.Actions) ([]Finding, error) {
	if old, now := differing(before, after); maps.Equal(grants(old), grants(now)) {
		return nil, nil
	}
	was, is := grants(before), grants(after)
	var added, removed []grant
	for g := range is {
		if _, same := was[g]; !same {
			added = append(added, g)
		}
	}
	gone := only(before, after)
	for g := range was {
		// A denial goes with what it protected.
		if _, same := is[g]; !same && !(g.effect == "Deny" && slices.ContainsFunc(gone, g.isOf)) {
			removed = append(removed, g)
		}
	}
	sortGrants(added)
	sortGrants(removed)
	var found []Finding
	var fresh, narrowed []grant
	// What an added grant covers was widened, not removed.
	covered := map[grant]bool{}
	for _, g := range added {
		var replaced []string
		for _, old := range removed {
			if g.covers(old) {
				covered[old] = true
				replaced = append(replaced, old.String())
			}
		}
		switch {
		case coveredBy(was, g):
			narrowed = append(narrowed, g)
		case replaced != nil:
			// A denial that reaches further takes rights away.
			found = append(found, Finding{
				Section: Access, Danger: g.effect != "Deny", Resource: is[g].id, Type: is[g].kind,
				Text: "widened: " + g.String() + ", was: " + strings.Join(replaced, "; ") + in(g, is[g]),
			})
		default:
			fresh = append(fresh, g)
		}
	}
	removed = slices.DeleteFunc(removed, func(g grant) bool { return covered[g] || coveredBy(is, g) && g.effect == "Deny" })
	dangers := map[grant]bool{}
	for _, g := range fresh {
		danger, err := isBroad(g, is[g], actions)
		if err != nil {
			return nil, err
		}
		// A new endpoint without a policy is one more way to what all could reach.
		_, known := before.Resources[is[g].id]
		dangers[g] = danger && (known || g.endpoint == "")
	}
	found = append(found, grouped("added", fresh, is, func(g grant) bool { return dangers[g] })...)
	found = append(found, grouped("narrowed", narrowed, is, func(grant) bool { return false })...)
	return append(found, grouped("removed", removed, was, func(g grant) bool { return g.effect == "Deny" })...), nil
}

// differing returns the resources of both templates that aren't the same.
func differing(before, after cfn.Template) (was, is cfn.Template) {
	rest := func(of, other cfn.Template) cfn.Template {
		kept := map[string]cfn.Resource{}
		for id, r := range of.Resources {
			if same, has := other.Resources[id]; !has || !reflect.DeepEqual(r, same) {
				kept[id] = r
			}
		}
		return cfn.Template{Resources: kept, Rest: of.Rest}
	}
	return rest(before, after), rest(after, before)
}

// coveredBy says whether one of the grants says all that g says.
func coveredBy(grants map[grant]place, g grant) bool {
	for other := range grants {
		if other != g && other.covers(g) {
			return true
		}
	}
	return false
}

// in names the resource whose policy a grant is of, where the grant itself
// doesn't.
func in(g grant, at place) string {
	if g.principal == at.id || g.isOf(at.id) || g.resource == at.id {
		return ""
	}
	return " (" + at.id + ")"
}

// grouped returns one finding for grants that differ only in the action.
func grouped(verb string, grants []grant, places map[grant]place, danger func(grant) bool) []Finding {
	type group struct {
		grant
		place
	}
	var order []group
	actions := map[group][]string{}
	dangers := map[group]bool{}
	for _, g := range grants {
		key := group{g, places[g]}
		key.action = ""
		if actions[key] == nil {
			order = append(order, key)
		}
		actions[key] = append(actions[key], g.action)
		dangers[key] = dangers[key] || danger(g)
	}
	var found []Finding
	for _, key := range order {
		g := key.grant
		g.action = strings.Join(actions[key], ", ")
		found = append(found, Finding{
			Section: Access, Danger: dangers[key], Resource: key.id, Type: key.place.kind,
			Text: verb + ": " + g.String() + in(g, key.place),
		})
	}
	return found
}
