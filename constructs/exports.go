package constructs

// Exports is what packages of entries take. A stack without it makes none: its canvases
// show what is linked to their entries in buckets of others.
type Exports struct {
	// Bucket holds the packages.
	Bucket *PackageBucket
	// Packaging is the queue by which Quilt makes packages.
	Packaging PackagingQueue
	// Revisions is the queue of Quilt's events of new revisions.
	Revisions RevisionQueue
}
