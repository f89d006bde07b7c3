package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"example.com/capability"
)

// warn adds a warning if it is true and new. A warning is a reason for which
// Twilio may reject a token that the package accepts, or take it for something
// other than was meant. Ten are enough to begin with.
func (l *look) warn(isTrue bool, format string, args ...any) {
	sentence := visible(fmt.Sprintf(format, args...))
	if isTrue && len(l.warnings) < 10 && !slices.Contains(l.warnings, sentence) {
		l.warnings = append(l.warnings, sentence)
	}
}

// verdict is the warning for the first line, up to a colon: the first that is
// certain or about a secret, or else the first, but none that it states anyway.
func (l *look) verdict() string {
	for _, pattern := range []string{`will reject it|^[^:]* contains the `, ``} {
		for _, warning := range l.warnings {
			what, _, _ := strings.Cut(warning, ": ")
			if matches(pattern, warning) && !matches(`^the token (has expired|is n|allows no|has no voice)`, warning) {
				return map[bool]string{true: "Twilio will reject it, as "}[strings.Contains(warning, "will reject it")] + what
			}
		}
	}
	return ""
}

func (l *look) warnAll() {
	l.warnings = []string{}
	l.warnForm()
	l.warnTimes()
	l.warnNames()
	times := make(map[string]int) // how often each scope is there; twice may be meant
	for _, scope := range l.Scopes {
		uri := scope.String()
		times[uri]++
		l.warn(times[uri] == 3, "the scope %s is there again and again: does one value collect the scopes of all requests?",
			l.secrets.quote(uri))
		l.warnScope(scope, scope.Service()+":"+scope.Privilege())
	}
}

func (l *look) warnForm() {
	const change = ": change it in the Twilio Console"
	inside, beside := l.secrets.in(l.decoded[:]...), l.secrets.in(l.outline)
	l.warn(inside != "", "the token contains the %s, and anyone who gets the token can read it"+change, inside)
	l.warn(inside == "" && beside != "", "%s contains the %s"+change, l.source, beside)
	if around := l.around(); around != nil {
		l.warn(true, "%s", around.Reason)
	}
	l.warn(len(l.parts[2]) != signatureLen, "%s: Twilio will reject it", l.signatureLength())
	if l.signer != nil {
		wrong := l.signer.secret.wrong()
		l.warn(wrong != "", "%s: the token is signed with that, so Twilio will reject it", wrong)
	}
}

func (l *look) warnTimes() {
	const clock = "the clock is wrong here or on the server that generated it"
	exp, nbf, iat, now := l.ExpiresAt.Unix(), l.NotBefore.Unix(), l.IssuedAt.Unix(), l.now.Unix()
	begins, lifetime := !l.NotBefore.IsZero() && !inMilliseconds(nbf), span(now, exp) // about which the not-before says nothing
	if !l.IssuedAt.IsZero() {
		lifetime = span(iat, exp)
	}
	l.warn(exp <= now, "the token has expired: Twilio will reject it with error 20104 or 31205%s",
		map[bool]string{true: "; is exp a lifetime?"}[0 <= exp && exp <= 1e8])
	l.warn(begins && nbf > now, "the token is not valid yet: if it should be, "+clock)
	for i, seconds := range []int64{exp, nbf, iat} {
		l.warn(inMilliseconds(seconds), "%s is far in the future: Twilio will reject it; is it in milliseconds instead of seconds?",
			[]string{"exp", "nbf", "iat"}[i])
	}
	l.warn(begins && nbf >= exp, "the token is never valid: nbf is not before exp")
	l.warn(iat > now && !inMilliseconds(iat), "the token was issued in the future: "+clock)
	l.warn(lifetime > int64(capability.MaxTTL/time.Second) && !inMilliseconds(exp), "the lifetime of %s is over 24 hours: "+
		"Twilio will reject it with error %s, and recommends at most 86,399 seconds", inUnits(lifetime),
		map[bool]string{true: "20157", false: "31207"}[l.isAccess()])
}

func span(from, to int64) int64 { return int64(max(-1e18, min(float64(to)-float64(from), 1e18))) }

// inUnits returns a duration such as 1d2h3m4s, without units that are zero.
func inUnits(seconds int64) string {
	const day = 24 * 60 * 60
	rest := (time.Duration(seconds%day) * time.Second).String()
	rest = strings.NewReplacer("h0m0s", "h", "h0m", "h", "m0s", "m").Replace(rest)
	if seconds >= day {
		rest = fmt.Sprintf("%dd", seconds/day) + strings.TrimPrefix(rest, "0s")
	}
	return rest
}

// inMilliseconds is true after the year 2650, as it is now in milliseconds.
func inMilliseconds(seconds int64) bool { return seconds > 21_474_836_470 }

// warnNames warns of what concerns all scopes: the account, the API key, the
// identity and the region, and that there are none.
func (l *look) warnNames() {
	judge, _ := capability.NewWithAPIKey("AC1", "SK1", "any-key-will-do")
	access, voiceless := l.isAccess(), l.isAccess() && len(l.Scopes) == 0 && l.grants["voice"] == nil
	swapped := strings.HasPrefix(l.APIKeySID, "AC") && strings.HasPrefix(l.AccountSID, "SK")
	l.warn(swapped, "iss and sub are swapped: Twilio will reject it; iss has to be the SID of the API key, and sub that of the account")
	l.warnSID(access && !swapped, "API key", "SK", l.APIKeySID)
	l.warnSID(!swapped, "account", "AC", l.AccountSID)
	l.warn(voiceless, "the token has no voice grant: it allows no calls")
	l.warn(len(l.Scopes) == 0 && !voiceless,
		"the token allows nothing: in Go, was a result dropped? Write c = c.AllowClientIncoming(...)")
	l.warn(access && l.ClientName() == "", "the token has no identity: Twilio will reject it with error 31204")
	l.warn(l.Region != "" && judge.WithRegion(l.Region).Err() != nil,
		"the region %s is wrong: it has to be like ie1", l.secrets.quote(l.Region))
	l.warnClientName(access && l.ClientName() != "", l.ClientName())
}

// warnSID judges a SID by the rule of minting, and its length if it is longer
// than those of documentation.
func (l *look) warnSID(isThere bool, what, prefix, sid string) {
	_, err := capability.New("AC"+strings.TrimPrefix(sid, prefix), "any-key-will-do")
	wrong := ""
	switch {
	case sid == "":
		wrong = "it is empty"
	case strings.TrimSpace(sid) != sid:
		wrong = "it begins or ends with a space or a newline"
	case !strings.HasPrefix(sid, prefix):
		wrong = "it has to begin with " + prefix
	case err != nil, len(sid) == 34 && !matches(sidShape, sid):
		wrong = "it has to be " + prefix + " and 32 hexadecimal digits"
	case len(sid) > 16 && len(sid) != 34:
		wrong = fmt.Sprintf("it has %d characters instead of 34: was it copied whole?", len(sid))
	}
	l.warn(isThere && wrong != "", "the %s SID %s is wrong: %s%s", what, l.secrets.quote(sid),
		map[bool]string{true: "Twilio will reject it; "}[what != "application"], wrong)
}

func (l *look) warnClientName(isThere bool, name string) {
	judge, _ := capability.New("AC1", "any-key-will-do")
	l.warn(isThere && judge.WithClientName(name).Err() != nil,
		"the client name %s is not acceptable: Twilio will reject it; it has to be A-Z, a-z, 0-9 and _, at most 256 of them",
		l.secrets.quote(name))
}

// known are the scopes of Twilio Client: what each allows, for a sentence (with
// APPLICATION for a SID) and as a heading, and what parameters it has.
// Some helpers write the filters of an event stream as appParams.
var known = map[string]struct{ activity, heading, params string }{
	"client:incoming":  {"receive calls", "incoming calls", "clientName"},
	"client:outgoing":  {"place calls through APPLICATION", "outgoing calls through a TwiML application", "appSid appParams clientName"},
	"stream:subscribe": {"follow the account's events", "subscribing to the account's events", "path params appParams"},
}

func (l *look) warnScope(s capability.Scope, name string) {
	client, named := s.Param("clientName")
	sid, placeable := s.Param("appSid")
	l.warn(known[name].params == "", "unknown scope %s", l.secrets.quote(name))
	l.warnClientName(named && s.Service() == "client" && !l.isAccess(), client)
	l.warn(!named && name == "client:incoming" && !l.isAccess(),
		"nobody can call the client: the token allows incoming calls without a client name (clientName)")
	l.warn(!placeable && name == "client:outgoing",
		"no call can be placed: the token allows outgoing calls without an application SID (appSid)")
	l.warnSID(placeable && name == "client:outgoing", "application", "AP", sid)
	seen := make(map[string]bool)
	for _, p := range s.Params() {
		_, err := capability.ParseParams(p.Value)
		isKnown := slices.Contains(strings.Fields(known[name].params), p.Name)
		// Escaped once instead of twice, all but the first become parameters of
		// the scope.
		l.warn(known[name].params != "" && !isKnown,
			"%s has an unknown parameter %s: were the parameters escaped once instead of twice?", name, l.secrets.quote(p.Name))
		l.warn(isKnown && seen[p.Name], "%s has the parameter %s twice", name, p.Name)
		l.warn(isKnown && holdsList(p.Name) && err != nil,
			"the parameter %s of %s is not well formed: was a value escaped once instead of twice?", p.Name, name)
		seen[p.Name] = true
	}
}

func holdsList(name string) bool { return name == "appParams" || name == "params" }
