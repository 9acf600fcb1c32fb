"""Waiting for a condition with a deadline: the one place where these tests pause."""

import time

DEADLINE = 30.0
PAUSE = 0.05


class NotInTime(AssertionError):
    """The condition did not come true before the deadline."""


class Never(AssertionError):
    """The condition cannot come true any more; raised in `look`, it ends the wait at once."""


def wait_for(what, look, deadline=DEADLINE):
    """Calls `look` until it returns something true, and returns that.

    `what` is told in the failure; a function is asked then.

    An exception in `look` counts as "not yet"; the last one is told when time is up.
    """
    end = time.monotonic() + deadline
    last = None
    while True:
        try:
            last = look()
            if last:
                return last
        except Never:
            raise
        except Exception as error:  # noqa: BLE001 - told below
            last = error
        if time.monotonic() >= end:
            what = what() if callable(what) else what
            raise NotInTime(f"{what}: not within {deadline:.0f} s; last seen: {last!r}")
        time.sleep(PAUSE)
