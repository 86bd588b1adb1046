"""Moments as the Kubernetes API writes them."""

from __future__ import annotations

from datetime import UTC, datetime

from stepwright.asl.signals import Millis


def rfc3339(moment: Millis) -> str:
    """``2026-11-23T01:02:03.004Z``: metav1.MicroTime's form is accepted wherever metav1.Time is read by people."""
    text = datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def seconds(moment: Millis) -> str:
    """``2026-11-23T01:02:03Z``, the form of metav1.Time in conditions."""
    return datetime.fromtimestamp(moment // 1000, UTC).isoformat().removesuffix("+00:00") + "Z"


def millis(text: str) -> Millis:
    """Raises ValueError if the text is not a date-time."""
    return Millis(round(datetime.fromisoformat(text).timestamp() * 1000))


def duration(milliseconds: int) -> str:
    """``0.4s``, ``12s``, ``3m12s``, ``2h5m``, ``3d4h``: as kubectl writes ages, finer below ten seconds."""
    if milliseconds < 10_000:
        return f"{milliseconds / 1000:.1f}s"
    minutes, rest = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d{hours}h" if hours else f"{days}d"
    if hours:
        return f"{hours}h{minutes}m" if minutes else f"{hours}h"
    if minutes:
        return f"{minutes}m{rest}s" if rest else f"{minutes}m"
    return f"{rest}s"
