package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// These functions find characters that do not belong in a token.

func lineBreak(l *look) (reason, hint string) {
	i := strings.IndexAny(l.text, "\r\n")
	if i < 0 {
		return "", ""
	}
	reason = fmt.Sprintf("there is a line break inside the token, after character %d", l.column(i)-1)
	if i == 64 || i == 76 || i == 60 {
		return reason, fmt.Sprintf("The program that generated it writes base64 in lines of %d characters. It has to write a single line: "+
			"in Ruby, use urlsafe_encode64; with the GNU base64 command, use -w0.", i)
	}
	return reason, "Copy the token as a single line. A narrow window may have wrapped it."
}

func aSpace(l *look) (reason, hint string) {
	i := strings.IndexAny(l.text, " \t\v\f")
	if i < 0 {
		return "", ""
	}
	return fmt.Sprintf("there is %s inside the token, after character %d", describe(rune(l.text[i])), l.column(i)-1),
		"Remove it, or copy the token again as plain text."
}

func padding(l *look) (reason, hint string) {
	i := strings.IndexByte(l.text, '=')
	if i < 0 || len(l.parts) > 3 || !strings.HasPrefix(l.text, "e") {
		return "", ""
	}
	part := [...]string{"header", "payload", "signature"}[strings.Count(l.text[:i], ".")]
	return fmt.Sprintf("the %s of the token has padding: character %d is \"=\"", part, l.column(i)),
		"The program that generated it has to write base64url without padding (RFC 7515, section 2)."
}

func standardBase64(l *look) (reason, hint string) {
	i := strings.IndexAny(l.text, "+/")
	if i < 0 || len(l.parts) != 3 || l.header == nil {
		return "", ""
	}
	return fmt.Sprintf("the token is in standard base64 instead of base64url: character %d is \"%c\"", l.column(i), l.text[i]),
		"The program that generated it has to write base64url (RFC 7515, section 2): - for +, and _ for /."
}

// lookalikes are names of characters that are easily mistaken or overlooked.
var lookalikes = map[rune]string{
	' ': "a space", '\t': "a tab", ',': "a comma", ':': "a colon", ';': "a semicolon", '|': "a vertical bar", '·': "a middle dot", '。': "an ideographic full stop",
	'\u2010': "a typographic hyphen", '\u2011': "a non-breaking hyphen", '\u2012': "a dash", '\u2013': "a dash",
	'\u2014': "a dash", '\u2015': "a dash", '\u2212': "a minus sign", '\u00a0': "a no-break space", '\u200b': "a zero-width space",
	'\u200c': "a zero-width non-joiner", '\u200d': "a zero-width joiner", '\u2060': "a word joiner", '\u00ad': "a soft hyphen", '\ufeff': "a byte order mark",
	'\u202f': "a no-break space", '\u3000': "an ideographic space", '\x1b': "the start of an escape sequence, as for a color",
}

func otherCharacter(l *look) (reason, hint string) {
	i := strings.IndexFunc(l.text, isForeign)
	if i < 0 {
		return "", ""
	}
	c, size := utf8.DecodeRuneInString(l.text[i:])
	if c == utf8.RuneError && size == 1 {
		return fmt.Sprintf("byte %d of the token is 0x%02X, which is not UTF-8", i+1, l.text[i]),
			"A token has only ASCII characters. Was the file saved in another encoding?"
	}
	return fmt.Sprintf("character %d of the token is %s", l.column(i), describe(c)), otherCharacterHint(c)
}

// describe names a character that does not belong in a token.
func describe(c rune) string {
	what := lookalikes[c]
	switch {
	case what != "":
	case c < ' ' || c == 0x7f:
		what = "a control character"
	case isHidden(c):
		what = "an invisible character"
	case c < utf8.RuneSelf:
		what = quoted(string(c))
	case unicode.Is(unicode.L, c):
		what = "a letter that is not ASCII"
	default:
		what = "a character that is not ASCII"
	}
	if c >= utf8.RuneSelf || c < ' ' {
		what += fmt.Sprintf(" (%U)", c)
	}
	return what
}

func otherCharacterHint(c rune) string {
	switch {
	case unicode.Is(unicode.Pd, c) || c == '\u2212':
		return "An editor or messenger replaced one or two hyphens with it: copy the token again as plain text."
	case slices.Contains([]rune{',', ':', ';', '|', '·', '。'}, c):
		return "The three parts of a token are separated by dots."
	default:
		return "A token has only ASCII letters, digits, hyphens, underscores and two dots: copy it again as plain text."
	}
}
