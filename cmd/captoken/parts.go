package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// These functions find what is wrong with the three parts of a token.

// signatureLen is the length of a signature: the 32 bytes of HMAC-SHA256 in
// base64url.
const signatureLen = 43

const copyAgain = "Copy the whole token again: three parts with dots between them."

func anotherCase(l *look) (reason, hint string) {
	text, letters := l.text, "upper"
	if text == strings.ToLower(text) {
		letters = "lower"
	} else if text != strings.ToUpper(text) {
		return "", ""
	}
	if len(text) < 40 || !strings.HasPrefix(strings.ToLower(text), "ey") {
		return "", ""
	}
	return "all letters of the token are in " + letters + " case", "Case matters in a token. Copy it from a place that does not change its letters."
}

func noDots(l *look) (reason, hint string) {
	if len(l.parts) > 1 {
		return "", ""
	}
	o := decodeObject(l.text)
	switch {
	case o.has("alg"):
		return "this is only the header of a token", copyAgain
	case o != nil:
		return "this is only the payload of a token", copyAgain
	case strings.HasPrefix(l.text, "ey") && strings.Contains(l.text[2:], "ey"):
		return "the dots between the parts of the token are missing", copyAgain
	case strings.HasPrefix(l.text, "ey"):
		return fmt.Sprintf("the token was cut after %s, before its first dot", plural(len(l.text), "character")), copyAgain
	case len(l.text) == signatureLen:
		return "this is only the signature of a token", copyAgain
	}
	return "this is not a token: it has no dots",
		fmt.Sprintf(`A token has three parts with dots between them. To read it from a file, run "captoken %s <FILE".`, l.command())
}

func twoGlued(l *look) (reason, hint string) {
	if len(l.parts) != 5 || len(l.parts[2]) <= signatureLen || !strings.HasPrefix(l.parts[2][signatureLen:], "e") {
		return "", ""
	}
	return "there are two tokens, one directly after the other", "Pass one at a time."
}

func encrypted(l *look) (reason, hint string) {
	if o := decodeObject(l.parts[0]); len(l.parts) != 5 || !o.has("enc", "alg") {
		return "", ""
	}
	return "this is an encrypted token (JWE) with five parts, not a capability token", "Capability tokens are signed, not encrypted, and have three parts."
}

func dotTooMany(l *look) (reason, hint string) {
	var rest []string
	place := ""
	for i, part := range l.parts {
		switch {
		case part != "":
			rest = append(rest, part)
		case i == 0:
			place = "at its beginning"
		case i == len(l.parts)-1:
			place = "at its end"
		default:
			place = fmt.Sprintf("after part %d", i)
		}
	}
	if len(rest) != 3 || len(l.parts) == 3 {
		return "", ""
	}
	return "the token has an extra dot " + place, "Remove it. It may be the full stop of a sentence."
}

func twoParts(l *look) (reason, hint string) {
	if len(l.parts) != 2 {
		return "", ""
	}
	first, second := decodeObject(l.parts[0]), decodeObject(l.parts[1])
	switch {
	case first.has("alg") && second != nil:
		return "the token was cut: its third part, the signature, is missing", copyAgain
	case first.has("alg") && len(l.parts[1]) == signatureLen && !strings.HasPrefix(l.parts[1], "ey"):
		return "the second part of the token, the payload, is missing", copyAgain
	case first.has("alg"):
		return fmt.Sprintf("the token was cut in its payload, after %s", plural(len(l.text), "character")), copyAgain
	case first != nil:
		return "the first part of the token, the header, is missing", copyAgain
	}
	return "this is not a token: it has two parts instead of three", copyAgain
}

func otherNumberOfParts(l *look) (reason, hint string) {
	if len(l.parts) == 3 {
		return "", ""
	}
	return fmt.Sprintf("this is not a token: it has %d parts instead of three", strings.Count(l.text, ".")+1), copyAgain
}

func partsInWrongOrder(l *look) (reason, hint string) {
	var names [3]string
	for i, part := range l.parts {
		o := decodeObject(part)
		switch {
		case o.has("alg"):
			names[i] = "header"
		case o != nil:
			names[i] = "payload"
		case len(part) == signatureLen:
			names[i] = "signature"
		}
	}
	order := strings.Join(names[:], ", ")
	if order == "header, payload, signature" || strings.Count(order, "header") != 1 || strings.Count(order, "payload") != 1 || strings.HasPrefix(order, "header, payload") {
		return "", ""
	}
	return "the parts of the token are in the wrong order: " + strings.ReplaceAll(order, ", ,", ", signature,"),
		"They have to be header, payload, signature."
}

func emptyPart(l *look) (reason, hint string) {
	for i, name := range []string{"header", "payload"} {
		if l.parts[i] == "" {
			return "the " + name + " of the token is empty", copyAgain
		}
	}
	return "", ""
}

func cutAtTheBeginning(l *look) (reason, hint string) {
	for missing := 1; l.header == nil && missing <= 3; missing++ {
		if o := decodeObject("eyJ"[:missing] + l.parts[0]); o.has("alg") {
			return "the token was cut: it lacks " + plural(missing, "character") + " at its beginning", copyAgain
		}
	}
	return "", ""
}

func damagedHeader(l *look) (reason, hint string) {
	if l.header != nil {
		return "", ""
	}
	if l.payload != nil {
		return "the header of the token is damaged: it is not a JSON object in base64url", copyAgain
	}
	return "this is not a token: its first part is not a JSON object in base64url", copyAgain
}

func damagedPayload(l *look) (reason, hint string) {
	text, err := decodeBase64(l.parts[1])
	var o object
	var syntax *json.SyntaxError
	jsonErr := json.Unmarshal(text, &o)
	end := errors.Is(jsonErr, io.ErrUnexpectedEOF) || errors.As(jsonErr, &syntax) && syntax.Offset >= int64(len(text))
	switch {
	case l.payload != nil && utf8.Valid(text):
		return "", ""
	case l.signed:
		return l.packageReason(), atFault(l)
	case err != nil:
		return "the payload of the token is damaged: it is not base64url", copyAgain
	case l.payload != nil:
		return l.packageReason(), "The payload has to be UTF-8. " + atFault(l)
	case end:
		return "the payload of the token is damaged: it ends in the middle of its JSON", copyAgain
	}
	return "the payload of the token is damaged: it is not a JSON object", copyAgain
}

// atFault says who has to act on a token with wrong contents.
func atFault(l *look) string {
	if l.signed {
		return "The signature matches, so this is what the program that generated the token wrote: correct it there."
	}
	return "If the token was copied correctly, the program that generated it has to be corrected."
}
