package main

// The codes of rejected tokens, which do not change.
const (
	codeInput       = "input"
	codeCredentials = "credentials"
	codeMalformed   = "malformed"
	codeKind        = "kind"
	codeAlgorithm   = "algorithm"
	codeSignature   = "signature"
	codeIssuer      = "issuer"
	codeScope       = "scope"
	codeExpired     = "expired"
	codeNotYetValid = "not-yet-valid"
	codeWarning     = "warning"
)

// A cause is one way in which a token goes wrong.
type cause struct {
	name string
	code string

	// find returns what is wrong and what to do about it, or no reason if this
	// is not the cause.
	find func(l *look) (reason, hint string)
}

// causesOfDamage are tried in this order, and the first that applies is
// reported: whether it is a token at all (input.go), then what surrounds it
// (around.go) or got into it (characters.go), and then its three parts
// (parts.go).
var causesOfDamage = []cause{
	{"nothing", codeInput, nothing},
	{"auth token", codeInput, authTokenGiven},
	{"word", codeInput, aWord},
	{"placeholder", codeInput, aPlaceholder},
	{"UTF-16", codeInput, anotherEncoding},
	{"compressed", codeInput, compressed},
	{"binary", codeInput, binary},
	{"web page", codeInput, webPage},
	{"PEM", codeInput, pemFile},
	{"HTTP message", codeInput, httpMessage},
	{"JSON", codeInput, jsonText},
	{"several tokens", codeInput, severalTokens},
	{"SID", codeInput, aSID},
	{"credential", codeInput, aCredential},

	{"auth token inside", codeInput, authTokenInside},
	{"authorization header", codeMalformed, authorizationHeader},
	{"cookie", codeMalformed, aCookie},
	{"URL", codeMalformed, aURL},
	{"file name", codeInput, fileName},
	{"shortened", codeMalformed, shortened},
	{"percent-encoded", codeMalformed, percentEncoded},
	{"HTML entity", codeMalformed, htmlEntity},
	{"backslash", codeMalformed, backslash},
	{"bearer", codeMalformed, bearer},
	{"assignment", codeMalformed, assignment},
	{"quotation marks", codeMalformed, inQuotes},
	{"byte order mark", codeMalformed, byteOrderMark},
	{"encoded twice", codeMalformed, encodedTwice},
	{"hexadecimal", codeMalformed, inHexadecimal},
	{"reversed", codeMalformed, reversed},
	{"text around it", codeMalformed, textAround},
	{"no token", codeInput, noToken},
	{"line break", codeMalformed, lineBreak},
	{"space", codeMalformed, aSpace},
	{"padding", codeMalformed, padding},
	{"standard base64", codeMalformed, standardBase64},
	{"other character", codeMalformed, otherCharacter},

	{"another case", codeMalformed, anotherCase},
	{"no dots", codeMalformed, noDots},
	{"two glued", codeMalformed, twoGlued},
	{"encrypted", codeKind, encrypted},
	{"dot too many", codeMalformed, dotTooMany},
	{"two parts", codeMalformed, twoParts},
	{"more parts", codeMalformed, otherNumberOfParts},
	{"order of the parts", codeMalformed, partsInWrongOrder},
	{"empty part", codeMalformed, emptyPart},
	{"cut at the beginning", codeMalformed, cutAtTheBeginning},
	{"header", codeMalformed, damagedHeader},
}

// causesInContents are tried after those. They look into a token of three
// parts (contents.go, keys.go), and may repeat what it says.
var causesInContents = []cause{
	{"algorithm none", codeAlgorithm, algorithmNone},
	{"algorithm", codeAlgorithm, anotherAlgorithm},
	{"payload", codeMalformed, damagedPayload},
	{"Access Token", codeKind, anAccessToken},
	{"TaskRouter token", codeKind, aTaskRouterToken},
	{"another JWT", codeKind, anotherJWT},

	{"signature in hexadecimal", codeSignature, signatureInHexadecimal},
	{"cut signature", codeSignature, cutSignature},
	{"long signature", codeSignature, longSignature},
	{"last character", codeSignature, lastCharacter},
	{"another form of the key", codeSignature, anotherFormOfTheKey},
	{"odd auth token", codeSignature, oddAuthToken},
	{"account", codeSignature, signedByAnotherAccount},
	{"signature", codeSignature, wrongSignature},

	{"wrong issuer", codeIssuer, wrongIssuer},
	{"time is a string", codeMalformed, timeIsString},
	{"time with a fraction", codeMalformed, timeWithFraction},
	{"time", codeMalformed, timeOtherwise},
	{"no expiry", codeMalformed, noExpiry},
	{"no scope", codeScope, noScope},
	{"list of scopes", codeScope, listOfScopes},
	{"spaces between scopes", codeScope, spacesBetweenScopes},
	{"separator of scopes", codeScope, separatorOfScopes},
	{"form of a scope", codeScope, formOfScope},
	{"lifetime as expiry", codeExpired, lifetimeAsExpiry},
	{"expired", codeExpired, expired},
	{"milliseconds", codeNotYetValid, notBeforeInMilliseconds},
	{"not yet valid", codeNotYetValid, notYetValid},
	{"anything else", codeMalformed, anythingElse},
}

// diagnose returns the likeliest cause for which the package rejected a token.
func diagnose(l *look) *failure {
	if failed := l.find(causesOfDamage); failed != nil {
		return failed
	}
	failed := l.find(causesInContents) // the last one is always found
	switch {
	case l.signed:
	case l.verifying:
		failed.Hint += " Nobody vouches for what this token says: its signature does not match."
	default:
		failed.Hint += " Nobody vouches for what this token says: its signature was not checked."
	}
	return failed
}

// find returns the first of the causes that is found, or nil.
func (l *look) find(causes []cause) *failure {
	for _, c := range causes {
		if reason, hint := c.find(l); reason != "" {
			failed := rejected(c.code, reason, hint)
			failed.cause = c.name
			return failed
		}
	}
	return nil
}
