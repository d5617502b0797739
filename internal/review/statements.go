package review

import (
	"maps"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// grants returns everything that the template's policies say, whichever way its
// conditions turn out, and where.
func grants(t cfn.Template) map[grant]place {
	all := map[grant]place{}
	for _, resource := range t.All() {
		for _, properties := range resource.Variants() {
			variant := resource
			variant.Properties = properties
			collectGrants(all, variant)
		}
	}
	return all
}

func collectGrants(all map[grant]place, r cfn.Resource) {
	at := place{id: r.ID, kind: r.Type}
	for _, statement := range cfn.Statements(r.Properties) {
		at.property, _, _ = strings.Cut(statement.Path, "[")
		at.property, _, _ = strings.Cut(at.property, ".")
		for _, holder := range holders(r) {
			collectStatement(all, statement.Elements, holder, at)
		}
	}
	if r.Type == vpcEndpoint && r.Properties["PolicyDocument"] == nil {
		// Source: VPC User Guide, "Control access to VPC endpoints using endpoint policies".
		all[grant{effect: "Allow", principal: "*", action: "*", resource: "*", endpoint: r.ID}] = at
	}
	if r.Type == "AWS::IAM::ManagedPolicy" {
		return
	}
	at.property = "ManagedPolicyArns"
	for _, policy := range cfn.List(r.Properties[at.property]) {
		all[grant{effect: "Allow", principal: r.ID, action: managedPolicy, resource: cfn.Symbol(policy)}] = at
	}
}

// holders returns whom a policy without a principal is attached to.
func holders(r cfn.Resource) []string {
	var all []string
	for _, property := range []string{"Roles", "Users", "Groups", "RoleName", "UserName", "GroupName"} {
		if strings.HasPrefix(r.Type, "AWS::IAM::") && strings.HasSuffix(r.Type, "Policy") {
			for _, holder := range cfn.List(r.Properties[property]) {
				all = append(all, cfn.Text(holder))
			}
		}
	}
	if all == nil {
		return []string{r.ID}
	}
	return all
}

func collectStatement(all map[grant]place, s map[string]any, holder string, at place) {
	g := grant{effect: cfn.Text(s["Effect"]), endpoint: endpoint(at)}
	if condition := canonicalPolicy(s["Condition"]); condition != nil {
		g.condition = cfn.JSON(condition)
	}
	type principal struct{ kind, name string }
	var principals []principal
	named, except := s["Principal"], false
	if named == nil {
		named, except = s["NotPrincipal"], s["NotPrincipal"] != nil
	}
	kinds, isObject := named.(map[string]any)
	switch {
	case named == nil:
		principals = []principal{{"", holder}}
	case isObject && !cfn.IsIntrinsic(kinds):
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			for _, name := range symbols(kinds[kind]) {
				if kind == "AWS" && name == "*" {
					kind = ""
				}
				principals = append(principals, principal{kind, name})
			}
		}
	default:
		for _, name := range symbols(named) {
			principals = append(principals, principal{"", name})
		}
	}
	var exceptions []string
	if except {
		exceptions = append(exceptions, "NotPrincipal")
		for i := range principals {
			principals[i].name = "not " + principals[i].name
		}
	}
	actions, except := oneOf(s, "Action", cfn.None)
	if except {
		exceptions = append(exceptions, "NotAction")
	}
	resources, except := oneOf(s, "Resource", at.id)
	if except {
		exceptions = append(exceptions, "NotResource")
	}
	g.exceptions = strings.Join(exceptions, " ")
	for _, who := range principals {
		for _, action := range actions {
			for _, resource := range resources {
				g.kind, g.principal, g.action, g.resource = who.kind, who.name, action, resource
				if !strings.Contains(g.exceptions, "NotAction") {
					g.action = spelled(action)
				}
				all[g] = at
			}
		}
	}
}

func endpoint(at place) string {
	if at.kind == vpcEndpoint {
		return at.id
	}
	return ""
}

// spelled returns an action's name as AWS writes it: IAM takes any case. The
// service stays as it is.
func spelled(action string) string {
	service, name, has := strings.Cut(action, ":")
	if !has || name == "" {
		return action
	}
	return strings.ToLower(service) + ":" + name
}

// oneOf returns what a statement names, or what it excepts, or what it leaves
// to where it stands.
func oneOf(s map[string]any, element, otherwise string) (named []string, except bool) {
	if s[element] != nil {
		return symbols(s[element]), false
	}
	if excepted := symbols(s["Not"+element]); len(excepted) > 0 {
		slices.Sort(excepted)
		return []string{"not " + strings.Join(excepted, ", not ")}, true
	}
	return []string{otherwise}, false
}

func symbols(value any) []string {
	var all []string
	for _, each := range cfn.List(value) {
		all = append(all, cfn.Symbol(each))
	}
	return all
}
