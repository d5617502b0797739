package scale

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// scheduledAction is one of a scalable target's, as a template has it.
type scheduledAction struct {
	Schedule             string
	ScalableTargetAction struct{ MaxCapacity int }
}

// weekly is a time on days of a week, as the stack's schedules have it.
var weekly = regexp.MustCompile(`^cron\(([0-9]+) ([0-9]+) \? \* ([A-Z,-]+) \*\)$`)

// weekdays are cron's.
var weekdays = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}

const minutesInDay = 24 * 60

// shareOf returns the part of a week in which scheduled actions let tasks run: 1 without
// any. One action must let them run and one end them, on the same days.
func shareOf(actions []scheduledAction) (float64, error) {
	if len(actions) == 0 {
		return 1, nil
	}
	minutes, days := 0, map[string]bool{}
	opens, closes := 0, 0
	for _, action := range actions {
		parts := weekly.FindStringSubmatch(action.Schedule)
		if parts == nil {
			return 0, fmt.Errorf("no price for the schedule %q: add it to internal/scale", action.Schedule)
		}
		minute, _ := strconv.Atoi(parts[1])
		hour, _ := strconv.Atoi(parts[2])
		days[parts[3]] = true
		if action.ScalableTargetAction.MaxCapacity > 0 {
			minutes -= hour*60 + minute
			opens++
		} else {
			minutes += hour*60 + minute
			closes++
		}
	}
	if opens != 1 || closes != 1 || len(days) != 1 || minutes <= 0 {
		return 0, fmt.Errorf("no price for %d scheduled actions that aren't a day's begin and end: add them to internal/scale", len(actions))
	}
	for list := range days {
		minutes *= daysIn(list)
	}
	return float64(minutes) / (7 * minutesInDay), nil
}

// daysIn counts cron's days of a week, such as "MON-WED,FRI", each once.
func daysIn(list string) int {
	days := map[int]bool{}
	for _, part := range strings.Split(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		for day := slices.Index(weekdays, first); day <= slices.Index(weekdays, last); day++ {
			days[day] = true
		}
	}
	return len(days)
}
