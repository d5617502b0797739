"""What draws canvases, by the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..runtime.settings import Settings
from ..store.manifests import Manifests
from ..store.package_store import PackageStore
from .canvas import Canvas
from .catalog import Catalog
from .linked_canvas import LinkedCanvas
from .linked_package import LinkedPackage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def canvas_of(settings: Settings, s3: S3Client) -> Canvas | LinkedCanvas:
    """Return what draws canvases: the entries' packages, or linked ones alone."""
    catalog = Catalog(
        settings.package_bucket,
        settings.quilt_catalog,
        settings.quilt_connected,
        settings.other_buckets,
    )
    manifests = Manifests(s3, lambda: None)
    linked = LinkedPackage(manifests, catalog, exports=settings.export_entries)
    if not settings.export_entries:
        return LinkedCanvas(catalog, linked, settings.linked_by)
    return Canvas(
        catalog,
        PackageStore(s3, settings.package_bucket, lambda: None),
        linked_by=settings.linked_by,
        linked=linked if settings.quilt_database else None,
    )
