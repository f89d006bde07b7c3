package capability_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"example.com/capability"
)

// oddStrings are what tempts an encoder or a parser.
var oddStrings = []string{
	"", "Bar", "a b", "a+b", "a&b=c", "a%26b", "%", "%4", "%zz", "%2", "=", "&", "&&", "=&=", ";", "a;b", "~", "*",
	"-_.", "é", "😀", "\x00", "\xff\xfe", "\n", "\r\n", "\u2028", " scope:client:outgoing?appSid=AP9", "&appSid=AP9",
	"#", "?", "/", `"`, `\`, `","iss":"AC9`, "alice@example.com", "0",
}

// Escaping is that of net/url but for one byte, and is undone by unescapeForm,
// which reads whatever net/url reads.
func FuzzFormEncoding(f *testing.F) {
	for _, s := range oddStrings {
		f.Add("lead", s)
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, lead, s string) {
		dst := append(make([]byte, 0, len(lead)+len(s)), lead...) // room enough for some, but not all, escapes
		params := []capability.Parameter{{Name: s, Value: s}, {Name: "", Value: s}}
		once := string(capability.AppendForm(dst, params))
		if want := lead + form(params); once != want {
			t.Errorf("appendForm(%q, %q, once) = %q, want %q", lead, params, once, want)
		}
		twice := string(capability.AppendNestedForm(dst, params))
		if want := lead + formString(form(params)); twice != want {
			t.Errorf("appendForm(%q, %q, twice) = %q, want %q", lead, params, twice, want)
		}
		if !regexp.MustCompile(`^[-._+%=&0-9A-Za-z]*$`).MatchString(once[len(lead):]) {
			t.Errorf("appendForm(%q, %q, once) = %q: not all of that may stand in a form", lead, params, once)
		}
		if back, ok := capability.UnescapeForm(formString(s)); back != s || !ok {
			t.Errorf("unescapeForm(%q) = %q, %v, want %q", formString(s), back, ok, s)
		}
		want, err := url.QueryUnescape(s)
		if got, ok := capability.UnescapeForm(s); got != want || ok != (err == nil) {
			t.Errorf("unescapeForm(%q) = %q, %v, want %q, %v", s, got, ok, want, err)
		}
	})
}

// Whatever a parameter is named and holds, a token of either kind grants what was
// allowed: each scope and each voice grant has two parameters.
func FuzzScopeURI(f *testing.F) {
	for _, s := range oddStrings {
		f.Add("Foo", s, "Baz", "1")
		f.Add(s, "1", "Foo", s)
		f.Add(s, s, s+"2", s)
	}
	f.Fuzz(func(t *testing.T, name, value, name2, value2 string) {
		params := []capability.Parameter{{Name: name, Value: value}, {Name: name2, Value: value2}}
		c := newCapability(t).AllowClientOutgoing("AP1", params...).AllowEventStream(params...)
		token, err := c.GenerateToken()
		if name == "" || name2 == "" || name == name2 {
			if token != "" || !errors.Is(err, capability.ErrParam) {
				t.Errorf("GenerateToken with %q = %q, %v, want ErrParam", params, token, err)
			}
			return
		}
		checkAccessGranted(t, params)
		claims, err := c.Verify(token)
		if err != nil || len(claims.Scopes) != 2 {
			t.Fatalf("Verify of a token with %q = %+v, %v", params, claims, err)
		}
		members, _ := readObject(payloadOf(token))
		text, _ := readString(members["scope"])
		outgoing, events, _ := strings.Cut(text, " ")
		checkGranted(t, claims.Scopes[0], outgoing, "scope:client:outgoing?appSid=AP1&appParams=", "appParams", params)
		checkGranted(t, claims.Scopes[1], events, "scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params=",
			"params", params)
	})
}

// checkAccessGranted checks that an Access Token with those parameters grants
// them, in JSON and as scopes, or that they are rejected.
func checkAccessGranted(t *testing.T, params []capability.Parameter) {
	t.Helper()
	c := newAccess(t).WithClientName("Alice").AllowClientOutgoing("AP1", params...)
	token, err := c.GenerateToken()
	notUTF8 := func(p capability.Parameter) bool { return !utf8.ValidString(p.Name) || !utf8.ValidString(p.Value) }
	if slices.ContainsFunc(params, notUTF8) {
		checkReason(t, "a parameter that is not UTF-8", err, capability.ErrParam)
		return
	}
	claims, err2 := c.Verify(token)
	if err != nil || err2 != nil || len(claims.Scopes) != 1 {
		t.Fatalf("Verify of an Access Token with %q = %+v, %v, %v", params, seen(claims), err, err2)
	}
	query, _ := claims.Scopes[0].Param("appParams")
	if got, err := capability.ParseParams(query); err != nil || !reflect.DeepEqual(got, params) {
		t.Errorf("ParseParams(%q) of %v = %q, %v, want %q", query, claims.Scopes[0], got, err, params)
	}
	var payload struct {
		Grants struct {
			Voice struct {
				Outgoing struct{ Params map[string]string }
			}
		}
	}
	err = json.Unmarshal([]byte(payloadOf(token)), &payload)
	want := map[string]string{params[0].Name: params[0].Value, params[1].Name: params[1].Value}
	if got := payload.Grants.Voice.Outgoing.Params; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("encoding/json reads %q, %v in %s, want %q", got, err, payloadOf(token), want)
	}
}

// checkGranted checks that a scope, as it was read and as it stands in a token,
// grants those parameters and no more.
func checkGranted(t *testing.T, scope capability.Scope, uri, prefix, nested string, params []capability.Parameter) {
	t.Helper()
	inside, ok := strings.CutPrefix(uri, prefix)
	if !ok || !regexp.MustCompile(`^[-._+%0-9A-Za-z]*$`).MatchString(inside) || scope.String() != uri {
		t.Errorf("with %q, the scope %q stands in a token as %q", params, scope, uri)
	}
	query, _ := scope.Param(nested)
	if got, err := capability.ParseParams(query); err != nil || !reflect.DeepEqual(got, params) ||
		len(scope.Params()) != 2 {
		t.Errorf("ParseParams(%q) of %v = %q, %v, want %q", query, scope, got, err, params)
	}
	outer, err := url.ParseQuery(uri[strings.Index(uri, "?")+1:])
	inner, err2 := url.ParseQuery(outer.Get(nested))
	want := url.Values{params[0].Name: {params[0].Value}, params[1].Name: {params[1].Value}}
	if err != nil || err2 != nil || len(outer) != 2 || !reflect.DeepEqual(inner, want) {
		t.Errorf("net/url reads %q as %q, %v and %q, %v, want %q", uri, outer, err, inner, err2, want)
	}
}

// A caller is what a Capability and its slow twin are called with.
type caller struct {
	client, application, region, claim, claimValue, name2, value string
	params                                                       []capability.Parameter
	ttl                                                          time.Duration
	expiry, notBefore                                            time.Time
}

const calls = 13

// call makes one of so many calls on both.
func (a caller) call(which int, c capability.Capability, w writer) (capability.Capability, writer) {
	switch which {
	case 0:
		return c.AllowClientIncoming(a.client), w.incoming(a.client)
	case 1:
		return c.AllowClientOutgoing(a.application, a.params...), w.outgoing(a.application, a.params...)
	case 2:
		return c.AllowClientOutgoing(a.application), w.outgoing(a.application)
	case 3:
		return c.AllowEventStream(a.params...), w.events(a.params...)
	case 4:
		return c.AllowEventStream(), w.events()
	case 5:
		return c.WithClientName(a.client + "_2"), w.clientName(a.client + "_2")
	case 6:
		return c.WithTTL(a.ttl), w.ttl(a.ttl)
	case 7:
		return c.WithExpiry(a.expiry), w.expires(a.expiry)
	case 8:
		return c.WithNotBefore(a.notBefore), w.from(a.notBefore)
	case 9:
		return c.WithClaim(a.claim, a.claimValue), w.claim(a.claim, a.claimValue)
	case 10:
		return c.WithClaim(a.name2, a.value), w.claim(a.name2, a.value)
	case 11:
		return c.WithClientName(a.client), w.clientName(a.client)
	default:
		return c.WithRegion(a.region), w.inRegion(a.region)
	}
}

// Whatever the calls and their arguments, a Capability of either kind and its
// slow twin agree on the token or on the error.
func FuzzGenerateToken(f *testing.F) {
	const hour, clock = int64(time.Hour), nowUnix*int64(time.Second) + 999_999_999
	for i, s := range oddStrings {
		f.Add(accountSID, apiKeySID, authToken, "Alice", "AP123123", "ie1", "Foo", s, s, "Bar", "x"+s, s,
			[]byte{0, 12, 1, 9, byte(i)}, clock, hour, hour, hour/2)
		f.Add("AC"+s, "SK"+s, s+authToken, "Alice", "AP"+s, s, "Foo", "Bar", "a", s, "a", s,
			[]byte{byte(i), 2, 5, 7, 8}, clock, hour, hour, -hour)
	}
	for i := int64(-1); i <= 1; i++ { // on both sides of the limits
		for _, calls := range []string{"\x01\x06\x00", "\x01\x06\x0a\x09"} {
			f.Add("AC1", "SK1", authToken, "0", "AP1", "0", "a", "", "b", "", "c", "", []byte(calls), clock,
				int64(time.Second)+i, hour, hour)
			f.Add("AC1", "SK1", authToken, "0", "AP1", "0", "a", "", "b", "", "c", "", []byte(calls), clock, 24*hour+i,
				hour, hour)
		}
		f.Add("AC1", "SK1", authToken, "0", "AP1", "0", "a", "", "b", "", "c", "", []byte{1, 7, 0, 0}, clock, hour,
			24*hour+i, hour)
		f.Add("AC1", "SK1", authToken, "0", "AP1", "0", "a", "", "b", "", "c", "", []byte{11, 7, 8}, clock, hour, hour,
			hour+i)
	}
	f.Fuzz(func(t *testing.T, account, apiKey, secret, client, application, region, name, value, name2, value2, claim,
		claimValue string,
		calls []byte, clock, ttl, expiry, notBefore int64) {
		a := caller{client, application, region, claim, claimValue, name2, value,
			pairs{{name, value}, {name2, value2}},
			time.Duration(ttl), time.Unix(0, clock).Add(time.Duration(expiry)),
			time.Unix(0, clock).Add(time.Duration(notBefore))}
		a.checkCalls(t, credentials{account: account, secret: secret}, calls, time.Unix(0, clock))
		if apiKey != "" { // else New makes it
			a.checkCalls(t, credentials{account, apiKey, secret}, calls, time.Unix(0, clock))
		}
	})
}

// checkCalls makes the calls on a Capability with those credentials and on its
// slow twin, and compares them.
func (a caller) checkCalls(t *testing.T, by credentials, which []byte, now time.Time) {
	t.Helper()
	w := by.newWriter()
	c, err := by.new()
	if !errors.Is(err, w.refused) {
		t.Fatalf("with the credentials %q: %v, want %v", by, err, w.refused)
	}
	c = c.WithClock(func() time.Time { return now })
	for _, call := range which[:min(len(which), 16)] {
		c, w = a.call(int(call)%calls, c, w)
		if !errors.Is(c.Err(), w.refused) {
			t.Fatalf("Err = %v, want %v", c.Err(), w.refused)
		}
	}
	want, rule := w.generate(now)
	token, err := c.GenerateToken()
	appended, err2 := c.AppendToken([]byte("lead"))
	if token != want || string(appended) != "lead"+want {
		t.Fatalf("GenerateToken = %q, %v, AppendToken = %q, %v, want %q, %v", token, err, appended, err2, want, rule)
	}
	if rule != nil {
		checkReason(t, "GenerateToken", err, rule)
		checkReason(t, "AppendToken", err2, rule)
		return
	}
	checkMinted(t, c, w, token, now)
}

// checkMinted checks when a token is valid, and what it says then.
func checkMinted(t *testing.T, c capability.Capability, w writer, token string, now time.Time) {
	t.Helper()
	expiry, from := w.expiry(now).Unix(), now.Unix()
	if w.notBefore != nil {
		from = w.notBefore.Unix()
		_, err := verifyAt(c, token, from-1)
		checkReason(t, "it, before its not-before,", err, capability.ErrNotYetValid)
	}
	first, err := verifyAt(c, token, from)
	last, err2 := verifyAt(c, token, expiry-1)
	want, err3 := w.by.verify(token, from)
	if err != nil || err2 != nil || err3 != nil || !reflect.DeepEqual(first, last) ||
		!reflect.DeepEqual(seen(first), want) {
		t.Errorf("Verify of %q = %+v, %v, and in its last second %+v, %v, want %+v, %v",
			payloadOf(token), seen(first), err, seen(last), err2, want, err3)
	}
	names := w.names
	if w.by.isAccess() {
		names = append(slices.Clone(names), "jti")
	}
	if first.ExpiresAt.Unix() != expiry || first.Region != w.region || !slices.Equal(first.ClaimNames(), names) {
		t.Errorf("Verify of %q = %+v", payloadOf(token), seen(first))
	}
	var scopes []string
	for _, scope := range first.Scopes {
		scopes = append(scopes, scope.String())
	}
	if want := w.scopes(); !slices.Equal(scopes, want) {
		t.Errorf("the scopes read back as %q, want %q", scopes, want)
	}
	_, err = verifyAt(c, token, expiry)
	checkReason(t, "it, at its expiry,", err, capability.ErrExpired)
}

// A scope that is accepted prints and parses back to the same value; what is
// accepted is what net/url would take.
func FuzzParseScope(f *testing.F) {
	for _, s := range oddStrings {
		f.Add(s)
		f.Add("scope:client:outgoing?" + s)
		f.Add("scope:client:incoming?clientName=" + s + "&" + s + "=1")
		f.Add("scope:client" + s + ":incoming?a=1")
	}
	for _, uri := range []string{
		"scope:a:b", "scope:a:b?", "scope:a:b??", "scope:a:b?a?b=c?d", "scope:a:b?a=b=c", "scope:a", "scope::b",
		"scope:a:", "scope:a?b:c", "scope:a:b:c", "SCOPE:a:b", "scope:a:b?%", "scope:a:b?%41=%7e", "scope:%41:b",
		"scope:%:%", "scope:a:b?a=1&a=2&&b", "scope:a:b#c", "scope:stream:subscribe?path=/2010-04-01/Events",
		"scope:a:b?x=\xff", " scope:a:b", "scope:a:b ", "scope:a:b?\x7f", "scope:é:b",
	} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		want, ok := readScope(uri)
		got, err := capability.ParseScope(uri)
		if ok != (err == nil) || ok && !reflect.DeepEqual(seenScope(got), want) ||
			!ok && !reflect.DeepEqual(got, capability.Scope{}) {
			t.Errorf("ParseScope(%q) = %+v, %v, want %+v, %v", uri, seenScope(got), err, want, ok)
		}
		if ok {
			checkScope(t, uri, got)
		} else {
			checkReason(t, uri, err, capability.ErrScope)
		}
		checkParams(t, uri) // the whole text may be the inside of an appParams
	})
}

// checkScope checks a scope that uri was read as.
func checkScope(t *testing.T, uri string, s capability.Scope) {
	t.Helper()
	text := s.String()
	again, err := capability.ParseScope(text)
	if err != nil || !reflect.DeepEqual(again, s) || again.String() != text {
		t.Errorf("ParseScope(%q).String() = %q, which reads as %+v, %v", uri, text, seenScope(again), err)
	}
	if !regexp.MustCompile(`^scope:[-._0-9A-Za-z]+:[-._0-9A-Za-z]+(\?[-._+%=&0-9A-Za-z]+)?$`).MatchString(text) {
		t.Errorf("ParseScope(%q).String() = %q, which needs escaping", uri, text)
	}
	first := make(map[string]string)
	for _, p := range s.Params() {
		if _, ok := first[p.Name]; !ok {
			first[p.Name] = p.Value
		}
	}
	for name, want := range first {
		if got, ok := s.Param(name); got != want || !ok {
			t.Errorf("ParseScope(%q).Param(%q) = %q, %v, want %q", uri, name, got, ok, want)
		}
	}
}

// checkParams checks what a query is read as.
func checkParams(t *testing.T, query string) {
	t.Helper()
	want, ok := readParams(query)
	params, err := capability.ParseParams(query)
	if ok != (err == nil) || !reflect.DeepEqual(params, want) {
		t.Errorf("ParseParams(%q) = %q, %v, want %q, %v", query, params, err, want, ok)
	}
	if !ok {
		checkReason(t, query, err, capability.ErrScope)
	}
	if again, err := capability.ParseParams(form(params)); err != nil || !reflect.DeepEqual(again, params) {
		t.Errorf("ParseParams(%q) = %q, %v, want %q", form(params), again, err, params)
	}
	if strings.Contains(query, ";") { // net/url takes no semicolon
		return
	}
	grouped := make(url.Values)
	for _, p := range params {
		grouped.Add(p.Name, p.Value)
	}
	if values, err := url.ParseQuery(query); ok != (err == nil) || ok && !reflect.DeepEqual(grouped, values) {
		t.Errorf("ParseParams(%q) = %q, %v, but net/url reads %q, %v", query, params, ok, values, err)
	}
}

// parseObject takes what encoding/json takes, with the same values, but for
// four rules.
func FuzzReadObject(f *testing.F) {
	for _, s := range oddStrings {
		f.Add(`{"a":` + jsonString(strings.ToValidUTF8(s, "")) + `}`)
		f.Add(`{"a":"` + s + `","` + s + `":[1,{"` + s + `":null}]}`)
		f.Add(`{"a":` + s + `}` + s)
	}
	for _, text := range []string{
		`{}`, ` { } `, `[]`, `null`, `""`, `0`, ``, ` `, `{`, `}`, `{{}}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`,
		`{"a":1}{}`, "{}\x00", "\ufeff{}", `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"a":{"b":1,"b":2}}`, `{"":0}`,
		`{"a":-0.5e+10}`, `{"a":01}`, `{"a":1.}`, `{"a":-}`, `{"a":1e}`, `{"a":[[[]],{},[{}]]}`, `{"a":[1,]}`,
		`{"a":[}`, `{"a":[1}}`, `{"a":{"b":[true,false,null]}}`, `{"a":tru}`, `{"a":nullnull}`, `{"a":"\ud83d\ude00"}`,
		`{"a":"\ud83d"}`, `{"a":"\ude00\ud83d"}`, `{"a":"\\ud83d"}`, `{"a":"\\\ud83d"}`,
		`{"a":["\udbff\udfff\udfff"]}`, "{\"a\":\"\xff\"}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\t\"}", `{"a":"\x"}`,
		`{"a":"\u12"}`, `{"a":"\u 123"}`, `{"a":"\`, "{\"a\v\":1}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parse(text)
		members, broken := readObject(text)
		if broken == tooDeep {
			return
		}
		if broken != "" {
			checkReason(t, text, err, capability.ErrMalformed)
			return
		}
		want := make(map[string]capability.Value)
		for name, raw := range members {
			want[name] = capability.Value{Text: string(raw)}
			if s, ok := readString(raw); ok {
				want[name] = capability.Value{Text: s, IsString: true}
			}
			if raw[0] == '{' {
				want[name] = capability.Value{Text: "{"}
			}
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("parseObject(%q) = %+v, %v, want %+v", text, got, err, want)
		}
	})
}

// Verify and its slow twin agree on any token of either kind: as given, and
// signed with the right key, encoded or as it stands.
func FuzzVerify(f *testing.F) {
	for _, k := range kinds {
		for _, s := range oddStrings {
			text := jsonString(strings.ToValidUTF8(s, ""))
			f.Add(s, s, s, int64(nowUnix))
			f.Add(k.token()+s, k.header, k.payloadWith("scope", jsonString(strings.ToValidUTF8("scope:a:b?"+s, ""))),
				int64(nowUnix))
			f.Add(s+k.token(), `{"alg":"HS256","x":"`+s+`"}`, k.payloadWith("iss", `"AC123123`+s+`"`), int64(nowUnix))
			f.Add("", accessHeaderJSON, accessTokens.payloadWith("grants",
				`{"identity":`+text+`,"voice":{"outgoing":{"application_sid":`+
					text+`,"params":{`+text+`:`+text+`}}}}`), int64(nowUnix))
			f.Add("", `{"alg":"HS256","cty":"twilio-fpa;v=1","twr":`+text+`}`, accessTokens.payload(), int64(nowUnix))
		}
		for _, raw := range []string{"1", "-0", "1.0", "1e3", "null", "9223372036854775807", "-9223372036854775808",
			"9223372036854775808"} {
			f.Add("", k.header, k.payloadWith("exp", raw), int64(0))
			f.Add("", k.header, k.payloadWith("nbf", raw), int64(nowUnix+3599))
			f.Add("", k.header, k.payloadWith("iat", raw), int64(nowUnix+3600))
		}
	}
	for _, test := range slices.Concat(headerForgeries, payloadForgeries, accessForgeries) {
		header, payload, _ := strings.Cut(test.signed, ".")
		f.Add(test.signed+".", decode(header), decode(payload), int64(nowUnix))
		f.Add(test.signed+".", header, payload, int64(nowUnix))
		f.Add(test.signed+".", accessHeaderJSON, decode(payload), int64(nowUnix))
	}
	f.Fuzz(func(t *testing.T, token, header, payload string, now int64) {
		for _, k := range kinds {
			c := k.newAt(t, time.Unix(now, 0))
			for _, token := range []string{
				token,
				k.sign(encode(header) + "." + encode(payload)),
				k.sign(header + "." + payload),
				encode(header) + "." + encode(payload) + "." + token,
			} {
				checkVerify(t, k, c, token, now)
			}
		}
	})
}

// checkVerify checks that a Capability and its slow twin read the same.
func checkVerify(t *testing.T, k kind, c capability.Capability, token string, now int64) {
	t.Helper()
	claims, err := c.Verify(token)
	want, slowErr := k.by.verify(token, now)
	if got := seen(claims); (err == nil) != (slowErr == nil) || !reflect.DeepEqual(got, want) {
		t.Errorf("Verify(%q) at %d = %+v, %v, want %+v, %v", token, now, got, err, want, slowErr)
	}
	checkSameReason(t, token, err, slowErr)

	part := strings.Split(token, ".")
	want, slowErr = reading{}, errRefused
	if len(part) == 3 && regexp.MustCompile(`^[-_0-9A-Za-z]*$`).MatchString(part[2]) {
		want, slowErr = read(decode(part[0]), decode(part[1]))
	}
	unverified, err2 := capability.ParseUnverified(token)
	if got := seen(unverified); (err2 == nil) != (slowErr == nil) || !reflect.DeepEqual(got, want) {
		t.Errorf("ParseUnverified(%q) = %+v, %v, want %+v, %v", token, got, err2, want, slowErr)
	}
	if err == nil && !reflect.DeepEqual(unverified, claims) {
		t.Errorf("ParseUnverified(%q) = %+v, and Verify %+v", token, seen(unverified), seen(claims))
	}
	checkSameReason(t, token, err2, slowErr)
}

// checkSameReason checks that a token is rejected for exactly the reason that
// the slow reader has, or for one of those that it does not tell apart.
func checkSameReason(t *testing.T, token string, err, slowErr error) {
	t.Helper()
	reasons := []error{slowErr}
	if slowErr == errRefused {
		reasons = []error{capability.ErrMalformed, capability.ErrAlgorithm, capability.ErrIssuer, capability.ErrScope}
	}
	i := slices.IndexFunc(reasons, func(reason error) bool { return errors.Is(err, reason) })
	if i < 0 {
		t.Errorf("%s is rejected with %v, want one of %v", abbreviate(token), err, reasons)
	} else if err != nil {
		checkReason(t, token, err, reasons[i])
	}
}

// TestFuzzSeeds shows that every target has seeds and all seeds have a target,
// as a corpus that nothing reads goes unnoticed otherwise.
func TestFuzzSeeds(t *testing.T) {
	sources, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	targets := make(map[string]bool)
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?m)^func (Fuzz\w+)\(f \*testing\.F\)`).FindAllSubmatch(text, -1) {
			targets[string(found[1])] = true
		}
	}
	if len(targets) != 6 {
		t.Errorf("there are %d fuzz targets, want 6", len(targets))
	}
	for target := range targets {
		if seeds, err := filepath.Glob(filepath.Join("testdata", "fuzz", target, "*")); len(seeds) == 0 || err != nil {
			t.Errorf("%s has no seeds in testdata/fuzz", target)
		}
	}
	corpora, err := os.ReadDir(filepath.Join("testdata", "fuzz"))
	if err != nil {
		t.Fatal(err)
	}
	for _, corpus := range corpora {
		if !targets[corpus.Name()] {
			t.Errorf("testdata/fuzz/%s belongs to no target", corpus.Name())
		}
	}
}
