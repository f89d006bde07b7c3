package capability

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// header is {"typ":"JWT","alg":"HS256"} in base64url, the first part of every
// token that this package makes.
const header = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9"

// signatureLen is the length of a signature in base64url: 32 bytes, six bits
// to a character.
const signatureLen = (sha256.Size*8 + 5) / 6

// A key makes and opens tokens that are signed with HMAC-SHA256 (RFC 7518,
// section 3.2) under one secret, for any number of goroutines. The zero key
// must not be used.
//
// It is a pool because an HMAC takes longer to set up than to use. The secret
// stays in the pool's New function, which package fmt and encoders do not look
// into.
type key struct {
	signers *sync.Pool // of *signer
}

// newKey returns the key, or an ErrAuthToken if an enforced FIPS 140-3 mode
// rejects the secret as too short.
func newKey(secret string) (key, error) {
	k := key{&sync.Pool{New: func() any { return newSigner(secret) }}}
	s, err := k.signer()
	if err != nil {
		return key{}, err
	}
	k.signers.Put(s)
	return k, nil
}

// appendToken appends the signed token with the payload that appendPayload
// appends.
func (k key) appendToken(dst []byte, appendPayload func(dst []byte) []byte) ([]byte, error) {
	s, err := k.signer()
	if err != nil {
		return dst, err
	}
	payload := appendPayload(s.room[:0])
	start := len(dst)
	dst = slices.Grow(dst, len(header)+1+base64.RawURLEncoding.EncodedLen(len(payload))+1+signatureLen)
	dst = append(dst, header+"."...)
	dst = base64.RawURLEncoding.AppendEncode(dst, payload)
	signature := sign(s, dst[start:])
	dst = append(dst, '.')
	dst = append(dst, signature...)
	k.signers.Put(s)
	return dst, nil
}

// open verifies a token and returns its payload, decoded. It checks the
// signature before it looks at anything that the signature covers.
func (k key) open(token string) (payload string, err error) {
	signed, signature, err := cutSignature(token)
	if err != nil {
		return "", err
	}
	s, err := k.signer()
	if err != nil {
		return "", err
	}
	// Comparing what is written leaves no decoder to be lenient about it. The
	// length comes first, so that a long signature is not copied.
	want := sign(s, signed)
	valid := len(signature) == len(want) && hmac.Equal(want, []byte(signature))
	k.signers.Put(s)
	if !valid {
		return "", ErrSignature
	}
	return decode(signed)
}

// signer takes a signer out of the pool. The caller puts it back.
func (k key) signer() (*signer, error) {
	s, ok := k.signers.Get().(*signer)
	if !ok {
		return nil, newError(ErrAuthToken, "it has fewer than the 14 characters that an enforced FIPS 140-3 mode requires")
	}
	return s, nil
}

// A signer signs under one key, for one goroutine at a time, without
// allocating.
type signer struct {
	mac  hash.Hash
	room []byte // 4 KiB for a payload, then for a piece of a token, then for a signature
}

// newSigner returns a *signer, or nil if package hmac rejects the secret. Under
// GODEBUG=fips140=only, hmac.New panics on a key of fewer than 14 bytes, and Go
// 1.22 has no way to ask first. It returns any as sync.Pool requires.
func newSigner(secret string) (s any) {
	defer func() {
		if recover() != nil {
			s = nil
		}
	}()
	return &signer{hmac.New(sha256.New, []byte(secret)), make([]byte, 4<<10)}
}

// sign returns the signature of text in base64url, which is valid until the
// signer is used again. It copies the text in pieces: if it passed the text
// itself to mac, an interface, the text would escape to the heap, and a huge
// string would be copied whole.
func sign[T string | []byte](s *signer, text T) []byte {
	s.mac.Reset()
	for len(text) > 0 {
		n := copy(s.room, text)
		s.mac.Write(s.room[:n])
		text = text[n:]
	}
	mac := s.mac.Sum(s.room[:0])
	signature := s.room[len(mac):][:signatureLen]
	base64.RawURLEncoding.Encode(signature, mac)
	return signature
}

// openUnverified returns the payload of a token, decoded, without verifying it.
func openUnverified(token string) (payload string, err error) {
	signed, signature, err := cutSignature(token)
	if err != nil {
		return "", err
	}
	if err := checkAlphabet("signature", signature); err != nil {
		return "", err
	}
	return decode(signed)
}

// cutSignature cuts a token before its third and last part. It takes no memory,
// however many dots there are.
func cutSignature(token string) (signed, signature string, err error) {
	if token == "" {
		return "", "", newError(ErrMalformed, "it is empty")
	}
	if dots := strings.Count(token, "."); dots != 2 {
		return "", "", newError(ErrMalformed, "want 3 parts separated by dots, found "+strconv.Itoa(dots+1))
	}
	dot := strings.LastIndexByte(token, '.')
	return token[:dot], token[dot+1:], nil
}

// decode checks the header of the first two parts of a token and returns the
// payload.
func decode(signed string) (payload string, err error) {
	head, body, _ := strings.Cut(signed, ".")
	if head != header { // our own needs no check
		if err := checkHeader(head); err != nil {
			return "", err
		}
	}
	return decodePart("payload", body)
}

// checkHeader returns an error unless the header says that the token is a JWT
// under HS256 and asks for nothing more.
func checkHeader(part string) error {
	text, err := decodePart("header", part)
	if err != nil {
		return err
	}
	alg := value{text: "missing"}
	err = parseObject("header", text, func(name string, v value) error {
		switch name {
		case "alg":
			alg = v
		case "typ":
			if !v.isString || !strings.EqualFold(v.text, "JWT") {
				return newError(ErrMalformed, "header: typ is "+v.quoted()+`, not "JWT"`)
			}
		case "crit", "b64": // RFC 7515, section 4.1.11; RFC 7797, section 3
			return newError(ErrMalformed, "header: "+name+" is present, but no extension is supported")
		}
		return nil
	})
	if err == nil && (alg != value{"HS256", true}) {
		err = newError(ErrAlgorithm, "header: alg is "+alg.quoted()+`, not "HS256"`)
	}
	return err
}

// decodePart decodes the header or the payload of a token.
func decodePart(name, part string) (string, error) {
	var room [512]byte // for a payload of the usual size
	text, err := base64.RawURLEncoding.Strict().AppendDecode(room[:0], []byte(part))
	if err == nil && len(part) == base64.RawURLEncoding.EncodedLen(len(text)) { // even Strict skips line breaks
		return string(text), nil
	}
	if err := checkAlphabet(name, part); err != nil {
		return "", err
	}
	detail := ": the unused bits of its last character are not zero"
	if len(part)%4 == 1 {
		detail = ": its length, " + strconv.Itoa(len(part)) + ", is impossible for base64url; was it cut?"
	}
	return "", newError(ErrMalformed, name+detail)
}

// checkAlphabet returns an error unless part is in the alphabet of base64url
// (RFC 4648, section 5), without padding (RFC 7515, section 2).
func checkAlphabet(name, part string) error {
	for i := 0; i < len(part); i++ {
		if c := part[i]; !isAlphanumeric(c) && c != '-' && c != '_' {
			return newError(ErrMalformed, name+": character "+strconv.Itoa(i)+" is "+quoteChar(part[i:])+", which is not in base64url")
		}
	}
	return nil
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
