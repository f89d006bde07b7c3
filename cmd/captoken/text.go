package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxLine is how many bytes the line with the reason may have.
const maxLine = 200

// oneLine returns prefix and text as a line that is not too long.
func oneLine(prefix, text string) string { return shorten(prefix+visible(text), maxLine) }

// shorten cuts s to at most n bytes, and says so.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n -= len("...")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}

// bareName returns the name of a parameter or claim for the page: quoted,
// unless it is made of letters, digits and "_", "-" and ".", so that it never
// looks like two, nor like a row.
func bareName(s string) string { return bare(s, "_-.") }

// bareValue returns a value for the page: quoted, unless it is made of
// letters, digits, single spaces inside and punctuation other than quotes,
// backslashes, parentheses and "=", with which the page says things itself.
func bareValue(s string) string {
	if strings.HasPrefix(s, " ") || strings.HasSuffix(s, " ") || strings.Contains(s, "  ") {
		return quoted(s)
	}
	return bare(s, " _-.,:;/@+*#%&?!'~$^|<>{}[]")
}

// bare returns s, quoted unless it is made of letters, digits and the others.
func bare(s, others string) string {
	mustQuote := func(c rune) bool {
		return !strings.ContainsRune(others, c) && (!unicode.In(c, unicode.L, unicode.Nd) || isHidden(c) || isRightToLeft(c))
	}
	if s == "" || !utf8.ValidString(s) || strings.ContainsFunc(s, mustQuote) {
		return quoted(s)
	}
	return s
}

// quoted returns s in quotes, escaped as in Go, and with everything escaped
// that is invisible or attaches itself to the quote.
func quoted(s string) string { return visible(strconv.Quote(s)) }

// visible escapes, as in Go, what a terminal obeys or does not show.
func visible(s string) string {
	var b strings.Builder
	afterLetter := false
	for i, c := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case isHidden(c) || unicode.Is(unicode.M, c) && !afterLetter:
			q := strconv.QuoteRuneToASCII(c)
			b.WriteString(q[1 : len(q)-1])
		default:
			b.WriteRune(c)
		}
		afterLetter = unicode.In(c, unicode.L, unicode.M)
	}
	return b.String()
}

// isHidden reports whether c is a control character or invisible. Some
// invisible letters, such as the fillers of Hangul and the blank of Braille,
// count as printable.
func isHidden(c rune) bool {
	return !strconv.IsPrint(c) || c == '\u2800' ||
		unicode.In(c, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// isRightToLeft reports whether c is in one of the blocks that Unicode keeps
// for scripts that are written from right to left.
func isRightToLeft(c rune) bool {
	return 0x590 <= c && c < 0x900 || 0xfb1d <= c && c < 0xfe00 || 0xfe70 <= c && c < 0xff00 ||
		0x10800 <= c && c < 0x11000 || 0x1e800 <= c && c < 0x1f000
}

// encodeJSON returns v for programs. What a terminal would obey or not show
// is escaped there as well.
func encodeJSON(v any) string {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // a URI with & is easier to read
	e.SetIndent("", "  ")
	e.Encode(v) // which fails for none of our types
	return visibleJSON(text.String())
}

// visibleJSON escapes, as in JSON, what visible escapes.
func visibleJSON(text string) string {
	var b strings.Builder
	for _, c := range text {
		if c == '\n' || !isHidden(c) && c != utf8.RuneError { // which releases of Go write differently
			b.WriteRune(c)
			continue
		}
		for _, unit := range utf16.Encode([]rune{c}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}
