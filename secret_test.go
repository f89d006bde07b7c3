package capability_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"

	"example.com/capability"
)

// holder is a struct of a caller's, which package fmt looks into.
type holder struct{ C capability.Capability }

// hidden is one whose field has no methods for package fmt.
type hidden struct{ c capability.Capability }

func TestTheSecretShowsNowhere(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, k kind) {
		c := k.new(t).AllowClientIncoming("Alice").WithClaim("a", "b")
		generate(t, c) // so that there is a keyed HMAC in the pool
		refused := c.WithTTL(0)
		swapped, swappedErr := credentials{k.by.secret, k.by.apiKey, k.by.account}.new()
		values := []any{
			c, &c, refused, errorOf(refused), swapped, swappedErr, hidden{swapped}, hidden{c}, &hidden{c},
			[]capability.Capability{c}, []hidden{{c}}, map[string]capability.Capability{"k": c},
			[1]*capability.Capability{&c}, holder{c}, struct{ C any }{c},
		}
		for _, v := range values {
			for _, flags := range []string{"", "+", "#", "-", " ", "0", "+#", "# "} {
				for verb := 'A'; verb <= 'z'; verb++ {
					format := "%" + flags + string(verb)
					checkHidden(t, fmt.Sprintf("%s of %T", format, v), fmt.Sprintf(format, v), k.by.secret)
				}
			}
			text, _ := json.Marshal(v)
			checkHidden(t, "JSON", string(text), k.by.secret)
			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Info("text", "v", v)
			slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "v", v)
			checkHidden(t, "slog", log.String(), k.by.secret)
		}
	})
}

// checkHidden checks that a text has nothing that would give a secret away: its
// bytes, or those as one of the verbs writes them.
func checkHidden(t *testing.T, how, text, secret string) {
	t.Helper()
	start := secret[:8]
	for _, trace := range []string{secret, start, fmt.Sprintf("%x", start), fmt.Sprintf("%X", start),
		strings.Trim(fmt.Sprint([]byte(start)), "[]"), base64.StdEncoding.EncodeToString([]byte(secret[:9]))} {
		if strings.Contains(text, trace) {
			t.Errorf("%s: %s", how, text)
		}
	}
}

// misplaced returns what may arrive in place of one credential: it, and other
// values, in the shapes that shells, editors, files and people give to them.
func misplaced(credential, other string) []string {
	shapes := []string{
		"", credential, other, credential + credential, credential + other, other + credential,
		strings.ToUpper(credential), strings.ToLower(credential), strings.ToUpper(credential[:1]) + credential[1:],
		url.QueryEscape(" " + credential + "\n"), "%41%43" + credential, strings.ReplaceAll(credential, "m", "%6D"),
		base64.StdEncoding.EncodeToString([]byte(credential)),
		credential[:1] + " " + credential[1:], credential[:2] + "-" + credential[2:],
		credential[:16] + "\n" + credential[16:],
		credential[1:], credential[2:], credential[8:], credential[:7], credential[:8], credential[:20],
		credential[:len(credential)-1],
		"ac" + credential, "Ac" + credential, "xxxAC" + credential, "xxxxAC" + credential, "AC", "SK", "AP",
	}
	for _, s := range []string{" ", "\t", "\n", "\r\n", `"`, "'", "“", "\ufeff", "\xef", "\u00a0", "\u200b", "\x00",
		"\xff", "é", ",", ";", "$"} {
		shapes = append(shapes, s+credential, credential+s, s+credential+s)
	}
	for _, s := range []string{":", "=", "/", "\n", ",", "@"} {
		shapes = append(shapes, credential+s+other, other+s+credential)
	}
	for _, s := range []string{"AC", "SK", "AP", "US", "Bearer ", "TWILIO_AUTH_TOKEN=", "export X=", "https://"} {
		shapes = append(shapes, s+credential, s+other, s+" "+credential)
	}
	return shapes
}

// These credentials have letters beyond hexadecimal, so that no address looks
// like them.
const (
	oddAccount = "ACg0h1i2j3k4l5m6n7o8p9q0r1s2t3u4v5"
	oddKey     = "SKw6x7y8z9g1h3i5j7k9l2m4n6o8p1q3r5"
	oddSecret  = "z9y8x7w6v5u4t3s2r1q0p9o8n7m6l5k4"
)

// TestNewShowsNoCredential gives New more than 20,000 pairs. Nothing of them
// shows but the account SID of a pair that New accepts.
func TestNewShowsNoCredential(t *testing.T) {
	t.Parallel()
	accounts := append(misplaced(oddAccount, oddSecret), misplaced(oddSecret, oddAccount)...)
	secrets := append(misplaced(oddSecret, oddAccount), "hunter2hunter2", "AC"+oddSecret)
	tried, accepted := 0, 0
	for _, account := range accounts {
		for _, secret := range secrets {
			tried++
			accepted += checkNothingShows(t, credentials{account: account, secret: secret}, tried%8 == 0)
		}
	}
	if tried < 20_000 || accepted < 100 {
		t.Errorf("%d pairs were tried and %d accepted, want 20,000 and 100 at least", tried, accepted)
	}
}

// TestNewWithAPIKeyShowsNoCredential gives NewWithAPIKey more than 30,000
// triples. Nothing of them shows but the SIDs of a triple that it accepts.
func TestNewWithAPIKeyShowsNoCredential(t *testing.T) {
	t.Parallel()
	keys := append(misplaced(oddKey, oddSecret), misplaced(oddSecret, oddKey)...)
	secrets := append(misplaced(oddSecret, oddKey), "hunter2hunter2", "SK"+oddSecret)
	tried, accepted := 0, 0
	check := func(account, key, secret string) {
		tried++
		accepted += checkNothingShows(t, credentials{account, key, secret}, tried%8 == 0)
	}
	for _, key := range keys {
		for _, secret := range secrets {
			check(oddAccount, key, secret)
		}
	}
	for _, account := range slices.Concat(misplaced(oddAccount, oddSecret), misplaced(oddSecret, oddKey),
		misplaced(oddKey, oddAccount)) {
		for _, key := range []string{oddKey, oddSecret, oddAccount, oddKey + "\n"} {
			for _, secret := range []string{oddSecret, oddKey, oddAccount, oddSecret + "\n", `"` + oddSecret + `"`} {
				check(account, key, secret)
			}
		}
	}
	if tried < 30_000 || accepted < 100 {
		t.Errorf("%d triples were tried and %d accepted, want 30,000 and 100 at least", tried, accepted)
	}
}

// checkNothingShows makes a Capability with credentials, which are odd or
// misplaced, and looks for them in what it prints. It returns 1 if they are
// accepted. It tries the verbs of package fmt on these, and on others if asked.
func checkNothingShows(t *testing.T, by credentials, verbs bool) (accepted int) {
	t.Helper()
	c, err := by.new()
	verbs = verbs || err == nil
	shown := fmt.Sprint(err, c)
	if verbs {
		shown += fmt.Sprint(c.AllowClientIncoming("?"), c.Err(), errorOf(c))
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			shown += fmt.Sprintf(verb, hidden{c})
		}
	}
	secrets := []string{by.account, by.apiKey, by.secret, oddAccount, oddKey, oddSecret}
	if err == nil {
		accepted = 1
		for _, sid := range []string{by.account, by.apiKey} {
			if sid != "" {
				asHex := fmt.Sprintf("%x", sid)
				shown = strings.NewReplacer(sid, "\n", asHex, "\n", strings.ToUpper(asHex), "\n").Replace(shown)
			}
		}
		secrets = []string{by.secret, oddSecret}
	}
	for _, secret := range secrets {
		if stretch := shownStretch(shown, secret, verbs); stretch != "" {
			t.Fatalf("with %q, %q shows:\n%s", by, stretch, shown)
		}
	}
	return accepted
}

// shownStretch returns a stretch of seven bytes of a secret that is shown, as
// it is or, if a verb may have written it so, in hexadecimal, or "".
func shownStretch(shown, secret string, verbs bool) string {
	lower := strings.ToLower(shown) // for hexadecimal in either case
	for i := range max(0, len(secret)-6) {
		stretch := secret[i : i+7]
		if strings.Contains(shown, stretch) || verbs && strings.Contains(lower, hex.EncodeToString([]byte(stretch))) {
			return stretch
		}
	}
	return ""
}

// TestSwappedKeyAndSecretAreNotPublished has a secret that happens to begin as
// the SID of a key does, so that it would be one if the two are swapped, and
// every token would show it. The real SID, in its place, may be damaged.
func TestSwappedKeyAndSecretAreNotPublished(t *testing.T) {
	for _, secret := range []string{"SK" + oddSecret[:30], "SK0123456789abcdef0123456789abcd",
		"SKSKSKSKSKSKSKSKSKSKSKSKSKSKSKSK"} {
		for _, damaged := range append(misplaced(oddKey, accountSID), "SK0123456789abcdef0123456789abcdef",
			"other"+oddKey) {
			_, err := capability.NewWithAPIKey(accountSID, secret, damaged)
			checkReason(t, fmt.Sprintf("a secret as the SID, and %q as the secret,", damaged), err,
				capability.ErrAPIKey)
			checkHidden(t, "the error", fmt.Sprint(err), secret)
		}
	}
	// The account SID and the auth token likewise: a token has no capitals.
	for _, damaged := range append(misplaced(accountSID+"0123456789abcdef", "x"), oddAccount, "other"+oddAccount) {
		checkReason(t, fmt.Sprintf("the auth token as the SID, and %q as the auth token,", damaged),
			newError(authToken, damaged), capability.ErrAccountSID)
	}
}
