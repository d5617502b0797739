"""A package's files are read page by page of the manifest that Quilt has written."""

import json

import pytest
from botocore.exceptions import ClientError

from src.store import manifests as module
from src.store.manifests import ManifestError, Manifests, PackageFile

TOP_HASH = "ab" * 32


def line(path, **more):
    return json.dumps({"logical_key": path, "physical_keys": ["s3://b/k"], "size": 7, **more})


def put(stage, lines, name="lab/b", top_hash=TOP_HASH):
    """Have a package in the bucket as Quilt's registry has it."""
    head = json.dumps({"version": "v0", "user_meta": {"experiment_id": "EXP1"}})
    keys = {
        f".quilt/named_packages/{name}/latest": top_hash,
        f".quilt/packages/{top_hash}": "\n".join([head, *lines]) + "\n",
    }
    for key, content in keys.items():
        stage.s3.put_object(Bucket="packages", Key=key, Body=content.encode())


@pytest.fixture
def manifests(stage):
    return Manifests(stage.s3, lambda: None)


@pytest.mark.parametrize(
    ("asked", "names", "found"),
    [
        ((1, 20), "abc", ("abc", (1, 1))),
        ((1, 2), "abcd", ("ab", (1, 2))),
        ((2, 2), "abcd", ("cd", (2, 2))),
        # Beyond the end is the last page.
        ((9, 2), "abcde", ("e", (3, 3))),
        ((9, 2), "abcd", ("cd", (2, 2))),
        ((3, 2), "", ("", (1, 1))),
    ],
)
def test_page_of_files(stage, monkeypatch, asked, names, found):
    monkeypatch.setattr(module, "READ_AT_ONCE", 3)
    put(stage, [line(it) for it in names])
    manifest = Manifests(stage.s3, lambda: None).read("packages", "lab/b", *asked)
    files, pages = found
    assert manifest.files == tuple(PackageFile(it, 7) for it in files)
    assert (manifest.page, manifest.pages) == pages
    assert not manifest.cut
    assert manifest.metadata == {"experiment_id": "EXP1"}
    assert manifest.top_hash == TOP_HASH


def test_long_manifest_is_read_up_to_the_bound(stage, manifests, monkeypatch):
    monkeypatch.setattr(module, "READ_AT_ONCE", 1000)
    monkeypatch.setattr(module, "MAX_MANIFEST", 5000)
    put(stage, [line(f"{it:04}") for it in range(1000)])
    manifest = manifests.read("packages", "lab/b", 1, 20)
    assert manifest.cut
    assert len(manifest.files) == 20
    assert manifest.pages == 4


@pytest.mark.parametrize(
    ("lines", "top_hash", "reason"),
    [
        (["{"], TOP_HASH, "no JSON"),
        (["[" * 9999], TOP_HASH, "no JSON"),
        (["7"], TOP_HASH, "no object"),
        (["{}"], TOP_HASH, "no path"),
        ([], "../../benchling/EXP1/secret", "named by a hash"),
        ([], "", "named by a hash"),
    ],
)
def test_what_quilt_has_not_written_is_refused(stage, manifests, lines, top_hash, reason):
    put(stage, lines, top_hash=top_hash)
    with pytest.raises(ManifestError, match=reason):
        manifests.read("packages", "lab/b", 1, 20)


def test_endless_line_is_refused(stage, manifests, monkeypatch):
    monkeypatch.setattr(module, "READ_AT_ONCE", 50)
    monkeypatch.setattr(module, "MAX_LINE", 100)
    put(stage, [line("x" * 500)])
    with pytest.raises(ManifestError, match="longer than 100 bytes"):
        manifests.read("packages", "lab/b", 1, 20)


def test_package_without_a_revision(manifests):
    with pytest.raises(ManifestError, match="has no revision"):
        manifests.read("packages", "lab/b", 1, 20)


def test_missing_manifest_is_s3s_refusal(stage, manifests):
    put(stage, [])
    stage.s3.delete_object(Bucket="packages", Key=f".quilt/packages/{TOP_HASH}")
    with pytest.raises(ClientError):
        manifests.read("packages", "lab/b", 1, 20)


def test_odd_files_are_shown(stage, manifests):
    put(stage, [line("\ud800", size=None)])
    assert manifests.read("packages", "lab/b", 1, 20).files == (PackageFile("?", 0),)
