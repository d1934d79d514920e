"""Wildcard patterns: what fits them, and how they are put together."""

from __future__ import annotations

import pytest

from plerion_kms.authorization.patterns import compile_parts, compile_pattern, split_parts


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("", [""], ["a"]),
        ("abc", ["abc"], ["", "ab", "abcd", "xabc", "ABC"]),
        ("a?c", ["abc", "a?c", "aéc"], ["ac", "abbc", "abd", "xbc"]),
        ("?", ["a", "?", "*"], ["", "ab"]),
        ("??", ["ab"], ["a", "abc"]),
        ("*", ["", "a", "abc\n"], []),
        ("**", ["", "a"], []),
        ("a*", ["a", "ab"], ["", "ba"]),
        ("*a", ["a", "ba"], ["", "ab"]),
        ("a*a", ["aa", "aba"], ["a", "ab"]),
        ("ab*ba", ["abba", "abxba"], ["aba", "abb"]),
        ("a*b*c", ["abc", "aXbYc", "abbc", "acbc"], ["ac", "acb", "bac", "abcx"]),
        ("*b*", ["b", "ab", "bc", "abc"], ["", "a"]),
        ("*b*b*", ["bb", "abcbd"], ["b", "abc"]),
        ("a*bc*cd", ["abccd", "aXbcXcd"], ["abcd", "abc"]),
        ("*ab*ba*", ["abba", "xabxbax"], ["aba"]),
        ("*a?c*", ["abc", "xabc", "xabcx", "aabc", "ababc", "a?cc"], ["ac", "abbc", "xab", "bcx"]),
        ("*?a*", ["ba", "xba", "aa", "bax"], ["a", "ab", "b", ""]),
        ("*a?*", ["ab", "xabx", "aa"], ["a", "ba", ""]),
        ("*??*", ["ab", "abc"], ["a", ""]),
        ("a*?b*c", ["axbc", "axxbxxc", "abbc"], ["abc", "axbx"]),
        ("*a?b?c*", ["a1b2c", "xa1b2cx", "a1ba1b2c"], ["a1bc", "ab2c", "a1b2"]),
        ("*a?a*a?a*", ["abaaba", "abaxaca"], ["aba", "abaca"]),
        ("??*?", ["abc", "abcd"], ["ab"]),
        ("?*", ["a", "ab"], [""]),
        ("a?*?c", ["abbc", "abxbc"], ["abc"]),
    ],
)
def test_patterns(pattern: str, fits: list[str], fits_not: list[str]) -> None:
    compiled = compile_pattern(pattern)
    assert [text for text in [*fits, *fits_not] if compiled.matches(text)] == fits


def test_plain_parts_of_a_pattern_hold_no_wildcards() -> None:
    compiled = compile_parts([("a?", True), ("*?", False), ("b*", True), ("c", False), ("?", True)])
    fits = ["ax*?bcx", "ax*?bxcx"]
    assert [text for text in [*fits, "ax*xbcx", "axx?bcx", "ax*?bc"] if compiled.matches(text)] == fits


def test_a_pattern_is_split_at_the_first_separators_only() -> None:
    assert split_parts([("a:b", True), ("c:d", False), (":e:f", True)], ":", 3) == [
        [("a", True)],
        [("b", True), ("c", False)],
        [("d", False), ("", True)],
        [("e:f", True)],
    ]
    assert split_parts([("a:b:c", True)], ":", 1) == [[("a", True)], [("b:c", True)]]
    assert split_parts([("abc", False)], ":", 5) == [[("abc", False)]]
