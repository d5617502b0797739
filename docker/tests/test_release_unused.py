"""Memory that nothing holds any more goes back to the system."""

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes
from src.runtime.memory import release_unused

def resident():
    return int(open("/proc/self/statm").read().split()[1])

# Below the size from which malloc asks the system for each: they lie side by side, and
# the last one keeps what is below it.
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes, libc.free.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]
held = [libc.malloc(64 * 1024) for _ in range(512)]
for it in held:
    ctypes.memset(it, 1, 64 * 1024)
for it in held[:-1]:
    libc.free(it)
before = resident()
release_unused()
print((before - resident()) * 4096)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="of the GNU C library")
def test_what_is_free_is_the_systems_again():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=30, check=True
    )
    assert int(done.stdout) > 16 * 1024**2
