package review

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/iampolicy"
)

// grant is what one statement says of one action of one principal on one
// resource. Values that refer to something stand as cfn.Symbol has them.
type grant struct {
	effect string
	// kind is the principal's, such as "Service"; empty for whom the policy is
	// attached to.
	kind, principal, action, resource string
	// condition is the statement's as a canonical JSON text; empty without one.
	condition string
	// exceptions says which of the elements are named as exceptions:
	// NotPrincipal, NotAction or NotResource.
	exceptions string
	// endpoint is the VPC endpoint whose policy it is of, which gives nobody a
	// right: it lets through those who have one.
	endpoint string
}

// place is where a statement stands.
type place struct{ id, kind, property string }

// managedPolicy stands for the actions of a policy that isn't in the template.
const managedPolicy = "what the managed policy says"

// vpcEndpoint is the type whose policy holds for what goes through it.
const vpcEndpoint = "AWS::EC2::VPCEndpoint"

func (g grant) String() string {
	effect := g.effect
	if g.endpoint != "" && effect == "Allow" {
		effect = "Let through"
	}
	principal := g.principal
	if g.kind != "" {
		principal = g.kind + " " + principal
	}
	text := fmt.Sprintf("%s %s – %s – %s", effect, shown(principal), shown(g.action), shown(g.resource))
	if g.condition != "" {
		text += " if " + cfn.Text(single(conditionOf(g.condition)))
	}
	return text
}

// single returns a condition in which a list of one value is that value.
func single(value any) any {
	switch v := value.(type) {
	case []any:
		if len(v) == 1 {
			return v[0]
		}
	case map[string]any:
		for name, inner := range v {
			v[name] = single(inner)
		}
	}
	return value
}

// reference matches what cfn.Symbol makes of a reference.
var reference = regexp.MustCompile(`\$\{([^{}]*)\}`)

// shown returns a symbol as a reader sees it.
func shown(symbol string) string { return reference.ReplaceAllString(symbol, "$1") }

// isOf says whether the grant is about the resource with the logical ID.
func (g grant) isOf(id string) bool {
	return g.resource == id || strings.HasPrefix(g.resource, "${"+id+"}") || strings.HasPrefix(g.resource, "${"+id+".")
}

// covers says whether the grant says of at least all that the other says of.
func (g grant) covers(other grant) bool {
	return g.effect == other.effect && g.exceptions == other.exceptions && g.endpoint == other.endpoint &&
		(g.kind == other.kind || g.principal == "*") &&
		g.part("NotPrincipal", g.principal, other.principal) &&
		g.part("NotAction", g.action, other.action) &&
		g.part("NotResource", g.resource, other.resource) &&
		implies(other.condition, g.condition)
}

// part says whether an element covers the other's; of exceptions, only the same.
func (g grant) part(exception, pattern, text string) bool {
	if strings.Contains(g.exceptions, exception) {
		return pattern == text
	}
	return matches(pattern, text)
}

// matches says whether an IAM pattern, in which "*" is any text and "?" one
// character, holds for a text or for a narrower pattern.
func matches(pattern, text string) bool {
	if pattern == text || pattern == "*" {
		return true
	}
	if !strings.ContainsAny(pattern, "*?") {
		return strings.EqualFold(pattern, text) && !strings.Contains(pattern, "/")
	}
	return iampolicy.Matches(pattern, text)
}

func sortGrants(grants []grant) {
	slices.SortFunc(grants, func(a, b grant) int { return strings.Compare(a.String()+a.endpoint, b.String()+b.endpoint) })
}
