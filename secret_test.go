package capability_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"example.com/capability"
)

// holder is a struct of a caller's, which package fmt looks into.
type holder struct{ C capability.Capability }

// hidden is one whose field has no methods for package fmt.
type hidden struct{ c capability.Capability }

func TestTheSecretShowsNowhere(t *testing.T) {
	c := newCapability(t).AllowClientIncoming("Alice").WithClaim("a", "b")
	generate(t, c) // so that there is a keyed HMAC in the pool
	refused := c.WithTTL(0)
	swapped, _ := capability.New(authToken, accountSID)
	values := []any{
		c, &c, refused, errorOf(refused), swapped, hidden{swapped}, hidden{c}, &hidden{c}, []capability.Capability{c}, []hidden{{c}},
		map[string]capability.Capability{"k": c}, [1]*capability.Capability{&c}, holder{c}, struct{ C any }{c},
	}
	// What would give the secret away: its bytes, or those as one of the verbs
	// writes them.
	traces := []string{authToken, authToken[:8], fmt.Sprintf("%x", authToken[:8]), fmt.Sprintf("%X", authToken[:8]),
		strings.Trim(fmt.Sprint([]byte(authToken[:8])), "[]"), base64.StdEncoding.EncodeToString([]byte(authToken[:9]))}
	check := func(how, text string) {
		for _, trace := range traces {
			if strings.Contains(text, trace) {
				t.Errorf("%s: %s", how, text)
			}
		}
	}
	for _, v := range values {
		for _, flags := range []string{"", "+", "#", "-", " ", "0", "+#", "# "} {
			for verb := 'A'; verb <= 'z'; verb++ {
				format := "%" + flags + string(verb)
				check(fmt.Sprintf("%s of %T", format, v), fmt.Sprintf(format, v))
			}
		}
		text, _ := json.Marshal(v)
		check("JSON", string(text))
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("text", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "v", v)
		check("slog", log.String())
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
		credential[:1] + " " + credential[1:], credential[:2] + "-" + credential[2:], credential[:16] + "\n" + credential[16:],
		credential[1:], credential[2:], credential[8:], credential[:7], credential[:8], credential[:20], credential[:len(credential)-1],
		"ac" + credential, "Ac" + credential, "xxxAC" + credential, "xxxxAC" + credential, "AC", "SK", "AP",
	}
	for _, s := range []string{" ", "\t", "\n", "\r\n", `"`, "'", "“", "\ufeff", "\xef", "\u00a0", "\u200b", "\x00", "\xff", "é", ",", ";", "$"} {
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

// TestNewShowsNoCredential gives New more than 20,000 pairs. Nothing of them
// shows but the account SID of a pair that New accepts.
func TestNewShowsNoCredential(t *testing.T) {
	// They have letters beyond hexadecimal, so that no address looks like them.
	const sid, token = "ACg0h1i2j3k4l5m6n7o8p9q0r1s2t3u4v5", "z9y8x7w6v5u4t3s2r1q0p9o8n7m6l5k4"
	accounts := append(misplaced(sid, token), misplaced(token, sid)...)
	tokens := append(misplaced(token, sid), "hunter2hunter2", "AC"+token)
	pairs, accepted := 0, 0
	for _, account := range accounts {
		for _, key := range tokens {
			pairs++
			c, err := capability.New(account, key)
			shown := fmt.Sprint(err, c, c.AllowClientIncoming("?"))
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
				shown += fmt.Sprintf(verb, hidden{c})
			}
			secrets := []string{key, token, account, sid}
			if err == nil {
				accepted++
				asHex := fmt.Sprintf("%x", account)
				shown = strings.NewReplacer(account, "\n", asHex, "\n", strings.ToUpper(asHex), "\n").Replace(shown)
				secrets = []string{key, token}
			}
			lower := strings.ToLower(shown) // for hexadecimal in either case
			for _, secret := range secrets {
				if stretch := shownStretch(shown, lower, secret); stretch != "" {
					t.Fatalf("New(%q, %q) shows %q:\n%s", account, key, stretch, shown)
				}
			}
		}
	}
	if pairs < 20_000 || accepted < 100 {
		t.Errorf("%d pairs were tried and %d accepted, want 20,000 and 100 at least", pairs, accepted)
	}
}

// shownStretch returns a stretch of seven bytes of a secret that is shown, as
// it is or in hexadecimal, or "".
func shownStretch(shown, lower, secret string) string {
	for i := range max(0, len(secret)-6) {
		stretch := secret[i : i+7]
		if strings.Contains(shown, stretch) || strings.Contains(lower, hex.EncodeToString([]byte(stretch))) {
			return stretch
		}
	}
	return ""
}
