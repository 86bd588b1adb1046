"""The owner of an object, by rendezvous hashing: all operators that know the same members give the same
answer, shares are even, and when a member comes or goes only what it gains or had moves.

https://en.wikipedia.org/wiki/Rendezvous_hashing
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

MOST_MEMBERS_KEPT = 256

_64_BITS = 2**64 - 1


def owner(uid: str, members: Sequence[str]) -> str | None:
    """The member with the highest weight for this uid; None if there are no members. Equal weights, one in
    2^64, go to the greater name.

    Both sides are hashed properly once; a weight is the two mixed by MurmurHash3's finalizer
    (https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp, fmix64): some microseconds for an
    object; a hash for each pair took three times as long.
    """
    if len(members) == 1:
        return members[0]
    of_uid = _hash(uid)
    best, found = -1, None
    for member in members:
        mixed = ((of_uid ^ _member_hash(member)) * 0xFF51AFD7ED558CCD) & _64_BITS
        mixed = ((mixed ^ (mixed >> 33)) * 0xC4CEB9FE1A85EC53) & _64_BITS
        if mixed > best or (mixed == best and found is not None and member > found):
            best, found = mixed, member
    return found


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


_member_hash = lru_cache(MOST_MEMBERS_KEPT)(_hash)
