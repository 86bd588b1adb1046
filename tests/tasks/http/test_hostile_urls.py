"""What a hostile URL, or a hostile owner of a name, cannot make an HTTP task do: pure decisions, no packet is sent."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from stepwright.tasks.calls import addresses, policy, target
from stepwright.tasks.calls.addresses import Reach
from stepwright.tasks.calls.policy import NotAllowed, Policy
from stepwright.tasks.calls.target import BadUrl

ALLOW = ("https://api.example.com/v1/", "https://api.example.com:8443/x", "http://billing.shop.svc:8080/")
POLICY = Policy(tuple(map(policy.prefix, ALLOW)))

HOSTILE_URLS = {
    # Another host than it seems
    "a user that looks like the host": "https://api.example.com@evil.test/v1/",
    "user and password": "https://api.example.com:443@evil.test/v1/",
    "an empty user": "https://@api.example.com/v1/",
    "two at signs": "https://a@api.example.com@evil.test/v1/",
    "an encoded at sign": "https://api.example.com%40evil.test/v1/",
    "a fragment before the host": "https://evil.test#@api.example.com/v1/",
    "a fragment at the end": "https://api.example.com/v1/#x",
    "a backslash for a slash": "https://evil.test\\@api.example.com/v1/",
    "a backslash after the host": "https://api.example.com\\.evil.test/v1/",
    "backslashes for the slashes": "https:\\\\evil.test/v1/",
    "a longer host": "https://api.example.com.evil.test/v1/",
    "a host before it": "https://evilapi.example.com/v1/",
    "a host below it": "https://x.api.example.com/v1/",
    "the parent": "https://example.com/v1/",
    "a dot at its end": "https://api.example.com./v1/",
    "two dots": "https://api..example.com/v1/",
    "a letter that looks the same": "https://\u0430pi.example.com/v1/",
    "a wide letter": "https://\uff41pi.example.com/v1/",
    "a dot that is not a dot": "https://api\u3002example.com/v1/",
    "a letter that a parser makes several of": "https://ap\u2170.example.com/v1/",
    "another name for the same looks": "https://xn--pi-7kc.example.com/v1/",
    "an escaped dot": "https://api%2eexample.com/v1/",
    "a zero byte": "https://api.example.com\x00.evil.test/v1/",
    "an escaped zero byte": "https://api.example.com%00.evil.test/v1/",
    "a space in the host": "https://api.example.com .evil.test/v1/",
    "a tab in the host": "https://api.exa\tmple.com/v1/",
    "a line break in the path": "https://api.example.com/v1/\r\nHost: evil.test",
    "a line break at the end": "https://api.example.com/v1/\n",
    "a comma in the host": "https://api.example.com,evil.test/v1/",
    "a host in brackets that is a name": "https://[api.example.com]/v1/",
    "no host": "https:///v1/",
    "no slashes": "https:api.example.com/v1/",
    "three slashes": "https:///api.example.com/v1/",
    "no scheme": "//api.example.com/v1/",
    "only a name": "api.example.com/v1/",
    # Another scheme, another port
    "http for https": "http://api.example.com/v1/",
    "a file": "file:///etc/passwd",
    "a file of the host": "file://api.example.com/v1/",
    "gopher": "gopher://api.example.com/v1/",
    "ftp": "ftp://api.example.com/v1/",
    "data": "data:text/plain,v1",
    "a script": "javascript:fetch('/v1/')",
    "a websocket": "wss://api.example.com/v1/",
    "an LDAP server": "ldap://api.example.com/v1/",
    "a scheme within a scheme": "https+unix://api.example.com/v1/",
    "another port": "https://api.example.com:22/v1/",
    "port 0": "https://api.example.com:0/v1/",
    "a port too many": "https://api.example.com:65979/v1/",
    "a port with a sign": "https://api.example.com:+443/v1/",
    "a port with letters": "https://api.example.com:443x/v1/",
    "a port in other digits": "https://api.example.com:\u0664\u0664\u0663/v1/",
    "no port after its colon": "https://api.example.com:/v1/",
    # Addresses
    "one number": "http://2130706433/",
    "one number in hexadecimal": "http://0x7f000001/",
    "a short address": "http://127.1/",
    "an address in hexadecimal": "http://0x7f.1/",
    "an address in octal": "http://0177.0.0.1/",
    "an address with zeros": "http://127.000.000.001/",
    "an address with a dot at its end": "http://127.0.0.1./",
    "zero": "http://0/",
    "the metadata service": "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
    "the metadata service as one number": "http://2852039166/",
    "the metadata service by IPv6": "http://[fd00:ec2::254]/",
    "the metadata service in IPv6": "http://[::ffff:169.254.169.254]/",
    "this machine": "http://127.0.0.1:8080/",
    "this machine by name": "http://localhost:8080/",
    "this machine by IPv6": "http://[::1]:8080/",
    "this machine in IPv6": "http://[::ffff:7f00:1]/",
    "no address": "http://[::]/",
    "a zone": "http://[fe80::1%25eth0]/",
    "the API server": "https://10.96.0.1/api/v1/secrets",
    "the API server by name": "https://kubernetes.default.svc/api/v1/secrets",
    # Another path
    "a step up": "https://api.example.com/v1/../admin",
    "a step up at the end": "https://api.example.com/v1/..",
    "an escaped step up": "https://api.example.com/v1/%2e%2e/admin",
    "half escaped": "https://api.example.com/v1/.%2E/admin",
    "escaped twice": "https://api.example.com/v1/%252e%252e/admin",
    "escaped five times": "https://api.example.com/v1/%2525252e%2525252e/admin",
    "with an escaped slash": "https://api.example.com/v1/..%2fadmin",
    "with an escaped backslash": "https://api.example.com/v1/..%5cadmin",
    "with a parameter": "https://api.example.com/v1/..;/admin",
    "with an escaped parameter": "https://api.example.com/v1/..%3bx/admin",
    "a dot": "https://api.example.com/v1/./x",
    "beside the prefix": "https://api.example.com/v1admin",
    "the prefix without its slash": "https://api.example.com/v1",
    "the prefix in capitals": "https://api.example.com/V1/",
    "the prefix escaped": "https://api.example.com/%761/",
    "beside a prefix without a slash": "https://api.example.com:8443/xy",
    "two slashes": "https://api.example.com//v1/",
    "the root": "https://api.example.com/",
    "an escape that is not valid": "https://api.example.com/v1/%zz",
    "half of a character": "https://api.example.com/v1/\ud800",
    "a long one": "https://api.example.com/v1/" + "a" * 9000,
    "nothing": "",
    "a star": "*",
}


def test_there_are_many_hostile_urls() -> None:
    assert len(HOSTILE_URLS) >= 60


@pytest.mark.parametrize("url", HOSTILE_URLS.values(), ids=HOSTILE_URLS)
def test_a_hostile_url_is_not_called(url: str) -> None:
    with pytest.raises(NotAllowed):
        policy.allowed(url, POLICY)


GOOD_URLS = {
    "https://api.example.com/v1/": "https://api.example.com/v1/",
    "HTTPS://API.Example.COM/v1/charges": "https://api.example.com/v1/charges",
    "https://api.example.com:443/v1/a?b=c&d": "https://api.example.com/v1/a?b=c&d",
    "https://api.example.com/v1/Zürich weg": "https://api.example.com/v1/Z%C3%BCrich%20weg",
    "https://api.example.com/v1/group%2Fproject": "https://api.example.com/v1/group%2Fproject",
    "https://api.example.com/v1/...": "https://api.example.com/v1/...",
    "https://api.example.com/v1/?url=http://169.254.169.254/../": "https://api.example.com/v1/?url=http://169.254.169.254/../",
    "https://api.example.com:8443/x": "https://api.example.com:8443/x",
    "https://api.example.com:8443/x/y": "https://api.example.com:8443/x/y",
    "http://billing.shop.svc:8080": "http://billing.shop.svc:8080/",
}


@pytest.mark.parametrize(("url", "called"), GOOD_URLS.items())
def test_what_is_allowed_is_called_as_it_was_read(url: str, called: str) -> None:
    assert policy.allowed(url, POLICY).url == called


def test_the_reason_names_what_is_allowed_and_no_query() -> None:
    with pytest.raises(NotAllowed) as refused:
        policy.allowed("https://evil.test/?token=secret", POLICY)

    assert str(refused.value) == (
        "https://evil.test/ is not allowed: the Connection allows https://api.example.com/v1/, "
        "https://api.example.com:8443/x, http://billing.shop.svc:8080/."
    )


@pytest.mark.parametrize(
    "text", ["https://api.example.com/?a=b", "https://api.example.com/?", "*", "example.com"]
)
def test_a_connection_allows_beginnings_of_urls_and_nothing_else(text: str) -> None:
    with pytest.raises(BadUrl):
        policy.prefix(text)


FORBIDDEN_ADDRESSES = (
    *(
        "0.0.0.0",
        "0.1.2.3",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
    ),
    *(
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",
        "198.18.0.1",
    ),
    *("168.63.129.16", "192.0.0.192", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *(
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "fd12::1",
    ),
    *("fd00:ec2::254", "fc00::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::a00:1", "64:ff9b:1::1"),
    *("2002:7f00:1::", "2002:a9fe:a9fe::", "2002:a00:1::1", "2001::1", "2001:db8::1", "100::1"),
)


@pytest.mark.parametrize("address", FORBIDDEN_ADDRESSES)
def test_a_public_name_that_points_inwards_gets_no_connection(address: str) -> None:
    called = policy.allowed("https://api.example.com/v1/", POLICY)

    with pytest.raises(NotAllowed):
        policy.reachable(called, POLICY, [ip_address(address)])


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::808:808"]
)
def test_public_addresses_are_connected_to(address: str) -> None:
    called = policy.allowed("https://api.example.com/v1/", POLICY)

    assert policy.reachable(called, POLICY, [ip_address(address)]) == [ip_address(address)]


def test_of_several_addresses_only_those_that_may_be_are_connected_to() -> None:
    called = policy.allowed("https://api.example.com/v1/", POLICY)
    found = [ip_address("127.0.0.1"), ip_address("8.8.8.8"), ip_address("169.254.169.254")]

    assert policy.reachable(called, POLICY, found) == [ip_address("8.8.8.8")]


def test_a_service_of_the_cluster_that_is_named_may_have_a_private_address_but_no_other() -> None:
    called = policy.allowed("http://billing.shop.svc:8080/", POLICY)

    assert policy.reachable(called, POLICY, [ip_address("10.96.3.4")]) == [ip_address("10.96.3.4")]
    for address in ("127.0.0.1", "169.254.169.254", "::1", "fe80::1", "::ffff:10.96.3.4"):
        with pytest.raises(NotAllowed):
            policy.reachable(called, POLICY, [ip_address(address)])


def test_a_private_network_is_reached_where_the_connection_names_it() -> None:
    within = Policy(POLICY.allow, networks=(ip_network("10.20.0.0/16"),))
    called = policy.allowed("https://api.example.com/v1/", within)

    assert policy.reachable(called, within, [ip_address("10.20.1.1")]) == [ip_address("10.20.1.1")]
    with pytest.raises(NotAllowed) as refused:
        policy.reachable(called, within, [ip_address("10.21.1.1")])
    assert str(refused.value) == (
        "The host api.example.com may not be connected to at 10.21.1.1, an address that is private. "
        "If it is meant, name its network in `networks` of the Connection."
    )


@pytest.mark.parametrize("network", ["0.0.0.0/0", "169.254.0.0/16", "127.0.0.0/8", "::/0"])
def test_no_network_that_a_connection_names_opens_what_is_never_opened(network: str) -> None:
    within = Policy(POLICY.allow, networks=(ip_network(network),))
    called = policy.allowed("https://api.example.com/v1/", within)

    for address in ("127.0.0.1", "169.254.169.254", "::1", "fe80::1", "::ffff:127.0.0.1", "0.0.0.0"):
        with pytest.raises(NotAllowed):
            policy.reachable(called, within, [ip_address(address)])


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://[::1]/", "http://localhost/", "http://169.254.169.254/"]
)
def test_in_a_cluster_not_even_allow_opens_the_machine_itself_and_its_metadata(url: str) -> None:
    named = Policy((policy.prefix(url),))
    called = policy.allowed(url, named)

    with pytest.raises(NotAllowed):
        policy.reachable(called, named, [called.literal or ip_address("127.0.0.1")])


def test_on_the_users_own_machine_it_may_be_named_but_no_other_name_leads_there() -> None:
    own = Policy(
        tuple(map(policy.prefix, ("http://localhost:80/", "http://127.0.0.1/", "http://evil.test/"))),
        loopback=True,
    )
    here = [ip_address("127.0.0.1")]

    assert policy.reachable(policy.allowed("http://localhost/", own), own, here) == here
    assert policy.reachable(policy.allowed("http://127.0.0.1/", own), own, here) == here
    with pytest.raises(NotAllowed):
        policy.reachable(policy.allowed("http://evil.test/", own), own, here)


def test_a_private_address_that_is_named_itself_is_connected_to() -> None:
    named = Policy((policy.prefix("http://10.1.2.3:8080/"), policy.prefix("http://[fd12::1]/")))

    for url in ("http://10.1.2.3:8080/x", "http://[fd12:0:0::1]/"):
        called = policy.allowed(url, named)
        assert called.literal is not None
        assert policy.reachable(called, named, [called.literal]) == [called.literal]


def test_a_host_without_addresses_is_not_connected_to() -> None:
    with pytest.raises(NotAllowed, match=r"^The host api\.example\.com has no address\.$"):
        policy.reachable(policy.allowed("https://api.example.com/v1/", POLICY), POLICY, [])


def test_every_address_has_one_reach() -> None:
    assert addresses.reach(ip_address("1.1.1.1")) is Reach.PUBLIC
    assert addresses.reach(ip_address("10.0.0.1")) is Reach.PRIVATE
    assert addresses.reach(ip_address("::1")) is Reach.LOOPBACK
    assert addresses.reach(ip_address("::ffff:1.1.1.1")) is Reach.NEVER


def test_a_url_without_its_query_is_what_people_see() -> None:
    assert target.parse("https://a.test/b?key=secret").shown == "https://a.test/b"
