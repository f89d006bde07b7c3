package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"example.com/capability"
)

// A warning is a reason for which Twilio may reject a well-formed token, or
// take it for something else than was meant.
type warning struct {
	name string

	// find returns a sentence for each place at which it is found.
	find func(c capability.Claims, l *look) []string
}

var warnings = []warning{
	{"cut signature", warnSignature},
	{"auth token inside", warnAuthToken},
	{"odd credentials", warnCredentials},
	{"expired", warnExpired},
	{"not yet valid", warnNotYetValid},
	{"milliseconds", warnMilliseconds},
	{"never valid", warnNeverValid},
	{"issued in the future", warnClock},
	{"lifetime", warnLifetime},
	{"account SID", warnAccount},
	{"nothing allowed", warnNothing},
	{"unknown scope", warnUnknownScope},
	{"client name", warnClientName},
	{"application SID", warnApplication},
	{"stray parameter", warnStrayParameter},
	{"parameters not well formed", warnParameters},
}

// mostOfAKind is how many warnings of one kind are shown.
const mostOfAKind = 5

func (r *report) addWarnings(c capability.Claims, l *look) {
	for _, w := range warnings {
		var found []string
		for _, text := range w.find(c, l) {
			if text = visible(text); !slices.Contains(found, text) {
				found = append(found, text)
			}
			if len(found) > mostOfAKind {
				found[mostOfAKind] = "there are more like the one above"
				break
			}
		}
		r.Warnings = append(r.Warnings, found...)
	}
}

func warnSignature(_ capability.Claims, l *look) []string {
	n := len(l.parts[2])
	if n == signatureLen {
		return nil
	}
	text := fmt.Sprintf("the signature was cut: it has %d of %d characters", n, signatureLen)
	if n > signatureLen {
		text = fmt.Sprintf("the signature is too long: it has %d characters instead of %d", n, signatureLen)
	}
	return []string{text}
}

func warnAuthToken(_ capability.Claims, l *look) []string {
	if !l.leaks(l.secrets.foundIn) {
		return nil
	}
	return []string{"the token contains the auth token, and anyone who gets the token can read it: change it in the Twilio Console"}
}

func warnCredentials(_ capability.Claims, l *look) []string {
	odd := plainlyOdd(authVariable, l.auth)
	if odd == "" {
		return nil
	}
	return []string{odd + "; the token is signed with that, and Twilio will reject it"}
}

func warnExpired(c capability.Claims, l *look) []string {
	if left := difference(c.ExpiresAt.Unix(), l.now.Unix()); left <= 0 {
		return []string{"the token has expired: Twilio rejects it with error 20104 or 31205"}
	}
	return nil
}

func warnNotYetValid(c capability.Claims, l *look) []string {
	if c.NotBefore.IsZero() || c.NotBefore.Unix() <= l.now.Unix() || inMilliseconds(c.NotBefore.Unix()) {
		return nil
	}
	return []string{"the token is not valid yet: if it should be, the clock is wrong here or on the server that generated it"}
}

// inMilliseconds reports whether a time is after the year 2650 or so, as the
// present is if it is given in milliseconds.
func inMilliseconds(seconds int64) bool { return seconds > 10*math.MaxInt32 }

func warnMilliseconds(c capability.Claims, _ *look) []string {
	var found []string
	for _, t := range []struct {
		name string
		time time.Time
	}{{"exp", c.ExpiresAt}, {"nbf", c.NotBefore}, {"iat", c.IssuedAt}} {
		if inMilliseconds(t.time.Unix()) {
			found = append(found, t.name+" is far in the future: is it in milliseconds instead of seconds?")
		}
	}
	return found
}

func warnNeverValid(c capability.Claims, _ *look) []string {
	if c.NotBefore.IsZero() || inMilliseconds(c.NotBefore.Unix()) || c.NotBefore.Unix() < c.ExpiresAt.Unix() {
		return nil
	}
	return []string{"the token is never valid: nbf is not before exp"}
}

func warnClock(c capability.Claims, l *look) []string {
	if c.IssuedAt.IsZero() || c.IssuedAt.Unix() <= l.now.Unix() || inMilliseconds(c.IssuedAt.Unix()) {
		return nil
	}
	return []string{"the token was issued in the future: the clock is wrong here or on the server that generated it"}
}

// warnLifetime counts from when the token was issued, or else from now. The
// not-before says nothing about it.
func warnLifetime(c capability.Claims, l *look) []string {
	begin := l.now.Unix()
	if !c.IssuedAt.IsZero() {
		begin = c.IssuedAt.Unix()
	}
	lifetime := difference(c.ExpiresAt.Unix(), begin)
	if lifetime <= int64(capability.MaxTTL/time.Second) || inMilliseconds(c.ExpiresAt.Unix()) {
		return nil
	}
	return []string{"the lifetime of " + inUnits(lifetime) + " is over 24 hours: Twilio rejects it with error 31207, and recommends at most 86,399 seconds"}
}

func warnAccount(c capability.Claims, l *look) []string {
	return warnSID("account", "AC", c.AccountSID, l)
}

// warnSID judges a SID by the rule of minting, and its length if it is longer
// than those of documentation.
func warnSID(kind, prefix, sid string, l *look) []string {
	_, err := capability.New("AC"+strings.TrimPrefix(sid, prefix), "any-key-will-do")
	switch {
	case sid == "":
		return []string{"the " + kind + " SID is empty"}
	case !strings.HasPrefix(sid, prefix):
		return []string{fmt.Sprintf("the %s SID is %s: it has to begin with %s", kind, l.secrets.quote(sid), prefix) + kindOfSID(sid)}
	case err != nil || len(sid) == 34 && strings.Trim(sid[2:], "0123456789abcdefABCDEF") != "":
		return []string{fmt.Sprintf("the %s SID is %s: it has to be %s and 32 hexadecimal digits", kind, l.secrets.quote(sid), prefix)}
	case len(sid) > 16 && len(sid) != 34:
		return []string{fmt.Sprintf("the %s SID has %d characters instead of 34: was it copied whole?", kind, len(sid))}
	}
	return nil
}

// kindOfSID says what a SID of another kind identifies, if that is known.
func kindOfSID(sid string) string {
	if !sidShape.MatchString(sid) {
		return ""
	}
	return ", and this is " + meaningOf(sid)
}

func warnNothing(c capability.Claims, _ *look) []string {
	if len(c.Scopes) > 0 {
		return nil
	}
	return []string{"the token allows nothing: in Go, was a result dropped? Write c = c.AllowClientIncoming(...)"}
}

// known are the scopes of Twilio Client and their parameters. Some helpers
// write the filters of an event stream as appParams.
var known = map[string][]string{
	"client:incoming":  {"clientName"},
	"client:outgoing":  {"appSid", "appParams", "clientName"},
	"stream:subscribe": {"path", "params", "appParams"},
}

func scopeName(s capability.Scope) string { return s.Service() + ":" + s.Privilege() }

func warnUnknownScope(c capability.Claims, l *look) []string {
	var found []string
	for _, s := range c.Scopes {
		if known[scopeName(s)] != nil {
			continue
		}
		text := "unknown scope " + l.secrets.quote(scopeName(s))
		if near := nearest(scopeName(s), []string{"client:incoming", "client:outgoing", "stream:subscribe"}); near != "" {
			text += ": did you mean " + near + "?"
		}
		found = append(found, text)
	}
	return found
}

func warnClientName(c capability.Claims, l *look) []string {
	var found []string
	for _, s := range c.Scopes {
		client, ok := s.Param("clientName")
		judge, _ := capability.New("AC1", "any-key-will-do")
		switch {
		case s.Service() != "client":
		case !ok && s.Privilege() == "incoming":
			found = append(found, "the token allows incoming calls without a client name (clientName): nobody can call it")
		case ok && judge.WithClientName(client).Err() != nil:
			found = append(found, "the client name is "+l.secrets.quote(client)+": Twilio accepts only A-Z, a-z, 0-9 and _")
		}
	}
	return found
}

func warnApplication(c capability.Claims, l *look) []string {
	var found []string
	for _, s := range c.Scopes {
		if scopeName(s) != "client:outgoing" {
			continue
		}
		if sid, ok := s.Param("appSid"); ok {
			found = append(found, warnSID("application", "AP", sid, l)...)
		} else {
			found = append(found, "the token allows outgoing calls without an application SID (appSid): no call can be placed")
		}
	}
	return found
}

// warnStrayParameter finds parameters that were escaped once instead of twice:
// all but the first then become parameters of the scope.
func warnStrayParameter(c capability.Claims, l *look) []string {
	var found []string
	for _, s := range c.Scopes {
		seen := make(map[string]bool)
		for _, p := range s.Params() {
			switch taken := known[scopeName(s)]; {
			case taken == nil:
			case !slices.Contains(taken, p.Name):
				found = append(found, fmt.Sprintf("%s has an unknown parameter %s: were the parameters escaped once instead of twice?", scopeName(s), l.secrets.quote(p.Name)))
			case seen[p.Name]:
				found = append(found, fmt.Sprintf("%s has the parameter %s twice", scopeName(s), p.Name))
			}
			seen[p.Name] = true
		}
	}
	return found
}

func warnParameters(c capability.Claims, _ *look) []string {
	var found []string
	for _, s := range c.Scopes {
		for _, p := range s.Params() {
			if known[scopeName(s)] == nil || !holdsList(p.Name) {
				continue
			}
			if _, err := capability.ParseParams(p.Value); err != nil {
				found = append(found, "the parameter "+p.Name+" of "+scopeName(s)+" is not well formed: was a value escaped once instead of twice?")
			}
		}
	}
	return found
}
