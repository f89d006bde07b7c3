package capability

import "time"

// All tests but the benchmarks are in package capability_test, as a caller would
// be. This file holds everything that they see of the inside.

var (
	AppendForm       = appendForm
	AppendNestedForm = appendNestedForm
	AppendString     = appendString
	Date             = date
	DecodePart       = decodePart
	Length           = length
	Quote            = quote
	QuoteChar        = quoteChar
	UnescapeForm     = unescapeForm
)

// A Value is what a member of a JSON object holds.
type Value struct {
	Text     string
	IsString bool
}

func (v Value) Integer() (int64, bool) {
	return jsonValue{v.Text, v.IsString}.integer()
}

func ParseObject(part, text string, member func(name string, v Value) error) error {
	return parseObject(part, text, func(name string, v jsonValue) error {
		return member(name, Value{v.text, v.isString})
	})
}

// Open verifies a token under a secret that New need not accept.
func Open(secret, token string) (payload string, err error) {
	k, err := newKey(secret, ErrAuthToken)
	if err != nil {
		return "", err
	}
	_, payload, err = k.open(token)
	return payload, err
}

// OpenUnverified takes a token apart without verifying it.
func OpenUnverified(token string) (payload string, err error) {
	_, payload, err = openUnverified(token)
	return payload, err
}

// IsSignature reports whether a signer takes a signature for that of a text,
// and does so again.
func IsSignature(secret, text, signature string) bool {
	s := newSigner(secret)
	return s.verify(text, signature) && s.verify(text, signature)
}

// Times returns the times that WithExpiry and WithNotBefore have set.
func Times(c Capability) []time.Time { return []time.Time{*c.expiry, *c.notBefore} }

// WithoutSigner returns a Capability whose key cannot sign any more. No call
// brings that about, since a constructor has made a signer from the same secret.
func WithoutSigner(c Capability) Capability {
	k := &key{rejected: c.issuer.key.rejected}
	k.signers.New = func() any { return (*signer)(nil) }
	i := *c.issuer
	i.key = k
	c.issuer = &i
	return c
}
