package fargate

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// taskSizes are the MiB of memory that a task can have, by its CPU units.
// Source: ECS API reference, RegisterTaskDefinition, memory.
var taskSizes = map[int][]int{
	256:   {512, 1024, 2048},
	512:   steps(1024, 4096, 1024),
	1024:  steps(2048, 8192, 1024),
	2048:  steps(4096, 16384, 1024),
	4096:  steps(8192, 30720, 1024),
	8192:  steps(16384, 61440, 4096),
	16384: steps(32768, 122880, 8192),
}

// smallestMemory is the MiB that a container has at least.
// Source: ECS API reference, ContainerDefinition, memory.
const smallestMemory = 6

// Ephemeral storage in GiB, where a task asks for more than the 20 that it has.
// Source: ECS API reference, EphemeralStorage.
const (
	leastStorage = 21
	mostStorage  = 200
)

func steps(from, to, step int) []int {
	var found []int
	for n := from; n <= to; n += step {
		found = append(found, n)
	}
	return found
}

// sizes are the rules of CPU, memory and storage.
//
// Source: ECS API reference, RegisterTaskDefinition and ContainerDefinition.
var sizes = []rule{
	{"cpu and memory", "take a pair of Fargate's: " + pairs(), func(d types.TaskDefinition) []string {
		cpu, cpuErr := strconv.Atoi(aws.ToString(d.Cpu))
		memory, memoryErr := strconv.Atoi(aws.ToString(d.Memory))
		fits := cpuErr == nil && memoryErr == nil && slices.Contains(taskSizes[cpu], memory)
		return where(!fits, "cpu %q with memory %q", aws.ToString(d.Cpu), aws.ToString(d.Memory))
	}},
	{"cpu of containers", "lower them, or raise the task's", func(d types.TaskDefinition) []string {
		task, err := strconv.Atoi(aws.ToString(d.Cpu))
		sum := 0
		for _, c := range d.ContainerDefinitions {
			sum += int(c.Cpu)
		}
		return where(err == nil && sum > task, "cpu: %d units in all containers, %d in the task", sum, task)
	}},
	{"memory of containers", "lower them, or raise the task's", func(d types.TaskDefinition) []string {
		task, err := strconv.Atoi(aws.ToString(d.Memory))
		sum := 0
		for _, c := range d.ContainerDefinitions {
			sum += int(valueOr(c.Memory, aws.ToInt32(c.MemoryReservation)))
		}
		return where(err == nil && sum > task, "memory: %d MiB in all containers, %d in the task", sum, task)
	}},
	{"memory of a container", fmt.Sprintf("give it %d MiB or more", smallestMemory), inEach(func(c types.ContainerDefinition) []string {
		return slices.Concat(
			where(c.Memory != nil && *c.Memory < smallestMemory, "memory %d", aws.ToInt32(c.Memory)),
			where(c.MemoryReservation != nil && *c.MemoryReservation < smallestMemory, "memoryReservation %d", aws.ToInt32(c.MemoryReservation)),
		)
	})},
	{"memoryReservation", "reserve less than memory, the limit", inEach(func(c types.ContainerDefinition) []string {
		return where(c.Memory != nil && c.MemoryReservation != nil && *c.MemoryReservation >= *c.Memory,
			"memoryReservation %d with memory %d", aws.ToInt32(c.MemoryReservation), aws.ToInt32(c.Memory))
	})},
	{"ephemeralStorage", fmt.Sprintf("take %d to %d GiB, or leave it out for 20", leastStorage, mostStorage), func(d types.TaskDefinition) []string {
		s := d.EphemeralStorage
		if s == nil {
			return nil
		}
		return where(s.SizeInGiB < leastStorage || s.SizeInGiB > mostStorage, "ephemeralStorage %d", s.SizeInGiB)
	}},
}

// pairs returns taskSizes as text.
func pairs() string {
	text := ""
	for i, cpu := range slices.Sorted(maps.Keys(taskSizes)) {
		if i > 0 {
			text += ", "
		}
		memory := taskSizes[cpu]
		text += fmt.Sprintf("%d with %d to %d MiB", cpu, memory[0], memory[len(memory)-1])
	}
	return text
}
