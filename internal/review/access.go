package review

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// grant is what one statement says of one action of one principal on one
// resource.
type grant struct{ effect, principal, action, resource, condition string }

// managedPolicy stands for the actions of a policy that isn't in the template.
const managedPolicy = "what the managed policy says"

// vpcEndpoint is the type whose policy gives nobody a right: it lets through those
// who have one.
const vpcEndpoint = "AWS::EC2::VPCEndpoint"

// accessFindings returns the grants that come, go or reach further.
func accessFindings(before, after cfn.Template) []Finding {
	was, is := grants(before), grants(after)
	var added, removed []grant
	for g := range is {
		if !was[g] {
			added = append(added, g)
		}
	}
	gone := only(before, after)
	for g := range was {
		// A denial goes with what it protected.
		if !is[g] && !(g.effect == "Deny" && slices.ContainsFunc(gone, g.isOf)) {
			removed = append(removed, g)
		}
	}
	sortGrants(added)
	sortGrants(removed)
	var found []Finding
	// What an added grant covers was widened, not removed.
	covered := map[grant]bool{}
	added = slices.DeleteFunc(added, func(g grant) bool {
		var replaced []string
		for _, old := range removed {
			if g.covers(old) {
				covered[old] = true
				replaced = append(replaced, old.String())
			}
		}
		if replaced != nil {
			found = append(found, Finding{Section: Access, Danger: true, Text: "widened: " + g.String() + ", was: " + strings.Join(replaced, "; ")})
		}
		return replaced != nil
	})
	removed = slices.DeleteFunc(removed, func(g grant) bool { return covered[g] })
	found = append(found, grouped("added", added, grant.broad)...)
	return append(found, grouped("removed", removed, func(g grant) bool { return g.effect == "Deny" })...)
}

// grouped returns one finding for grants that differ only in the action.
func grouped(verb string, grants []grant, danger func(grant) bool) []Finding {
	var order []grant
	actions := map[grant][]string{}
	dangers := map[grant]bool{}
	for _, g := range grants {
		key := g
		key.action = ""
		if actions[key] == nil {
			order = append(order, key)
		}
		actions[key] = append(actions[key], g.action)
		dangers[key] = dangers[key] || danger(g)
	}
	var found []Finding
	for _, key := range order {
		g := key
		g.action = strings.Join(actions[key], ", ")
		found = append(found, Finding{Section: Access, Danger: dangers[key], Text: verb + ": " + g.String()})
	}
	return found
}

func (g grant) String() string {
	text := fmt.Sprintf("%s %s – %s – %s", g.effect, g.principal, g.action, g.resource)
	if g.condition != cfn.None {
		text += " if " + g.condition
	}
	return text
}

// isOf says whether the grant is about the resource with the logical ID.
func (g grant) isOf(id string) bool {
	return g.resource == id || strings.HasPrefix(g.resource, id+".")
}

// covers says whether the grant allows all that the other did, and more.
func (g grant) covers(other grant) bool {
	return g != other && g.effect == other.effect && g.effect != "Deny" &&
		matches(g.principal, other.principal) && matches(g.action, other.action) && matches(g.resource, other.resource) &&
		(g.condition == cfn.None || g.condition == other.condition)
}

// broad says whether the grant reaches beyond named actions and resources, or
// to anyone.
func (g grant) broad() bool {
	return g.effect == "Allow" && (g.resource == "*" || g.action == managedPolicy || strings.HasSuffix(g.action, "*") || strings.HasPrefix(g.action, "not ") ||
		(g.principal == "*" || strings.HasSuffix(g.principal, ":*")) && g.condition == cfn.None)
}

// matches says whether an IAM pattern, in which "*" is any text, holds for a
// text or for a narrower pattern.
func matches(pattern, text string) bool {
	expression := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")
	return regexp.MustCompile(`(?is)^` + expression + `$`).MatchString(text)
}

func sortGrants(grants []grant) {
	slices.SortFunc(grants, func(a, b grant) int { return strings.Compare(a.String(), b.String()) })
}

// grants returns everything that the template's policies say.
func grants(t cfn.Template) map[grant]bool {
	all := map[grant]bool{}
	for id, resource := range t.Resources {
		holder := strings.Join(holders(id, resource), ", ")
		said := map[grant]bool{}
		for _, statement := range cfn.Statements(resource.Properties) {
			collectStatement(said, statement.Elements, holder, id)
		}
		for g := range said {
			if resource.Type == vpcEndpoint && g.effect == "Allow" {
				g.effect = "Let through"
			}
			all[g] = true
		}
		if managed, isList := resource.Properties["ManagedPolicyArns"].([]any); isList {
			for _, policy := range managed {
				all[grant{"Allow", id, managedPolicy, cfn.Text(policy), cfn.None}] = true
			}
		}
	}
	return all
}

// holders returns whom a policy without a principal is attached to.
func holders(id string, r cfn.Resource) []string {
	var all []string
	for _, property := range []string{"Roles", "Users", "Groups"} {
		if attached, isList := r.Properties[property].([]any); isList {
			all = append(all, cfn.Texts(attached)...)
		}
	}
	if role, set := r.Properties["RoleName"]; set && r.Type == "AWS::IAM::RolePolicy" {
		all = append(all, cfn.Text(role))
	}
	if all == nil {
		return []string{id}
	}
	return all
}

func collectStatement(all map[grant]bool, s map[string]any, holder, id string) {
	for _, principal := range oneOf(principals(s["Principal"]), principals(s["NotPrincipal"]), holder) {
		for _, action := range oneOf(texts(s["Action"]), texts(s["NotAction"]), cfn.None) {
			for _, resource := range oneOf(texts(s["Resource"]), texts(s["NotResource"]), id) {
				all[grant{cfn.Text(s["Effect"]), principal, action, resource, cfn.Text(s["Condition"])}] = true
			}
		}
	}
}

// oneOf returns what a statement names, or what it excepts, or what it leaves
// to where it stands.
func oneOf(named, excepted []string, otherwise string) []string {
	switch {
	case len(named) > 0:
		return named
	case len(excepted) > 0:
		return []string{"not " + strings.Join(excepted, ", not ")}
	}
	return []string{otherwise}
}

func principals(value any) []string {
	kinds, isObject := value.(map[string]any)
	if !isObject || cfn.IsIntrinsic(kinds) {
		return texts(value)
	}
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		all = append(all, texts(kinds[kind])...)
	}
	return all
}

func texts(value any) []string { return cfn.Texts(cfn.List(value)) }
