package capability_test

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"example.com/capability"
)

// RFC 7515, appendix A.1: a token with its own key, its own claims and line
// breaks in the JSON of its header.
const (
	rfc7515Key   = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
	rfc7515Token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" +
		".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ" +
		".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	rfc7515Payload = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
)

func TestTokenOfRFC7515(t *testing.T) {
	secret := decode(rfc7515Key)
	if payload, err := capability.Open(secret, rfc7515Token); payload != rfc7515Payload || err != nil {
		t.Errorf("open = %q, %v, want %q", payload, err, rfc7515Payload)
	}
	if payload, err := capability.OpenUnverified(rfc7515Token); payload != rfc7515Payload || err != nil {
		t.Errorf("openUnverified = %q, %v, want %q", payload, err, rfc7515Payload)
	}
	payload, err := capability.Open(secret, rfc7515Token[:len(rfc7515Token)-1]+"l")
	if payload != "" || err != capability.ErrSignature {
		t.Errorf("open of the token with its last bit flipped = %q, %v, want ErrSignature", payload, err)
	}
	checkUnverifiedRefused(t, rfc7515Token, capability.ErrScope) // as it is no capability token
	if got := sign(secret, rfc7515Token[:strings.LastIndex(rfc7515Token, ".")]); got != rfc7515Token {
		t.Errorf("the signer of the tests signs %q", got)
	}
}

// RFC 4231, section 4: the test cases of HMAC-SHA-256 without those whose key
// an enforced FIPS 140-3 mode rejects (2) or whose value is truncated (5).
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
	for _, test := range rfc4231 {
		mac, err := hex.DecodeString(test.mac)
		if err != nil {
			t.Fatal(err)
		}
		want := encode(string(mac))
		if !capability.IsSignature(test.key, test.data, want) {
			t.Errorf("%s: %s is not taken for its signature", test.name, want)
		}
		for _, other := range []string{test.data + "x", test.data[1:]} {
			if capability.IsSignature(test.key, other, want) {
				t.Errorf("%s: other data has the same signature", test.name)
			}
		}
	}
}

// TestSignatureOfEveryLength shows no seam where the HMAC is fed in pieces.
func TestSignatureOfEveryLength(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("abcdefg", 600)
	for n := range len(text) {
		want := strings.TrimPrefix(sign(authToken, text[:n]), text[:n]+".")
		if !capability.IsSignature(authToken, text[:n], want) {
			t.Errorf("%s is not taken for the signature of %d bytes", want, n)
		}
	}
}

// RFC 4648, section 10, in the alphabet of its section 5 and without padding.
func TestPartOfRFC4648(t *testing.T) {
	for _, test := range []struct{ part, want string }{
		{"", ""}, {"Zg", "f"}, {"Zm8", "fo"}, {"Zm9v", "foo"}, {"Zm9vYg", "foob"}, {"Zm9vYmE", "fooba"}, {"Zm9vYmFy",
			"foobar"},
	} {
		if got, err := capability.DecodePart("payload", test.part); got != test.want || err != nil {
			t.Errorf("decodePart(%q) = %q, %v, want %q", test.part, got, err, test.want)
		}
	}
}

func TestPartThatIsNotBase64URL(t *testing.T) {
	for _, test := range []struct{ part, want string }{
		{"A", "header: its length, 1, is impossible for base64url; was it cut?"},
		{"AAAAA", "header: its length, 5, is impossible for base64url; was it cut?"},
		{"AB", "header: the unused bits of its last character are not zero"},
		{"AAB", "header: the unused bits of its last character are not zero"},
		{"A=", "header: character 1 is '=', which is not in base64url"},
		{"AA==", "header: character 2 is '=', which is not in base64url"},
		{"AAA=", "header: character 3 is '=', which is not in base64url"},
		{"AA\n", `header: character 2 is '\n', which is not in base64url`},
		{"AAAA\r", `header: character 4 is '\r', which is not in base64url`},
		{"+/+/", "header: character 0 is '+', which is not in base64url"},
		{"AA/A", "header: character 2 is '/', which is not in base64url"},
		{"AA A", "header: character 2 is ' ', which is not in base64url"},
		{"é", "header: character 0 is 'é', which is not in base64url"},
		{"AAA\xff", `header: character 3 is '\xff', which is not in base64url`},
	} {
		got, err := capability.DecodePart("header", test.part)
		if got != "" || err == nil || err.Error() != "capability: malformed token: "+test.want {
			t.Errorf("decodePart(%q) = %q, %v, want %s", test.part, got, err, test.want)
		}
		checkReason(t, test.part, err, capability.ErrMalformed)
	}
}

// TestPartOfEveryByte shows which bytes may stand in a part of a token.
func TestPartOfEveryByte(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for b := range 256 {
		part := "AA" + string([]byte{byte(b)}) + "A"
		want := strings.IndexByte(alphabet, byte(b)) >= 0
		if text, err := capability.DecodePart("payload", part); (err == nil) != want || text != decode(part) {
			t.Errorf("decodePart(%q) = %q, %v, want accepted: %v", part, text, err, want)
		}
		token := withPayload(goodPayload()) + "." + part
		if _, err := capability.ParseUnverified(token); (err == nil) != want {
			t.Errorf("ParseUnverified(%q): %v, want accepted: %v", token, err, want)
		}
	}
}

// These have a header or an encoding that is wrong. TestForgeries tries them.
var headerForgeries = []forgery{
	// The algorithm: CVE-2015-9235; RFC 8725, sections 2.1 and 3.1.
	{"the algorithm is none", withHeader(`{"typ":"JWT","alg":"none"}`), capability.ErrAlgorithm},
	{"the algorithm is None", withHeader(`{"typ":"JWT","alg":"None"}`), capability.ErrAlgorithm},
	{"the algorithm is public-key", withHeader(`{"typ":"JWT","alg":"RS256"}`), capability.ErrAlgorithm},
	{"the algorithm is a longer HMAC", withHeader(`{"typ":"JWT","alg":"HS512"}`), capability.ErrAlgorithm},
	{"the algorithm is an encryption", withHeader(`{"typ":"JWT","alg":"dir","enc":"A128GCM"}`),
		capability.ErrAlgorithm},
	{"the algorithm is in lower case", withHeader(`{"typ":"JWT","alg":"hs256"}`), capability.ErrAlgorithm},
	{"the algorithm has a space behind it", withHeader(`{"typ":"JWT","alg":"HS256 "}`), capability.ErrAlgorithm},
	{"the algorithm has a space before it", withHeader(`{"typ":"JWT","alg":" HS256"}`), capability.ErrAlgorithm},
	{"the algorithm has a NUL behind it", withHeader(`{"typ":"JWT","alg":"HS256\u0000"}`), capability.ErrAlgorithm},
	{"the algorithm has a look-alike letter", withHeader(`{"typ":"JWT","alg":"HЅ256"}`), capability.ErrAlgorithm},
	{"the algorithm has a long s, which folds to S", withHeader(`{"typ":"JWT","alg":"Hſ256"}`),
		capability.ErrAlgorithm},
	{"the algorithm is cut off", withHeader(`{"typ":"JWT","alg":"HS"}`), capability.ErrAlgorithm},
	{"the algorithm is empty", withHeader(`{"typ":"JWT","alg":""}`), capability.ErrAlgorithm},
	{"the algorithm is missing", withHeader(`{"typ":"JWT"}`), capability.ErrAlgorithm},
	{"the header is empty of members", withHeader(`{}`), capability.ErrAlgorithm},
	{"the algorithm is null", withHeader(`{"typ":"JWT","alg":null}`), capability.ErrAlgorithm},
	{"the algorithm is a number", withHeader(`{"typ":"JWT","alg":256}`), capability.ErrAlgorithm},
	{"the algorithm is an array of one", withHeader(`{"typ":"JWT","alg":["HS256"]}`), capability.ErrAlgorithm},
	{"the algorithm is an object", withHeader(`{"typ":"JWT","alg":{"HS256":1}}`), capability.ErrAlgorithm},
	{"the algorithm is true", withHeader(`{"typ":"JWT","alg":true}`), capability.ErrAlgorithm},
	{"the algorithm goes by the name ALG", withHeader(`{"typ":"JWT","ALG":"HS256"}`), capability.ErrAlgorithm},
	{"the algorithm goes by the name Alg", withHeader(`{"typ":"JWT","Alg":"HS256"}`), capability.ErrAlgorithm},
	{"ALG beside alg is not alg", withHeader(`{"typ":"JWT","ALG":"HS256","alg":"none"}`), capability.ErrAlgorithm},
	{"the algorithm is in an object within", withHeader(`{"typ":"JWT","x":{"alg":"HS256"}}`), capability.ErrAlgorithm},
	{"the algorithm is given twice, none last", withHeader(`{"alg":"HS256","alg":"none"}`), capability.ErrMalformed},
	{"the algorithm is given twice, none first", withHeader(`{"alg":"none","alg":"HS256"}`), capability.ErrMalformed},
	{"the algorithm is given twice and the same", withHeader(`{"alg":"HS256","alg":"HS256"}`),
		capability.ErrMalformed},
	{"the algorithm is given twice, once escaped", withHeader(`{"alg":"HS256","\u0061lg":"none"}`),
		capability.ErrMalformed},

	// The rest of the header: RFC 7515, section 4.1; RFC 8725, section 3.11.
	{"the type is another", withHeader(`{"typ":"at+jwt","alg":"HS256"}`), capability.ErrMalformed},
	{"the type is empty", withHeader(`{"typ":"","alg":"HS256"}`), capability.ErrMalformed},
	{"the type has a space behind it", withHeader(`{"typ":"JWT ","alg":"HS256"}`), capability.ErrMalformed},
	{"the type is null", withHeader(`{"typ":null,"alg":"HS256"}`), capability.ErrMalformed},
	{"the type is a number", withHeader(`{"typ":1,"alg":"HS256"}`), capability.ErrMalformed},
	{"the type is an array of one", withHeader(`{"typ":["JWT"],"alg":"HS256"}`), capability.ErrMalformed},
	{"the type is given twice", withHeader(`{"typ":"JWT","typ":"JWT","alg":"HS256"}`), capability.ErrMalformed},
	{"an extension is critical", withHeader(`{"alg":"HS256","crit":["exp"],"exp":1}`), capability.ErrMalformed},
	{"an extension is critical and unknown", withHeader(`{"alg":"HS256","crit":["x"],"x":1}`),
		capability.ErrMalformed},
	{"b64 is false (RFC 7797)", withHeader(`{"alg":"HS256","b64":false}`), capability.ErrMalformed},
	{"b64 is true, as it is without it", withHeader(`{"alg":"HS256","b64":true}`), capability.ErrMalformed},
	{"b64 is null", withHeader(`{"alg":"HS256","b64":null}`), capability.ErrMalformed},
	{"b64 is spelt with an escape", withHeader(`{"alg":"HS256","b\u00364":false}`), capability.ErrMalformed},
	{"the payload is not encoded (RFC 7797)", withHeader(`{"alg":"HS256","b64":false,"crit":["b64"]}`),
		capability.ErrMalformed},
	{"no extension is critical, which is not allowed", withHeader(`{"alg":"HS256","crit":[]}`),
		capability.ErrMalformed},
	{"crit is null", withHeader(`{"alg":"HS256","crit":null}`), capability.ErrMalformed},
	{"crit is spelt with an escape", withHeader(`{"alg":"HS256","\u0063rit":["x"]}`), capability.ErrMalformed},
	{"an unknown header member is given twice", withHeader(`{"alg":"HS256","kid":"1","kid":"2"}`),
		capability.ErrMalformed},
	{"the header is empty", withHeader(``), capability.ErrMalformed},
	{"the header is white space", withHeader(` `), capability.ErrMalformed},
	{"the header is null", withHeader(`null`), capability.ErrMalformed},
	{"the header is an array", withHeader(`["alg","HS256"]`), capability.ErrMalformed},
	{"the header is an array with an object", withHeader(`[{"alg":"HS256"}]`), capability.ErrMalformed},
	{"the header is a string", withHeader(`"HS256"`), capability.ErrMalformed},
	{"the header is a number", withHeader(`256`), capability.ErrMalformed},
	{"the header is true", withHeader(`true`), capability.ErrMalformed},
	{"the header is cut off", withHeader(`{"alg":"HS256"`), capability.ErrMalformed},
	{"the header has another object behind it", withHeader(`{"alg":"HS256"}{"alg":"none"}`), capability.ErrMalformed},
	{"the header has a brace behind it", withHeader(`{"alg":"HS256"}}`), capability.ErrMalformed},
	{"the header has a NUL behind it", withHeader("{\"alg\":\"HS256\"}\x00"), capability.ErrMalformed},
	{"the header has a comma too many", withHeader(`{"alg":"HS256",}`), capability.ErrMalformed},
	{"the header begins with a comma", withHeader(`{,"alg":"HS256"}`), capability.ErrMalformed},
	{"the header has a comment", withHeader(`{"alg":"HS256"/**/}`), capability.ErrMalformed},
	{"the header has single quotes", withHeader(`{'alg':'HS256'}`), capability.ErrMalformed},
	{"the header has names without quotes", withHeader(`{alg:"HS256"}`), capability.ErrMalformed},
	{"the header begins with a byte order mark", withHeader("\ufeff" + headerJSON), capability.ErrMalformed},
	// RFC 8725, sections 2.6 and 3.7: other encodings than UTF-8.
	{"the header is in UTF-16", withHeader("{\x00\"\x00a\x00l\x00g\x00\"\x00:\x00\"\x00H\x00S\x00\"\x00}\x00"),
		capability.ErrMalformed},
	{"the header is in Latin-1", withHeader("{\"alg\":\"HS256\",\"kid\":\"\xe9\"}"), capability.ErrMalformed},
	{"the payload is not encoded", "eyJhbGciOiJIUzI1NiJ9." + goodPayload(), capability.ErrMalformed},
	{"the header is not encoded", `{"alg":"HS256"}.e30`, capability.ErrMalformed},

	// The encoding of the parts.
	{"the header has spare bits that are not zero", withSpareBit(encode(headerJSON+" ")) + "." + encode(goodPayload()),
		capability.ErrMalformed},
	{"the payload has spare bits that are not zero",
		encode(headerJSON) + "." + withSpareBit(encode(payloadWith("x", `"1234"`))), capability.ErrMalformed},
	{"the header is in the standard alphabet",
		inStandardAlphabet(encode(`{"alg":"HS256","x":"~~~???>>>"}`)) + "." + encode(goodPayload()),
		capability.ErrMalformed},
	{"the payload is in the standard alphabet",
		encode(headerJSON) + "." + inStandardAlphabet(encode(payloadWith("x", `"~~~???>>>"`))),
		capability.ErrMalformed},
	{"the header has one character more", encode(headerJSON) + "A." + encode(goodPayload()), capability.ErrMalformed},
	{"both parts are empty", ".", capability.ErrMalformed},
	{"header and payload are swapped", encode(goodPayload()) + "." + encode(headerJSON), capability.ErrAlgorithm},
}

// withSpareBit sets a bit of a part that a lenient decoder does not look at.
func withSpareBit(part string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(part)%4 == 0 {
		panic("no spare bits in " + part)
	}
	end := len(part) - 1
	return part[:end] + string(alphabet[strings.IndexByte(alphabet, part[end])|1])
}

// inStandardAlphabet rewrites a part in the alphabet of RFC 4648, section 4.
func inStandardAlphabet(part string) string {
	if !strings.ContainsAny(part, "-_") {
		panic("the same in both alphabets: " + part)
	}
	return strings.NewReplacer("-", "+", "_", "/").Replace(part)
}

// TestForgedWhole has tokens that are not signed or not in three parts. That is
// the reason, whatever else is wrong with them: a token that is both forged and
// expired is forged (CVE-2024-51744).
func TestForgedWhole(t *testing.T) {
	good := goodToken()
	other := sign(authToken, withMember("scope", `"scope:client:outgoing?appSid=AP1&appParams="`))
	part := strings.Split(good, ".")
	signature := part[2]
	mac, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	long := hmac.New(sha512.New, []byte(authToken))
	long.Write([]byte(withHeader(`{"alg":"HS512"}`)))
	expired := withMember("exp", "1")
	everything := encode(`{"alg":"none","crit":["x"],"typ":"x"}`) + "." +
		encode(`{"iss":"AC999","exp":1,"nbf":9999999999,"scope":" "}`)
	for _, test := range []struct {
		attempt string
		token   string
		want    error
	}{
		{"the algorithm is none and the signature empty", withHeader(`{"alg":"none"}`) + ".", capability.ErrSignature},
		{"the algorithm is none and the signature that of HS256 under no key", sign("", withHeader(`{"alg":"none"}`)),
			capability.ErrSignature},
		{"HS512, signed so with the right key", withHeader(`{"alg":"HS512"}`) + "." + encode(string(long.Sum(nil))),
			capability.ErrSignature},
		{"it is expired and signed with another key", sign("x"+authToken, expired), capability.ErrSignature},
		{"it is expired and not signed", expired + ".", capability.ErrSignature},
		{"everything about it is wrong", sign("x"+authToken, everything), capability.ErrSignature},
		{"the key is in the header", sign("0123456789abcdef", withHeader(
			`{"alg":"HS256","jwk":{"kty":"oct","k":"`+encode("0123456789abcdef")+`"}}`)), capability.ErrSignature},
		{"the key is the account SID", sign(accountSID, withPayload(goodPayload())), capability.ErrSignature},
		{"the key is shorter by one", sign(authToken[1:], withPayload(goodPayload())), capability.ErrSignature},
		{"the key has a newline behind it", sign(authToken+"\n", withPayload(goodPayload())), capability.ErrSignature},
		{"the key is in upper case", sign(strings.ToUpper(authToken), withPayload(goodPayload())),
			capability.ErrSignature},
		{"the signature is that of another token",
			withPayload(goodPayload()) + strings.TrimPrefix(other, other[:strings.LastIndex(other, ".")]),
			capability.ErrSignature},
		{"only the payload is signed", part[0] + "." + sign(authToken, part[1]), capability.ErrSignature},
		{"the signed text has a dot behind it", good[:strings.LastIndex(good, ".")] + strings.TrimPrefix(
			sign(authToken, part[0]+"."+part[1]+"."), part[0]+"."+part[1]+"."), capability.ErrSignature},
		{"the header is swapped with the payload", part[1] + "." + part[0] + "." + part[2], capability.ErrSignature},
		{"the payload is swapped with the signature", part[0] + "." + part[2] + "." + part[1],
			capability.ErrSignature},
		{"the signature comes first", part[2] + "." + part[0] + "." + part[1], capability.ErrSignature},
		{"the signature is missing", part[0] + "." + part[1] + ".", capability.ErrSignature},
		{"the payload is missing", part[0] + ".." + part[2], capability.ErrSignature},
		{"the header is missing", "." + part[1] + "." + part[2], capability.ErrSignature},
		{"there is nothing but dots", "..", capability.ErrSignature},
		{"the signature is shorter by a character", good[:len(good)-1], capability.ErrSignature},
		{"the signature is shorter by four", good[:len(good)-4], capability.ErrSignature},
		{"the signature is a single character", part[0] + "." + part[1] + "." + signature[:1],
			capability.ErrSignature},
		{"the signature is one byte short", part[0] + "." + part[1] + "." + encode(string(mac[:31])),
			capability.ErrSignature},
		{"the signature is cut to its left half", part[0] + "." + part[1] + "." + encode(string(mac[:16])),
			capability.ErrSignature},
		{"the signature is one byte too long", part[0] + "." + part[1] + "." + encode(string(mac)+"\x00"),
			capability.ErrSignature},
		{"the signature is longer by a character", good + "A", capability.ErrSignature},
		{"the signature is written twice", good + signature, capability.ErrSignature},
		{"the signature is padded", good + "=", capability.ErrSignature},
		{"the signature has spare bits that are not zero", part[0] + "." + part[1] + "." + withSpareBit(signature),
			capability.ErrSignature},
		{"the signature is in hexadecimal", part[0] + "." + part[1] + "." + hex.EncodeToString(mac),
			capability.ErrSignature},
		{"the signature is not encoded", part[0] + "." + part[1] + "." + strings.ReplaceAll(string(mac), ".", "-"),
			capability.ErrSignature},
		{"the signature is all zeros", part[0] + "." + part[1] + "." + strings.Repeat("A", 43),
			capability.ErrSignature},
		{"the header is in upper case", strings.ToUpper(part[0]) + "." + part[1] + "." + part[2],
			capability.ErrSignature},
		{"it has a newline behind it", good + "\n", capability.ErrSignature},
		{"it has a space before it", " " + good, capability.ErrSignature},
		{"it is in quotes", `"` + good + `"`, capability.ErrSignature},
		{"it is in percent escapes", strings.ReplaceAll(good, "_", "%5F") + "%20", capability.ErrSignature},
		{"it has its scheme before it", "Bearer " + good, capability.ErrSignature},

		{"it is empty", "", capability.ErrMalformed},
		{"it is a dot", ".", capability.ErrMalformed},
		{"it is three dots", "...", capability.ErrMalformed},
		{"it has only a header", part[0], capability.ErrMalformed},
		{"it has only a header and a payload", part[0] + "." + part[1], capability.ErrMalformed},
		{"it has a dot behind it", good + ".", capability.ErrMalformed},
		{"it has a dot before it", "." + good, capability.ErrMalformed},
		{"it has a fourth part", good + "." + part[2], capability.ErrMalformed},
		{"it has a fourth part, over which it is signed", sign(authToken, good), capability.ErrMalformed},
		{"it has a fourth part before the others", part[0] + "." + good, capability.ErrMalformed},
		{"it is two tokens", good + good, capability.ErrMalformed},
		{"it has the five parts of an encrypted token", good + "." + part[0] + "." + part[1], capability.ErrMalformed},
		{"its dots are other dots", strings.ReplaceAll(good, ".", "\u2024"), capability.ErrMalformed},
		{"it is a JWS in JSON (RFC 7515, section 7.2)", `{"payload":"` + part[1] + `","protected":"` + part[0] +
			`","signature":"` + part[2] + `"}`, capability.ErrMalformed},
		{"it is a NUL", "\x00", capability.ErrMalformed},
		{"it is the key", authToken, capability.ErrMalformed},
	} {
		t.Run(test.attempt, func(t *testing.T) {
			checkRefused(t, newCapability(t), test.token, test.want)
		})
	}
}

// TestPartsAsWritten inserts what base64 decoders pass over, before the token
// is signed, so that the signature vouches for it, and into the signature.
func TestPartsAsWritten(t *testing.T) {
	c := newCapability(t)
	part := strings.Split(goodToken(), ".")
	header, payload, signature := part[0], part[1], part[2]
	for _, inserted := range []string{"\n", "\r", "\r\n", "\n\n\n\n", " ", "\t", "=", "==", "\x00", "%", "\u00ad",
		"\u200b"} {
		for _, altered := range insertEverywhere(header, inserted) {
			checkRefused(t, c, sign(authToken, altered+"."+payload), capability.ErrMalformed)
		}
		for _, altered := range insertEverywhere(payload, inserted) {
			checkRefused(t, c, sign(authToken, header+"."+altered), capability.ErrMalformed)
		}
		for _, altered := range insertEverywhere(signature, inserted) {
			checkRefused(t, c, header+"."+payload+"."+altered, capability.ErrSignature)
		}
	}
}

// insertEverywhere returns text with s inserted at six places.
func insertEverywhere(text, s string) (altered []string) {
	for _, at := range []int{0, 1, 4, len(text) / 2, len(text) - 1, len(text)} {
		altered = append(altered, text[:at]+s+text[at:])
	}
	return altered
}

// TestEverySingleCharacterChange shows that none goes unnoticed: a token with
// other than two dots is not in three parts, any other is a forgery.
func TestEverySingleCharacterChange(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, k kind) {
		c, token := k.new(t), k.token()
		if _, err := c.Verify(token); err != nil {
			t.Fatal(err)
		}
		// It does less than checkRefused, as there are fifty thousand tokens.
		refused := func(altered string) {
			want := capability.ErrMalformed
			if strings.Count(altered, ".") == 2 {
				want = capability.ErrSignature
			}
			claims, err := c.Verify(altered)
			if !errors.Is(err, want) || claims.AccountSID != "" || claims.Scopes != nil {
				t.Errorf("Verify(%q) = %+v, %v, want %v", altered, claims, err, want)
			}
		}
		for i := range len(token) {
			before, after := token[:i], token[i+1:]
			for b := range 256 {
				if byte(b) != token[i] {
					refused(before + string([]byte{byte(b)}) + after)
				}
			}
			refused(before + after)
			if i > 0 && token[i] != token[i-1] {
				refused(before[:i-1] + token[i:i+1] + token[i-1:i] + after)
			}
		}
		for i := range len(token) + 1 {
			for _, inserted := range "=\n\r.A \x00" {
				refused(token[:i] + string(inserted) + token[i:])
			}
		}
	})
}

// TestHeaderTakesTheShortWay shows that a header that is ours byte for byte is
// not parsed, and that other spellings of it are.
func TestHeaderTakesTheShortWay(t *testing.T) {
	skipIfPoolsDropItems(t)
	c := newCapability(t)
	allocations := func(header string) float64 {
		token := sign(authToken, withHeader(header))
		if _, err := c.Verify(token); err != nil {
			t.Errorf("Verify with the header %s: %v", header, err)
		}
		return testing.AllocsPerRun(100, func() { c.Verify(token) })
	}
	short := allocations(headerJSON)
	for _, header := range []string{
		`{"alg":"HS256","typ":"JWT"}`, `{"alg":"HS256"}`, `{"typ":"JWT", "alg":"HS256"}`,
		`{"typ":"jwt","alg":"HS256"}`,
		`{"typ":"JWT","alg":"\u0048S256"}`, headerJSON + " ", `{"typ":"JWT","alg":"HS256","kid":"1"}`,
	} {
		if long := allocations(header); long <= short {
			t.Errorf("Verify with the header %s allocates %v times, and %v times with %s", header, long, short,
				headerJSON)
		}
	}
}

// TestShortSecretsUnderFIPS runs itself once more under an enforced FIPS 140-3
// mode, which Go has from 1.24 on.
func TestShortSecretsUnderFIPS(t *testing.T) {
	const enforced = "GODEBUG=fips140=only"
	const short = "it has fewer than the 14 characters that an enforced FIPS 140-3 mode requires"
	enforces := !hmacTakes("thirteen13byt")
	for _, test := range []struct {
		err  error
		want string
	}{
		{newError("AC123123", "thirteen13byt"), "capability: invalid auth token: " + short},
		{newKeyError("AC123123", "SK123123", "thirteen13byt"), "capability: invalid API key (secret): " + short},
	} {
		if got := fmt.Sprint(test.err); enforces && got != test.want || !enforces && test.err != nil {
			t.Errorf("a secret of 13 characters: %s; package hmac rejects it: %v", got, enforces)
		}
	}
	for _, secret := range []string{"fourteen14byte", authToken} {
		for _, by := range []credentials{{"AC123123", "", secret}, {"AC123123", "SK123123", secret}} {
			c, err := by.new()
			if err != nil {
				t.Fatalf("a secret of %d characters: %v", len(secret), err)
			}
			generate(t, c.AllowClientIncoming("Alice"))
		}
	}
	if enforces || slices.Contains(os.Environ(), enforced) {
		return
	}
	command := exec.Command(os.Args[0], "-test.run=^TestShortSecretsUnderFIPS$")
	command.Env = append(os.Environ(), enforced)
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("under %s: %v\n%s", enforced, err, out)
	}
}

// TestKeyThatCannotSignAnyMore has the message that a constructor has for a
// short secret, if FIPS 140-3 mode is enforced only later.
func TestKeyThatCannotSignAnyMore(t *testing.T) {
	const short = "it has fewer than the 14 characters that an enforced FIPS 140-3 mode requires"
	for i, want := range []string{"capability: invalid auth token: " + short,
		"capability: invalid API key (secret): " + short} {
		c := capability.WithoutSigner(kinds[i].new(t)).AllowClientIncoming("Alice")
		_, verifyErr := c.Verify(kinds[i].token())
		for _, err := range []error{errorOf(c), verifyErr} {
			if fmt.Sprint(err) != want {
				t.Errorf("%s: %v, want %s", kinds[i].name, err, want)
			}
		}
	}
}

// TestMain leaves out the examples, which use the short auth token of Twilio's
// documentation, where an enforced FIPS 140-3 mode rejects it.
func TestMain(m *testing.M) {
	flag.Parse()
	if !hmacTakes("secret") {
		flag.Set("test.skip", "^Example")
	}
	os.Exit(m.Run())
}
