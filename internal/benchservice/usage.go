package benchservice

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// clockTicks are those of /proc/PID/stat in a second; Linux has 100 for all.
const clockTicks = 100

// usage is what a process and its children have used.
type usage struct {
	cpu, rss  float64
	processes int
}

// usedBy returns the CPU's seconds and the megabytes of a process and of all that
// descend from it.
func usedBy(pid int) (usage, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return usage{}, err
	}
	parents, used := map[int]int{}, map[int]usage{}
	for _, entry := range entries {
		id, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "stat"))
		if err != nil {
			continue
		}
		// The name, in parentheses, may hold spaces.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		number := func(i int) float64 { n, _ := strconv.ParseFloat(fields[i], 64); return n }
		parents[id] = int(number(1))
		used[id] = usage{cpu: (number(11) + number(12)) / clockTicks, rss: number(21) * float64(os.Getpagesize()) / 1e6, processes: 1}
	}
	var all usage
	for id := range used {
		for at := id; at > 1; at = parents[at] {
			if at == pid {
				all.cpu += used[id].cpu
				all.rss += used[id].rss
				all.processes++
				break
			}
		}
	}
	if all.processes == 0 {
		return usage{}, errors.New("/proc: the server isn't there")
	}
	return all, nil
}
