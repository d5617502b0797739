package stacks

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // The same zones on every machine.

	"benchlingwebhook/constructs"
	"benchlingwebhook/internal/cdkfile"
)

// weekdays are cron's names of the days, in cron's order.
//
// Source: Amazon EventBridge Scheduler User Guide, cron-based schedules, to which
// Application Auto Scaling's guide leads.
var weekdays = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}

const weekday = "(SUN|MON|TUE|WED|THU|FRI|SAT)"

var (
	clockTime   = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
	daysOfWeek  = regexp.MustCompile(`^` + weekday + `(-` + weekday + `)?(,` + weekday + `(-` + weekday + `)?)*$`)
	zoneOfTimes = regexp.MustCompile(`^(UTC|[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+){1,2})$`)
)

// hoursAllowed says what a worker's hours are, in words.
const hoursAllowed = "`{\"from\": \"07:00\", \"to\": \"20:00\", \"days\": \"MON-FRI\", \"timeZone\": \"Europe/Berlin\"}`"

// hoursSchema is the form of a worker's hours. That one is before the other is beyond a
// pattern.
var hoursSchema = objectOf(map[string]schema{
	"from":     textLike(clockTime.String()),
	"to":       textLike(clockTime.String()),
	"days":     textLike(daysOfWeek.String()),
	"timeZone": textLike(zoneOfTimes.String()),
})

// hours reads {"from": …, "to": …, "days": …, "timeZone": …}.
func hours(value any) (*constructs.Hours, error) {
	object, isObject := value.(map[string]any)
	if !isObject {
		return nil, fmt.Errorf("%s is not an object; write %s", cdkfile.Show(value), strings.Trim(hoursAllowed, "`"))
	}
	problems := unknown(object, "from", "to", "days", "timeZone")
	texts := map[string]string{}
	for _, part := range []struct {
		name   string
		faults faultsOf
		remedy string
	}{
		{"from", like(clockTime), "a time of 24 hours, such as \"07:00\""},
		{"to", like(clockTime), "a time of 24 hours, such as \"20:00\""},
		{"days", daysFaults, "days such as \"MON-FRI\" or \"MON,WED,FRI\""},
		{"timeZone", timeZoneFaults, "the name of a zone in the IANA's database, such as \"Europe/Berlin\""},
	} {
		text, err := fitting(object[part.name], part.faults, part.remedy)
		texts[part.name] = text
		problems = append(problems, prefixed("."+part.name, err))
	}
	// Both are written alike, so that they compare as texts.
	if from, to := texts["from"], texts["to"]; from != "" && to != "" && from >= to {
		problems = append(problems, fmt.Errorf("from %q is not before to %q; name hours of one day, or leave workerHours out for a worker that always runs", from, to))
	}
	return &constructs.Hours{From: texts["from"], To: texts["to"], Days: texts["days"], TimeZone: texts["timeZone"]}, errors.Join(problems...)
}

// daysFaults returns what is wrong with days of a week.
func daysFaults(text string) []string {
	if !daysOfWeek.MatchString(text) {
		return []string{""}
	}
	for _, part := range strings.Split(text, ",") {
		if first, last, isRange := strings.Cut(part, "-"); isRange && slices.Index(weekdays, first) >= slices.Index(weekdays, last) {
			return []string{fmt.Sprintf("%s doesn't lead forward in a week that begins with SUN", part)}
		}
	}
	return nil
}

// timeZoneFaults returns what is wrong with a time zone's name. Application Auto Scaling
// takes canonical names alone.
//
// Source: Application Auto Scaling User Guide, schedule recurring scaling actions.
func timeZoneFaults(text string) []string {
	if !zoneOfTimes.MatchString(text) {
		return []string{""}
	}
	if _, err := time.LoadLocation(text); err != nil {
		return []string{"there is no such zone"}
	}
	return nil
}

// checkHours returns a problem for each setting by which people would be notified each
// evening of a worker that its hours have stopped.
func checkHours(place string, values map[string]any) []error {
	if _, given := values["workerHours"]; !given {
		return nil
	}
	var problems []error
	for _, name := range []string{"alarmEmail", "alarmTopicArn"} {
		if _, given := values[name]; given {
			problems = append(problems, fmt.Errorf("%s.workerHours: without a worker the alarms FrontDoorClosed and OldEvents go off, and would notify %s each evening; remove one of the two", place, name))
		}
	}
	return problems
}
