package policy

import "benchlingwebhook/internal/cfn"

func isHeard(r cfn.Resource) []Violation {
	var found []Violation
	if len(cfn.List(r.Properties["AlarmActions"])) == 0 {
		found = append(found, fault("AlarmActions", "not set: name an SNS topic")...)
	}
	if r.Properties["ActionsEnabled"] == false {
		found = append(found, fault("ActionsEnabled", "false: remove it")...)
	}
	return found
}
