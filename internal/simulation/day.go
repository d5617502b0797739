package simulation

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Times of the day, in seconds.
const (
	minute    = 60
	hour      = 60 * minute
	dayLength = 24 * hour
)

// Exports take as long as a log-normal distribution has it with this median and
// 99th percentile, in seconds, and no longer than longestDrawn; those that are
// longer are put into the day one by one.
const (
	medianExport, slowExport, longestDrawn = 20, 240, 900
	// z99 is the standard normal distribution's 99th percentile.
	z99 = 2.326
)

// Day is what happens from midnight to midnight.
type Day struct {
	// Events are in the order of time.
	Events []*Event
	// DeployAt is when every worker task is replaced, in seconds; 0 is never.
	DeployAt int
}

// Burst is a wave of edits, each of another entry.
type Burst struct {
	Name string
	// From and For are in seconds.
	From, For, Edits int
}

// Bursts are the working day's: a group at work, an import of a whole registry,
// and another group just before it leaves.
var Bursts = []Burst{
	{"400 edits in 10 min", 9*hour + 30*minute, 10 * minute, 400},
	{"import of 2,000 in 20 min", 13 * hour, 20 * minute, 2000},
	{"250 edits in 5 min", 16*hour + 30*minute, 5 * minute, 250},
}

// NewDay returns the day that a seed gives: a quiet night, working hours, the
// bursts with their tails, some events that are put off for up to ten minutes,
// long exports, one of them of 25 minutes, and a deployment while it runs.
func NewDay(seed uint64) Day {
	random := rand.New(rand.NewPCG(seed, 0))
	day := Day{DeployAt: 11*hour + 10*minute}
	add := func(at, export, putOff int) {
		day.Events = append(day.Events, &Event{At: at, Export: export, PutOff: putOff, Entry: len(day.Events)})
	}
	// spread adds edits at random times of a span.
	spread := func(from, length, edits int) {
		for range edits {
			add(from+random.IntN(length), ExportTime(random), 0)
		}
	}
	spread(0, 7*hour, 20)
	spread(7*hour, 12*hour, 2400)
	spread(19*hour, 5*hour, 25)
	for _, burst := range Bursts {
		spread(burst.From, burst.For, burst.Edits)
		// A tail: half as many edits in each further five minutes.
		for n, at := burst.Edits/20, burst.From+burst.For; n > 0; n, at = n/2, at+5*minute {
			spread(at, 5*minute, n)
		}
	}
	// One at night, alone, and others over the day.
	add(3*hour, ExportTime(random), 10*minute)
	for range 40 {
		add(7*hour+random.IntN(12*hour), ExportTime(random), minute+random.IntN(9*minute))
	}
	add(11*hour, 25*minute, 0)
	add(9*hour+35*minute, 12*minute, 0)
	add(20*hour, 14*minute, 0)
	slices.SortStableFunc(day.Events, func(a, b *Event) int { return a.At - b.At })
	return day
}

// SteadyDay returns a day whose first seconds have events at an even rate a second,
// each of another entry, and nothing else.
func SteadyDay(seed uint64, rate float64, seconds int) Day {
	random := rand.New(rand.NewPCG(seed, 1))
	var day Day
	for i := range int(rate * float64(seconds)) {
		day.Events = append(day.Events, &Event{At: int(float64(i) / rate), Export: ExportTime(random), Entry: i})
	}
	return day
}

// ExportTime draws an export's length in seconds.
func ExportTime(random *rand.Rand) int {
	// Box and Muller's normal deviate: 1-u keeps the logarithm finite.
	normal := math.Sqrt(-2*math.Log(1-random.Float64())) * math.Cos(2*math.Pi*random.Float64())
	sigma := math.Log(slowExport/float64(medianExport)) / z99
	return int(min(max(medianExport*math.Exp(sigma*normal), 1), longestDrawn))
}
