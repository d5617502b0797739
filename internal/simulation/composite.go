package simulation

import (
	"fmt"
	"regexp"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// Composite is a composite alarm that rings while any of some alarms does.
type Composite struct {
	Name string
	// Alarms are the names of those alarms.
	Alarms []string
}

var ofAlarm = regexp.MustCompile(`^ALARM\("(\w+)\.Arn"\)$`)

// readComposite returns a composite alarm whose rule is any of several.
func readComposite(r cfn.Resource) (Composite, error) {
	c := Composite{Name: r.ID}
	rule := cfn.Text(r.Properties["AlarmRule"])
	inner := strings.TrimSuffix(strings.TrimPrefix(rule, "("), ")")
	if !strings.HasPrefix(rule, "(") {
		inner = rule
	}
	for _, term := range strings.Split(inner, " OR ") {
		name := ofAlarm.FindStringSubmatch(term)
		if name == nil {
			return c, fmt.Errorf("AlarmRule %q is not simulated", rule)
		}
		c.Alarms = append(c.Alarms, name[1])
	}
	return c, nil
}

// Evaluate returns the state by those of the alarms.
//
// Source: CloudWatch User Guide, "Combining alarms".
func (c Composite) Evaluate(states map[string]State) State {
	for _, name := range c.Alarms {
		if states[name] == Ringing {
			return Ringing
		}
	}
	return OK
}
