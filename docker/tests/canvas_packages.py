"""Packages in memory, for canvases."""

from botocore.exceptions import ClientError


class Packages:
    """Packages in memory; a value that is an error is raised."""

    def __init__(self, record, metadata=None):
        self._record, self._metadata = record, metadata

    def record(self, _):
        return given(self._record)

    def metadata(self, _, record):
        assert record is self._record
        return given(self._metadata)


class Manifests:
    """A manifest in memory, which notes what is asked for; an error is raised."""

    def __init__(self, manifest):
        self.manifest, self.asked = manifest, []

    def read(self, *asked):
        self.asked.append(asked)
        return given(self.manifest)


def given(value):
    if isinstance(value, Exception):
        raise value
    return value


REFUSED = ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")
