package capability_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.com/capability"
)

func TestGoodToken(t *testing.T) {
	claims, err := newCapability(t).Verify(goodToken())
	if got := seen(claims); err != nil || !reflect.DeepEqual(got, capabilityTokens.says) {
		t.Errorf("Verify = %+v, %v, want %+v", got, err, capabilityTokens.says)
	}
}

// TestOddButGoodTokens shows that strict is not narrow.
func TestOddButGoodTokens(t *testing.T) {
	type texts = map[string]string
	for _, test := range []struct {
		name   string
		signed string
		names  []string // of the extra claims
		texts  texts    // those of them that are strings
	}{
		{"the type is in lower case", withHeader(`{"typ":"jwt","alg":"HS256"}`), nil, nil},
		{"the type is in mixed case", withHeader(`{"typ":"Jwt","alg":"HS256"}`), nil, nil},
		{"there is no type", withHeader(`{"alg":"HS256"}`), nil, nil},
		{"the algorithm comes first", withHeader(`{"alg":"HS256","typ":"JWT"}`), nil, nil},
		{"the header has white space", withHeader(" {\t\"typ\" :\r\n\"JWT\" , \"alg\": \"HS256\"\n}\r\n\t "), nil,
			nil},
		{"the header has a name with an escape", withHeader(`{"\u0061\u006C\u0067":"HS256"}`), nil, nil},
		{"the header has a value with an escape", withHeader(`{"alg":"\u0048S256"}`), nil, nil},
		{"the header has members that are not known",
			withHeader(`{"alg":"HS256","cty":"JWT","kid":"1","x5c":[],"Crit":["x"]}`), nil, nil},
		{"the header carries a key, which is not looked at",
			withHeader(`{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"},"jku":"http://example.com"}`), nil, nil},
		{"the header has alg in an object within", withHeader(`{"alg":"HS256","x":{"alg":"none","crit":["x"]}}`), nil,
			nil},
		{"the payload has white space",
			withPayload(" " + strings.NewReplacer(",", " ,\r\n", `":`, "\"\t: ").Replace(goodPayload()) + "\n"), nil,
			nil},
		{"the payload has its names escaped",
			withPayload(strings.NewReplacer(`"iss"`, `"\u0069ss"`, `"exp"`, `"e\u0078p"`).Replace(goodPayload())), nil,
			nil},
		{"the payload has another member order",
			withPayload(`{"exp":1700003600,"iss":"AC123123","scope":"scope:client:incoming?clientName=Alice"}`), nil,
			nil},
		{"the scope has escapes", withMember("scope", `"\u0073cope:client:incoming?clientName=Alice"`), nil, nil},
		{"Iss stands beside iss", withMember("Iss", `"AC999"`), []string{"Iss"}, texts{"Iss": "AC999"}},
		{"EXP stands beside exp", withMember("EXP", `1`), []string{"EXP"}, nil},
		{"crit is a claim", withMember("crit", `["x"]`), []string{"crit"}, nil},
		{"an unknown member repeats one within", withMember("x", `{"a":1,"a":2}`), []string{"x"}, nil},
		{"an unknown member holds the known ones", withMember("x", `{"iss":"AC999","exp":null,"scope":[1.5e3]}`),
			[]string{"x"}, nil},
		{"an unknown member holds all there is",
			withMember("x", `[{},[],[[]],{"a":[{"b":null}]},"",-0.5e-7,true,false,null]`), []string{"x"}, nil},
		{"a member has no name", withPayload(strings.TrimSuffix(goodPayload(), "}") + `,"":1}`), []string{""}, nil},
		{"a member has a NUL for a name", withMember("\\u0000", `1`), []string{"\x00"}, nil},
		{"ISS and EXP and SCOPE stand beside iss, exp and scope",
			withPayload(`{"ISS":"AC999","EXP":1,"SCOPE":"x",` + goodPayload()[1:]), []string{"ISS", "EXP", "SCOPE"},
			texts{"ISS": "AC999", "SCOPE": "x"}},
		{"b64 is a claim", withMember("b64", `false`), []string{"b64"}, nil},
		{"the audience is a string", withMember("aud", `"https://example.com"`), []string{"aud"},
			texts{"aud": "https://example.com"}},
		{"the audience is an array", withMember("aud", `["https://example.com"]`), []string{"aud"}, nil},
		{"a claim is empty", withMember("x", `""`), []string{"x"}, texts{"x": ""}},
		{"a claim has escapes", withMember(`\u0078`, `"\ud83d\ude00\/"`), []string{"x"}, texts{"x": "😀/"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := capabilityTokens.says
			want.names, want.claims = test.names, test.texts
			token := sign(authToken, test.signed)
			claims, err := newCapability(t).Verify(token)
			if got := seen(claims); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("Verify(%s) = %+v, %v, want %+v", abbreviate(token), got, err, want)
			}
			parsed, err := capability.ParseUnverified(token)
			if err != nil || !reflect.DeepEqual(parsed, claims) {
				t.Errorf("ParseUnverified(%s) = %+v, %v, want %+v", abbreviate(token), parsed, err, claims)
			}
		})
	}
}

// A forgery is the first two parts of a token. Signed with the right key it is
// rejected for the reason given. Signed with another one it is an ErrSignature,
// whatever else is wrong with it.
type forgery struct {
	attempt string
	signed  string
	want    error
}

// These have a payload that is wrong. The headers that are wrong stand in
// jwt_test.go.
var payloadForgeries = []forgery{
	// The form of the payload.
	{"the payload is empty", withPayload(``), capability.ErrMalformed},
	{"the payload is null", withPayload(`null`), capability.ErrMalformed},
	{"the payload is an array", withPayload(`[]`), capability.ErrMalformed},
	{"the payload is an array with an object", withPayload("[" + goodPayload() + "]"), capability.ErrMalformed},
	{"the payload is a string", withPayload(`"iss"`), capability.ErrMalformed},
	{"the payload is a number", withPayload(`1`), capability.ErrMalformed},
	{"the payload is false", withPayload(`false`), capability.ErrMalformed},
	{"the payload is a token (RFC 8725, section 3.3)", withPayload(rfc7515Token), capability.ErrMalformed},
	{"the payload is cut off", withPayload(strings.TrimSuffix(goodPayload(), "}")), capability.ErrMalformed},
	{"the payload has another object behind it", withPayload(goodPayload() + "{}"), capability.ErrMalformed},
	{"the payload has a word behind it", withPayload(goodPayload() + " null"), capability.ErrMalformed},
	{"the payload has a comma behind it", withPayload(goodPayload() + ","), capability.ErrMalformed},
	{"the payload has a NUL behind it", withPayload(goodPayload() + "\x00"), capability.ErrMalformed},
	{"the payload has a form feed behind it", withPayload(goodPayload() + "\f"), capability.ErrMalformed},
	{"the payload has a no-break space behind it", withPayload(goodPayload() + "\u00a0"), capability.ErrMalformed},
	{"the payload begins with a byte order mark", withPayload("\ufeff" + goodPayload()), capability.ErrMalformed},
	{"the payload has no comma between two members", withPayload(`{"iss":"AC123123" "scope":"","exp":1}`),
		capability.ErrMalformed},
	{"the payload has a semicolon between two members", withPayload(`{"iss":"AC123123";"scope":""}`),
		capability.ErrMalformed},
	{"the payload has a name without value", withPayload(`{"iss":"AC123123","scope"}`), capability.ErrMalformed},
	{"the payload has a colon without value", withPayload(`{"iss":"AC123123","scope":}`), capability.ErrMalformed},
	{"the payload has an equals sign for a colon", withPayload(`{"iss"="AC123123"}`), capability.ErrMalformed},

	// Members given twice: readers differ in which one counts.
	{"the issuer is given twice", withMember("iss", `"AC123123","iss":"AC999"`), capability.ErrMalformed},
	{"the issuer is given twice and the same", withMember("iss", `"AC123123","iss":"AC123123"`),
		capability.ErrMalformed},
	{"the issuer is given twice, once escaped", withMember("iss", `"AC123123","\u0069ss":"AC123123"`),
		capability.ErrMalformed},
	{"the issuer is given twice, both escaped", withPayload(`{"\u0069ss":"AC123123","i\u0073s":"AC123123"}`),
		capability.ErrMalformed},
	{"the expiry is given twice", withMember("exp", `1700003600,"exp":1800000000`), capability.ErrMalformed},
	{"the expiry is given twice, once escaped in upper case", withMember("exp", `1700003600,"\u0065x\u0070":1`),
		capability.ErrMalformed},
	{"the not-before is given twice", withMember("nbf", `1700000000,"nbf":1600000000`), capability.ErrMalformed},
	{"the scope is given twice", withMember("scope", `"","scope":"scope:client:outgoing?appSid=AP1"`),
		capability.ErrMalformed},
	{"an unknown member is given twice", withMember("x", `1,"x":1`), capability.ErrMalformed},
	{"an unknown member is given twice, once escaped", withMember("/", `1,"\/":1`), capability.ErrMalformed},
	{"a member without a name is given twice", withPayload(`{"":1,"":1}`), capability.ErrMalformed},

	// The issuer.
	{"the issuer is missing", withMember("iss", ``), capability.ErrIssuer},
	{"the issuer is null", withMember("iss", `null`), capability.ErrIssuer},
	{"the issuer is empty", withMember("iss", `""`), capability.ErrIssuer},
	{"the issuer is a number", withMember("iss", `123123`), capability.ErrIssuer},
	{"the issuer is true", withMember("iss", `true`), capability.ErrIssuer},
	{"the issuer is an array of one", withMember("iss", `["AC123123"]`), capability.ErrIssuer},
	{"the issuer is an object", withMember("iss", `{"AC123123":1}`), capability.ErrIssuer},
	{"the issuer goes by the name Iss", withPayload(`{"Iss":"AC123123","scope":"","exp":1700003600}`),
		capability.ErrIssuer},
	{"the issuer goes by the name ISS", withPayload(`{"ISS":"AC123123","scope":"","exp":1700003600}`),
		capability.ErrIssuer},
	{"the issuer goes by a name that folds to iss", withPayload(`{"iſs":"AC123123","scope":"","exp":1700003600}`),
		capability.ErrIssuer},
	{"the issuer is in an object within", withPayload(`{"x":{"iss":"AC123123"},"scope":"","exp":1700003600}`),
		capability.ErrIssuer},
	{"the payload is empty of members", withPayload(`{}`), capability.ErrIssuer},

	// The scope.
	{"the scope is missing", withMember("scope", ``), capability.ErrScope},
	{"the scope is null", withMember("scope", `null`), capability.ErrScope},
	{"the scope is a number", withMember("scope", `1`), capability.ErrScope},
	{"the scope is an array", withMember("scope", `["scope:client:incoming?clientName=Alice"]`), capability.ErrScope},
	{"the scope is an object", withMember("scope", `{}`), capability.ErrScope},
	{"the scope goes by the name Scope", withPayload(`{"iss":"AC123123","Scope":"","exp":1700003600}`),
		capability.ErrScope},
	{"the scope is a space", withMember("scope", `" "`), capability.ErrScope},
	{"the scope begins with a space", withMember("scope", `" scope:client:incoming"`), capability.ErrScope},
	{"the scope ends in a space", withMember("scope", `"scope:client:incoming "`), capability.ErrScope},
	{"the scope has two spaces", withMember("scope", `"scope:client:incoming  scope:stream:subscribe"`),
		capability.ErrScope},
	{"the scope has a tab", withMember("scope", `"scope:client:incoming\tscope:stream:subscribe"`),
		capability.ErrScope},
	{"the scope has a newline", withMember("scope", `"scope:client:incoming\nscope:stream:subscribe"`),
		capability.ErrScope},
	{"the scope ends in a newline", withMember("scope", `"scope:client:incoming\n"`), capability.ErrScope},
	{"the scope has a carriage return", withMember("scope", `"scope:client:incoming\rscope:stream:subscribe"`),
		capability.ErrScope},
	{"the scope has a NUL", withMember("scope", `"scope:client:incoming?clientName=Alice\u0000"`),
		capability.ErrScope},
	{"the scope has DEL", withMember("scope", "\"scope:client:incoming?clientName=\x7f\""), capability.ErrScope},
	{"the scope has U+0085, where str.split splits",
		withMember("scope", "\"scope:client:incoming\u0085scope:stream:subscribe\""), capability.ErrScope},
	{"the scope has a no-break space", withMember("scope", "\"scope:client:incoming\u00a0scope:stream:subscribe\""),
		capability.ErrScope},
	{"the scope has an ideographic space",
		withMember("scope", "\"scope:client:incoming\u3000scope:stream:subscribe\""), capability.ErrScope},
	{"the scope has an escaped ideographic space",
		withMember("scope", `"scope:client:incoming\u3000scope:stream:subscribe"`), capability.ErrScope},
	{"the scope has a fragment", withMember("scope", `"scope:client:incoming?clientName=Alice#x"`),
		capability.ErrScope},
	{"the second scope has a fragment", withMember("scope", `"scope:client:incoming scope:a:b?#"`),
		capability.ErrScope},
	{"the scope has a comma", withMember("scope", `"scope:client:incoming,scope:stream:subscribe"`),
		capability.ErrScope},
	{"the scope is no scope URI", withMember("scope", `"client:incoming"`), capability.ErrScope},
	{"the second scope is no scope URI", withMember("scope", `"scope:client:incoming x"`), capability.ErrScope},
	{"the scope is of another scheme", withMember("scope", `"Scope:client:incoming"`), capability.ErrScope},
	{"the scope has no privilege", withMember("scope", `"scope:client"`), capability.ErrScope},
	{"the scope has an empty privilege", withMember("scope", `"scope:client:?clientName=Alice"`), capability.ErrScope},
	{"the scope has an empty service", withMember("scope", `"scope::incoming"`), capability.ErrScope},
	{"the scope has a third part", withMember("scope", `"scope:client:incoming:outgoing"`), capability.ErrScope},
	{"the scope has a broken escape", withMember("scope", `"scope:client:incoming?clientName=%4"`),
		capability.ErrScope},
	{"the scope has a broken escape in its service", withMember("scope", `"scope:cl%ient:incoming"`),
		capability.ErrScope},

	// Every string is valid UTF-8 without lone surrogates, also those that nobody
	// reads.
	{"a string is not UTF-8", withMember("x", "\"\xff\""), capability.ErrMalformed},
	{"a string has an overlong slash", withMember("x", "\"\xc0\xaf\""), capability.ErrMalformed},
	{"a string has a surrogate in UTF-8", withMember("x", "\"\xed\xa0\x80\""), capability.ErrMalformed},
	{"a string ends within a character", withMember("x", "\"\xe2\x82\""), capability.ErrMalformed},
	{"a name is not UTF-8", withMember("\xff", `1`), capability.ErrMalformed},
	{"a string within is not UTF-8", withMember("x", "[{\"a\":\"\xff\"}]"), capability.ErrMalformed},
	{"the issuer is not UTF-8", withMember("iss", "\"AC123123\xff\""), capability.ErrMalformed},
	{"a lone high surrogate", withMember("x", `"\ud800"`), capability.ErrMalformed},
	{"a lone high surrogate before a letter", withMember("x", `"\ud83dA"`), capability.ErrMalformed},
	{"a lone high surrogate before an escape", withMember("x", `"\ud83d\n"`), capability.ErrMalformed},
	{"a lone high surrogate before another character", withMember("x", `"\ud83d\u0041"`), capability.ErrMalformed},
	{"two high surrogates", withMember("x", `"\ud83d\ud83d"`), capability.ErrMalformed},
	{"a high surrogate before a cut-off escape", withMember("x", `"\ud83d\ude0"`), capability.ErrMalformed},
	{"a lone low surrogate", withMember("x", `"\ude00"`), capability.ErrMalformed},
	{"a lone low surrogate in upper case", withMember("x", `"\uDE00"`), capability.ErrMalformed},
	{"a surrogate pair the wrong way round", withMember("x", `"\ude00\ud83d"`), capability.ErrMalformed},
	{"a lone surrogate after a pair", withMember("x", `"\ud83d\ude00\ude00"`), capability.ErrMalformed},
	{"a lone surrogate in a name", withMember(`\ud83d`, `1`), capability.ErrMalformed},
	{"a lone surrogate in a string within", withMember("x", `[{"a":["\ud83d"]}]`), capability.ErrMalformed},
	{"a lone surrogate in a name within", withMember("x", `[{"\ude00":1}]`), capability.ErrMalformed},
	{"a raw newline in a string", withMember("x", "\"a\nb\""), capability.ErrMalformed},
	{"a raw tab in a string", withMember("x", "\"a\tb\""), capability.ErrMalformed},
	{"a raw NUL in a string", withMember("x", "\"a\x00b\""), capability.ErrMalformed},
	{"a raw control character in a name", withMember("a\x1fb", `1`), capability.ErrMalformed},
	{"a raw newline in the scope", withMember("scope", "\"scope:client:incoming\n\""), capability.ErrMalformed},
	{"an escape that JSON does not have", withMember("x", `"\x41"`), capability.ErrMalformed},
	{"an escaped apostrophe", withMember("x", `"\'"`), capability.ErrMalformed},
	{"an escape with a sign", withMember("x", `"\u+041"`), capability.ErrMalformed},
	{"an escape with an underscore", withMember("x", `"\u0_41"`), capability.ErrMalformed},
	{"an escape in upper case", withMember("x", `"\U0041"`), capability.ErrMalformed},
	{"an escape that is cut off", withMember("x", `"\u004"`), capability.ErrMalformed},
	{"a string without its closing quote", withPayload(`{"iss":"AC123123`), capability.ErrMalformed},
	{"a string whose closing quote is escaped", withPayload(`{"iss":"AC123123\"}`), capability.ErrMalformed},

	// Members that nobody reads are still JSON.
	{"an unknown member is no value", withMember("x", `undefined`), capability.ErrMalformed},
	{"an unknown member is NaN", withMember("x", `NaN`), capability.ErrMalformed},
	{"an unknown member is no number", withMember("x", `01`), capability.ErrMalformed},
	{"an unknown array is closed by a brace", withMember("x", `[1}`), capability.ErrMalformed},
	{"an unknown object is closed by a bracket", withMember("x", `{"a":1]`), capability.ErrMalformed},
	{"an unknown array has a comma too many", withMember("x", `[1,]`), capability.ErrMalformed},
	{"an unknown array is never closed", withMember("x", `[[]`), capability.ErrMalformed},
}

func TestForgeries(t *testing.T) {
	t.Parallel()
	for _, test := range slices.Concat(headerForgeries, payloadForgeries) {
		t.Run(test.attempt, func(t *testing.T) { checkForgery(t, capabilityTokens, test) })
	}
	for _, test := range accessForgeries {
		t.Run("in an Access Token, "+test.attempt, func(t *testing.T) { checkForgery(t, accessTokens, test) })
	}
	// A header that is wrong is so in either kind of token, as is a payload that is
	// no JSON.
	for _, test := range headerForgeries {
		checkRefused(t, newAccess(t), accessTokens.sign(test.signed), test.want)
	}
	for _, test := range payloadForgeries {
		if _, payload, _ := strings.Cut(test.signed, "."); test.want == capability.ErrMalformed {
			checkForgery(t, accessTokens, forgery{test.attempt, encode(accessHeaderJSON) + "." + payload, test.want})
		}
	}
}

func checkForgery(t *testing.T, k kind, test forgery) {
	t.Helper()
	token := k.sign(test.signed)
	checkRefused(t, k.new(t), token, test.want)
	checkRefused(t, k.new(t), sign("another"+k.by.secret, test.signed), capability.ErrSignature)
	checkRefused(t, k.new(t), test.signed+".", capability.ErrSignature)
	checkUnverifiedRefused(t, token, test.want)
}

// TestOtherAccountsAndKeys has tokens that only Verify rejects.
func TestOtherAccountsAndKeys(t *testing.T) {
	for _, issuer := range []struct {
		k      kind
		member string
	}{{capabilityTokens, "iss"}, {accessTokens, "iss"}, {accessTokens, "sub"}} {
		k := issuer.k
		for _, id := range []string{"AC123124", "SK123124", "ac123123", "AC1231234", "AC12312", "AC123123 ",
			`AC123123\u0000`,
			"SK1231234", "SK12312", "sk123123", `SK123123\u0000`, "x"} {
			signed := k.withMember(issuer.member, `"`+id+`"`)
			t.Run(k.name+"/"+issuer.member+" "+id, func(t *testing.T) {
				token := k.sign(signed)
				checkRefused(t, k.new(t), token, capability.ErrIssuer)
				checkRefused(t, k.new(t), sign("another"+k.by.secret, signed), capability.ErrSignature)
				checkRefused(t, k.new(t), signed+".", capability.ErrSignature)
				claims, err := capability.ParseUnverified(token)
				by := credentials{account: claims.AccountSID, apiKey: claims.APIKeySID, secret: k.by.secret}
				if err != nil || by == k.by || claims.ClientName() != "Alice" {
					t.Errorf("ParseUnverified(%s) = %+v, %v", abbreviate(token), claims, err)
				}
			})
		}
	}
}

func TestUnverifiedTokenNamesAnAccount(t *testing.T) {
	for _, raw := range []string{``, `""`, `null`, `true`, `123123`, `["AC123123"]`, `{"AC123123":1}`} {
		checkUnverifiedRefused(t, sign(authToken, withMember("iss", raw)), capability.ErrIssuer)
	}
	claims, err := capability.ParseUnverified(withMember("iss", `"AC999"`) + ".forged")
	if err != nil || claims.AccountSID != "AC999" {
		t.Errorf("ParseUnverified of a forged token of another account = %+v, %v", claims, err)
	}
}

// TestUnverifiedSignature shows that ParseUnverified judges the alphabet of a
// signature, but not its length.
func TestUnverifiedSignature(t *testing.T) {
	signed := withPayload(goodPayload())
	for _, signature := range []string{"", "A", "AA", "AAAA", "AAAAA", strings.Repeat("A", 42),
		strings.Repeat("_-9z", 100)} {
		claims, err := capability.ParseUnverified(signed + "." + signature)
		if got := seen(claims); err != nil || !reflect.DeepEqual(got, capabilityTokens.says) {
			t.Errorf("ParseUnverified with the signature %q = %+v, %v", signature, got, err)
		}
	}
	for _, signature := range []string{"=", "AA==", "A+A", "A/A", "AAAA\n", "\r", "A A", " ", "é", "\x00", "AAA%3D",
		"\xff", `"`, "~"} {
		checkUnverifiedRefused(t, signed+"."+signature, capability.ErrMalformed)
	}
}

// TestForgedTimes shows that a time is a whole number of seconds that fits an
// int64, and is written as such.
func TestForgedTimes(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, k kind) {
		c := k.new(t)
		for _, name := range []string{"exp", "nbf", "iat"} {
			for _, raw := range []string{
				`null`, `true`, `""`, `"1700003600"`, `[]`, `[1700003600]`, `{}`, `{"a":1700003600}`, `1700003600.0`,
				`1700003600.5`, `1.0`, `0.0`, `-0.0`, `1e3`, `1E3`, `1e9`, `17e8`, `1700003600e0`, `1e+3`, `1e-0`,
				`9223372036854775808`, `-9223372036854775809`, `18446744073709551615`, `18446744075409551616`, `1e400`,
				strings.Repeat("9", 100), `+1`, `01`, `00`, `-`, `--1`, `0x10`, `1_000`, `.5`, `5.`, `1 000`, `1.e3`,
				`1e`, `Infinity`, `NaN`, `١`,
			} {
				checkRefused(t, c, k.sign(k.withMember(name, raw)), capability.ErrMalformed)
				checkRefused(t, c, sign("another"+k.by.secret, k.withMember(name, raw)), capability.ErrSignature)
			}
		}
		for _, test := range []forgery{
			{"the expiry is missing", k.withMember("exp", ``), capability.ErrMalformed},
			{"the expiry goes by the name Exp", k.withPayload(strings.Replace(k.payload(), `"exp"`, `"Exp"`, 1)),
				capability.ErrMalformed},
			{"the expiry is minus nought", k.withMember("exp", `-0`), capability.ErrExpired},
			{"the expiry is the zero time", k.withMember("exp", `-62135596800`), capability.ErrMalformed},
			{"the not-before is the zero time", k.withMember("nbf", `-62135596800`), capability.ErrMalformed},
			{"the time of issue is the zero time", k.withMember("iat", `-62135596800`), capability.ErrMalformed},
		} {
			checkRefused(t, c, k.sign(test.signed), test.want)
		}
	})
}

// TestTimesAreReadInUTC has the times that are read as they should be.
func TestTimesAreReadInUTC(t *testing.T) {
	for _, test := range []struct {
		name, raw string
		time      func(capability.Claims) time.Time
		want      time.Time
	}{
		{"exp", `1700000001`, func(c capability.Claims) time.Time { return c.ExpiresAt },
			time.Date(2023, 11, 14, 22, 13, 21, 0, time.UTC)},
		{"nbf", `-0`, func(c capability.Claims) time.Time { return c.NotBefore },
			time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"nbf", `-62135596799`, func(c capability.Claims) time.Time { return c.NotBefore },
			time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)},
		{"iat", `-62135596801`, func(c capability.Claims) time.Time { return c.IssuedAt },
			time.Date(0, 12, 31, 23, 59, 59, 0, time.UTC)},
		{"iat", `1800000000`, func(c capability.Claims) time.Time { return c.IssuedAt },
			time.Date(2027, 1, 15, 8, 0, 0, 0, time.UTC)},
	} {
		claims, err := newCapability(t).Verify(sign(authToken, withMember(test.name, test.raw)))
		if got := test.time(claims); err != nil || got != test.want { // == compares the location, too
			t.Errorf("Verify of %s %s: %v, %v, want %v", test.name, test.raw, got, err, test.want)
		}
	}
}

// A token is valid from nbf on and up to, but not at, exp, by a clock whose
// fractions of a second do not count. The clock of a test is that many seconds
// and nanoseconds after 1970.
func at(seconds, nanoseconds int64) time.Time { return time.Unix(seconds, nanoseconds) }

// withTimes returns a payload with those times, and without nbf if it is "".
func withTimes(exp int64, nbf string) string {
	payload := payloadWith("exp", strconv.FormatInt(exp, 10))
	if nbf == "" {
		return payload
	}
	return strings.TrimSuffix(payload, "}") + `,"nbf":` + nbf + "}"
}

func TestTokenIsValidAt(t *testing.T) {
	for _, test := range []struct {
		name  string
		exp   int64
		nbf   string
		clock time.Time
	}{
		{"it is a second before the expiry", nowUnix, "", at(nowUnix-1, 0)},
		{"it is a nanosecond before the expiry", nowUnix, "", at(nowUnix-1, 999_999_999)},
		{"it is at the not-before", nowUnix + 60, "1700000000", at(nowUnix, 0)},
		{"it is a nanosecond after the not-before", nowUnix + 60, "1700000000", at(nowUnix, 1)},
		{"it is a second before the expiry, with a not-before", nowUnix + 60, "1700000000", at(nowUnix+59, 0)},
		{"the clock is before 1970", 0, "", at(-1, 999_999_999)},
		{"the clock is before an expiry before 1970", -60, "", at(-61, 999_999_999)},
		{"the expiry is the last second there is", math.MaxInt64, "", at(nowUnix, 0)},
		{"the expiry is the second before that", math.MaxInt64 - 1, "", at(nowUnix, 0)},
		{"the not-before is the first second there is", nowUnix + 1, "-9223372036854775808", at(nowUnix, 0)},
		{"the clock is at the zero time", 0, "", time.Time{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			signed := withPayload(withTimes(test.exp, test.nbf))
			claims, err := capabilityTokens.newAt(t, test.clock).Verify(sign(authToken, signed))
			header, payload, _ := strings.Cut(signed, ".")
			want, _ := read(decode(header), decode(payload))
			if got := seen(claims); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("Verify of exp %d, nbf %q at %v = %+v, %v, want %+v", test.exp, test.nbf, test.clock, got,
					err, want)
			}
		})
	}
}

func TestTokenIsNotValidAt(t *testing.T) {
	for _, test := range []struct {
		name  string
		exp   int64
		nbf   string
		clock time.Time
		want  error
	}{
		{"it is at the expiry", nowUnix, "", at(nowUnix, 0), capability.ErrExpired},
		{"it is a nanosecond after the expiry", nowUnix, "", at(nowUnix, 1), capability.ErrExpired},
		{"it is a second after the expiry", nowUnix, "", at(nowUnix+1, 0), capability.ErrExpired},
		{"it is long after the expiry", nowUnix, "", at(math.MaxUint32, 0), capability.ErrExpired},
		{"it is a second before the not-before", nowUnix + 60, "1700000000", at(nowUnix-1, 0),
			capability.ErrNotYetValid},
		{"it is a nanosecond before the not-before", nowUnix + 60, "1700000000", at(nowUnix-1, 999_999_999),
			capability.ErrNotYetValid},
		{"it is at the expiry, with a not-before", nowUnix + 60, "1700000000", at(nowUnix+60, 0),
			capability.ErrExpired},
		{"it is at an expiry that is the not-before", nowUnix, "1700000000", at(nowUnix, 0), capability.ErrExpired},
		{"it is before an expiry that is the not-before", nowUnix, "1700000000", at(nowUnix-1, 0),
			capability.ErrNotYetValid},
		{"it is between an expiry and a later not-before", nowUnix, "1700000060", at(nowUnix+30, 0),
			capability.ErrExpired},
		{"the clock is in another zone", nowUnix, "", at(nowUnix, 0).In(time.FixedZone("west", -12*3600)),
			capability.ErrExpired},
		{"the expiry is before 1970", -60, "", at(-60, 0), capability.ErrExpired},
		{"the expiry is the first second there is", math.MinInt64, "", at(nowUnix, 0), capability.ErrExpired},
		{"the expiry is the second after that", math.MinInt64 + 1, "", at(nowUnix, 0), capability.ErrExpired},
		{"the not-before is the last second there is", math.MaxInt64, "9223372036854775807", at(nowUnix, 0),
			capability.ErrNotYetValid},
		{"the not-before is the zero time", nowUnix + 1, "-62135596800", at(nowUnix, 0), capability.ErrMalformed},
		{"the clock is at the zero time, the not-before is 1970", 1, "0", time.Time{}, capability.ErrNotYetValid},
	} {
		t.Run(test.name, func(t *testing.T) {
			token := sign(authToken, withPayload(withTimes(test.exp, test.nbf)))
			checkRefused(t, capabilityTokens.newAt(t, test.clock), token, test.want)
		})
	}
}

func TestClientName(t *testing.T) {
	for _, test := range []struct{ name, scope, want string }{
		{"there is no scope", "", ""},
		{"no scope names a client", "scope:client:outgoing?appSid=AP1&appParams=", ""},
		{"an incoming scope names it", "scope:client:incoming?clientName=Alice", "Alice"},
		{"an outgoing scope names it", "scope:client:outgoing?appSid=AP1&clientName=Alice", "Alice"},
		{"the last of two counts", "scope:client:incoming?clientName=Alice scope:client:incoming?clientName=Bob",
			"Bob"},
		{"the last that has a name counts", "scope:client:incoming?clientName=Alice scope:client:outgoing?appSid=AP1",
			"Alice"},
		{"the first of two in one scope counts", "scope:client:incoming?clientName=Alice&clientName=Eve", "Alice"},
		{"the last scope names nobody", "scope:client:incoming?clientName=Alice scope:client:incoming?clientName=",
			""},
		{"an event stream does not name it", "scope:stream:subscribe?clientName=Eve", ""},
		{"an event stream behind the client does not name it",
			"scope:client:incoming?clientName=Alice scope:stream:subscribe?clientName=Eve", "Alice"},
		{"another service does not name it", "scope:Client:incoming?clientName=Eve", ""},
		{"another parameter does not name it", "scope:client:incoming?ClientName=Eve", ""},
		{"the name is no client name", "scope:client:incoming?clientName=alice%40example.com", "alice@example.com"},
	} {
		claims, err := newCapability(t).Verify(sign(authToken, withMember("scope", `"`+test.scope+`"`)))
		if got := claims.ClientName(); got != test.want || err != nil {
			t.Errorf("%s: ClientName() = %q, %v, want %q", test.name, got, err, test.want)
		}
	}
}

func TestClaimNamesAreInOrderAndTheCallersOwn(t *testing.T) {
	c := newCapability(t).WithClaim("role", "agent").WithClaim("aud", "api").
		AllowClientIncoming("Alice").WithNotBefore(now)
	claims, err := c.Verify(generate(t, c))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"role", "aud"}
	for range 2 {
		got := claims.ClaimNames()
		if !slices.Equal(got, want) {
			t.Fatalf("ClaimNames() = %q, want %q", got, want)
		}
		got[0] = "changed"
	}
	for _, name := range []string{"scope", "iss", "exp", "nbf", "iat", "Role", ""} {
		if got, ok := claims.Claim(name); got != "" || ok {
			t.Errorf("Claim(%q) = %q, %v", name, got, ok)
		}
	}
}

func TestWhatIsGrantedIsReadBack(t *testing.T) {
	everyByte := make([]byte, 256)
	for i := range everyByte {
		everyByte[i] = byte(i)
	}
	params := []capability.Parameter{{Name: string(everyByte), Value: string(everyByte)},
		{Name: "&=", Value: "a&b=c d"}}
	c := newCapability(t).
		AllowClientIncoming("Alice").
		AllowClientOutgoing("AP123123", params...).
		AllowEventStream(params...).
		WithClaim("user", "é\x00📞").
		WithNotBefore(now.Add(-time.Minute))
	claims, err := c.Verify(generate(t, c))
	want := reading{
		account: accountSID,
		client:  "Alice",
		scopes: []permission{
			{"client", "incoming", []capability.Parameter{{Name: "clientName", Value: "Alice"}}},
			{"client", "outgoing", []capability.Parameter{
				{Name: "appSid", Value: "AP123123"}, {Name: "appParams", Value: form(params)}, {Name: "clientName",
					Value: "Alice"}}},
			{"stream", "subscribe", []capability.Parameter{
				{Name: "path", Value: "/2010-04-01/Events"}, {Name: "params", Value: form(params)}}},
		},
		expiresAt: time.Unix(nowUnix+3600, 0).UTC(),
		notBefore: time.Unix(nowUnix-60, 0).UTC(),
		names:     []string{"user"},
		claims:    map[string]string{"user": "é\x00📞"},
	}
	if got := seen(claims); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("Verify = %+v, %v, want %+v", got, err, want)
	}
	for i, name := range map[int]string{1: "appParams", 2: "params"} {
		query, _ := claims.Scopes[i].Param(name)
		if got, err := capability.ParseParams(query); !reflect.DeepEqual(got, params) || err != nil {
			t.Errorf("%s are %q, %v", name, got, err)
		}
	}
}

// TestWhatAnAccessTokenGrantsIsReadBack has the scopes that say the same.
func TestWhatAnAccessTokenGrantsIsReadBack(t *testing.T) {
	params := pairs{{"&=\x00\x7f", "a&b=c d"}, {"José", "+1 415 / 😀"}, {"0", ""}}
	c := newAccess(t).AllowClientOutgoing("AP123123", params...).AllowClientIncoming("Alice").WithRegion("ie1").
		WithClaim("user", "é\x00📞").WithClaim("aud", "api").WithNotBefore(now.Add(-time.Minute))
	claims, err := c.Verify(generate(t, c))
	want := reading{
		account: accountSID, apiKey: apiKeySID, region: "ie1", client: "Alice",
		scopes: []permission{
			{"client", "incoming", pairs{{"clientName", "Alice"}}},
			{"client", "outgoing",
				pairs{{"appSid", "AP123123"}, {"appParams", form(params)}, {"clientName", "Alice"}}},
		},
		expiresAt: time.Unix(nowUnix+3600, 0).UTC(),
		notBefore: time.Unix(nowUnix-60, 0).UTC(),
		names:     []string{"user", "aud", "jti"},
		claims:    map[string]string{"user": "é\x00📞", "aud": "api", "jti": "SK123123-1700000000"},
	}
	if got := seen(claims); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("Verify = %+v, %v, want %+v", got, err, want)
	}
	query, _ := claims.Scopes[1].Param("appParams")
	if got, err := capability.ParseParams(query); !reflect.DeepEqual(got, params) || err != nil {
		t.Errorf("appParams are %q, %v, want %q", got, err, params)
	}
	for i, want := range []string{"scope:client:incoming?clientName=Alice",
		"scope:client:outgoing?appSid=AP123123&appParams=" +
			formString(form(params)) + "&clientName=Alice"} {
		if got := claims.Scopes[i].String(); got != want {
			t.Errorf("the scope %d is %s, want %s", i, got, want)
		}
	}
	for _, name := range []string{"iss", "sub", "exp", "nbf", "iat", "grants", "scope"} {
		if got, ok := claims.Claim(name); got != "" || ok {
			t.Errorf("Claim(%q) = %q, %v", name, got, ok)
		}
	}
	// A change of what was returned goes nowhere.
	claims.Scopes[0].Params()[0].Value = "changed"
	claims.Scopes[1].Params()[2].Value = "changed"
	if got := seen(claims); !reflect.DeepEqual(got, want) {
		t.Errorf("Verify = %+v, want %+v", got, want)
	}
}

// TestClaimsInJSON has the fields, with the scopes as they are written.
func TestClaimsInJSON(t *testing.T) {
	plain := newCapability(t).AllowClientIncoming("Alice").AllowClientOutgoing("AP1", capability.Param("a", "b c"))
	access := newAccess(t).AllowClientIncoming("Alice").WithRegion("ie1").WithClaim("secret", "no").WithNotBefore(now)
	for _, test := range []struct {
		c    capability.Capability
		want string
	}{
		{plain, `{"AccountSID":"AC123123","APIKeySID":"","Region":"",` +
			`"Scopes":["scope:client:incoming?clientName=Alice",` +
			`"scope:client:outgoing?appSid=AP1\u0026appParams=a%3Db%2Bc\u0026clientName=Alice"],` +
			`"ExpiresAt":"2023-11-14T23:13:20Z","NotBefore":"0001-01-01T00:00:00Z",` +
			`"IssuedAt":"0001-01-01T00:00:00Z"}`},
		{access, `{"AccountSID":"AC123123","APIKeySID":"SK123123","Region":"ie1",` +
			`"Scopes":["scope:client:incoming?clientName=Alice"],` +
			`"ExpiresAt":"2023-11-14T23:13:20Z","NotBefore":"2023-11-14T22:13:20Z",` +
			`"IssuedAt":"0001-01-01T00:00:00Z"}`},
		{newCapability(t), `{"AccountSID":"AC123123","APIKeySID":"","Region":"","Scopes":null,` +
			`"ExpiresAt":"2023-11-14T23:13:20Z","NotBefore":"0001-01-01T00:00:00Z",` +
			`"IssuedAt":"0001-01-01T00:00:00Z"}`},
	} {
		claims, err := test.c.Verify(generate(t, test.c))
		text, err2 := json.Marshal(claims)
		if string(text) != test.want || err != nil || err2 != nil {
			t.Errorf("json.Marshal of %v is\n%s, %v, %v, want\n%s", test.c, text, err, err2, test.want)
		}
	}
}

// TestTimesThatJSONCannotHold has a token that expires after the year 9999.
func TestTimesThatJSONCannotHold(t *testing.T) {
	claims, err := newCapability(t).Verify(sign(authToken, withMember("exp", "253402300800")))
	if text, err2 := json.Marshal(claims); err != nil || err2 == nil {
		t.Errorf("json.Marshal = %s, %v, want an error (%v)", text, err2, err)
	}
}

// TestManyClaims has as many claims as are looked through one by one, and more,
// some of which are no strings.
func TestManyClaims(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 17, 18, 40} {
		var text strings.Builder
		var names []string
		for i := range n {
			names = append(names, fmt.Sprint("name", i))
			value := []string{`"text"`, `""`, `5`, `["text"]`, `null`}[i%5]
			fmt.Fprintf(&text, `"name%d":%s,`, i, value)
		}
		claims, err := newCapability(t).Verify(capabilityTokens.sign(withPayload("{" + text.String() +
			goodPayload()[1:])))
		if got := claims.ClaimNames(); err != nil || len(got) != n || n > 0 && !slices.Equal(got, names) {
			t.Errorf("of %d claims, ClaimNames() = %q, %v", n, got, err)
		}
		for i, name := range names {
			got, ok := claims.Claim(name)
			if want := map[int]string{0: "text"}[i%5]; got != want || ok != (i%5 < 2) {
				t.Errorf("of %d claims, Claim(%q) = %q, %v, want %q, %v", n, name, got, ok, want, i%5 < 2)
			}
		}
		for _, absent := range []string{"", "name", "name-1", "iss", "Name0"} {
			if got, ok := claims.Claim(absent); got != "" || ok {
				t.Errorf("of %d claims, Claim(%q) = %q, %v", n, absent, got, ok)
			}
		}
	}
}

// TestVerifyOfAFailedCapability shows that such a one does not blame the token.
func TestVerifyOfAFailedCapability(t *testing.T) {
	good := newCapability(t)
	for _, test := range []struct {
		name string
		c    capability.Capability
		want error
	}{
		{"the zero value", capability.Capability{}, capability.ErrAccountSID},
		{"a bad client name", good.AllowClientIncoming("a b"), capability.ErrClientName},
		{"a bad lifetime", good.WithTTL(0), capability.ErrTTL},
		{"a bad claim", good.WithClaim("exp", "1"), capability.ErrClaim},
		{"the first of two", good.WithClaim("exp", "1").WithTTL(0), capability.ErrClaim},
		{"a bad parameter name", good.AllowEventStream(capability.Param("", "")), capability.ErrParam},
		{"a key that cannot sign", capability.WithoutSigner(good), capability.ErrAuthToken},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkRefused(t, test.c, goodToken(), test.want)
		})
	}
	for _, token := range []string{"", "a.b.c"} {
		checkRefused(t, good.WithTTL(0), token, capability.ErrTTL)
		checkRefused(t, capability.Capability{}, token, capability.ErrAccountSID)
	}
}

// TestWhatACapabilityGrantsIsNoMatterOfReading shows that only its account, its
// auth token and its clock count.
func TestWhatACapabilityGrantsIsNoMatterOfReading(t *testing.T) {
	base, access := newCapability(t), newAccess(t)
	for _, test := range []struct {
		name string
		k    kind
		c    capability.Capability
	}{
		{"another client name", capabilityTokens, base.AllowClientIncoming("Bob")},
		{"another scope", capabilityTokens, base.AllowEventStream()},
		{"another lifetime", capabilityTokens, base.WithTTL(time.Second)},
		{"an expiry in the past", capabilityTokens, base.WithExpiry(now.Add(-time.Hour))},
		{"a not-before in the future", capabilityTokens, base.WithNotBefore(now.Add(time.Hour))},
		{"another claim", capabilityTokens, base.WithClaim("a", "b")},
		{"another client name in an Access Token", accessTokens, access.AllowClientIncoming("Bob")},
		{"an application in an Access Token", accessTokens, access.AllowClientOutgoing("AP1")},
		{"a region in an Access Token", accessTokens, access.WithRegion("ie1")},
	} {
		claims, err := test.c.Verify(test.k.token())
		if got := seen(claims); err != nil || !reflect.DeepEqual(got, test.k.says) {
			t.Errorf("%s: Verify = %+v, %v, want %+v", test.name, got, err, test.k.says)
		}
	}
	for _, test := range []struct {
		name, token string
		by          credentials
	}{
		{"another account with the same auth token", goodToken(), credentials{"AC999", "", authToken}},
		{"another account with the same key", accessTokens.token(), credentials{"AC999", apiKeySID, apiKeySecret}},
		{"another key with the same secret", accessTokens.token(), credentials{accountSID, "SK999", apiKeySecret}},
	} {
		c, err := test.by.new()
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.WithClock(func() time.Time { return now }).Verify(test.token)
		checkReason(t, test.name, err, capability.ErrIssuer)
	}
}
