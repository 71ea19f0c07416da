"""Feeds as the specifications show them, and feeds that mean harm."""

from __future__ import annotations

from datetime import UTC, datetime
from time import process_time
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import BadPayload
from herald.research.feeds import MOST_ENTRIES, MOST_MARKUP, feed_address, item_id, parse, proper_address

BASE = "https://news.example/feed.xml"
RSS = b"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Home &amp; Hearth</title>
<item><title>Cane is &lt;b&gt;back&lt;/b&gt;</title><link>/cane</link><guid isPermaLink="false">n-1</guid>
<description><![CDATA[<p>Woven <a href="x">seats</a></p><script>alert(1)</script>]]></description>
<dc:creator>Pat Reed</dc:creator><pubDate>Mon, 16 Nov 2026 09:00:00 +1100</pubDate></item>
<item><title>No date</title><link>javascript:alert(1)</link></item>
<item><description>Only a description</description><pubDate>someday</pubDate></item>
<item></item></channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title type="text">Oak notes</title>
<entry><id>tag:oak.example,2026:1</id><title type="html">Oil &lt;i&gt;or&lt;/i&gt; wax</title>
<link rel="self" href="https://oak.example/1.atom"/><link href="https://oak.example/1"/>
<updated>2026-11-17T10:00:00Z</updated><published>2026-11-16T10:00:00.25+11:00</published>
<summary type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Both <b>work</b></div></summary>
<author><name>Sam Ash</name></author></entry></feed>"""
RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Old style</title></channel>
<item rdf:about="https://old.example/1"><title>One</title><link>https://old.example/1</link>
<dc:date>2026-11-15</dc:date></item></rdf:RDF>"""


def test_rss_is_read_as_plain_words_with_whole_addresses():
    feed = parse(RSS, BASE)
    assert feed.title == "Home & Hearth"
    first, second, third = feed.entries
    assert (first.title, first.address, first.summary) == ("Cane is back", "https://news.example/cane", "Woven seats")
    assert (first.author, first.published) == ("Pat Reed", datetime(2026, 11, 15, 22, tzinfo=UTC))
    assert (second.address, second.published) == ("", None)
    assert (third.title, third.published) == ("Only a description", None)


def test_atom_is_read_with_the_address_of_the_page_not_of_the_entry():
    (entry,) = parse(ATOM, BASE).entries
    assert (entry.guid, entry.title, entry.address) == ("tag:oak.example,2026:1", "Oil or wax", "https://oak.example/1")
    assert (entry.summary, entry.author) == ("Both work", "Sam Ash")
    assert entry.published == datetime(2026, 11, 15, 23, tzinfo=UTC)


def test_rss_1_is_read():
    (entry,) = parse(RDF, BASE).entries
    assert (entry.guid, entry.published) == ("https://old.example/1", datetime(2026, 11, 15, tzinfo=UTC))


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><channel><title>&b;</title></channel></rss>',
        b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><title>&x;</title></channel></rss>',
        b'<!DOCTYPE rss SYSTEM "https://evil.example/x.dtd"><rss><channel/></rss>',
        b"<html><head/></html>", b"<rss>", b"", b"\x00\xff", b'{"version": "https://jsonfeed.org/version/1"}',
        b'<?xml version="1.0" encoding="no-such"?><rss/>', b"<rss/>", "<rss>\ud800".encode("utf-8", "surrogatepass"),
    ],
)  # fmt: skip
def test_what_is_no_sound_feed_is_refused_in_words(body):
    with pytest.raises(BadPayload, match=r"feed|RSS"):
        parse(body, BASE)


def test_a_very_deep_and_a_very_long_feed_are_bounded():
    title = b"<a>" * 50_000 + b"x" + b"</a>" * 50_000
    deep = b"<rss><channel><item><title>" + title + b"</title></item></channel></rss>"
    assert [one.title for one in parse(deep, BASE).entries] == ["x"]
    items = b"".join(b"<item><title>t%d</title></item>" % n for n in range(500))
    assert len(parse(b"<rss><channel>" + items + b"</channel></rss>", BASE).entries) == MOST_ENTRIES


def test_an_entry_has_one_id_whenever_it_is_read_and_another_in_another_feed():
    first = parse(RSS, BASE).entries[0]
    assert item_id("f1", first) == item_id("f1", parse(RSS, BASE).entries[0])
    assert item_id("f1", first) != item_id("f2", first)


@given(st.text(max_size=200))
def test_whatever_a_title_holds_is_one_line_of_plain_words(text):
    shown = "".join(char for char in text if char.isprintable())
    body = f"<rss><channel><item><guid>1</guid><title>{escape(escape(shown))}</title></item></channel></rss>"
    for entry in parse(body.encode(), BASE).entries:
        assert entry.title.isprintable()
        assert len(entry.title) <= 300


@pytest.mark.parametrize("text", ["", "ftp://a.example/", "https://localhost/", "https://a@b.example/", "https://[::1/",
                                  "https://a.example/ x", "javascript:alert(1)//a.example"])  # fmt: skip
def test_only_whole_web_addresses_are_addresses(text):
    assert proper_address(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "", "ftp://a.example/", "https://127.0.0.1/feed", "https://[::1]/feed", "https://2130706433/", "https://0x7f.1/",
        "https://db.internal/", "https://printer.local./", "http://a.example:8080/", "https://a.example:80/",
        "https://a.example:x/", "file:///etc/passwd", "javascript:alert(1)", "https://u:p@a.example/",
        "http://127.0.0.1:8440/feed.xml", "http://127.0.0.1:8441/feed.xml",
    ],
)  # fmt: skip
def test_an_address_that_no_public_feed_has_is_not_saved(text):
    assert feed_address(text) == ""


def test_http_and_https_are_read_and_one_origin_of_ours_where_it_is_said():
    assert feed_address(" https://a.example/f?x=1#part ") == "https://a.example/f?x=1"
    assert feed_address("http://a.example:80/f") == "http://a.example:80/f"
    own = "http://127.0.0.1:8440"
    assert feed_address(f"{own}/feed.xml", own) == f"{own}/feed.xml"
    assert feed_address("http://127.0.0.1:8441/feed.xml", own) == ""
    assert feed_address("http://127.0.0.1:8440@evil.example/", own) == ""


@pytest.mark.parametrize(
    "markup",
    [
        "<!--",
        "<![CDATA[",
        "<a ",
        "&#",
        "</",
        "<script>",
        "<",
        "<?",
        "&amp",
        "<a b='",
        "<script>x</script",
        "< ",
    ],
)
def test_no_title_however_hostile_holds_the_reader_up(markup):
    entry = f"<item><title>{escape(markup * (2 * MOST_MARKUP // len(markup)))}</title></item>"
    begun = process_time()
    parse(f"<rss><channel>{entry * 50}</channel></rss>".encode(), BASE)
    assert process_time() - begun < 5  # minutes, where one title takes time that grows with its square


def test_a_reader_sees_words_and_no_markup():
    told = {
        "5 < 6 &amp; <b>so</b> on": "5 < 6 & so on",
        "<!-- a > b -->c<br/>d": "c d",
        "x<script>alert('</p>')</SCRIPT >y<style>z": "x y",
        "&lt;img src=x onerror=alert(1)&gt;": "<img src=x onerror=alert(1)>",
        "a &#" + "9" * 5_000 + "; b": "a b",
        "never closed <a href='": "never closed",
    }
    for markup, seen in told.items():
        body = f"<rss><channel><item><title>{escape(markup)}</title></item></channel></rss>"
        (entry,) = parse(body.encode(), BASE).entries
        assert entry.title == seen
