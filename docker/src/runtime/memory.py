"""Memory that the start took and that nothing holds any more."""

from __future__ import annotations

import ctypes
import gc
import sys


def release_unused() -> None:
    """Give the system back what the start left: the descriptions of AWS's services, and cycles.

    Source: the manual page malloc_trim(3), of the GNU C library, which Linux images have.
    """
    gc.collect()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(ctypes.c_size_t(0))
