package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.com/capability"
)

// These functions find what is wrong with the contents of a token.

func algorithmNone(l *look) (reason, hint string) {
	if !strings.EqualFold(l.header.text("alg"), "none") {
		return "", ""
	}
	return "the header says that the token is not signed: alg is " + l.secrets.quote(l.header.text("alg")),
		"Capability tokens are always signed with HS256. Do not trust a token without a signature."
}

func anotherAlgorithm(l *look) (reason, hint string) {
	alg := l.header.text("alg")
	if alg == "HS256" {
		return "", ""
	}
	switch kind := l.header.kind("alg"); {
	case kind == "":
		return "unsupported algorithm: the header has no alg", "alg has to be \"HS256\". " + atFault(l)
	case alg == "":
		return "unsupported algorithm: alg is not a string but " + kind, "alg has to be \"HS256\". " + atFault(l)
	}
	reason = "unsupported algorithm: alg is " + l.secrets.quote(alg) + ", and capability tokens are signed with HS256"
	switch {
	case strings.EqualFold(alg, "HS256"):
		return reason, "Write it in upper case (RFC 7518, section 3.1). " + atFault(l)
	case strings.HasPrefix(alg, "HS"):
		return reason, "Select HS256 where the token is generated."
	}
	return reason, "Such a token comes from a login service or another issuer: is this the right variable?"
}

func anAccessToken(l *look) (reason, hint string) {
	byHeader := strings.HasPrefix(l.header.text("cty"), "twilio-fpa")
	if l.payload.has("scope") && !byHeader || !byHeader && !l.payload.has("grants") && !strings.HasPrefix(l.payload.text("iss"), "SK") {
		return "", ""
	}
	return "this is an Access Token, not a capability token",
		"It is signed with an API key, not with the auth token. Twilio's Voice JavaScript SDK takes it as it is."
}

func aTaskRouterToken(l *look) (reason, hint string) {
	if l.payload.has("scope") || !l.payload.has("policies", "workspace_sid") && !(l.payload.has("friendly_name") && l.payload.has("channel")) {
		return "", ""
	}
	return "this is a TaskRouter token, not a capability token for Twilio Client",
		"It is for the TaskRouter SDK: it has policies for a workspace where a capability token has scopes."
}

func anotherJWT(l *look) (reason, hint string) {
	iss := l.payload.text("iss")
	if l.signed || !strings.Contains(iss, "://") && (l.payload.has("iss", "scope") || !l.payload.has("sub", "aud", "name", "email", "user_id", "admin", "azp")) {
		return "", ""
	}
	return "this is a JSON Web Token, but not a capability token: its issuer is not a Twilio account",
		"It probably comes from a login service or another program: is this the right variable?"
}

func wrongIssuer(l *look) (reason, hint string) {
	iss := l.payload.text("iss")
	switch {
	case !l.is(capability.ErrIssuer):
		return "", ""
	case l.payload.kind("iss") == "":
		return "wrong account: the token does not name one, it has no iss", "iss has to be the SID of the account. " + atFault(l)
	case iss == "":
		return "wrong account: the token does not name one, iss is " + l.secrets.bare(compactJSON(l.payload["iss"])), "iss has to be the SID of the account. " + atFault(l)
	}
	return "wrong account: the token is for " + l.secrets.quote(iss) + ", but " + sidVariable + " is " + l.secrets.quote(l.sid),
		"The signature matches, so the auth token is right: either " + sidVariable + " is wrong, or the program that generated the token set the wrong iss."
}

// times are the claims that hold one.
var times = []struct{ name, meaning string }{{"exp", "expiry"}, {"nbf", "not-before"}, {"iat", "time of issue"}}

func timeIsString(l *look) (reason, hint string) {
	for _, t := range times {
		if !l.is(capability.ErrMalformed) || l.payload.kind(t.name) != "string" {
			continue
		}
		reason = fmt.Sprintf("the %s is a string: %s is %s", t.meaning, t.name, l.secrets.quote(l.payload.text(t.name)))
		if t.name == "exp" && isNumber(l.payload.text(t.name)) {
			return reason, "It has to be a number. Twilio's Java helper before version 7 is known to write a string: update it. " + atFault(l)
		}
		return reason, "It has to be a number: whole seconds since 1970 (RFC 7519, section 2). " + atFault(l)
	}
	return "", ""
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

func timeWithFraction(l *look) (reason, hint string) {
	for _, t := range times {
		raw := string(l.payload[t.name])
		if !l.is(capability.ErrMalformed) || l.payload.kind(t.name) != "number" || !strings.ContainsAny(raw, ".eE") {
			continue
		}
		reason = fmt.Sprintf("the %s is not a whole number: %s is %s", t.meaning, t.name, l.secrets.bare(raw))
		switch {
		case strings.ContainsAny(raw, "eE"):
			hint = "Write it without an exponent. "
		case t.name == "exp":
			hint = "Twilio accepts only whole seconds. Helpers for ColdFusion are known to write a fraction; in Python, use int(time.time()). "
		default:
			hint = "Twilio accepts only whole seconds. Twilio's Python helper writes a fraction for time.time(): pass int(time.time()). "
		}
		return reason, hint + atFault(l)
	}
	return "", ""
}

func timeOtherwise(l *look) (reason, hint string) {
	for _, t := range times {
		kind := l.payload.kind(t.name)
		if !l.is(capability.ErrMalformed) || kind == "" || kind == "number" && isWhole(l.payload[t.name]) {
			continue
		}
		return fmt.Sprintf("the %s is not a time: %s is %s", t.meaning, t.name, l.secrets.bare(compactJSON(l.payload[t.name]))),
			"It has to be a number: whole seconds since 1970 (RFC 7519, section 2). " + atFault(l)
	}
	return "", ""
}

// isWhole reports whether a number fits int64.
func isWhole(raw []byte) bool {
	_, err := strconv.ParseInt(string(raw), 10, 64)
	return err == nil
}

func noExpiry(l *look) (reason, hint string) {
	if !l.is(capability.ErrMalformed) || l.payload.has("exp") {
		return "", ""
	}
	return "the token has no expiry: exp is missing", "Every capability token needs one. " + atFault(l)
}

func noScope(l *look) (reason, hint string) {
	if !l.is(capability.ErrScope) || l.payload.kind("scope") != "" {
		return "", ""
	}
	if l.payload.has("scopes", "scp", "Scope") {
		return "the token has no scope: the claim is spelled differently", `It has to be "scope". ` + atFault(l)
	}
	return "the token has no scope", "Twilio's C# helper omits it when it is given no scopes. " + atFault(l)
}

func listOfScopes(l *look) (reason, hint string) {
	kind := l.payload.kind("scope")
	if !l.is(capability.ErrScope) || kind == "string" {
		return "", ""
	}
	what := kind // true, false or null
	if article := map[string]string{"array": "an array", "object": "an object", "number": "a number"}[kind]; article != "" {
		what = article
	}
	return "the scope is " + what + ", not a string",
		"It has to be a string of scope URIs with one space between two. " + atFault(l)
}

func spacesBetweenScopes(l *look) (reason, hint string) {
	scopes := l.payload.text("scope")
	if !l.is(capability.ErrScope) || strings.Join(strings.Fields(scopes), " ") == scopes {
		return "", ""
	}
	switch {
	case strings.ContainsAny(scopes, "\t\r\n"):
		reason = "there is a line break or a tab between two scopes"
	case strings.Contains(scopes, "  "):
		reason = "there are two spaces between two scopes"
	default:
		reason = "there is a space before the first scope or after the last"
	}
	return reason, "Separate scopes with exactly one space, with none before or after them. " + atFault(l)
}

func separatorOfScopes(l *look) (reason, hint string) {
	scopes := l.payload.text("scope")
	for _, separator := range []string{",", ";", "|", "+", "%20"} {
		if l.is(capability.ErrScope) && strings.Contains(scopes, separator+"scope:") {
			return "there is " + quoted(separator) + " between two scopes instead of a space", "Separate scopes with exactly one space. " + atFault(l)
		}
	}
	return "", ""
}

func formOfScope(l *look) (reason, hint string) {
	if !l.is(capability.ErrScope) {
		return "", ""
	}
	uri := l.firstBadScope()
	rest, ok := strings.CutPrefix(uri, "scope:")
	switch {
	case !ok && len(uri) > 0 && strings.HasPrefix(strings.ToLower(uri), "scope"):
		hint = `A scope begins with "scope:" in lower case. `
	case !ok:
		hint = `A scope looks like scope:client:incoming?clientName=Alice. A space inside one is written as + or %20. `
	case strings.Contains(strings.SplitN(rest, "?", 2)[0], ":"):
		hint = "Characters other than letters and digits have to be percent-encoded in its parameters. "
	default:
		hint = "A scope has a service and a privilege, as in scope:client:incoming. "
	}
	return l.packageReason(), hint + atFault(l)
}

// firstBadScope returns the first scope that the package does not read.
func (l *look) firstBadScope() string {
	uris := strings.Split(l.payload.text("scope"), " ")
	return uris[max(0, slices.IndexFunc(uris, func(uri string) bool {
		_, err := capability.ParseScope(uri)
		return err != nil
	}))]
}

// earliest is a time in 1973. An expiry before it is really a duration.
const earliest = 100_000_000

func lifetimeAsExpiry(l *look) (reason, hint string) {
	exp, err := strconv.ParseInt(string(l.payload["exp"]), 10, 64)
	if !l.is(capability.ErrExpired) || err != nil || exp < 0 || exp >= earliest {
		return "", ""
	}
	return fmt.Sprintf("token expired: exp is %d, which is a lifetime and not a time", exp),
		"exp has to be a time in seconds since 1970: now plus the lifetime. " + atFault(l)
}

func expired(l *look) (reason, hint string) {
	if !l.is(capability.ErrExpired) {
		return "", ""
	}
	return l.packageReason(), "Generate a new token. A page that stays open needs one before the old one expires (tokenWillExpire in the Voice JavaScript SDK). " +
		"If the token is new, the clock is wrong here or on the server that generated it."
}

func notBeforeInMilliseconds(l *look) (reason, hint string) {
	nbf, err := strconv.ParseInt(string(l.payload["nbf"]), 10, 64)
	if !l.is(capability.ErrNotYetValid) || err != nil || !inMilliseconds(nbf) {
		return "", ""
	}
	return fmt.Sprintf("token is not valid yet: nbf is %d, which is in milliseconds instead of seconds", nbf), "Divide it by 1000. " + atFault(l)
}

func notYetValid(l *look) (reason, hint string) {
	if !l.is(capability.ErrNotYetValid) {
		return "", ""
	}
	return l.packageReason(), "If it should be valid by now, the clock is wrong here or on the server that generated it."
}

func anythingElse(l *look) (reason, hint string) { return l.packageReason(), atFault(l) }
