"""From a queued event to a package: Benchling's API, downloads, and how the export stands."""
