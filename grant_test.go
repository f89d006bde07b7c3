package capability_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"example.com/capability"
)

// TestGoodAccessToken is the Access Token of which all forgeries are made.
func TestGoodAccessToken(t *testing.T) {
	claims, err := newAccess(t).Verify(accessTokens.token())
	if got := seen(claims); err != nil || !reflect.DeepEqual(got, accessTokens.says) {
		t.Errorf("Verify = %+v, %v, want %+v", got, err, accessTokens.says)
	}
}

// TestOddButGoodGrants shows that strict is not narrow.
func TestOddButGoodGrants(t *testing.T) {
	caller := capability.Param("clientName", "Alice")
	in := permission{"client", "incoming", pairs{caller}}
	out := func(params string) permission {
		return permission{"client", "outgoing", pairs{{"appSid", "AP1"}, {"appParams", params}, caller}}
	}
	nobody := permission{"client", "incoming", nil}
	type scopes = []permission
	for _, test := range []struct {
		name, grants, client string
		scopes               scopes
	}{
		{"they are empty", `{}`, "", nil},
		{"there is no voice grant", `{"identity":"Alice"}`, "Alice", nil},
		{"the voice grant is empty", `{"identity":"Alice","voice":{}}`, "Alice", nil},
		{"there is no identity", `{"voice":{"incoming":{"allow":true}}}`, "", scopes{nobody}},
		{"the identity is empty", `{"identity":"","voice":{"incoming":{"allow":true}}}`, "", scopes{nobody}},
		{"there is no identity for outgoing calls", `{"voice":{"outgoing":{"application_sid":"AP1"}}}`, "",
			scopes{{"client", "outgoing", pairs{{"appSid", "AP1"}, {"appParams", ""}}}}},
		{"the identity comes last", `{"voice":{"incoming":{"allow":true}},"identity":"Alice"}`, "Alice", scopes{in}},
		{"the identity is an address", `{"identity":"a@b.example c","voice":{}}`, "a@b.example c", nil},
		{"the identity has an escape", `{"identity":"\u0041lice","voice":{}}`, "Alice", nil},
		{"incoming is empty", `{"identity":"Alice","voice":{"incoming":{}}}`, "Alice", nil},
		{"incoming is not allowed", `{"identity":"Alice","voice":{"incoming":{"allow":false}}}`, "Alice", nil},
		{"outgoing is empty", `{"identity":"Alice","voice":{"outgoing":{}}}`, "Alice", nil},
		{"outgoing has an empty application", `{"identity":"Alice","voice":{"outgoing":{"application_sid":"",` +
			`"params":{"a":"b"}}}}`,
			"Alice", nil},
		{"outgoing has parameters and no application",
			`{"identity":"Alice","voice":{"outgoing":{"params":{"a":"b"}}}}`, "Alice", nil},
		{"there are no parameters", `{"identity":"Alice","voice":{"outgoing":{"application_sid":"AP1"}}}`, "Alice",
			scopes{out("")}},
		{"the parameters are empty", `{"identity":"Alice","voice":{"outgoing":{"application_sid":"AP1","params":{}}}}`,
			"Alice", scopes{out("")}},
		{"the parameters come first", `{"identity":"Alice","voice":{"outgoing":{"params":{"b":"1 2","a":""},` +
			`"application_sid":"AP1"}}}`,
			"Alice", scopes{out("b=1+2&a=")}},
		{"a parameter has no name", `{"identity":"Alice","voice":{"outgoing":{"params":{"":"x"},` +
			`"application_sid":"AP1"}}}`,
			"Alice", scopes{out("=x")}},
		{"names differ in case", `{"identity":"Alice","voice":{"outgoing":{"params":{"a":"1","A":"2"},` +
			`"application_sid":"AP1"}}}`,
			"Alice", scopes{out("a=1&A=2")}},
		{"outgoing comes before incoming", `{"identity":"Alice","voice":{"outgoing":{"application_sid":"AP1"},` +
			`"incoming":{"allow":true}}}`,
			"Alice", scopes{in, out("")}},
		{"there are other grants", `{"chat":{"service_sid":"IS1"},"identity":"Alice","video":null,"x":[1],` +
			`"voice":{"incoming":{"allow":true}}}`,
			"Alice", scopes{in}},
		{"another grant repeats a member", `{"chat":{"a":1,"a":2},"identity":"Alice"}`, "Alice", nil},
		{"there are other members on each level",
			`{"identity":"Alice","voice":{"push_credential_sid":"CR1","endpoint_id":"x",` +
				`"incoming":{"x":{"allow":false},"allow":true},` +
				`"outgoing":{"x":{"params":[]},"application_sid":"AP1"}}}`, "Alice", scopes{in, out("")}},
		{"other members have names that differ in case",
			`{"Identity":1,"identity":"Alice","Voice":null,"voice":{"Incoming":1,"incoming":{"Allow":1,` +
				`"allow":true},` +
				`"Outgoing":[],"outgoing":{"Application_Sid":1,"Params":[],"application_sid":"AP1"}}}`, "Alice",
			scopes{in, out("")}},
		{"the names have escapes", `{"\u0069dentity":"Alice","voic\u0065":{"\u0069ncoming":{"\u0061llow":true}}}`,
			"Alice", scopes{in}},
		{"there is white space everywhere",
			" {\n\"identity\" : \"Alice\" ,\t\"voice\" :\r{ \"incoming\" : { \"allow\" : true } , \"outgoing\" : " +
				"{ \"application_sid\" : \"AP1\" , \"params\" : { \"a\" : \"b\" } } } } ", "Alice",
			scopes{in, out("a=b")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := accessTokens.says
			want.client, want.scopes = test.client, test.scopes
			checkReads(t, accessTokens, withGrants(test.grants), want)
		})
	}
}

// checkReads checks that a token with those first two parts says that, verified
// or not.
func checkReads(t *testing.T, k kind, signed string, want reading) {
	t.Helper()
	token := k.sign(signed)
	claims, err := k.new(t).Verify(token)
	if got := seen(claims); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Verify(%s) = %+v, %v, want %+v", abbreviate(token), got, err, want)
	}
	parsed, err := capability.ParseUnverified(token)
	if err != nil || !reflect.DeepEqual(parsed, claims) {
		t.Errorf("ParseUnverified(%s) = %+v, %v, want %+v", abbreviate(token), parsed, err, claims)
	}
	if want.scopes == nil && claims.Scopes != nil {
		t.Errorf("Verify(%s) returns empty scopes, want nil", abbreviate(token))
	}
}

// TestOddButGoodAccessTokens has the header and the payload around the grants.
func TestOddButGoodAccessTokens(t *testing.T) {
	header := func(rest string) string {
		return accessTokens.withHeader(`{"alg":"HS256","cty":"twilio-fpa;v=1"` + rest + `}`)
	}
	says := func(change func(*reading)) reading {
		r := accessTokens.says
		r.names, r.claims = slices.Clone(r.names), map[string]string{"jti": r.claims["jti"]}
		change(&r)
		return r
	}
	region := func(region string) reading { return says(func(r *reading) { r.region = region }) }
	for _, test := range []struct {
		name, signed string
		want         reading
	}{
		{"there is no type and no region", header(``), region("")},
		{"the region is null, as the Ruby helper writes it", header(`,"twr":null`), region("")},
		{"the region is empty", header(`,"twr":""`), region("")},
		{"there is a region", header(`,"twr":"ie1"`), region("ie1")},
		{"the region has an escape", header(`,"twr":"\u0069e1"`), region("ie1")},
		{"the region is one that WithRegion rejects", header(`,"twr":"é/\n"`), region("é/\n")},
		{"the region comes first", accessTokens.withHeader(`{"twr":"au1","cty":"twilio-fpa;v=1","typ":"jwt",` +
			`"alg":"HS256"}`),
			region("au1")},
		{"TWR is not the region", header(`,"TWR":1`), region("")},
		{"the content type has an escape", accessTokens.withHeader(`{"alg":"HS256","cty":"twilio\u002dfpa;v=1"}`),
			region("")},
		{"there are claims of other readers", accessTokens.withMember("aud", `["x"]`),
			says(func(r *reading) { r.names = []string{"jti", "aud"} })},
		{"scope is a claim", accessTokens.withMember("scope", `"scope:client:outgoing"`), says(func(r *reading) {
			r.names = []string{"jti", "scope"}
			r.addClaim("scope", "scope:client:outgoing")
		})},
		{"scope is a claim that is no string", accessTokens.withMember("scope", `[]`),
			says(func(r *reading) { r.names = []string{"jti", "scope"} })},
		{"there is no jti", accessTokens.withMember("jti", ``),
			says(func(r *reading) { r.names, r.claims = nil, nil })},
		{"jti is a number", accessTokens.withMember("jti", `5`), says(func(r *reading) { r.claims = nil })},
	} {
		t.Run(test.name, func(t *testing.T) { checkReads(t, accessTokens, test.signed, test.want) })
	}
	sub := accessTokens.says
	sub.names, sub.claims = []string{"jti", "sub", "grants"}, map[string]string{"jti": "x", "sub": "AC9"}
	sub.apiKey = ""
	payload := strings.TrimSuffix(goodPayload(), "}") + `,"jti":"x","sub":"AC9","grants":{"identity":5}}`
	checkReads(t, capabilityTokens, withPayload(payload), sub) // where they are claims like any other
}

// TestContentTypeDecidesTheKind has headers that are close to those of an Access
// Token. They are those of a capability token, in which the region is nothing.
func TestContentTypeDecidesTheKind(t *testing.T) {
	for _, cty := range []string{
		`"twilio-fpa;v=2"`, `"twilio-fpa;v=1 "`, `" twilio-fpa;v=1"`, `"twilio-fpa; v=1"`, `"TWILIO-FPA;v=1"`,
		`"twilio-fpa;V=1"`, `"twilio-fpa"`, `"application/twilio-fpa;v=1"`, `"JWT"`, `""`, `null`, `1`, `true`,
		`["twilio-fpa;v=1"]`, `{"twilio-fpa;v=1":1}`,
	} {
		for _, header := range []string{
			`{"alg":"HS256","cty":` + cty + `}`,
			`{"alg":"HS256","twr":5,"cty":` + cty + `}`,
			`{"alg":"HS256","CTY":"twilio-fpa;v=1","cty":` + cty + `,"twr":{"a":1}}`,
		} {
			checkReads(t, capabilityTokens, capabilityTokens.withHeader(header), capabilityTokens.says)
			checkRefused(t, newAccess(t), accessTokens.sign(accessTokens.withHeader(header)), capability.ErrKind)
			checkUnverifiedRefused(t, accessTokens.withHeader(header)+".", capability.ErrScope) // as it has no scope
		}
	}
}

// TestTokensOfTheOtherKind shows that they are rejected as such only if the
// signature is right and the header in order, and before the payload is read.
func TestTokensOfTheOtherKind(t *testing.T) {
	for i, k := range kinds {
		other := kinds[1-i]
		c := k.new(t)
		for _, test := range []struct{ name, signed string }{
			{"it is good", other.withPayload(other.payload())},
			{"its payload is that of the right kind", other.withPayload(k.payload())},
			{"it has expired", other.withMember("exp", "1")},
			{"it is of another account", other.withPayload(strings.ReplaceAll(other.payload(), accountSID, "AC9"))},
			{"its payload is empty", other.withPayload(``)},
			{"its payload is no JSON", other.withPayload(`{"iss"`)},
		} {
			t.Run(k.name+"/"+test.name, func(t *testing.T) {
				checkRefused(t, c, k.sign(test.signed), capability.ErrKind)
				checkRefused(t, c, other.sign(test.signed), capability.ErrSignature)
				checkRefused(t, c, test.signed+".", capability.ErrSignature)
			})
		}
		alg := strings.Replace(other.header, "HS256", "none", 1)
		checkRefused(t, c, k.sign(other.withHeader(alg)), capability.ErrAlgorithm)
		checkRefused(t, c, k.sign(other.withHeader("{")), capability.ErrMalformed)
		checkRefused(t, c, k.sign(encode(other.header)+".A"), capability.ErrMalformed)
	}
}

// A level is a value in an Access Token that has to be of one type.
type level struct {
	path string // as messages have it
	want string
	with func(raw string) string // the first two parts of a token with that value
	good []string                // of the values that TestEachLevelHasItsType tries
}

var levels = []level{
	{"grants", "an object", withGrants, []string{`{}`}},
	{"grants.identity", "a string", func(raw string) string { return withGrants(`{"identity":` + raw + `}`) }, texts},
	{"grants.voice", "an object", withVoice, []string{`{}`}},
	{"grants.voice.incoming", "an object", func(raw string) string { return withVoice(`{"incoming":` + raw + `}`) },
		[]string{`{}`}},
	{"grants.voice.incoming.allow", "true or false",
		func(raw string) string { return withVoice(`{"incoming":{"allow":` + raw + `}}`) }, []string{`true`, `false`}},
	{"grants.voice.outgoing", "an object", func(raw string) string { return withVoice(`{"outgoing":` + raw + `}`) },
		[]string{`{}`}},
	{"grants.voice.outgoing.application_sid", "a string",
		func(raw string) string { return withOutgoing(`"application_sid":` + raw) }, texts},
	{"grants.voice.outgoing.params", "an object",
		func(raw string) string { return withOutgoing(`"application_sid":"AP1","params":` + raw) }, []string{`{}`}},
	{`grants.voice.outgoing.params: "Foo"`, "a string",
		func(raw string) string { return withOutgoing(`"params":{"Foo":` + raw + `}`) }, texts},
}

var texts = []string{`""`, `"x"`, `"true"`}

func withOutgoing(members string) string { return withVoice(`{"outgoing":{` + members + `}}`) }

// TestEachLevelHasItsType has each kind of value in each place.
func TestEachLevelHasItsType(t *testing.T) {
	shown := map[string]string{
		`null`: `null`, `true`: `true`, `false`: `false`, `0`: `0`, `1`: `1`, `-1.5e3`: `-1.5e3`, `""`: `""`,
		`"x"`: `"x"`, `"true"`: `"true"`, `[]`: `an array`, `["x"]`: `an array`, `[{}]`: `an array`,
		`{}`: `an object`, `{"a":"b"}`: `an object`,
	}
	c := newAccess(t)
	for _, level := range levels {
		for raw, value := range shown {
			good := slices.Contains(level.good, raw) || level.want == "an object" && raw == `{"a":"b"}`
			token := accessTokens.sign(level.with(raw))
			_, err := c.Verify(token)
			if good {
				checkAccepted(t, level.path+" "+raw, err, true, nil)
				continue
			}
			want := "capability: invalid scopes or grants: payload: " + level.path + " is " + value + ", not " +
				level.want
			checkRefused(t, c, token, capability.ErrScope)
			checkUnverifiedRefused(t, token, capability.ErrScope)
			if fmt.Sprint(err) != want {
				t.Errorf("%s %s:\ngot  %v\nwant %s", level.path, raw, err, want)
			}
		}
	}
}

// accessForgeries are Access Tokens with a payload that is wrong beyond the type
// of a value. TestForgeries tries them.
var accessForgeries = []forgery{
	{"the issuer is missing", accessTokens.withMember("iss", ``), capability.ErrIssuer},
	{"the issuer is null", accessTokens.withMember("iss", `null`), capability.ErrIssuer},
	{"the issuer is empty", accessTokens.withMember("iss", `""`), capability.ErrIssuer},
	{"the issuer is a number", accessTokens.withMember("iss", `1`), capability.ErrIssuer},
	{"the issuer is an array of one", accessTokens.withMember("iss", `["SK123123"]`), capability.ErrIssuer},
	{"the issuer is an object", accessTokens.withMember("iss", `{"SK123123":1}`), capability.ErrIssuer},
	{"the issuer is given twice", accessTokens.withMember("iss", `"SK123123","iss":"SK9"`), capability.ErrMalformed},
	{"the issuer goes by the name ISS", accessTokens.withPayload(
		strings.Replace(accessTokens.payload(), `"iss"`, `"ISS"`, 1)), capability.ErrIssuer},
	{"the account is missing", accessTokens.withMember("sub", ``), capability.ErrIssuer},
	{"the account is null", accessTokens.withMember("sub", `null`), capability.ErrIssuer},
	{"the account is empty", accessTokens.withMember("sub", `""`), capability.ErrIssuer},
	{"the account is a number", accessTokens.withMember("sub", `1`), capability.ErrIssuer},
	{"the account is an array of one", accessTokens.withMember("sub", `["AC123123"]`), capability.ErrIssuer},
	{"the account is given twice", accessTokens.withMember("sub", `"AC123123","sub":"AC9"`), capability.ErrMalformed},
	{"the account is given twice, once escaped", accessTokens.withMember("sub", `"AC123123","\u0073ub":"AC123123"`),
		capability.ErrMalformed},
	{"the expiry is missing", accessTokens.withMember("exp", ``), capability.ErrMalformed},
	{"the grants are missing", accessTokens.withMember("grants", ``), capability.ErrScope},
	{"the grants go by the name Grants", accessTokens.withPayload(
		strings.Replace(accessTokens.payload(), `"grants"`, `"Grants"`, 1)), capability.ErrScope},
	{"the grants are in an object within", accessTokens.withPayload(
		strings.Replace(accessTokens.payload(), `"grants":`, `"x":{"grants":`, 1) + "}"), capability.ErrScope},
	{"it has a scope instead of grants", accessTokens.withPayload(`{"iss":"SK123123","sub":"AC123123",` +
		`"exp":1700003600,"scope":""}`),
		capability.ErrScope},

	// Members given twice on any level that is read: readers differ in which one
	// counts.
	{"the grants are given twice", withGrants(`{},"grants":{}`), capability.ErrMalformed},
	{"the grants are given twice, once escaped", withGrants(`{},"grant\u0073":{}`), capability.ErrMalformed},
	{"a claim is given twice", accessTokens.withMember("x", `1,"x":1`), capability.ErrMalformed},
	{"the identity is given twice", withGrants(`{"identity":"Alice","identity":"Bob"}`), capability.ErrMalformed},
	{"the identity is given twice, once escaped", withGrants(`{"identity":"Alice","\u0069dentity":"Alice"}`),
		capability.ErrMalformed},
	{"the voice grant is given twice", withGrants(`{"voice":{},"voice":{}}`), capability.ErrMalformed},
	{"another grant is given twice", withGrants(`{"chat":{},"chat":{}}`), capability.ErrMalformed},
	{"incoming is given twice", withVoice(`{"incoming":{"allow":false},"incoming":{"allow":true}}`),
		capability.ErrMalformed},
	{"outgoing is given twice", withVoice(`{"outgoing":{},"outgoing":{}}`), capability.ErrMalformed},
	{"another member of the voice grant is given twice", withVoice(`{"endpoint_id":"a","endpoint_id":"b"}`),
		capability.ErrMalformed},
	{"allow is given twice", withVoice(`{"incoming":{"allow":false,"allow":true}}`), capability.ErrMalformed},
	{"allow is given twice, once escaped", withVoice(`{"incoming":{"allow":true,"all\u006fw":true}}`),
		capability.ErrMalformed},
	{"the application is given twice", withOutgoing(`"application_sid":"AP1","application_sid":"AP2"`),
		capability.ErrMalformed},
	{"the parameters are given twice", withOutgoing(`"params":{},"params":{}`), capability.ErrMalformed},
	{"a parameter is given twice", withOutgoing(`"params":{"a":"1","b":"2","a":"3"}`), capability.ErrMalformed},
	{"a parameter is given twice, once escaped", withOutgoing(`"params":{"a":"1","\u0061":"1"}`),
		capability.ErrMalformed},

	// The grants are JSON, also where nobody reads them.
	{"the grants are not closed", withGrants(`{"identity":"Alice"`), capability.ErrMalformed},
	{"the grants have a comma too many", withGrants(`{"identity":"Alice",}`), capability.ErrMalformed},
	{"the grants have no comma", withGrants(`{"identity":"Alice" "voice":{}}`), capability.ErrMalformed},
	{"the voice grant has no colon", withGrants(`{"voice" {}}`), capability.ErrMalformed},
	{"the voice grant is closed by a bracket", withGrants(`{"voice":{"x":1]}`), capability.ErrMalformed},
	{"incoming has no name", withVoice(`{"incoming":{:true}}`), capability.ErrMalformed},
	{"allow is no word of JSON", withVoice(`{"incoming":{"allow":True}}`), capability.ErrMalformed},
	{"a parameter has no value", withOutgoing(`"params":{"a":}`), capability.ErrMalformed},
	{"a parameter has a lone surrogate", withOutgoing(`"params":{"a":"\ud800"}`), capability.ErrMalformed},
	{"a parameter is not UTF-8", withOutgoing("\"params\":{\"a\":\"\xff\"}"), capability.ErrMalformed},
	{"the identity has a control character", withGrants("{\"identity\":\"A\nlice\"}"), capability.ErrMalformed},
	{"another grant is not closed", withGrants(`{"chat":{"a":[}}`), capability.ErrMalformed},
	{"a parameter is an object that is not closed", withOutgoing(`"params":{"a":{`), capability.ErrScope},

	// The region, which the header has.
	{"the region is a number", accessTokens.withHeader(`{"alg":"HS256","cty":"twilio-fpa;v=1","twr":1}`),
		capability.ErrMalformed},
	{"the region is true", accessTokens.withHeader(`{"alg":"HS256","cty":"twilio-fpa;v=1","twr":true}`),
		capability.ErrMalformed},
	{"the region is false", accessTokens.withHeader(`{"alg":"HS256","cty":"twilio-fpa;v=1","twr":false}`),
		capability.ErrMalformed},
	{"the region is an array", accessTokens.withHeader(`{"alg":"HS256","cty":"twilio-fpa;v=1","twr":["ie1"]}`),
		capability.ErrMalformed},
	{"the region is an object", accessTokens.withHeader(`{"alg":"HS256","cty":"twilio-fpa;v=1","twr":{}}`),
		capability.ErrMalformed},
	{"the region is given twice", accessTokens.withHeader(`{"alg":"HS256","cty":"twilio-fpa;v=1","twr":"ie1",` +
		`"twr":"ie1"}`),
		capability.ErrMalformed},
	{"the content type is given twice", accessTokens.withHeader(`{"alg":"HS256","cty":"twilio-fpa;v=1",` +
		`"cty":"twilio-fpa;v=1"}`),
		capability.ErrMalformed},
	{"an extension is critical", accessTokens.withHeader(`{"alg":"HS256","cty":"twilio-fpa;v=1","crit":["x"]}`),
		capability.ErrMalformed},
	{"the algorithm is none", accessTokens.withHeader(`{"alg":"none","cty":"twilio-fpa;v=1"}`),
		capability.ErrAlgorithm},
}

// TestRejectedGrantsTellThePlace has the messages for what is not a value of the
// wrong type, which TestEachLevelHasItsType has.
func TestRejectedGrantsTellThePlace(t *testing.T) {
	for _, test := range []struct{ name, signed, want string }{
		{"the identity is given twice", withGrants(`{"identity":"Alice","identity":"Bob"}`),
			`malformed token: payload: duplicate member "identity"`},
		{"a parameter is given twice", withOutgoing(`"params":{"Foo":"a","Foo":"b"}`),
			`malformed token: payload: duplicate member "Foo"`},
		{"the grants are missing", accessTokens.withMember("grants", ``),
			`invalid scopes or grants: payload: there are no grants`},
		{"the account is missing", accessTokens.withMember("sub", ``),
			`wrong account or API key: payload: there is no sub`},
		{"the key is missing", accessTokens.withMember("iss", ``),
			`wrong account or API key: payload: there is no iss`},
		{"the key is empty", accessTokens.withMember("iss", `""`),
			`wrong account or API key: payload: iss is "", not the SID of an API key`},
		{"the account is a number", accessTokens.withMember("sub", `5`),
			`wrong account or API key: payload: sub is 5, not an account SID`},
		{"it is for another key", accessTokens.withMember("iss", `"SK9"`),
			`wrong account or API key "SK9": this Capability has the API key "SK123123"`},
		{"it is for another account", accessTokens.withMember("sub", `"AC9"`),
			`wrong account or API key "AC9": this Capability has the account "AC123123"`},
		{"the key and the account are swapped", accessTokens.withPayload(strings.NewReplacer(
			`"iss"`, `"sub"`, `"sub"`, `"iss"`).Replace(accessTokens.payload())),
			`wrong account or API key "AC123123": this Capability has the API key "SK123123"`},
		{"the region is a number", accessTokens.withHeader(`{"alg":"HS256","cty":"twilio-fpa;v=1","twr":1}`),
			`malformed token: header: twr is 1, not a region`},
		{"the region is an object", accessTokens.withHeader(`{"alg":"HS256","cty":"twilio-fpa;v=1","twr":{"a":1}}`),
			`malformed token: header: twr is an object, not a region`},
		{"a parameter has a long name", withOutgoing(`"params":{"` + strings.Repeat("a", 50) + `":1}`),
			`invalid scopes or grants: payload: grants.voice.outgoing.params: "` + strings.Repeat("a", 40) +
				`"... (50 bytes) is 1, not a string`},
	} {
		if got := fmt.Sprint(accessTokens.verifyError(t, test.signed)); got != "capability: "+test.want {
			t.Errorf("%s:\ngot  %s\nwant capability: %s", test.name, got, test.want)
		}
	}
}
