"""How Step Functions names AWS's services, their actions, members and errors: as AWS's SDKs for Java do.

``aws-sdk`` Resources have the names of the SDK's second version, optimised integrations those of its first. Both follow from the
names in botocore's models by the rules here; what does not is ``aws.exceptional``'s.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html, and the SDKs' naming of what they
generate.
"""

from __future__ import annotations

from typing import Final

_KEYWORDS: Final = (
    "abstract assert boolean break byte case catch char class const continue default do double else enum extends false final "
    "finally float for goto if implements import instanceof int interface long native new null package private protected "
    "public return short static strictfp super switch synchronized this throw throws transient true try void volatile while"
)
_OF_EVERY_STRUCTURE: Final = (
    "equals wait notify notifyAll toString hashCode getClass finalize builder toBuilder overrideConfiguration sdkHttpResponse "
    "sdkFields"
)
_OF_JAVA: Final = frozenset(f"{_KEYWORDS} {_OF_EVERY_STRUCTURE}".split())
"""Names that a member cannot have in Java."""

_PREFIXES: Final = ("Amazon", "Aws")
_SUFFIX: Final = "Service"


def words(name: str) -> list[str]:
    """``DBInstanceNotFound`` is ``DB``, ``Instance``, ``Not``, ``Found``.

    A word begins after what is neither a letter nor a digit; at a capital after a small letter, unless it is the last character; at
    the capital before a small letter, where capitals precede it; at a letter after a digit; and at the v of a version.
    """
    found: list[str] = []
    word = ""
    for place, character in enumerate(name):
        if not (character.isascii() and character.isalnum()):
            found.append(word)
            word = ""
            continue
        if word and _begins(name, place):
            found.append(word)
            word = ""
        word += character
    return [word for word in (*found, word) if word]


def _begins(name: str, place: int) -> bool:
    """Whether a word begins at a letter or digit that is not the first of its word."""
    character, before, after = name[place], name[place - 1], name[place + 1 : place + 2]
    if character.isupper() and before.islower() and after.isalnum():
        return True
    if character.isupper() and before.isupper() and after.islower():
        is_version_next = after == "v" and name[place + 2 : place + 3].isdigit()
        return not is_version_next
    if character.isalpha() and before.isdigit():
        return True
    return character in "vV" and after.isdigit() and place >= 2 and _begins_version(character, name, place)


def _begins_version(character: str, name: str, place: int) -> bool:
    """``v4`` after capitals or digits, ``V4`` after small letters or digits."""
    before = name[place - 2 : place]
    if character == "v":
        return not any(letter.islower() for letter in before)
    return not any(letter.isupper() for letter in before)


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in words(name))


def service(service_id: str) -> str:
    """A service as errors name it: ``AcmPca`` for ``ACM PCA``, ``Sfn``, ``DynamoDb``, ``Config`` for ``Config Service``."""
    name = _pascal(service_id)
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name.removesuffix(_SUFFIX) or name


def in_resources(service_id: str) -> str:
    """A service as Resources name it: ``acmpca`` of ``arn:aws:states:::aws-sdk:acmpca:listCertificateAuthorities``."""
    return service(service_id).lower()


def action(operation: str) -> str:
    """``describeDBInstances`` for ``DescribeDBInstances``."""
    return _small(operation)


def member(name: str) -> str:
    """A member of a structure in ``aws-sdk`` tasks: ``DbInstanceIdentifier`` for ``DBInstanceIdentifier``, ``Arn``, ``ETag``,
    ``EqualsValue`` for ``equals``."""
    small = _small(name)
    own = f"{small}Value" if small in _OF_JAVA else small
    return own[:1].upper() + own[1:]


def optimized_member(name: str) -> str:
    """The same in tasks of optimised integrations: ``MD5OfMessageBody``, ``TableName``."""
    return name[:1].upper() + name[1:]


def error(shape: str) -> str:
    """An exception in ``aws-sdk`` tasks, without its service: ``DbInstanceNotFoundException`` for ``DBInstanceNotFoundFault``."""
    name = _pascal(shape.removesuffix("Fault"))
    return name if name.endswith("Exception") else f"{name}Exception"


def optimized_error(shape: str) -> str:
    """The same in tasks of optimised integrations."""
    return f"{shape.removesuffix('Exception').removesuffix('Fault')}Exception"


def _small(name: str) -> str:
    """The first letter in lower case, and all capitals after it that no small letter follows."""
    end = 1
    while end < len(name) and name[end].isupper() and not name[end + 1 : end + 2].islower():
        end += 1
    return name[:end].lower() + name[end:]
