"""The process's privileges: it gives up the way to more of them."""

from __future__ import annotations

import ctypes
import os
import sys

# Source: linux/prctl.h, and the manual page PR_SET_NO_NEW_PRIVS(2const).
PR_SET_NO_NEW_PRIVS = 38


def give_up_new_privileges() -> None:
    """Let no program that this process starts gain a privilege, as by a set-user-ID bit.

    Call it before any other thread starts: threads and processes that start later
    inherit it, others don't. Fargate has no such option for a container.

    On Linux, from 3.5 on, this can't fail. Where it does, the process ends with one line
    and exit status 1: nobody would see that the protection isn't there. Other systems,
    on which the service runs for its developers alone, don't have it.
    """
    if sys.platform != "linux":
        return
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    # The kernel refuses the call unless the unused arguments are whole zeros.
    prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise SystemExit(f"no_new_privs: {reason}: run the service on Linux 3.5 or later")
