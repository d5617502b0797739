package constructs

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	autoscaling "github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"
)

// Hours are some hours of some days.
type Hours struct {
	// From and To are times of a day, such as "07:00", From before To.
	From, To string
	// Days are those of a week as cron has them, such as "MON-FRI".
	Days string
	// TimeZone is a zone's canonical name in the IANA's database. Its daylight saving
	// time counts.
	TimeZone string
}

// at returns a cron expression for a time on the days.
//
// Source: Application Auto Scaling User Guide, schedule recurring scaling actions.
func (h Hours) at(time string) autoscaling.Schedule {
	hour, minute, _ := strings.Cut(time, ":")
	return autoscaling.Schedule_Expression(jsii.String(fmt.Sprintf("cron(%s %s ? * %s *)", withoutZero(minute), withoutZero(hour), h.Days)))
}

// withoutZero returns a number of two digits as cron has it.
func withoutZero(digits string) string {
	if short := strings.TrimPrefix(digits, "0"); short != "" {
		return short
	}
	return "0"
}

// keep has a target run between min and max tasks in the hours, and none outside of them.
// What is in work then is done first: tasks that export are protected from scaling.
func (h Hours) keep(scaling awsecs.ScalableTaskCount, min, max int) {
	zone := awscdk.TimeZone_Of(jsii.String(h.TimeZone))
	scaling.ScaleOnSchedule(jsii.String("Open"), &autoscaling.ScalingSchedule{
		Schedule: h.at(h.From), TimeZone: zone, MinCapacity: jsii.Number(min), MaxCapacity: jsii.Number(max),
	})
	scaling.ScaleOnSchedule(jsii.String("Close"), &autoscaling.ScalingSchedule{
		Schedule: h.at(h.To), TimeZone: zone, MinCapacity: jsii.Number(0), MaxCapacity: jsii.Number(0),
	})
}
