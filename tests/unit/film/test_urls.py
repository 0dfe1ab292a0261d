"""The literal guard for customers' URLs."""

import pytest

from film.urls import url_error


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://example.com/",
        "ftp://example.com/a",
        "data:text/plain,hi",
        "javascript:alert(1)",
        "//example.com/a",
        "example.com/a",
        "",
        "http://",
        "http://user@example.com/",
        "http://user:pw@example.com/",
        "http://example.com:22/",
        "http://example.com:6379/",
        "http://localhost/",
        "http://LOCALHOST/",
        "http://a.localhost/",
        "http://intranet/",
        "http://printer.local/",
        "http://metadata.google.internal/",
        "http://router.lan/",
        "http://example.com./",
        "http://0/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.0.0.0x1/",  # only its last part looks odd
        "http://127.0.0.1/",
        "http://127.0.0.1./",
        "http://10.1.2.3/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://100.64.0.1/",
        "http://192.0.0.1/",
        "http://198.18.0.1/",
        "http://192.0.2.1/",
        "http://203.0.113.9/",
        "http://224.0.0.1/",
        "http://240.0.0.1/",
        "http://255.255.255.255/",
        "http://[::1]/",
        "http://[::]/",
        "http://[fc00::1]/",
        "http://[fe80::1]/",
        "http://[ff02::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[2001:0:7f00:1::]/",
        "http://１２７.0.0.1/",
        "http://①②⑦.0.0.1/",
        "http://exa mple.com/",
        "http://example.com/\n",
        "http://example.com/#fragment",
    ],
)
def test_refused(url: str) -> None:
    """Whatever isn't plainly a public web address is refused with a reason."""
    assert url_error(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a.png",
        "http://example.com:8080/hook?x=1",
        "https://93.184.216.34/a",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/a",
        "https://[2606:2800:220:1:248:1893:37.200.25.70]/a",  # IPv6, though its end looks like a number
        "https://xn--fsq.com/",
        "https://例え.jp/a",
        "https://face.beef.co/0x1",
    ],
)
def test_public_addresses_pass(url: str) -> None:
    """A public address passes, whatever its path looks like."""
    assert url_error(url) is None


PUBLIC = "must be a public http or https address: "


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("ftp://example.com/", f"{PUBLIC}scheme 'ftp' is not in allowed_schemes (http, https)"),  # the library's words
        ("http://intranet/", f"{PUBLIC}its host has no dot"),
        ("http://router.lan/", f"{PUBLIC}its host is a private name or ends in a dot"),
        ("http://0x7f.1/", f"{PUBLIC}its host is a number in disguise"),
        ("http://example.com/#fragment", "must not carry a fragment"),
    ],
)
def test_a_refusal_says_why(url: str, fault: str) -> None:
    """The customer reads the rule that was broken, without the URL."""
    assert url_error(url) == fault
