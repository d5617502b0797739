package policy

func isHeard(r resource) []Violation {
	var found []Violation
	if len(list(r.Properties["AlarmActions"])) == 0 {
		found = append(found, fault("AlarmActions", "not set: name an SNS topic")...)
	}
	if r.Properties["ActionsEnabled"] == false {
		found = append(found, fault("ActionsEnabled", "false: remove it")...)
	}
	return found
}
