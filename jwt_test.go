package capability

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// What the tests of reading have in common: an account, its auth token, and a clock that stands still. The auth token
// is long enough for an enforced FIPS 140-3 mode.
const (
	forgeAccount = "AC123123"
	forgeKey     = "5f4e3d2c1b0a99887766554433221100"
	forgeNow     = 1_700_000_000
	forgeHeader  = `{"typ":"JWT","alg":"HS256"}`
)

// forgeReasons are the errors of reading; a refusal has exactly one of them.
var forgeReasons = []error{ErrMalformed, ErrAlgorithm, ErrSignature, ErrIssuer, ErrExpired, ErrNotYetValid, ErrScope}

// forgeMinting are the errors of minting, which no token can cause.
var forgeMinting = []error{ErrAccountSID, ErrAuthToken, ErrClientName, ErrApplicationSID, ErrParam, ErrTTL, ErrClaim}

// forgeVerifier returns the Capability that has to see through the forgeries.
func forgeVerifier(t testing.TB, now time.Time) Capability {
	t.Helper()
	c, err := New(forgeAccount, forgeKey)
	if err != nil {
		t.Fatal(err)
	}
	return c.WithClock(func() time.Time { return now })
}

// forgeParts encodes a header and a payload, whatever they hold, and puts the dot between.
func forgeParts(header, payload string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(payload))
}

// forgeSign signs a text, whatever it holds, by means of its own. It pads a short key with zeros, as HMAC does anyway
// (RFC 2104, section 2), since an enforced FIPS 140-3 mode would not take it as it is.
func forgeSign(key, signed string) string {
	key += strings.Repeat("\x00", max(0, sha256.BlockSize-len(key)))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// forgePayload returns a payload that is good but for one member, which has a raw value or, if that is "", is left out.
func forgePayload(name, raw string) string {
	members := []struct{ name, raw string }{
		{"scope", `"scope:client:incoming?clientName=Alice"`},
		{"iss", `"` + forgeAccount + `"`},
		{"exp", strconv.Itoa(forgeNow + 3600)},
	}
	var text []string
	for _, m := range members {
		if m.name == name {
			m.raw, name = raw, ""
		}
		if m.raw != "" {
			text = append(text, `"`+m.name+`":`+m.raw)
		}
	}
	if name != "" {
		text = append(text, `"`+name+`":`+raw)
	}
	return "{" + strings.Join(text, ",") + "}"
}

// withHeader, withPayload and withMember are the signed part of a token that is good but for one thing.
func withHeader(header string) string    { return forgeParts(header, forgePayload("", "")) }
func withPayload(payload string) string  { return forgeParts(forgeHeader, payload) }
func withMember(name, raw string) string { return withPayload(forgePayload(name, raw)) }

// forgeShow quotes a token for a message of a test.
func forgeShow(token string) string {
	if len(token) > 400 {
		return fmt.Sprintf("%q… (%d bytes)", token[:400], len(token))
	}
	return strconv.Quote(token)
}

// forgeRefused checks that c refuses the token for that one reason, says so as it should, and returns nothing else.
func forgeRefused(t *testing.T, c Capability, token string, want error) {
	t.Helper()
	claims, err := c.Verify(token)
	if !reflect.DeepEqual(claims, Claims{}) {
		t.Errorf("Verify(%s) returns half a value beside its error %v: %+v", forgeShow(token), err, claims)
	}
	forgeCheckRefusal(t, token, err, want)
}

// forgeCheckReason checks that err is there and for that one reason.
func forgeCheckReason(t *testing.T, token string, err, want error) bool {
	t.Helper()
	if err == nil {
		t.Errorf("%s is accepted, want %v", forgeShow(token), want)
		return false
	}
	for _, reason := range append(forgeReasons[:len(forgeReasons):len(forgeReasons)], forgeMinting...) {
		if errors.Is(err, reason) != (reason == want) {
			t.Errorf("%s is refused with\n\t%v\nwhich should be this alone:\n\t%v", forgeShow(token), err, want)
			return false
		}
	}
	return true
}

// forgeCheckRefusal checks an error that the token was refused with, its reason and its message.
func forgeCheckRefusal(t *testing.T, token string, err, want error) {
	t.Helper()
	if !forgeCheckReason(t, token, err, want) {
		return
	}
	text := err.Error()
	for _, r := range text {
		if !strconv.IsPrint(r) {
			t.Errorf("the refusal of %s is not one printable line: %q", forgeShow(token), text)
			break
		}
	}
	if !utf8.ValidString(text) || !strings.HasPrefix(text, "capability: ") || len(text) > 300 {
		t.Errorf("the refusal of %s is not UTF-8, has no prefix, or more than 300 bytes (%d): %s",
			forgeShow(token), len(text), text)
	}
	if strings.Contains(text, forgeKey) || len(token) > 40 && strings.Contains(text, token) {
		t.Errorf("the refusal of %s has the key or the token in it: %s", forgeShow(token), text)
	}
}

// RFC 7515, appendix A.1: a JWS under HS256 with its own key, its own claims and line breaks in the JSON of its header.
const (
	rfc7515Key   = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
	rfc7515Token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" +
		".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ" +
		".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	rfc7515Payload = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
)

func TestTokenOfRFC7515(t *testing.T) {
	secret, err := base64.RawURLEncoding.DecodeString(rfc7515Key)
	if err != nil {
		t.Fatal(err)
	}
	h := mustKey(t, string(secret))
	for _, open := range []func(string) (string, error){h.open, openUnverified} {
		if payload, err := open(rfc7515Token); payload != rfc7515Payload || err != nil {
			t.Errorf("open(%q) = %q, %v, want %q", rfc7515Token, payload, err, rfc7515Payload)
		}
	}
	payload, err := h.open(rfc7515Token[:len(rfc7515Token)-1] + "l")
	if payload != "" || err != ErrSignature {
		t.Errorf("open of the token with its last bit flipped = %q, %v, want ErrSignature", payload, err)
	}
	// It is no capability token: it has no scope.
	forgeCheckParsed(t, rfc7515Token, ErrScope)
}

// forgeCheckParsed checks that ParseUnverified refuses the token for that one reason.
func forgeCheckParsed(t *testing.T, token string, want error) {
	t.Helper()
	claims, err := ParseUnverified(token)
	if !reflect.DeepEqual(claims, Claims{}) {
		t.Errorf("ParseUnverified(%s) returns half a value beside its error %v: %+v", forgeShow(token), err, claims)
	}
	forgeCheckRefusal(t, token, err, want)
}

func mustKey(t *testing.T, secret string) key {
	t.Helper()
	k, err := newKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustSigner(t *testing.T, secret string) *signer {
	t.Helper()
	s, err := mustKey(t, secret).signer()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// RFC 4231, section 4: the test cases of HMAC-SHA-256 whose keys an enforced FIPS 140-3 mode takes (2 has four bytes)
// and whose values are not truncated (5 is).
var rfc4231 = []struct{ name, key, data, mac string }{
	{"4.2: a short text", strings.Repeat("\x0b", 20), "Hi There",
		"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	{"4.4: key and data longer than 64 bytes together", strings.Repeat("\xaa", 20), strings.Repeat("\xdd", 50),
		"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
	{"4.5: a key of 25 bytes", "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14" +
		"\x15\x16\x17\x18\x19", strings.Repeat("\xcd", 50),
		"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
	{"4.7: a key longer than a block", strings.Repeat("\xaa", 131),
		"Test Using Larger Than Block-Size Key - Hash Key First",
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	{"4.8: key and data longer than a block", strings.Repeat("\xaa", 131),
		"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be " +
			"hashed before being used by the HMAC algorithm.",
		"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
}

func TestSignatureOfRFC4231(t *testing.T) {
	for _, tt := range rfc4231 {
		mac, err := hex.DecodeString(tt.mac)
		if err != nil {
			t.Fatal(err)
		}
		h := mustSigner(t, tt.key)
		signature := base64.RawURLEncoding.EncodeToString(mac)
		for range 2 { // an hs256 can be used again
			if string(sign(h, tt.data)) != signature {
				t.Errorf("%s: verifies(%q, %q) = false", tt.name, tt.data, signature)
			}
			if string(sign(h, tt.data+"x")) == signature || string(sign(h, []byte(tt.data[1:]))) == signature {
				t.Errorf("%s: verifies other data", tt.name)
			}
		}
	}
}

// The HMAC is fed in pieces; the length of a piece must not show.
func TestSignatureOfEveryLength(t *testing.T) {
	h := mustSigner(t, forgeKey)
	text := strings.Repeat("abcdefg", 600)
	for n := range len(text) {
		token := forgeSign(forgeKey, text[:n])
		if signature := token[n+1:]; string(sign(h, text[:n])) != signature {
			t.Errorf("verifies(%d bytes, %q) = false", n, signature)
		}
	}
}

// RFC 4648, section 10, in the alphabet of its section 5 and without padding.
func TestPartOfRFC4648(t *testing.T) {
	for text, part := range map[string]string{
		"": "", "f": "Zg", "fo": "Zm8", "foo": "Zm9v", "foob": "Zm9vYg", "fooba": "Zm9vYmE", "foobar": "Zm9vYmFy",
	} {
		if got, err := decodePart("payload", part); got != text || err != nil {
			t.Errorf("decodePart(%q) = %q, %v, want %q", part, got, err, text)
		}
	}
}

// forgeries are the signed part of tokens, header and payload. Signed with the right key they are refused for the
// reason given; signed with another one they are an ErrSignature, whatever else is wrong with them.
var forgeries = []struct {
	attempt string
	signed  string
	want    error
}{
	// The algorithm: CVE-2015-9235; RFC 8725, sections 2.1 and 3.1.
	{"the algorithm is none", withHeader(`{"typ":"JWT","alg":"none"}`), ErrAlgorithm},
	{"the algorithm is None", withHeader(`{"typ":"JWT","alg":"None"}`), ErrAlgorithm},
	{"the algorithm is public-key", withHeader(`{"typ":"JWT","alg":"RS256"}`), ErrAlgorithm},
	{"the algorithm is a longer HMAC", withHeader(`{"typ":"JWT","alg":"HS512"}`), ErrAlgorithm},
	{"the algorithm is an encryption", withHeader(`{"typ":"JWT","alg":"dir","enc":"A128GCM"}`), ErrAlgorithm},
	{"the algorithm is in lower case", withHeader(`{"typ":"JWT","alg":"hs256"}`), ErrAlgorithm},
	{"the algorithm has a space behind it", withHeader(`{"typ":"JWT","alg":"HS256 "}`), ErrAlgorithm},
	{"the algorithm has a space before it", withHeader(`{"typ":"JWT","alg":" HS256"}`), ErrAlgorithm},
	{"the algorithm has a NUL behind it", withHeader(`{"typ":"JWT","alg":"HS256\u0000"}`), ErrAlgorithm},
	{"the algorithm has a look-alike letter", withHeader(`{"typ":"JWT","alg":"HЅ256"}`), ErrAlgorithm},
	{"the algorithm has a long s, which folds to S", withHeader(`{"typ":"JWT","alg":"Hſ256"}`), ErrAlgorithm},
	{"the algorithm is cut off", withHeader(`{"typ":"JWT","alg":"HS"}`), ErrAlgorithm},
	{"the algorithm is empty", withHeader(`{"typ":"JWT","alg":""}`), ErrAlgorithm},
	{"the algorithm is missing", withHeader(`{"typ":"JWT"}`), ErrAlgorithm},
	{"the header is empty of members", withHeader(`{}`), ErrAlgorithm},
	{"the algorithm is null", withHeader(`{"typ":"JWT","alg":null}`), ErrAlgorithm},
	{"the algorithm is a number", withHeader(`{"typ":"JWT","alg":256}`), ErrAlgorithm},
	{"the algorithm is an array of one", withHeader(`{"typ":"JWT","alg":["HS256"]}`), ErrAlgorithm},
	{"the algorithm is an object", withHeader(`{"typ":"JWT","alg":{"HS256":1}}`), ErrAlgorithm},
	{"the algorithm is true", withHeader(`{"typ":"JWT","alg":true}`), ErrAlgorithm},
	{"the algorithm goes by the name ALG", withHeader(`{"typ":"JWT","ALG":"HS256"}`), ErrAlgorithm},
	{"the algorithm goes by the name Alg", withHeader(`{"typ":"JWT","Alg":"HS256"}`), ErrAlgorithm},
	{"ALG beside alg is not alg", withHeader(`{"typ":"JWT","ALG":"HS256","alg":"none"}`), ErrAlgorithm},
	{"the algorithm is in an object within", withHeader(`{"typ":"JWT","x":{"alg":"HS256"}}`), ErrAlgorithm},
	{"the algorithm is given twice, none last", withHeader(`{"alg":"HS256","alg":"none"}`), ErrMalformed},
	{"the algorithm is given twice, none first", withHeader(`{"alg":"none","alg":"HS256"}`), ErrMalformed},
	{"the algorithm is given twice and the same", withHeader(`{"alg":"HS256","alg":"HS256"}`), ErrMalformed},
	{"the algorithm is given twice, once escaped", withHeader(`{"alg":"HS256","\u0061lg":"none"}`), ErrMalformed},

	// The rest of the header: RFC 7515, section 4.1; RFC 8725, section 3.11.
	{"the type is another", withHeader(`{"typ":"at+jwt","alg":"HS256"}`), ErrMalformed},
	{"the type is empty", withHeader(`{"typ":"","alg":"HS256"}`), ErrMalformed},
	{"the type has a space behind it", withHeader(`{"typ":"JWT ","alg":"HS256"}`), ErrMalformed},
	{"the type is null", withHeader(`{"typ":null,"alg":"HS256"}`), ErrMalformed},
	{"the type is a number", withHeader(`{"typ":1,"alg":"HS256"}`), ErrMalformed},
	{"the type is an array of one", withHeader(`{"typ":["JWT"],"alg":"HS256"}`), ErrMalformed},
	{"the type is given twice", withHeader(`{"typ":"JWT","typ":"JWT","alg":"HS256"}`), ErrMalformed},
	{"an extension is critical", withHeader(`{"alg":"HS256","crit":["exp"],"exp":1}`), ErrMalformed},
	{"an extension is critical and unknown", withHeader(`{"alg":"HS256","crit":["x"],"x":1}`), ErrMalformed},
	{"the payload is not encoded (RFC 7797)", withHeader(`{"alg":"HS256","b64":false,"crit":["b64"]}`), ErrMalformed},
	{"no extension is critical, which is not allowed", withHeader(`{"alg":"HS256","crit":[]}`), ErrMalformed},
	{"crit is null", withHeader(`{"alg":"HS256","crit":null}`), ErrMalformed},
	{"crit is spelt with an escape", withHeader(`{"alg":"HS256","\u0063rit":["x"]}`), ErrMalformed},
	{"an unknown header member is given twice", withHeader(`{"alg":"HS256","kid":"1","kid":"2"}`), ErrMalformed},
	{"the header is empty", withHeader(``), ErrMalformed},
	{"the header is white space", withHeader(` `), ErrMalformed},
	{"the header is null", withHeader(`null`), ErrMalformed},
	{"the header is an array", withHeader(`["alg","HS256"]`), ErrMalformed},
	{"the header is an array with an object", withHeader(`[{"alg":"HS256"}]`), ErrMalformed},
	{"the header is a string", withHeader(`"HS256"`), ErrMalformed},
	{"the header is a number", withHeader(`256`), ErrMalformed},
	{"the header is true", withHeader(`true`), ErrMalformed},
	{"the header is cut off", withHeader(`{"alg":"HS256"`), ErrMalformed},
	{"the header has another object behind it", withHeader(`{"alg":"HS256"}{"alg":"none"}`), ErrMalformed},
	{"the header has a brace behind it", withHeader(`{"alg":"HS256"}}`), ErrMalformed},
	{"the header has a NUL behind it", withHeader("{\"alg\":\"HS256\"}\x00"), ErrMalformed},
	{"the header has a comma too many", withHeader(`{"alg":"HS256",}`), ErrMalformed},
	{"the header begins with a comma", withHeader(`{,"alg":"HS256"}`), ErrMalformed},
	{"the header has a comment", withHeader(`{"alg":"HS256"/**/}`), ErrMalformed},
	{"the header has single quotes", withHeader(`{'alg':'HS256'}`), ErrMalformed},
	{"the header has names without quotes", withHeader(`{alg:"HS256"}`), ErrMalformed},
	{"the header begins with a byte order mark", withHeader("\ufeff" + forgeHeader), ErrMalformed},
	// RFC 8725, sections 2.6 and 3.7: other encodings than UTF-8.
	{"the header is in UTF-16", withHeader("{\x00\"\x00a\x00l\x00g\x00\"\x00:\x00\"\x00H\x00S\x00\"\x00}\x00"), ErrMalformed},
	{"the header is in Latin-1", withHeader("{\"alg\":\"HS256\",\"kid\":\"\xe9\"}"), ErrMalformed},
	{"the payload is not encoded", "eyJhbGciOiJIUzI1NiJ9." + forgePayload("", ""), ErrMalformed},
	{"the header is not encoded", `{"alg":"HS256"}.e30`, ErrMalformed},

	// The form of the payload.
	{"the payload is empty", withPayload(``), ErrMalformed},
	{"the payload is null", withPayload(`null`), ErrMalformed},
	{"the payload is an array", withPayload(`[]`), ErrMalformed},
	{"the payload is an array with an object", withPayload("[" + forgePayload("", "") + "]"), ErrMalformed},
	{"the payload is a string", withPayload(`"iss"`), ErrMalformed},
	{"the payload is a number", withPayload(`1`), ErrMalformed},
	{"the payload is false", withPayload(`false`), ErrMalformed},
	{"the payload is a token (RFC 8725, section 3.3)", withPayload(rfc7515Token), ErrMalformed},
	{"the payload is cut off", withPayload(strings.TrimSuffix(forgePayload("", ""), "}")), ErrMalformed},
	{"the payload has another object behind it", withPayload(forgePayload("", "") + "{}"), ErrMalformed},
	{"the payload has a word behind it", withPayload(forgePayload("", "") + " null"), ErrMalformed},
	{"the payload has a comma behind it", withPayload(forgePayload("", "") + ","), ErrMalformed},
	{"the payload has a NUL behind it", withPayload(forgePayload("", "") + "\x00"), ErrMalformed},
	{"the payload has a form feed behind it", withPayload(forgePayload("", "") + "\f"), ErrMalformed},
	{"the payload has a no-break space behind it", withPayload(forgePayload("", "") + "\u00a0"), ErrMalformed},
	{"the payload begins with a byte order mark", withPayload("\ufeff" + forgePayload("", "")), ErrMalformed},
	{"the payload has no comma between two members", withPayload(`{"iss":"AC123123" "scope":"","exp":1}`), ErrMalformed},
	{"the payload has a semicolon between two members", withPayload(`{"iss":"AC123123";"scope":""}`), ErrMalformed},
	{"the payload has a name without value", withPayload(`{"iss":"AC123123","scope"}`), ErrMalformed},
	{"the payload has a colon without value", withPayload(`{"iss":"AC123123","scope":}`), ErrMalformed},
	{"the payload has an equals sign for a colon", withPayload(`{"iss"="AC123123"}`), ErrMalformed},

	// Members given twice: readers differ in which one counts.
	{"the issuer is given twice", withMember("iss", `"AC123123","iss":"AC999"`), ErrMalformed},
	{"the issuer is given twice and the same", withMember("iss", `"AC123123","iss":"AC123123"`), ErrMalformed},
	{"the issuer is given twice, once escaped", withMember("iss", `"AC123123","\u0069ss":"AC123123"`), ErrMalformed},
	{"the issuer is given twice, both escaped", withPayload(`{"\u0069ss":"AC123123","i\u0073s":"AC123123"}`), ErrMalformed},
	{"the expiry is given twice", withMember("exp", `1700003600,"exp":1800000000`), ErrMalformed},
	{"the expiry is given twice, once escaped in upper case", withMember("exp", `1700003600,"\u0065x\u0070":1`), ErrMalformed},
	{"the not-before is given twice", withMember("nbf", `1700000000,"nbf":1600000000`), ErrMalformed},
	{"the scope is given twice", withMember("scope", `"","scope":"scope:client:outgoing?appSid=AP1"`), ErrMalformed},
	{"an unknown member is given twice", withMember("x", `1,"x":1`), ErrMalformed},
	{"an unknown member is given twice, once escaped", withMember("/", `1,"\/":1`), ErrMalformed},
	{"a member without a name is given twice", withPayload(`{"":1,"":1}`), ErrMalformed},

	// The issuer.
	{"the issuer is missing", withMember("iss", ``), ErrIssuer},
	{"the issuer is null", withMember("iss", `null`), ErrIssuer},
	{"the issuer is empty", withMember("iss", `""`), ErrIssuer},
	{"the issuer is a number", withMember("iss", `123123`), ErrIssuer},
	{"the issuer is true", withMember("iss", `true`), ErrIssuer},
	{"the issuer is an array of one", withMember("iss", `["AC123123"]`), ErrIssuer},
	{"the issuer is an object", withMember("iss", `{"AC123123":1}`), ErrIssuer},
	{"the issuer is another account", withMember("iss", `"AC123124"`), ErrIssuer},
	{"the issuer is in lower case", withMember("iss", `"ac123123"`), ErrIssuer},
	{"the issuer is longer", withMember("iss", `"AC1231234"`), ErrIssuer},
	{"the issuer is shorter", withMember("iss", `"AC12312"`), ErrIssuer},
	{"the issuer has a space behind it", withMember("iss", `"AC123123 "`), ErrIssuer},
	{"the issuer has a NUL behind it", withMember("iss", `"AC123123\u0000"`), ErrIssuer},
	{"the issuer goes by the name Iss", withPayload(`{"Iss":"AC123123","scope":"","exp":1700003600}`), ErrIssuer},
	{"the issuer goes by the name ISS", withPayload(`{"ISS":"AC123123","scope":"","exp":1700003600}`), ErrIssuer},
	{"the issuer goes by a name that folds to iss", withPayload(`{"iſs":"AC123123","scope":"","exp":1700003600}`), ErrIssuer},
	{"the issuer is in an object within", withPayload(`{"x":{"iss":"AC123123"},"scope":"","exp":1700003600}`), ErrIssuer},
	{"the payload is empty of members", withPayload(`{}`), ErrIssuer},
	{"an Access Token", forgeParts(`{"cty":"twilio-fpa;v=1","typ":"JWT","alg":"HS256"}`,
		`{"jti":"SK1-1","grants":{"identity":"Alice"},"iat":1700000000,"exp":1700003600,"iss":"SK1","sub":"AC123123"}`), ErrScope},

	// The scope.
	{"the scope is missing", withMember("scope", ``), ErrScope},
	{"the scope is null", withMember("scope", `null`), ErrScope},
	{"the scope is a number", withMember("scope", `1`), ErrScope},
	{"the scope is an array", withMember("scope", `["scope:client:incoming?clientName=Alice"]`), ErrScope},
	{"the scope is an object", withMember("scope", `{}`), ErrScope},
	{"the scope goes by the name Scope", withPayload(`{"iss":"AC123123","Scope":"","exp":1700003600}`), ErrScope},
	{"the scope is a space", withMember("scope", `" "`), ErrScope},
	{"the scope begins with a space", withMember("scope", `" scope:client:incoming"`), ErrScope},
	{"the scope ends in a space", withMember("scope", `"scope:client:incoming "`), ErrScope},
	{"the scope has two spaces", withMember("scope", `"scope:client:incoming  scope:stream:subscribe"`), ErrScope},
	{"the scope has a tab", withMember("scope", `"scope:client:incoming\tscope:stream:subscribe"`), ErrScope},
	{"the scope has a newline", withMember("scope", `"scope:client:incoming\nscope:stream:subscribe"`), ErrScope},
	{"the scope ends in a newline", withMember("scope", `"scope:client:incoming\n"`), ErrScope},
	{"the scope has a carriage return", withMember("scope", `"scope:client:incoming\rscope:stream:subscribe"`), ErrScope},
	{"the scope has a NUL", withMember("scope", `"scope:client:incoming?clientName=Alice\u0000"`), ErrScope},
	{"the scope has a comma", withMember("scope", `"scope:client:incoming,scope:stream:subscribe"`), ErrScope},
	{"the scope is no scope URI", withMember("scope", `"client:incoming"`), ErrScope},
	{"the second scope is no scope URI", withMember("scope", `"scope:client:incoming x"`), ErrScope},
	{"the scope is of another scheme", withMember("scope", `"Scope:client:incoming"`), ErrScope},
	{"the scope has no privilege", withMember("scope", `"scope:client"`), ErrScope},
	{"the scope has an empty privilege", withMember("scope", `"scope:client:?clientName=Alice"`), ErrScope},
	{"the scope has an empty service", withMember("scope", `"scope::incoming"`), ErrScope},
	{"the scope has a third part", withMember("scope", `"scope:client:incoming:outgoing"`), ErrScope},
	{"the scope has a broken escape", withMember("scope", `"scope:client:incoming?clientName=%4"`), ErrScope},
	{"the scope has a broken escape in its service", withMember("scope", `"scope:cl%ient:incoming"`), ErrScope},

	// Every string is valid UTF-8 without lone surrogates, also those that nobody reads.
	{"a string is not UTF-8", withMember("x", "\"\xff\""), ErrMalformed},
	{"a string has an overlong slash", withMember("x", "\"\xc0\xaf\""), ErrMalformed},
	{"a string has a surrogate in UTF-8", withMember("x", "\"\xed\xa0\x80\""), ErrMalformed},
	{"a string ends within a character", withMember("x", "\"\xe2\x82\""), ErrMalformed},
	{"a name is not UTF-8", withMember("\xff", `1`), ErrMalformed},
	{"a string within is not UTF-8", withMember("x", "[{\"a\":\"\xff\"}]"), ErrMalformed},
	{"the issuer is not UTF-8", withMember("iss", "\"AC123123\xff\""), ErrMalformed},
	{"a lone high surrogate", withMember("x", `"\ud800"`), ErrMalformed},
	{"a lone high surrogate before a letter", withMember("x", `"\ud83dA"`), ErrMalformed},
	{"a lone high surrogate before an escape", withMember("x", `"\ud83d\n"`), ErrMalformed},
	{"a lone high surrogate before another character", withMember("x", `"\ud83d\u0041"`), ErrMalformed},
	{"two high surrogates", withMember("x", `"\ud83d\ud83d"`), ErrMalformed},
	{"a high surrogate before a cut-off escape", withMember("x", `"\ud83d\ude0"`), ErrMalformed},
	{"a lone low surrogate", withMember("x", `"\ude00"`), ErrMalformed},
	{"a lone low surrogate in upper case", withMember("x", `"\uDE00"`), ErrMalformed},
	{"a surrogate pair the wrong way round", withMember("x", `"\ude00\ud83d"`), ErrMalformed},
	{"a lone surrogate after a pair", withMember("x", `"\ud83d\ude00\ude00"`), ErrMalformed},
	{"a lone surrogate in a name", withMember(`\ud83d`, `1`), ErrMalformed},
	{"a lone surrogate in a string within", withMember("x", `[{"a":["\ud83d"]}]`), ErrMalformed},
	{"a lone surrogate in a name within", withMember("x", `[{"\ude00":1}]`), ErrMalformed},
	{"a raw newline in a string", withMember("x", "\"a\nb\""), ErrMalformed},
	{"a raw tab in a string", withMember("x", "\"a\tb\""), ErrMalformed},
	{"a raw NUL in a string", withMember("x", "\"a\x00b\""), ErrMalformed},
	{"a raw control character in a name", withMember("a\x1fb", `1`), ErrMalformed},
	{"a raw newline in the scope", withMember("scope", "\"scope:client:incoming\n\""), ErrMalformed},
	{"an escape that JSON does not have", withMember("x", `"\x41"`), ErrMalformed},
	{"an escaped apostrophe", withMember("x", `"\'"`), ErrMalformed},
	{"an escape with a sign", withMember("x", `"\u+041"`), ErrMalformed},
	{"an escape with an underscore", withMember("x", `"\u0_41"`), ErrMalformed},
	{"an escape in upper case", withMember("x", `"\U0041"`), ErrMalformed},
	{"an escape that is cut off", withMember("x", `"\u004"`), ErrMalformed},
	{"a string without its closing quote", withPayload(`{"iss":"AC123123`), ErrMalformed},
	{"a string whose closing quote is escaped", withPayload(`{"iss":"AC123123\"}`), ErrMalformed},

	// Members that nobody reads are still JSON.
	{"an unknown member is no value", withMember("x", `undefined`), ErrMalformed},
	{"an unknown member is NaN", withMember("x", `NaN`), ErrMalformed},
	{"an unknown member is no number", withMember("x", `01`), ErrMalformed},
	{"an unknown array is closed by a brace", withMember("x", `[1}`), ErrMalformed},
	{"an unknown object is closed by a bracket", withMember("x", `{"a":1]`), ErrMalformed},
	{"an unknown array has a comma too many", withMember("x", `[1,]`), ErrMalformed},
	{"an unknown array is never closed", withMember("x", `[[]`), ErrMalformed},

	// The encoding of the parts.
	{"the header has spare bits that are not zero", forgeSpareBits(b64(forgeHeader+" ")) + "." + b64(forgePayload("", "")), ErrMalformed},
	{"the payload has spare bits that are not zero", b64(forgeHeader) + "." + forgeSpareBits(b64(forgePayload("x", `"1234"`))), ErrMalformed},
	{"the header is in the standard alphabet", forgeStandard(b64(`{"alg":"HS256","x":"~~~???>>>"}`)) + "." + b64(forgePayload("", "")), ErrMalformed},
	{"the payload is in the standard alphabet", b64(forgeHeader) + "." + forgeStandard(b64(forgePayload("x", `"~~~???>>>"`))), ErrMalformed},
	{"the header has one character more", b64(forgeHeader) + "A." + b64(forgePayload("", "")), ErrMalformed},
	{"both parts are empty", ".", ErrMalformed},
	{"header and payload are swapped", forgeParts(forgePayload("", ""), forgeHeader), ErrAlgorithm},
}

// b64 encodes one part.
func b64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// forgeSpareBits sets a bit of a part that a lenient decoder does not look at.
func forgeSpareBits(part string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(part)%4 == 0 {
		panic("no spare bits in " + part)
	}
	end := len(part) - 1
	return part[:end] + string(alphabet[strings.IndexByte(alphabet, part[end])|1])
}

// forgeStandard rewrites a part in the alphabet of RFC 4648, section 4.
func forgeStandard(part string) string {
	if !strings.ContainsAny(part, "-_") {
		panic("the same in both alphabets: " + part)
	}
	return strings.NewReplacer("-", "+", "_", "/").Replace(part)
}

func TestForgeries(t *testing.T) {
	c := forgeVerifier(t, time.Unix(forgeNow, 0))
	for _, tt := range forgeries {
		t.Run(tt.attempt, func(t *testing.T) {
			forgeRefused(t, c, forgeSign(forgeKey, tt.signed), tt.want)
			forgeRefused(t, c, forgeSign("another"+forgeKey, tt.signed), ErrSignature)
			forgeRefused(t, c, tt.signed+".", ErrSignature)
			if token := forgeSign(forgeKey, tt.signed); tt.want != ErrIssuer {
				forgeCheckParsed(t, token, tt.want)
			}
		})
	}
}

// Which account it is plays no part in ParseUnverified, but that there is one does.
func TestUnverifiedIssuer(t *testing.T) {
	for _, raw := range []string{``, `""`, `null`, `true`, `123123`, `["AC123123"]`, `{"AC123123":1}`} {
		forgeCheckParsed(t, forgeSign(forgeKey, withMember("iss", raw)), ErrIssuer)
	}
	claims, err := ParseUnverified(withMember("iss", `"AC999"`) + ".forged")
	if err != nil || claims.AccountSID != "AC999" {
		t.Errorf("ParseUnverified of a token of another account, forged = %+v, %v", claims, err)
	}
}

// A time is a whole number of seconds that fits an int64, written as such.
func TestForgedTimes(t *testing.T) {
	c := forgeVerifier(t, time.Unix(forgeNow, 0))
	for _, name := range []string{"exp", "nbf", "iat"} {
		for _, raw := range []string{
			`null`, `true`, `""`, `"1700003600"`, `[]`, `[1700003600]`, `{}`, `{"a":1700003600}`,
			`1700003600.0`, `1700003600.5`, `1.0`, `0.0`, `-0.0`, `1e3`, `1E3`, `1e9`, `17e8`, `1700003600e0`, `1e+3`, `1e-0`,
			`9223372036854775808`, `-9223372036854775809`, `18446744073709551615`, `18446744075409551616`, `1e400`,
			`99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999`,
			`+1`, `01`, `00`, `-`, `--1`, `0x10`, `1_000`, `.5`, `5.`, `1 000`, `1.e3`, `1e`, `Infinity`, `NaN`, `١`,
		} {
			forgeRefused(t, c, forgeSign(forgeKey, withMember(name, raw)), ErrMalformed)
			forgeRefused(t, c, forgeSign("another"+forgeKey, withMember(name, raw)), ErrSignature)
		}
	}
	forgeRefused(t, c, forgeSign(forgeKey, withMember("exp", ``)), ErrMalformed)
	forgeRefused(t, c, forgeSign(forgeKey, withPayload(`{"iss":"AC123123","scope":"","Exp":1700003600}`)), ErrMalformed)
	forgeRefused(t, c, forgeSign(forgeKey, withMember("exp", `-0`)), ErrExpired)
}

// What is strict is not narrow: these are good tokens.
func TestOddButGoodTokens(t *testing.T) {
	want, err := forgeVerifier(t, time.Unix(forgeNow, 0)).Verify(forgeSign(forgeKey, withMember("", "")))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, signed string }{
		{"the type is in lower case", withHeader(`{"typ":"jwt","alg":"HS256"}`)},
		{"the type is in mixed case", withHeader(`{"typ":"Jwt","alg":"HS256"}`)},
		{"there is no type", withHeader(`{"alg":"HS256"}`)},
		{"the algorithm comes first", withHeader(`{"alg":"HS256","typ":"JWT"}`)},
		{"the header has white space", withHeader(" {\t\"typ\" :\r\n\"JWT\" , \"alg\": \"HS256\"\n}\r\n\t ")},
		{"the header has a name with an escape", withHeader(`{"\u0061\u006C\u0067":"HS256"}`)},
		{"the header has a value with an escape", withHeader(`{"alg":"\u0048S256"}`)},
		{"the header has members that are not known", withHeader(`{"alg":"HS256","cty":"JWT","kid":"1","x5c":[],"Crit":["x"]}`)},
		{"the header carries a key, which is not looked at", withHeader(`{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"},"jku":"http://example.com"}`)},
		{"the header has alg in an object within", withHeader(`{"alg":"HS256","x":{"alg":"none","crit":["x"]}}`)},
		{"the payload has white space", withPayload(" " + strings.NewReplacer(",", " ,\r\n", `":`, "\"\t: ").Replace(forgePayload("", "")) + "\n")},
		{"the payload has its names escaped", withPayload(strings.NewReplacer(`"iss"`, `"\u0069ss"`, `"exp"`, `"e\u0078p"`).Replace(forgePayload("", "")))},
		{"the payload has another member order", withPayload(`{"exp":1700003600,"iss":"AC123123","scope":"scope:client:incoming?clientName=Alice"}`)},
		{"the scope has escapes", withMember("scope", `"\u0073cope:client:incoming?clientName=Alice"`)},
		{"Iss stands beside iss", withMember("Iss", `"AC999"`)},
		{"EXP stands beside exp", withMember("EXP", `1`)},
		{"crit is a claim", withMember("crit", `["x"]`)},
		{"an unknown member repeats one within", withMember("x", `{"a":1,"a":2}`)},
		{"an unknown member holds the known ones", withMember("x", `{"iss":"AC999","exp":null,"scope":[1.5e3]}`)},
		{"an unknown member holds all there is", withMember("x", `[{},[],[[]],{"a":[{"b":null}]},"",-0.5e-7,true,false,null]`)},
		{"a member has no name", withPayload(strings.TrimSuffix(forgePayload("", ""), "}") + `,"":1}`)},
		{"a member has a NUL for a name", withMember("\\u0000", `1`)},
		{"not-before is minus nought", withMember("nbf", `-0`)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			token := forgeSign(forgeKey, tt.signed)
			got, err := forgeVerifier(t, time.Unix(forgeNow, 0)).Verify(token)
			got.NotBefore = time.Time{}
			if err != nil || !reflect.DeepEqual(got, forgeWithout(got, want)) {
				t.Errorf("Verify(%s) = %+v, %v, want %+v", forgeShow(token), got, err, want)
			}
			parsed, err := ParseUnverified(token)
			parsed.NotBefore = time.Time{}
			if err != nil || !reflect.DeepEqual(parsed, got) {
				t.Errorf("ParseUnverified(%s) = %+v, %v, want %+v", forgeShow(token), parsed, err, got)
			}
		})
	}
}

// forgeWithout returns want with the extra claims of got, which are another test's.
func forgeWithout(got, want Claims) Claims {
	want.extra = got.extra
	return want
}

// Tokens that are not signed, or not in three parts. There is no more to them than that, however else they lie: a token
// that is forged and expired is forged (CVE-2024-51744).
func TestForgedWhole(t *testing.T) {
	good := forgeSign(forgeKey, withMember("", ""))
	other := forgeSign(forgeKey, withMember("scope", `"scope:client:outgoing?appSid=AP1&appParams="`))
	part := strings.Split(good, ".")
	signature := part[2]
	mac, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	long := hmac.New(sha512.New, []byte(forgeKey))
	long.Write([]byte(withHeader(`{"alg":"HS512"}`)))
	expired := withMember("exp", "1")
	everything := forgeParts(`{"alg":"none","crit":["x"],"typ":"x"}`, `{"iss":"AC999","exp":1,"nbf":9999999999,"scope":" "}`)
	for _, tt := range []struct {
		attempt string
		token   string
		want    error
	}{
		{"the algorithm is none and the signature empty", withHeader(`{"alg":"none"}`) + ".", ErrSignature},
		{"the algorithm is none and the signature that of HS256 under no key", forgeSign("", withHeader(`{"alg":"none"}`)), ErrSignature},
		{"HS512, signed so with the right key", withHeader(`{"alg":"HS512"}`) + "." + b64(string(long.Sum(nil))), ErrSignature},
		{"it is expired and signed with another key", forgeSign("x"+forgeKey, expired), ErrSignature},
		{"it is expired and not signed", expired + ".", ErrSignature},
		{"everything about it is wrong", forgeSign("x"+forgeKey, everything), ErrSignature},
		{"the key is in the header", forgeSign("0123456789abcdef", withHeader(
			`{"alg":"HS256","jwk":{"kty":"oct","k":"`+b64("0123456789abcdef")+`"}}`)), ErrSignature},
		{"the key is the account SID", forgeSign(forgeAccount, withMember("", "")), ErrSignature},
		{"the key is shorter by one", forgeSign(forgeKey[1:], withMember("", "")), ErrSignature},
		{"the key has a newline behind it", forgeSign(forgeKey+"\n", withMember("", "")), ErrSignature},
		{"the key is in upper case", forgeSign(strings.ToUpper(forgeKey), withMember("", "")), ErrSignature},
		{"the signature is that of another token", withMember("", "") + strings.TrimPrefix(other, other[:strings.LastIndex(other, ".")]), ErrSignature},
		{"only the payload is signed", part[0] + "." + forgeSign(forgeKey, part[1]), ErrSignature},
		{"the signed text has a dot behind it", good[:strings.LastIndex(good, ".")] + strings.TrimPrefix(
			forgeSign(forgeKey, part[0]+"."+part[1]+"."), part[0]+"."+part[1]+"."), ErrSignature},
		{"the header is swapped with the payload", part[1] + "." + part[0] + "." + part[2], ErrSignature},
		{"the payload is swapped with the signature", part[0] + "." + part[2] + "." + part[1], ErrSignature},
		{"the signature comes first", part[2] + "." + part[0] + "." + part[1], ErrSignature},
		{"the signature is missing", part[0] + "." + part[1] + ".", ErrSignature},
		{"the payload is missing", part[0] + ".." + part[2], ErrSignature},
		{"the header is missing", "." + part[1] + "." + part[2], ErrSignature},
		{"there is nothing but dots", "..", ErrSignature},
		{"the signature is shorter by a character", good[:len(good)-1], ErrSignature},
		{"the signature is shorter by four", good[:len(good)-4], ErrSignature},
		{"the signature is a single character", part[0] + "." + part[1] + "." + signature[:1], ErrSignature},
		{"the signature is one byte short", part[0] + "." + part[1] + "." + b64(string(mac[:31])), ErrSignature},
		{"the signature is cut to its left half", part[0] + "." + part[1] + "." + b64(string(mac[:16])), ErrSignature},
		{"the signature is one byte too long", part[0] + "." + part[1] + "." + b64(string(mac)+"\x00"), ErrSignature},
		{"the signature is longer by a character", good + "A", ErrSignature},
		{"the signature is written twice", good + signature, ErrSignature},
		{"the signature is padded", good + "=", ErrSignature},
		{"the signature has spare bits that are not zero", part[0] + "." + part[1] + "." + forgeSpareBits(signature), ErrSignature},
		{"the signature is in hexadecimal", part[0] + "." + part[1] + "." + hex.EncodeToString(mac), ErrSignature},
		{"the signature is not encoded", part[0] + "." + part[1] + "." + strings.ReplaceAll(string(mac), ".", "-"), ErrSignature},
		{"the signature is all zeros", part[0] + "." + part[1] + "." + strings.Repeat("A", 43), ErrSignature},
		{"the header is in upper case", strings.ToUpper(part[0]) + "." + part[1] + "." + part[2], ErrSignature},
		{"it has a newline behind it", good + "\n", ErrSignature},
		{"it has a space before it", " " + good, ErrSignature},
		{"it is in quotes", `"` + good + `"`, ErrSignature},
		{"it is in percent escapes", strings.ReplaceAll(good, "_", "%5F") + "%20", ErrSignature},
		{"it has its scheme before it", "Bearer " + good, ErrSignature},

		{"it is empty", "", ErrMalformed},
		{"it is a dot", ".", ErrMalformed},
		{"it is three dots", "...", ErrMalformed},
		{"it has only a header", part[0], ErrMalformed},
		{"it has only a header and a payload", part[0] + "." + part[1], ErrMalformed},
		{"it has a dot behind it", good + ".", ErrMalformed},
		{"it has a dot before it", "." + good, ErrMalformed},
		{"it has a fourth part", good + "." + part[2], ErrMalformed},
		{"it has a fourth part, over which it is signed", forgeSign(forgeKey, good), ErrMalformed},
		{"it has a fourth part before the others", part[0] + "." + good, ErrMalformed},
		{"it is two tokens", good + good, ErrMalformed},
		{"it has the five parts of an encrypted token", good + "." + part[0] + "." + part[1], ErrMalformed},
		{"its dots are other dots", strings.ReplaceAll(good, ".", "\u2024"), ErrMalformed},
		{"it is a JWS in JSON (RFC 7515, section 7.2)", `{"payload":"` + part[1] + `","protected":"` + part[0] +
			`","signature":"` + part[2] + `"}`, ErrMalformed},
		{"it is a NUL", "\x00", ErrMalformed},
		{"it is the key", forgeKey, ErrMalformed},
	} {
		t.Run(tt.attempt, func(t *testing.T) {
			forgeRefused(t, forgeVerifier(t, time.Unix(forgeNow, 0)), tt.token, tt.want)
		})
	}
}

// Base64 decoders pass over line breaks, some over other things. Here the signature vouches for the text as altered.
func TestPartsAsWritten(t *testing.T) {
	c := forgeVerifier(t, time.Unix(forgeNow, 0))
	good := strings.Split(forgeSign(forgeKey, withMember("", "")), ".")
	for _, inserted := range []string{"\n", "\r", "\r\n", "\n\n\n\n", " ", "\t", "=", "==", "\x00", "%", "\u00ad", "\u200b"} {
		for i := range good {
			for _, at := range []int{0, 1, 4, len(good[i]) / 2, len(good[i]) - 1, len(good[i])} {
				part := append([]string(nil), good...)
				part[i] = part[i][:at] + inserted + part[i][at:]
				if i == 2 {
					forgeRefused(t, c, strings.Join(part, "."), ErrSignature)
				} else {
					forgeRefused(t, c, forgeSign(forgeKey, part[0]+"."+part[1]), ErrMalformed)
				}
			}
		}
	}
	for _, part := range []string{"A", "AAAAA", "AB", "AAB", "A=", "AA==", "AAA=", "AA\n", "+/+/", "AA A", "é"} {
		if got, err := decodePart("payload", part); got != "" || !errors.Is(err, ErrMalformed) {
			t.Errorf("decodePart(%q) = %q, %v, want ErrMalformed", part, got, err)
		}
	}
}

// No change of a token goes unnoticed: one with other than two dots is not in three parts, any other a forgery.
func TestEverySingleCharacterChange(t *testing.T) {
	c := forgeVerifier(t, time.Unix(forgeNow, 0))
	token := forgeSign(forgeKey, withMember("scope", `"scope:client:incoming?clientName=A"`))
	if _, err := c.Verify(token); err != nil {
		t.Fatal(err)
	}
	// As forgeRefused does, but without what takes its time over fifty thousand tokens.
	refused := func(altered string) {
		want := ErrSignature
		if strings.Count(altered, ".") != 2 {
			want = ErrMalformed
		}
		claims, err := c.Verify(altered)
		if !errors.Is(err, want) || claims.AccountSID != "" || claims.Scopes != nil {
			t.Errorf("Verify(%q) = %+v, %v, want %v", altered, claims, err, want)
		}
	}
	for i := range len(token) {
		for b := range 256 {
			if byte(b) != token[i] {
				refused(token[:i] + string([]byte{byte(b)}) + token[i+1:])
			}
		}
		refused(token[:i] + token[i+1:])
		if i > 0 && token[i] != token[i-1] {
			refused(token[:i-1] + token[i:i+1] + token[i-1:i] + token[i+1:])
		}
	}
	for i := range len(token) + 1 {
		for _, inserted := range "=\n\r.A \x00" {
			refused(token[:i] + string(inserted) + token[i:])
		}
	}
}

// Refusing takes a constant amount of memory until a signature vouches for the token: CVE-2025-30204 (golang-jwt),
// CVE-2025-27144 (go-jose) and CVE-2025-22868 (x/oauth2/jws) came of splitting at every dot.
func TestHugeTokensTakeNoMemory(t *testing.T) {
	const size = 16 << 20
	c := forgeVerifier(t, time.Unix(forgeNow, 0))
	dots, letters := strings.Repeat(".", size), strings.Repeat("A", size)
	header, payload := b64(forgeHeader), b64(forgePayload("", ""))
	for _, tt := range []struct {
		attempt string
		token   string
		want    error
	}{
		{"nothing but dots", dots, ErrMalformed},
		{"dots behind a token", header + "." + payload + dots, ErrMalformed},
		{"dots before a token", dots + header + "." + payload, ErrMalformed},
		{"no dot at all", letters, ErrMalformed},
		{"one dot", header + "." + letters, ErrMalformed},
		{"a huge payload with a wrong signature", header + "." + letters + "." + letters[:43], ErrSignature},
		{"a huge header with a wrong signature", letters + "." + payload + "." + letters[:43], ErrSignature},
		{"a huge signature", header + "." + payload + "." + letters, ErrSignature},
		{"a huge payload of line breaks", header + "." + strings.Repeat("\n", size) + "." + letters[:43], ErrSignature},
	} {
		t.Run(tt.attempt, func(t *testing.T) {
			most := uint64(64 << 10) // an hs256 for the pool, an error, a message
			if used := forgeMemory(func() { c.Verify(tt.token) }); used > most {
				t.Errorf("Verify takes %d bytes, want at most %d", used, most)
			}
			if used := forgeMemory(func() { ParseUnverified(tt.token) }); used > most && tt.want == ErrMalformed {
				t.Errorf("ParseUnverified takes %d bytes, want at most %d", used, most)
			}
			forgeRefused(t, c, tt.token, tt.want)
		})
	}
}

// forgeMemory returns how many bytes f allocates.
func forgeMemory(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A token is valid from nbf on and up to, not at, exp, by a clock whose fractions of a second do not count.
func TestClockAtTheLimits(t *testing.T) {
	const now = forgeNow
	at := func(seconds int64, nanos int64) time.Time { return time.Unix(seconds, nanos) }
	for _, tt := range []struct {
		name  string
		exp   int64
		nbf   string // "" if there is none
		clock time.Time
		want  error
	}{
		{"a second before the expiry", now, "", at(now-1, 0), nil},
		{"a nanosecond before the expiry", now, "", at(now-1, 999_999_999), nil},
		{"at the expiry", now, "", at(now, 0), ErrExpired},
		{"a nanosecond after the expiry", now, "", at(now, 1), ErrExpired},
		{"a second after the expiry", now, "", at(now+1, 0), ErrExpired},
		{"long after the expiry", now, "", at(math.MaxUint32, 0), ErrExpired},
		{"a second before the not-before", now + 60, strconv.Itoa(now), at(now-1, 0), ErrNotYetValid},
		{"a nanosecond before the not-before", now + 60, strconv.Itoa(now), at(now-1, 999_999_999), ErrNotYetValid},
		{"at the not-before", now + 60, strconv.Itoa(now), at(now, 0), nil},
		{"a nanosecond after the not-before", now + 60, strconv.Itoa(now), at(now, 1), nil},
		{"a second before the expiry, with a not-before", now + 60, strconv.Itoa(now), at(now+59, 0), nil},
		{"at the expiry, with a not-before", now + 60, strconv.Itoa(now), at(now+60, 0), ErrExpired},
		{"at an expiry that is the not-before", now, strconv.Itoa(now), at(now, 0), ErrExpired},
		{"before an expiry that is the not-before", now, strconv.Itoa(now), at(now-1, 0), ErrNotYetValid},
		{"between an expiry and a later not-before", now, strconv.Itoa(now + 60), at(now+30, 0), ErrExpired},
		{"the clock is in another zone", now, "", at(now, 0).In(time.FixedZone("west", -12*3600)), ErrExpired},
		{"the clock is before 1970", 0, "", at(-1, 999_999_999), nil},
		{"the expiry is before 1970", -60, "", at(-60, 0), ErrExpired},
		{"the clock is before an expiry before 1970", -60, "", at(-61, 999_999_999), nil},
		{"the expiry is the last second there is", math.MaxInt64, "", at(now, 0), nil},
		{"the expiry is the second before that", math.MaxInt64 - 1, "", at(now, 0), nil},
		{"the expiry is the first second there is", math.MinInt64, "", at(now, 0), ErrExpired},
		{"the expiry is the second after that", math.MinInt64 + 1, "", at(now, 0), ErrExpired},
		{"the not-before is the last second there is", math.MaxInt64, strconv.FormatInt(math.MaxInt64, 10), at(now, 0), ErrNotYetValid},
		{"the not-before is the first second there is", now + 1, strconv.FormatInt(math.MinInt64, 10), at(now, 0), nil},
		{"the not-before is the zero time", now + 1, "-62135596800", at(now, 0), ErrMalformed},
		{"the clock is at the zero time", 0, "", time.Time{}, nil},
		{"the clock is at the zero time, the not-before is 1970", 1, "0", time.Time{}, ErrNotYetValid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			payload := forgePayload("exp", strconv.FormatInt(tt.exp, 10))
			if tt.nbf != "" {
				payload = strings.TrimSuffix(payload, "}") + `,"nbf":` + tt.nbf + "}"
			}
			token := forgeSign(forgeKey, withPayload(payload))
			c := forgeVerifier(t, tt.clock)
			if tt.want != nil {
				forgeRefused(t, c, token, tt.want)
				return
			}
			claims, err := c.Verify(token)
			if err != nil || claims.ExpiresAt.Unix() != tt.exp {
				t.Errorf("Verify of %s at %v = %+v, %v", payload, tt.clock, claims, err)
			}
			if tt.nbf != "" && strconv.FormatInt(claims.NotBefore.Unix(), 10) != tt.nbf {
				t.Errorf("Verify of %s at %v: NotBefore is %v", payload, tt.clock, claims.NotBefore)
			}
			if tt.nbf == "" && !claims.NotBefore.IsZero() || !claims.IssuedAt.IsZero() {
				t.Errorf("Verify of %s at %v: NotBefore is %v, IssuedAt %v", payload, tt.clock, claims.NotBefore, claims.IssuedAt)
			}
		})
	}
}

// The messages say on which side of the clock the limit lies, also where seconds since 1970 outgrow package time.
func TestRefusalsTellTheTime(t *testing.T) {
	c := forgeVerifier(t, time.Unix(forgeNow, 0))
	for _, tt := range []struct{ name, raw, want string }{
		{"exp", "1699999999", "token expired at 2023-11-14T22:13:19Z, 1s ago (clock: 2023-11-14T22:13:20Z)"},
		{"nbf", "1700000090", "valid from 2023-11-14T22:14:50Z, 1m30s away (clock: 2023-11-14T22:13:20Z)"},
		{"exp", "-9223372036854775808", "at Unix time -9223372036854775808, more than 292 years ago"},
		{"nbf", "9223372036854775807", "from Unix time 9223372036854775807, more than 292 years away"},
	} {
		_, err := c.Verify(forgeSign(forgeKey, withMember(tt.name, tt.raw)))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Verify of %s %s: %v, want %q in it", tt.name, tt.raw, err, tt.want)
		}
	}
}

// What a token holds may be hostile to the log that its refusal is written to.
func TestRefusalsStayShort(t *testing.T) {
	c := forgeVerifier(t, time.Unix(forgeNow, 0))
	huge := strings.Repeat("A", 1<<20)
	for _, text := range []string{
		huge, strings.Repeat("\x01", 64), strings.Repeat("\x01", 65), strings.Repeat("\x7f", 70), strings.Repeat("\u0080", 64),
		strings.Repeat("😀", 40), strings.Repeat("é", 63), "a" + strings.Repeat("\u2028", 63), strings.Repeat(`"`, 200),
		"\n", "\r\nforged line", "\u2028", "\u0085", "\x1b[2J", "\u202e", "\ufeff", "%s%d%n", "\x00", strings.Repeat("\U000e0001", 30),
	} {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		raw := string(quoted)
		forgeRefused(t, c, forgeSign(forgeKey, withHeader(`{"alg":`+raw+`}`)), ErrAlgorithm)
		forgeRefused(t, c, forgeSign(forgeKey, withHeader(`{"alg":"HS256","typ":`+raw+`}`)), ErrMalformed)
		forgeRefused(t, c, forgeSign(forgeKey, withMember("iss", raw)), ErrIssuer)
		forgeRefused(t, c, forgeSign(forgeKey, withMember("scope", raw)), ErrScope)
		forgeRefused(t, c, forgeSign(forgeKey, withMember("exp", raw)), ErrMalformed)
		forgeRefused(t, c, forgeSign(forgeKey, withMember("nbf", raw)), ErrMalformed)
		forgeRefused(t, c, forgeSign(forgeKey, withPayload(`{`+raw+`:1,`+raw+`:1}`)), ErrMalformed)
		forgeRefused(t, c, forgeSign(forgeKey, withMember("scope", `"scope:a:b?`+strings.Repeat("%", 70)+`"`)), ErrScope)
	}
	forgeRefused(t, c, forgeSign(forgeKey, withMember("exp", strings.Repeat("9", 1<<20))), ErrMalformed)
	forgeRefused(t, c, forgeSign(forgeKey, withMember("iss", strings.Repeat("9", 1<<20))), ErrIssuer)
	forgeRefused(t, c, huge+"."+huge+"."+huge, ErrSignature)
}

// A reader that descends by recursion would need some hundred bytes of stack for each of a million levels; here it has
// a megabyte. Overstepping that ends the test binary, and its output names this test.
func TestNestingTakesNoStack(t *testing.T) {
	const depth = 1_000_000
	defer debug.SetMaxStack(debug.SetMaxStack(1 << 20))
	arrays, objects := strings.Repeat("[", depth), strings.Repeat(`{"a":`, depth)
	mixed := strings.Repeat(`[{"a":`, depth/2)
	for _, tt := range []struct {
		name, raw string
		ok        bool
	}{
		{"arrays", arrays + strings.Repeat("]", depth), true},
		{"objects", objects + "1" + strings.Repeat("}", depth), true},
		{"arrays and objects by turns", mixed + "[]" + strings.Repeat("}]", depth/2), true},
		{"arrays with a value behind each", arrays + strings.Repeat("],1", depth-1) + "]", true},
		{"arrays that are not closed", arrays, false},
		{"arrays of which one is not closed", arrays + strings.Repeat("]", depth-1), false},
		{"arrays of which one is closed twice", arrays + strings.Repeat("]", depth+1), false},
		{"objects that are not closed", objects, false},
		{"closed in the wrong order", mixed + "[]" + strings.Repeat("]}", depth/2), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			token := forgeSign(forgeKey, withMember("x", tt.raw))
			_, err := forgeVerifier(t, time.Unix(forgeNow, 0)).Verify(token)
			if tt.ok && err != nil || !tt.ok && !errors.Is(err, ErrMalformed) {
				t.Errorf("Verify of %d levels: %v, want accepted: %v", depth, err, tt.ok)
			}
		})
	}
}

// forgeRead returns the members that parseObject finds.
func forgeRead(text string) (map[string]value, error) {
	members := make(map[string]value)
	err := parseObject("payload", text, func(name string, v value) error {
		members[name] = v
		return nil
	})
	return members, err
}

// RFC 8259, section 6.
func TestNumberGrammar(t *testing.T) {
	numbers := []string{
		"0", "-0", "1", "-1", "9", "10", "1234567890", "0.0", "-0.0", "0.5", "1.50", "10.01", "0e0", "0E0", "0e+0", "0e-0",
		"1e1", "1E1", "1e+1", "1E-1", "1e01", "1e00", "-1.5e-10", "123456789012345678901234567890", "1e999999999", "0.1e1",
		"9223372036854775807", "-9223372036854775808", "9223372036854775808",
	}
	others := []string{
		"", "-", "+", "+1", "--1", "-+1", "00", "01", "-01", "-00", "0123", ".", ".5", "-.5", "5.", "-5.", "1.", "0.", "1..2",
		"1.2.3", "e", "e1", "E", "1e", "1E", "1e+", "1e-", "1e++1", "1e+-1", "1e1.5", "1e1e1", "1.e1", ".e1", "-e1", "1ee1",
		"0x1", "0X1", "0b1", "0o7", "1_000", "1,000", "1 000", "1f", "1d", "1L", "1n", "Infinity", "-Infinity", "inf", "NaN",
		"nan", "١", "１", "½", "²", "−1", "1\u00a0", "1\x00", "1\f", "1\v", "0-", "0+", "0e0.", "1/2", "1#", "1\"",
		"99999999999999999999x", "-a", "0a", "0 0",
	}
	for i, raw := range append(numbers, others...) {
		want := i < len(numbers)
		if json.Valid([]byte(raw)) != want {
			t.Fatalf("encoding/json has another opinion of %q", raw)
		}
		members, err := forgeRead(`{"n":` + raw + `}`)
		if want && (err != nil || members["n"] != value{raw, false}) {
			t.Errorf("parseObject of the number %q: %v, %v", raw, members, err)
		}
		if _, nested := forgeRead(`{"n":[` + raw + `,0]}`); want != (nested == nil) && raw != "1,000" {
			t.Errorf("parseObject of the number %q in an array: %v", raw, nested)
		}
		if !want && !errors.Is(err, ErrMalformed) {
			t.Errorf("parseObject of %q, which is no number: %v, %v", raw, members, err)
		}
	}
}

func TestIntegers(t *testing.T) {
	for _, tt := range []struct {
		raw  string
		want int64
		ok   bool
	}{
		{"0", 0, true}, {"-0", 0, true}, {"1700000000", 1700000000, true}, {"-1", -1, true},
		{"9223372036854775807", math.MaxInt64, true}, {"-9223372036854775808", math.MinInt64, true},
		{"9223372036854775808", 0, false}, {"-9223372036854775809", 0, false}, {"1.0", 0, false}, {"1e0", 0, false},
		{`"1"`, 0, false}, {"true", 0, false}, {"null", 0, false}, {"[1]", 0, false}, {`""`, 0, false},
	} {
		members, err := forgeRead(`{"n":` + tt.raw + `}`)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := members["n"].integer()
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("integer of %s = %d, %v, want %d, %v", tt.raw, got, ok, tt.want, tt.ok)
		}
	}
}

// RFC 8259, section 3.
func TestLiterals(t *testing.T) {
	for _, word := range []string{"true", "false", "null"} {
		members, err := forgeRead(`{"a":` + word + `,"b":[` + word + "]}")
		if err != nil || members["a"] != (value{word, false}) {
			t.Errorf("parseObject of %s: %v, %v", word, members, err)
		}
	}
	for _, word := range []string{
		"True", "TRUE", "tru", "truee", "t", "fals", "FALSE", "falsetrue", "Null", "nul", "nulll", "nil", "undefined", "none",
		"yes", "null\x00", "null\f", "null/", "null:", "null\"\"", "null{}", "'null'",
	} {
		if members, err := forgeRead(`{"a":` + word + `}`); !errors.Is(err, ErrMalformed) {
			t.Errorf("parseObject of %q, which is no value: %v, %v", word, members, err)
		}
	}
}

// RFC 8259, section 7.
func TestEscapes(t *testing.T) {
	for raw, want := range map[string]string{
		`\b\f\n\r\t\"\\\/`: "\b\f\n\r\t\"\\/", `\\n`: `\n`, `\\\n`: "\\\n", `\\\\`: `\\`, `\\u0041`: `\u0041`, `a\/b`: "a/b",
		`\u0000`: "\x00", `\u001f`: "\x1f", `\u0041`: "A", `\u00e9`: "é", `\u00E9`: "é", `\u20AC`: "€", `\u20aC`: "€",
		`\u007f`: "\x7f", `\ud83d\ude00`: "😀", `\uD83D\uDE00`: "😀", `\uD83d\uDe00`: "😀", `\ud800\udc00`: "\U00010000",
		`\udbff\udfff`: "\U0010FFFF", `\ud7ff\ue000`: "\ud7ff\ue000", `\ufffd`: "\ufffd", `\uffff`: "\uffff", `\ufeff`: "\ufeff",
		`x\ud83d\ude00y\u0041z`: "x😀yAz", "\u007f": "\x7f", "\u2028": "\u2028", "é😀": "é😀", ``: "", ` `: " ",
		"\ufffd": "\ufffd", // the replacement character itself is not an error
	} {
		members, err := forgeRead(`{"a":"` + raw + `"}`)
		if err != nil || members["a"] != (value{want, true}) {
			t.Errorf("parseObject of the string %q: %v, %v, want %q", raw, members, err, want)
		}
		members, err = forgeRead(`{"` + raw + `":[]}`)
		if err != nil || members[want] != (value{"[]", false}) || len(members) != 1 {
			t.Errorf("parseObject of the name %q: %v, %v, want %q", raw, members, err, want)
		}
	}
	for b := range 256 {
		raw := `\` + string([]byte{byte(b)})
		_, err := forgeRead(`{"a":"x` + raw + `y"}`)
		if want := strings.IndexByte(`bfnrt"\/`, byte(b)) >= 0; want != (err == nil) {
			t.Errorf("parseObject of the escape %q: %v, want accepted: %v", raw, err, want)
		}
		hexadecimal := strings.IndexByte("0123456789abcdefABCDEF", byte(b)) >= 0
		for i := range 4 {
			raw := []byte(`\u0041`)
			raw[2+i] = byte(b)
			_, err := forgeRead(`{"a":"` + string(raw) + `"}`)
			if hexadecimal != (err == nil) && !(i == 0 && b == 'd') {
				t.Errorf("parseObject of the escape %q: %v, want accepted: %v", raw, err, hexadecimal)
			}
		}
	}
	for n := range len(`\ud83d\ude00`) { // a pair, cut off anywhere, at the end of the string and of the text
		for _, end := range []string{`"}`, `"`, ``} {
			raw := `\ud83d\ude00`[:n]
			if members, err := forgeRead(`{"a":"` + raw + end); (n > 0 || end != `"}`) && !errors.Is(err, ErrMalformed) {
				t.Errorf("parseObject of the string %q, then %q: %v, %v", raw, end, members, err)
			}
		}
	}
}

// RFC 8259, section 2: four characters are white space, between any two tokens and nowhere else.
func TestWhiteSpace(t *testing.T) {
	tokens := []string{"", "{", `"a"`, ":", "[", "1", ",", "{", "}", ",", `"b c"`, ",", "null", "]", ",", `"d"`, ":", `""`, "}", ""}
	for b := range 256 {
		text := strings.Join(tokens, string([]byte{byte(b)}))
		members, err := forgeRead(text)
		want := b == ' ' || b == '\t' || b == '\r' || b == '\n'
		if want && (err != nil || len(members) != 2 || members["d"] != value{"", true}) || !want && !errors.Is(err, ErrMalformed) {
			t.Errorf("parseObject(%q) = %v, %v, want accepted: %v", text, members, err, want)
		}
	}
}

// A text that is cut off anywhere, or has anything behind it, is not an object.
func TestObjectIsWhole(t *testing.T) {
	text := `{"a":{"b":[1,true,"\u0041",{}],"c":-1.5e3},"d":"e"}`
	if members, err := forgeRead(text); err != nil || len(members) != 2 {
		t.Fatalf("parseObject(%q) = %v, %v", text, members, err)
	}
	for i := range len(text) {
		if members, err := forgeRead(text[:i]); !errors.Is(err, ErrMalformed) {
			t.Errorf("parseObject(%q) = %v, %v", text[:i], members, err)
		}
	}
	for b := range 128 {
		if strings.IndexByte(" \t\r\n", byte(b)) < 0 {
			if members, err := forgeRead(text + string(rune(b))); !errors.Is(err, ErrMalformed) {
				t.Errorf("parseObject(%q) = %v, %v", text+string(rune(b)), members, err)
			}
		}
	}
	if members, err := forgeRead(`{}`); err != nil || len(members) != 0 {
		t.Errorf("parseObject({}) = %v, %v", members, err)
	}
}

// A refusal tells the part and the place, and an error of the caller's ends the reading.
func TestRefusalTellsThePlace(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{`[]`, "capability: malformed token: payload: byte 0 of the JSON is '[', expected an object"},
		{`{"a":1 "b":2}`, "capability: malformed token: payload: byte 7 of the JSON is '\"', expected a comma or '}'"},
		{`{"a" 1}`, "capability: malformed token: payload: byte 5 of the JSON is '1', expected a colon"},
		{`{"a":1} x`, "capability: malformed token: payload: byte 8 of the JSON is 'x', expected nothing after the object"},
		{`{"a":1,"a":2}`, `capability: malformed token: payload: duplicate member "a"`},
	} {
		if _, err := forgeRead(tt.text); err == nil || err.Error() != tt.want {
			t.Errorf("parseObject(%q): %v, want %s", tt.text, err, tt.want)
		}
	}
	stop, calls := errors.New("stop"), 0
	err := parseObject("header", `{"a":1,"b":2}`, func(string, value) error { calls++; return stop })
	if err != stop || calls != 1 {
		t.Errorf("parseObject goes on after an error: %v, %d calls", err, calls)
	}
}

// PHP's json_encode without flags, as its manual and ext/json/tests have it.
func TestStringOfPHP(t *testing.T) {
	for s, want := range map[string]string{
		"":                 `""`,
		"Alice":            `"Alice"`,
		"a/b":              `"a\/b"`,
		"</script>":        `"<\/script>"`,
		"<foo>&'bar'":      `"<foo>&'bar'"`,
		`"baz"`:            `"\"baz\""`,
		`back\slash`:       `"back\\slash"`,
		"\b\f\n\r\t":       `"\b\f\n\r\t"`,
		"\x00\x01\x0b\x1f": `"\u0000\u0001\u000b\u001f"`,
		" ~\x7f":           "\" ~\x7f\"",
		"\u0080\u009f":     `"\u0080\u009f"`,
		"é":                `"\u00e9"`,
		"€":                `"\u20ac"`,
		"\u2028\u2029":     `"\u2028\u2029"`,
		"\ufeff\ufffd":     `"\ufeff\ufffd"`,
		"\uffff":           `"\uffff"`,
		"😀":                `"\ud83d\ude00"`,
		"\U00010000":       `"\ud800\udc00"`,
		"\U0010ffff":       `"\udbff\udfff"`,
		"a😀b":              `"a\ud83d\ude00b"`,
	} {
		dst := append(make([]byte, 0, 64), "lead"...)
		if got := string(appendString(dst, s)); got != "lead"+want {
			t.Errorf("appendString(%q, %q) = %s, want %s", "lead", s, got, "lead"+want)
		}
	}
}

// Every character there is, in runs of 4,096: as PHP writes it, and read back as itself by us and by encoding/json.
func TestStringOfEveryCharacter(t *testing.T) {
	const run = 1 << 12
	for start := rune(0); start <= utf8.MaxRune; start += run {
		var s, want strings.Builder
		for r := start; r < start+run; r++ {
			if !utf16.IsSurrogate(r) {
				s.WriteRune(r)
				want.WriteString(forgeEscape(r))
			}
		}
		got := string(appendString(nil, s.String()))
		if got != `"`+want.String()+`"` {
			t.Errorf("appendString of U+%04X and what follows = %.80q…", start, got)
		}
		var back string
		if err := json.Unmarshal([]byte(got), &back); err != nil || back != s.String() {
			t.Errorf("encoding/json does not read back U+%04X and what follows: %v", start, err)
		}
		if members, err := forgeRead(`{"a":` + got + `}`); err != nil || members["a"].text != s.String() {
			t.Errorf("parseObject does not read back U+%04X and what follows: %v", start, err)
		}
	}
}

// forgeEscape writes one character of a string as PHP does, slowly.
func forgeEscape(r rune) string {
	switch r {
	case '"', '\\', '/':
		return `\` + string(r)
	case '\b', '\f', '\n', '\r', '\t':
		return strings.Trim(strconv.QuoteRune(r), "'")
	}
	if 0x20 <= r && r <= 0x7f {
		return string(r)
	}
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune{r}) {
		fmt.Fprintf(&b, `\u%04x`, unit)
	}
	return b.String()
}

// A Capability that failed refuses with its own error, and half a value is returned by none.
func TestVerifyOfFailedCapability(t *testing.T) {
	token := forgeSign(forgeKey, withMember("", ""))
	good := forgeVerifier(t, time.Unix(forgeNow, 0))
	for name, tt := range map[string]struct {
		c    Capability
		want error
	}{
		"the zero value":       {Capability{}, ErrAccountSID},
		"a bad client name":    {good.AllowClientIncoming("a b"), ErrClientName},
		"a bad lifetime":       {good.WithTTL(0), ErrTTL},
		"a bad claim":          {good.WithClaim("exp", "1"), ErrClaim},
		"the first of two":     {good.WithClaim("exp", "1").WithTTL(0), ErrClaim},
		"a bad parameter name": {good.AllowEventStream(Param("", "")), ErrParam},
	} {
		for _, token := range []string{token, "", "a.b.c"} {
			claims, err := tt.c.Verify(token)
			if !errors.Is(err, tt.want) || !reflect.DeepEqual(claims, Claims{}) {
				t.Errorf("%s: Verify(%s) = %+v, %v, want %v", name, forgeShow(token), claims, err, tt.want)
			}
			for _, reason := range forgeReasons {
				if errors.Is(err, reason) {
					t.Errorf("%s: Verify(%s) blames the token: %v", name, forgeShow(token), err)
				}
			}
		}
	}
}
