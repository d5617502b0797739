package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecrassets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Architecture is the processor that the image is built for and runs on.
type Architecture string

// The architectures of Fargate.
const (
	X86 Architecture = "x86_64"
	ARM Architecture = "arm64"
)

// Docker returns the architecture's name in Docker's platforms, such as "amd64"; of
// the empty value, X86's.
func (a Architecture) Docker() string {
	if a == ARM {
		return "arm64"
	}
	return "amd64"
}

// Compression is how the image's layers are compressed in the registry.
type Compression string

// The compressions that Fargate unpacks.
const (
	Gzip Compression = "gzip"
	Zstd Compression = "zstd"
)

// zstdOutput has BuildKit compress every layer with zstd, those of the base too.
// Docker keeps that for the push only in its containerd image store.
const zstdOutput = "type=image,oci-mediatypes=true,compression=zstd,force-compression=true"

// ImageProps says what image to build.
type ImageProps struct {
	// Directory holds the Dockerfile and its build context.
	Directory string
	// Architecture is X86 or ARM; the empty value is X86.
	Architecture Architecture
	// Compression is Gzip or Zstd; the empty value is Gzip.
	Compression Compression
}

// Image is the service's image, built and pushed by `cdk deploy`.
type Image struct {
	// Container is the image as a task definition takes it.
	Container awsecs.ContainerImage
	// Cpu is the architecture that tasks of this image need.
	Cpu awsecs.CpuArchitecture
}

// NewImage returns the image that is built from the props' directory, for one
// architecture.
func NewImage(scope constructs.Construct, id string, props ImageProps) Image {
	platform, cpu := awsecrassets.Platform_LINUX_AMD64(), awsecs.CpuArchitecture_X86_64()
	if props.Architecture == ARM {
		platform, cpu = awsecrassets.Platform_LINUX_ARM64(), awsecs.CpuArchitecture_ARM64()
	}
	asset := &awsecrassets.DockerImageAssetProps{Directory: jsii.String(props.Directory), Platform: platform}
	if props.Compression == Zstd {
		asset.Outputs = jsii.Strings(zstdOutput)
	}
	image := awsecrassets.NewDockerImageAsset(scope, jsii.String(id), asset)
	return Image{Container: awsecs.ContainerImage_FromDockerImageAsset(image), Cpu: cpu}
}
