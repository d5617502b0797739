package stage

import (
	"math"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// openFiles returns how many files a container may open at most: an engine of the
// testbed's own has this process's limit, and a machine's is taken to have none.
func (s *Stage) openFiles() int {
	var limit syscall.Rlimit
	if !s.Engine.Own || syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return math.MaxInt32
	}
	return int(min(limit.Max, math.MaxInt32))
}

// pulled returns what the engine has for an image of the stack, and nothing for any
// other: the two services run one image.
func (s *Stage) pulled(image string) string {
	containers := s.Stack.WebTask.ContainerDefinitions
	if len(containers) == 0 || aws.ToString(containers[0].Image) != image {
		return ""
	}
	return s.Image
}
