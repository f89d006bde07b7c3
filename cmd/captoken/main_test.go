package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"example.com/capability"
)

var update = flag.Bool("update", false, "rewrite the pages in testdata; look at the difference before you keep it")

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.FixedZone("CET", 3600))

const secret = "not-to-be-printed"

func account() map[string]string {
	return map[string]string{sidVariable: "AC123123", authVariable: secret}
}

// regular returns credentials that are not odd.
func regular() map[string]string {
	return map[string]string{sidVariable: "AC123123", authVariable: "fedcba9876543210fedcba9876543210"}
}

// with returns the environment with one variable changed.
func with(env map[string]string, name, value string) map[string]string {
	env[name] = value
	return env
}

func atNoon() time.Time { return noon }

// call runs the command at noon.
func call(args []string, env map[string]string, stdin io.Reader) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = run(args, func(name string) string { return env[name] }, atNoon, stdin, &out, &err)
	return status, out.String(), err.String()
}

// signed returns a token with that header and payload, whatever they are.
func signed(header, payload string) string { return signedBy(secret, header, payload) }

const header = `{"typ":"JWT","alg":"HS256"}`

// saying returns a token with those members and an account.
func saying(members string) string { return signed(header, `{"iss":"AC123123",`+members+`}`) }

// lasting returns a token without scopes that expires so many seconds after
// noon.
func lasting(exp int64) string { return saying(fmt.Sprintf(`"scope":"","exp":%d`, noon.Unix()+exp)) }

// minted returns the token that the package's page begins with.
func minted(t testing.TB) string {
	t.Helper()
	base, err := capability.New("AC123123", secret)
	if err != nil {
		t.Fatal(err)
	}
	token, err := base.WithClock(func() time.Time { return noon }).
		AllowClientIncoming("Alice").
		AllowClientOutgoing("AP123123", capability.Param("Foo", "Bar")).
		WithTTL(10 * time.Minute).
		GenerateToken()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Tokens of Twilio's helpers for Ruby (twilio-ruby 7.11.1) and Node (twilio
// 5.13.1), of the account foreignAccount.
const (
	rubyTwoFilters = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzY29wZSI6InNjb3BlOmNsaWVudDppbmNvbWluZz9jbGllbnROYW1lPUFsaWNlIHNjb3BlOmNsaWVudDpvdXRnb2luZz9hcHBTaWQ9QVAwMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZiZjbGllbnROYW1lPUFsaWNlJmFwcFBhcmFtcz1Gb28lM0RCYXIlMjZCYXolM0RRdXggc2NvcGU6c3RyZWFtOnN1YnNjcmliZT9wYXRoPSUyRjIwMTAtMDQtMDElMkZFdmVudHMmcGFyYW1zPXR5cGUlM0RjYWxsJmRpcmVjdGlvbiUzRGluK291dCIsImlzcyI6IkFDMGYxZTJkM2M0YjVhNjk3ODg3OTZhNWI0YzNkMmUxZjAiLCJuYmYiOjE3OTk5OTk0MDAsImV4cCI6MTgwMDAwMDAwMH0.9q1G0O7ayglm5wVW0b3mSa_nDbVu06FDIcf3-txcLHI"
	rubyAmbiguous  = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzY29wZSI6InNjb3BlOmNsaWVudDpvdXRnb2luZz9hcHBTaWQ9QVAwMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZiZhcHBQYXJhbXM9cSUzRHglMjZhZG1pbiUzRDElMjZyYXRlJTNEMTAwJTI1JTJCMiUyNTQxJTI2aG9tZSUzRH5hbGljZSIsImlzcyI6IkFDMGYxZTJkM2M0YjVhNjk3ODg3OTZhNWI0YzNkMmUxZjAiLCJuYmYiOjE3OTk5MTM2MDAsImV4cCI6MTgwMDAwMDAwMH0.b6MJYJ3Aq6eDXEkrOI0P1jUyDwFxekRpRgAlCD3FEgk"
	nodeEvents     = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzY29wZSI6InNjb3BlOmNsaWVudDppbmNvbWluZz9jbGllbnROYW1lPW8nYnJpZW4lMjAoMSklMjAlNDBleGFtcGxlLmNvbSBzY29wZTpjbGllbnQ6b3V0Z29pbmc_YXBwU2lkPUFQMDAxMTIyMzM0NDU1NjY3Nzg4OTlhYWJiY2NkZGVlZmYgc2NvcGU6c3RyZWFtOnN1YnNjcmliZT9wYXRoPS8yMDEwLTA0LTAxL0V2ZW50cyZhcHBQYXJhbXM9dHlwZSUzRGNhbGwlMjZub3RlJTNEYSUyNTIwYiUyNTJGY35kIiwiaXNzIjoiQUMwZjFlMmQzYzRiNWE2OTc4ODc5NmE1YjRjM2QyZTFmMCIsImV4cCI6MTc5NTQyMTIxNCwiaWF0IjoxNzk1NDE3NjE0fQ.GkDMAu3TOfXVEuNM5hiF5-myDhxdKSwV9YLzzFbNutI"
	accessToken    = `{"jti":"SK1-1767351600","grants":{"identity":"Alice"},"iss":"SK1","sub":"AC123123","exp":1767352200}`
)

func foreignAccount() map[string]string {
	return map[string]string{sidVariable: "AC0f1e2d3c4b5a69788796a5b4c3d2e1f0", authVariable: "9d8c7b6a5f4e3d2c1b0a998877665544"}
}

func TestPages(t *testing.T) {
	token := minted(t)
	odd := saying(`"exp":1767352200,"a = b":1,"\u202e":"\u0000\u2800","\ufeff":["\u3164",{"x":1.50,"x":2}],"scope":"scope:client:incoming?clientName=%1B%5B31mred%07` +
		` scope:client:outgoing?appSid=AP1&appParams=bidi%3D%25E2%2580%25AE%26wide%3D%25E2%2580%258B%26bytes%3D%25FF%25FE` +
		`%26c1%3D%25C2%259B%26%250A%3D%26space%3D%2B%26quote%3D%2522a%2522%26town%3Dcitt%25C3%25A0%26set%3D%25F3%25A0%2580%25A0` +
		`&appSid=AP2&note&appParams=%25%1B scope:video:join?room=1&%E2%80%AE= scope:x:y"`)
	for _, test := range []struct {
		name   string
		page   string // in testdata
		args   []string
		env    map[string]string
		stdin  string
		status int
	}{
		{"asked for help, it shows what there is", "help", []string{"-h"}, nil, "", 0},
		{"asked for help on mint, it shows its flags", "help-mint", []string{"mint", "-h"}, nil, "", 0},
		{"asked for help on verify, it shows its flags", "help-verify", []string{"verify", "-h"}, nil, "", 0},
		{"asked for help on inspect, it shows its flags", "help-inspect", []string{"inspect", "-h"}, nil, "", 0},
		{"asked for help on version, it shows its page", "help-version", []string{"version", "-h"}, nil, "", 0},
		{"mint prints the token alone", "mint", []string{"mint", "-incoming", "Alice", "-outgoing", "AP123123", "-param", "Foo=Bar", "-ttl", "10m"}, regular(), "", 0},
		{"mint warns if nothing is allowed", "mint-nothing", []string{"mint"}, regular(), "", 0},
		{"mint warns of odd credentials", "mint-odd", []string{"mint", "-incoming", "Alice"}, map[string]string{sidVariable: "AC" + secret[:3] + "0123456789", authVariable: `"` + secret + `"`}, "", 1},
		{"verify says that the token is good", "verify", []string{"verify", token}, account(), "", 0},
		{"inspect says that nothing was verified", "inspect", []string{"inspect", token}, nil, "", 0},
		{"verify prints JSON", "verify-json", []string{"verify", "-json", token}, account(), "", 0},
		{"inspect prints JSON", "inspect-json", []string{"inspect", "-json", token}, nil, "", 0},
		{"-strict changes nothing without a warning", "verify", []string{"verify", "-strict", token}, account(), "", 0},
		{"-strict rejects a token for a warning", "strict", []string{"verify", "-strict", lasting(600)}, account(), "", 1},
		{"it says so in JSON", "strict-json", []string{"verify", "-strict", "-json", lasting(600)}, account(), "", 1},
		{"it shows claims that are not strings", "claims", []string{"verify", saying(`"role":"agent","level":5,"admin":true,"none":null,"teams":["a", "b"],"o":{"z":1,"a":{}},"exp":1767352200,"scope":"scope:client:incoming?clientName=Alice"`)}, account(), "", 0},
		{"it shows them in JSON", "claims-json", []string{"verify", "-json", saying(`"role":"agent","level":5,"big":12345678901234567890.10,"teams":["a", "b"],"exp":1767352200,"scope":"scope:client:incoming?clientName=Alice"`)}, account(), "", 0},
		{"a claim that is nested too deeply is named", "deep", []string{"inspect", saying(`"deep":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `,"lost":1,"exp":1767352200,"scope":""`)}, nil, "", 0},
		{"and so is one that could be shown", "deep-json", []string{"inspect", "-json", saying(`"deep":` + strings.Repeat("[", 101) + strings.Repeat("]", 101) + `,"text":"\"` + strings.Repeat("[", 101) + `","less":` + strings.Repeat("[", 3) + `"[[\\\"{"` + strings.Repeat("]", 3) + `,"exp":1767352200,"scope":""`)}, nil, "", 0},
		{"it never shows the auth token that a token contains", "leak", []string{"verify", saying(`"` + secret + `":{"key":"` + secret + `"},"exp":1767352200,"scope":"scope:client:outgoing?appSid=AP1&appParams=k%3D` + secret[:9] + `%252D` + secret[10:] + `&clientName=` + secret + `"`)}, with(account(), authVariable, secret), "", 0},
		{"it shows filters that a helper did not escape", "inspect-ruby-filters", []string{"inspect", rubyTwoFilters}, nil, "", 0},
		{"it shows parameters that are not well formed as they are", "inspect-ruby-params", []string{"inspect", rubyAmbiguous}, nil, "", 0},
		{"it leaves them out of the JSON", "inspect-ruby-params-json", []string{"inspect", "-json", rubyAmbiguous}, nil, "", 0},
		{"it verifies the token of another helper, and warns", "verify-node", []string{"verify", nodeEvents}, foreignAccount(), "", 0},
		{"it shows when a token was issued and when it begins", "inspect-times", []string{"inspect", saying(`"scope":"","iat":1767351000,"nbf":1767351600,"exp":1767353777`)}, nil, "", 0},
		{"it shows how long ago a token expired", "inspect-expired", []string{"inspect", lasting(-11100)}, nil, "", 0},
		{"it shows who could do what with it", "inspect-former", []string{"inspect", saying(`"exp":1767350000,"scope":"scope:client:incoming?clientName=Alice"`)}, nil, "", 0},
		{"a token that expires right now has expired", "inspect-now", []string{"inspect", lasting(0)}, nil, "", 0},
		{"a token has nothing to allow", "inspect-nothing", []string{"inspect", lasting(86400)}, nil, "", 0},
		{"it shows that there are no parameters", "inspect-no-params", []string{"inspect", saying(`"scope":"scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params=","exp":1767352200`)}, nil, "", 0},
		{"it says when a token begins", "inspect-early", []string{"inspect", saying(`"scope":"scope:client:incoming?clientName=Alice","nbf":1767351900,"exp":1767352200`)}, nil, "", 0},
		{"it says that a token is never valid", "inspect-never", []string{"inspect", saying(`"scope":"scope:client:incoming?clientName=Alice","nbf":1767352300,"exp":1767352200`)}, nil, "", 0},
		{"an expiry in milliseconds is far away", "verify-milliseconds", []string{"verify", saying(`"scope":"scope:client:incoming?clientName=Alice","exp":1767352200000`)}, account(), "", 0},
		{"it shows no date after the year 9999", "inspect-far", []string{"inspect", saying(`"scope":"","iat":-9223372036854775808,"nbf":-62135600401,"exp":9223372036854775807`)}, nil, "", 0},
		{"it shows the last date that there is", "inspect-9999", []string{"inspect", saying(`"scope":"","nbf":-62135600400,"exp":253402297199`)}, nil, "", 0},
		{"it keeps every digit of a time in JSON", "inspect-far-json", []string{"inspect", "-json", saying(`"scope":"","nbf":0,"iat":-9223372036854775808,"exp":9223372036854775807`)}, nil, "", 0},
		{"a negative expiry has passed", "inspect-negative", []string{"inspect", saying(`"scope":"","exp":-9223372036854775808`)}, nil, "", 0},
		{"the first line is never long", "inspect-many", []string{"inspect", saying(`"exp":1767352200,"scope":"scope:a:b scope:a:b scope:a:c scope:client:outgoing?appSid=` + strings.Repeat("x", 80) + ` scope:client:outgoing scope:a:d scope:a:e scope:a:f scope:a:g scope:a:h"`)}, nil, "", 0},
		{"it sends no control characters to the terminal", "inspect-odd", []string{"inspect", odd}, nil, "", 0},
		{"it sends none in JSON", "inspect-odd-json", []string{"inspect", "-json", odd}, nil, "", 0},
		{"it shows an account that is none", "inspect-account", []string{"inspect", signed(header, `{"iss":"AC\u001b[2J\u202e","scope":"","exp":1767352200}`)}, nil, "", 0},
		{"it warns of a signature that was cut", "inspect-cut", []string{"inspect", token[:len(token)-1]}, nil, "", 0},

		{"inspect says what is wrong, too", "refused-inspect", []string{"inspect", saying(`"scope":"","exp":1767352200.5`)}, nil, "", 1},
		{"and in JSON", "refused-inspect-json", []string{"inspect", "-json", saying(`"scope":"","exp":1767352200.5`)}, nil, "", 1},
		{"it knows the name of a file", "refused-file", []string{"inspect", "token.txt"}, nil, "", 1},
		{"an odd auth token is the likeliest cause", "refused-odd-key", []string{"verify", token}, with(account(), authVariable, "${TWILIO_AUTH_TOKEN}"), "", 1},
		{"quotes around the auth token are the cause", "refused-quoted-key", []string{"verify", token}, with(account(), authVariable, `"`+secret+`"`), "", 1},
		{"an empty argument is refused", "refused-empty", []string{"inspect", ""}, nil, "", 1},
		{"an empty standard input is refused", "refused-empty-input", []string{"inspect"}, nil, " \n", 1},
		{"in JSON, too", "refused-empty-json", []string{"inspect", "-json"}, nil, " \n", 1},
		{"a client name with a space is refused", "refused-name", []string{"mint", "-incoming", "Alice B\x1b"}, account(), "", 1},
		{"an application SID of another kind is refused", "refused-application", []string{"mint", "-outgoing", "AC123"}, account(), "", 1},
		{"a parameter without a name is refused", "refused-param", []string{"mint", "-outgoing", "AP1", "-param", "=x"}, account(), "", 1},
		{"a lifetime over a day is refused", "refused-ttl", []string{"mint", "-ttl", "24h1s"}, account(), "", 1},
		{"a claim that the token has is refused", "refused-claim", []string{"mint", "-claim", "exp=5"}, account(), "", 1},
		{"an expiry that has passed is refused", "refused-expires", []string{"mint", "-expires", "2026-01-02T10:00:00Z"}, account(), "", 1},
		{"the auth token in an argument is refused", "refused-argument", []string{"mint", "-incoming", strings.ReplaceAll(secret, "-", "_")}, with(account(), authVariable, strings.ReplaceAll(secret, "-", "_")), "", 1},
		{"an account SID that is none is refused", "refused-account", []string{"mint"}, with(account(), sidVariable, "SK1"), "", 1},
		{"an account SID in quotes is refused", "refused-account-quotes", []string{"mint"}, with(account(), sidVariable, "'AC123123'"), "", 1},
		{"an auth token with a newline is refused", "refused-auth-token", []string{"verify", token}, with(account(), authVariable, secret+"\n"), "", 1},
		{"in JSON, too", "refused-auth-token-json", []string{"verify", "-json", token}, with(account(), authVariable, secret+"\n"), "", 1},
		{"swapped credentials are refused", "refused-swapped", []string{"mint"}, map[string]string{sidVariable: secret, authVariable: "AC123123"}, "", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, stdout, stderr := call(test.args, test.env, strings.NewReader(test.stdin))
			if status != test.status {
				t.Errorf("status %d, want %d", status, test.status)
			}
			if status == 0 && stderr != "" && test.args[0] != "mint" || status == 1 && strings.HasPrefix(test.page, "refused-") && (stdout != "") != strings.HasSuffix(test.page, "-json") {
				t.Errorf("output %q, errors %q", stdout, stderr)
			}
			if status != 0 {
				checkLines(t, test.name, stderr)
			}
			comparePage(t, test.page, stdout+stderr)
		})
	}
}

func comparePage(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
	checkClean(t, path, got)
}

// checkClean reports the auth token, and what a terminal would obey or not
// show.
func checkClean(t *testing.T, name, got string) {
	t.Helper()
	if strings.Contains(got, secret) {
		t.Errorf("%s has the auth token", name)
	}
	if i := strings.IndexFunc(got, func(c rune) bool { return c != '\n' && isHidden(c) }); i >= 0 || !utf8.ValidString(got) {
		t.Errorf("%s has something at %d that is not for a terminal: %q", name, i, got[max(0, i):])
	}
}

// checkLines reports what standard error must not be after a refusal: more
// than a reason of at most 200 bytes, and a hint.
func checkLines(t *testing.T, name, got string) {
	t.Helper()
	checkClean(t, name, got)
	lines := strings.SplitAfter(got, "\n")
	if len(lines) > 1 && !strings.HasPrefix(lines[1], "hint: ") && lines[1] != "" || len(lines) > 3 {
		t.Errorf("%s: too many lines: %q", name, got)
	}
	if !strings.HasPrefix(got, "captoken: ") || len(lines[0]) > 201 || len(lines[0]) < 20 {
		t.Errorf("%s: the first line is %q", name, lines[0])
	}
}

func TestEveryPageIsUsed(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var source []byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source = append(source, text...)
	}
	pages, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	for _, path := range pages {
		if name, ok := strings.CutSuffix(filepath.Base(path), ".golden"); !ok || !strings.Contains(string(source), `"`+name+`"`) {
			t.Errorf("no test prints %s", path)
		}
	}
}

func TestIncorrectUsage(t *testing.T) {
	const lists = "mint, verify, inspect, version and help"
	const mintFlags = "-claim, -client, -events, -expires, -filter, -incoming, -not-before, -outgoing, -param, -ttl"
	const mintHint, verifyHint, inspectHint = `Run "captoken mint -h" for help.`, `Run "captoken verify -h" for help.`, `Run "captoken inspect -h" for help.`
	const mainHint = `Run "captoken -h" for help.`
	const credentialsHint = "The credentials come from TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN in the environment."
	const oneTokenHint = "Put it in quotes if there is a space in it, and captoken will say what is wrong. "
	for _, test := range []struct {
		name       string
		args       []string
		missing    string // the variables that are not set
		want, hint string
	}{
		{"no command", nil, "", "no command given; the commands are " + lists, mainHint},
		{"a command misspelt", []string{"mnit"}, "", `unknown command "mnit"`, "Did you mean mint? " + mainHint},
		{"a command in upper case", []string{"VERIFY"}, "", `unknown command "VERIFY"`, "Did you mean verify? " + mainHint},
		{"an unknown command", []string{"sign"}, "", "unknown command; the commands are " + lists, mainHint},
		{"a token without a command", []string{minted(t)}, "", "unknown command; the commands are " + lists, `To look at a token, run "captoken inspect TOKEN".`},
		{"the auth token without a command", []string{secret}, "", "unknown command; the commands are " + lists, mainHint},
		{"help on a command misspelt", []string{"help", "inpsect"}, "", `unknown command "inpsect"`, "Did you mean inspect? " + mainHint},
		{"an unknown flag of mint", []string{"mint", "-name", "x"}, "", "mint has no such flag; its flags are " + mintFlags, mintHint},
		{"a flag of mint misspelt", []string{"mint", "-incomming", "x"}, "", `mint has no flag "-incomming"`, "Did you mean -incoming? " + mintHint},
		{"a flag of mint misspelt, with two hyphens", []string{"mint", "--parms=x"}, "", `mint has no flag "-parms"`, "Did you mean -param? " + mintHint},
		{"the auth token as a flag", []string{"mint", "-auth-token", secret}, "", "mint has no such flag; its flags are " + mintFlags, credentialsHint},
		{"the account as a flag", []string{"verify", "-sid=AC1"}, "", "verify has no such flag; its flags are -json, -strict", credentialsHint},
		{"a flag of verify misspelt", []string{"verify", "-jsno"}, "", `verify has no flag "-jsno"`, "Did you mean -json? " + verifyHint},
		{"an unknown flag behind the token", []string{"inspect", "x", "-name"}, "", "inspect has no such flag; its flags are -json, -strict", inspectHint},
		{"a flag of version", []string{"version", "-x"}, "", "version has no such flag; its flags are -", `Run "captoken version -h" for help.`},
		{"an argument of version", []string{"version", "x"}, "", "version takes no arguments", `Run "captoken version -h" for help.`},
		{"a flag with an escape sequence", []string{"mint", "--=\x1b[31m"}, "", `bad flag syntax: --=\x1b[31m`, mintHint},
		{"a flag without its value", []string{"mint", "-incoming"}, "", "flag needs an argument: -incoming", mintHint},
		{"an argument of mint", []string{"mint", "-incoming", "Alice", "Bob"}, "", "mint takes only flags; argument 3 is not one", "A client name follows -incoming. " + mintHint},
		{"two tokens", []string{"verify", "x", "y"}, "", "verify takes one token, not 2", oneTokenHint + verifyHint},
		{"a token and the auth token", []string{"verify", "x", secret}, "", "verify takes one token, not 2", oneTokenHint + verifyHint},
		{"-param without =", []string{"mint", "-outgoing", "AP1", "-param", "Foo"}, "", `invalid value "Foo" for flag -param: want KEY=VALUE`, mintHint},
		{"-filter without =", []string{"mint", "-events", "-filter", "Foo"}, "", `invalid value "Foo" for flag -filter: want KEY=VALUE`, mintHint},
		{"-claim without =", []string{"mint", "-claim", "Foo"}, "", `invalid value "Foo" for flag -claim: want NAME=VALUE`, mintHint},
		{"-param with a long value", []string{"mint", "-param", strings.Repeat("x", 500)}, "", `invalid value "` + strings.Repeat("x", 200-len(`captoken: invalid value "...`)) + "...", mintHint},
		{"-param with the auth token", []string{"mint", "-param", secret}, "", `invalid value "[auth token]" for flag -param: want KEY=VALUE`, mintHint},
		{"-param with the auth token, escaped", []string{"mint", "-param", strings.ReplaceAll(secret, "-", "%2d")}, "", "not shown, as it contains the auth token", mintHint},
		{"-param without -outgoing", []string{"mint", "-events", "-param", "Foo=Bar"}, "", "-param needs -outgoing", mintHint},
		{"-filter without -events", []string{"mint", "-outgoing", "AP1", "-filter", "Foo=Bar"}, "", "-filter needs -events", mintHint},
		{"-client without -outgoing", []string{"mint", "-incoming", "Alice", "-client", "Bob"}, "", "-client needs -outgoing", mintHint},
		{"-ttl and -expires", []string{"mint", "-ttl", "1m", "-expires", "5"}, "", "-ttl and -expires exclude each other", mintHint},
		{"-incoming twice", []string{"mint", "-incoming", "A", "-incoming", "B"}, "", `invalid value "B" for flag -incoming: it may be given only once`, mintHint},
		{"-outgoing twice", []string{"mint", "-outgoing", "AP1", "-outgoing", "AP1"}, "", `invalid value "AP1" for flag -outgoing: it may be given only once`, mintHint},
		{"-client twice", []string{"mint", "-client", "", "-client", "B"}, "", `invalid value "B" for flag -client: it may be given only once`, mintHint},
		{"-events twice", []string{"mint", "-events", "-events"}, "", `invalid boolean flag events: it may be given only once`, mintHint},
		{"-ttl twice", []string{"mint", "-ttl", "1m", "-ttl", "1m"}, "", `invalid value "1m" for flag -ttl: it may be given only once`, mintHint},
		{"-expires twice", []string{"mint", "-expires", "5", "-expires", "5"}, "", `invalid value "5" for flag -expires: it may be given only once`, mintHint},
		{"-not-before twice", []string{"mint", "-not-before", "5", "-not-before", "5"}, "", `invalid value "5" for flag -not-before: it may be given only once`, mintHint},
		{"-events with a value", []string{"mint", "-events=false"}, "", `invalid boolean value "false" for -events: it takes no value`, mintHint},
		{"-ttl without a unit", []string{"mint", "-ttl", "600"}, "", `invalid value "600" for flag -ttl: it has no unit: did you mean 600s?`, mintHint},
		{"-ttl in days", []string{"mint", "-ttl", "1d"}, "", `invalid value "1d" for flag -ttl: want a duration such as 90s, 10m or 1h30m`, mintHint},
		{"-ttl of nothing", []string{"mint", "-ttl", ""}, "", `invalid value "" for flag -ttl: want a duration such as 90s, 10m or 1h30m`, mintHint},
		{"-expires in milliseconds", []string{"mint", "-expires", "1767352200000"}, "", `invalid value "1767352200000" for flag -expires: want seconds: is it in milliseconds?`, mintHint},
		{"-not-before without a time", []string{"mint", "-not-before", "2026-01-02"}, "", `invalid value "2026-01-02" for flag -not-before: want a time such as 2026-01-02T15:04:05Z, or Unix seconds`, mintHint},
		{"no account SID", []string{"mint"}, sidVariable, "TWILIO_ACCOUNT_SID is not set in the environment", mintHint},
		{"no auth token", []string{"verify", "x"}, authVariable, "TWILIO_AUTH_TOKEN is not set in the environment", verifyHint},
		{"no credentials", []string{"verify", "x"}, sidVariable + authVariable, "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set in the environment", verifyHint},
		{"no credentials, in JSON", []string{"verify", "-json", "x"}, sidVariable + authVariable, "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set in the environment", verifyHint},
		{"incorrect usage comes before no credentials", []string{"mint", "-ttl", "600"}, sidVariable, `invalid value "600" for flag -ttl: it has no unit: did you mean 600s?`, mintHint},
		{"no credentials come before a bad name", []string{"mint", "-incoming", "?"}, sidVariable, "TWILIO_ACCOUNT_SID is not set in the environment", mintHint},
	} {
		t.Run(test.name, func(t *testing.T) {
			env := account()
			maps.DeleteFunc(env, func(name, _ string) bool { return strings.Contains(test.missing, name) })
			status, stdout, stderr := call(test.args, env, iotest.ErrReader(errors.New("read too early")))
			want := "captoken: " + test.want + "\nhint: " + test.hint + "\n"
			if status != 2 || stdout != "" || stderr != want {
				t.Errorf("status %d, output %q, errors\n%s\nwant status 2 and\n%s", status, stdout, stderr, want)
			}
			checkLines(t, test.name, stderr)
		})
	}
}

func TestHelpCanBeAskedForInManyWays(t *testing.T) {
	for page, ways := range map[string][][]string{
		"":        {{"-h"}, {"-help"}, {"--help"}, {"help"}, {"help", "help"}},
		"mint":    {{"mint", "-h"}, {"mint", "--help"}, {"help", "mint"}, {"mint", "-incoming", "A", "-h"}, {"-h", "mint"}},
		"verify":  {{"verify", "-h"}, {"help", "verify"}, {"verify", "x", "-h"}},
		"inspect": {{"inspect", "-h"}, {"help", "inspect"}},
		"version": {{"version", "-h"}, {"help", "version"}, {"-version", "-h"}, {"help", "--version"}},
	} {
		for _, args := range ways {
			if status, stdout, stderr := call(args, nil, nil); status != 0 || stdout != pages[page] || stderr != "" {
				t.Errorf("%q: status %d, errors %q, output\n%s", args, status, stderr, stdout)
			}
		}
	}
}

func TestHelpFitsATerminal(t *testing.T) {
	for _, page := range pages {
		for _, line := range strings.Split(page, "\n") {
			if len(line) > 80 || strings.Contains(line, "\t") {
				t.Errorf("%d characters, or a tab: %q", len(line), line)
			}
		}
	}
}

// TestManual holds the doc comment of the program, which is its manual, to
// what it prints when it is asked for help.
func TestManual(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "main.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	doc := file.Doc.Text()
	for _, heading := range []string{"# Minting", "# Verifying", "# Inspecting", "# Version", "# JSON"} {
		doc = strings.Replace(doc, "\n"+heading+"\n", "", 1)
	}
	want := strings.Fields(mainHelp + mintHelp + verifyHelp + inspectHelp + versionHelp + jsonHelp)
	got := strings.Fields(doc)
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] {
			t.Fatalf("word %d: the doc comment goes on with %q, the help with %q", i, got[min(i, len(got)):], want[min(i, len(want)):])
		}
	}
}

// TestCodesAreDocumented looks for every code in the help.
func TestCodesAreDocumented(t *testing.T) {
	codes := []string{codeCredentials, codeWarning}
	for _, c := range append(causesOfDamage, causesInContents...) {
		codes = append(codes, c.code)
	}
	for _, code := range codes {
		if !strings.Contains(jsonHelp, "\n  "+code+" ") {
			t.Errorf("the help does not list the code %q", code)
		}
	}
}

func TestVersion(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"-version"}, {"--version"}} {
		status, stdout, stderr := call(args, nil, nil)
		if status != 0 || !strings.HasPrefix(stdout, "captoken ") || !strings.HasSuffix(stdout, " "+runtime.Version()+" "+runtime.GOOS+"/"+runtime.GOARCH+"\n") || stderr != "" {
			t.Errorf("%q: status %d, %q, %q", args, status, stdout, stderr)
		}
	}
	info := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Path: "example.com/capability", Version: version}, Settings: settings}
	}
	for want, info := range map[string]*debug.BuildInfo{
		"captoken, version unknown, ":                                                     nil,
		"captoken example.com/capability, v1.2.3, ":                                       info("v1.2.3"),
		"captoken example.com/capability, development version, ":                          info("(devel)"),
		"captoken example.com/capability, development version, commit abc with changes, ": info("", debug.BuildSetting{Key: "vcs.revision", Value: "abc"}, debug.BuildSetting{Key: "vcs.modified", Value: "true"}),
	} {
		if got := versionLine(info, info != nil); !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"mint", "mint", 0}, {"mnit", "mint", 1}, {"mit", "mint", 1}, {"minnt", "mint", 1},
		{"mant", "mint", 1}, {"verfiy", "verify", 1}, {"inspect", "verify", 7}, {"ba", "abc", 2},
	} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
	if got := nearest("he", commands); got != "" {
		t.Errorf("a short name is near %q", got)
	}
	if got := nearest(strings.Repeat("mint", 10), commands); got != "" {
		t.Errorf("a long name is near %q", got)
	}
}

func TestTokenFromStandardInput(t *testing.T) {
	token := minted(t)
	_, want, _ := call([]string{"inspect", token}, nil, nil)
	for _, args := range [][]string{{"inspect"}, {"inspect", "-"}, {"inspect", "--", "-"}} {
		for _, input := range []string{token, token + "\n", "\r\n\t " + token + " \r\n"} {
			if status, got, stderr := call(args, nil, iotest.OneByteReader(strings.NewReader(input))); status != 0 || got != want {
				t.Errorf("%q, input %q: status %d, %s%s", args, input, status, got, stderr)
			}
		}
	}
	if _, got, _ := call([]string{"inspect", " " + token + "\n"}, nil, nil); got != want {
		t.Errorf("an argument with white space around it: %s", got)
	}
}

func TestFlagsBehindTheToken(t *testing.T) {
	token := minted(t)
	_, before, _ := call([]string{"inspect", "-json", token}, nil, nil)
	if _, behind, stderr := call([]string{"inspect", token, "-json"}, nil, nil); behind != before {
		t.Errorf("got %s%s", behind, stderr)
	}
}

func TestHugeInput(t *testing.T) {
	const MiB = 1 << 20
	t.Run("1 MiB of dots is refused", func(t *testing.T) {
		for _, command := range []string{"verify", "inspect"} {
			status, stdout, stderr := call([]string{command}, account(), strings.NewReader(strings.Repeat(".", MiB)))
			if status != 1 || stdout != "" {
				t.Errorf("%s: status %d, output %.300q", command, status, stdout)
			}
			checkLines(t, command, stderr)
		}
	})
	t.Run("a token of 1 MiB is shown", func(t *testing.T) {
		name := strings.Repeat("a", MiB/4*3-200)
		token := saying(`"exp":1767352200,"scope":"scope:client:incoming?clientName=` + name + `"`)
		if len(token) < MiB-400 || len(token) > MiB {
			t.Fatalf("the token has %d bytes", len(token))
		}
		status, stdout, stderr := call([]string{"verify"}, account(), strings.NewReader(token+"\n"))
		if status != 0 || strings.Count(stdout, name) != 2 || stderr != "" {
			t.Errorf("status %d, %.300q", status, stderr)
		}
	})
	t.Run("more is refused", func(t *testing.T) {
		const hint = "\nhint: A token has a few thousand characters at most. Is this the right file?\n"
		status, _, stderr := call([]string{"inspect"}, nil, endless{})
		if want := "captoken: standard input is longer than 1 MiB" + hint; status != 1 || stderr != want {
			t.Errorf("status %d, %.300q, want %q", status, stderr, want)
		}
		if _, _, stderr := call([]string{"inspect"}, nil, strings.NewReader(strings.Repeat("a", MiB))); strings.Contains(stderr, "longer") {
			t.Errorf("of exactly 1 MiB: %.300q", stderr)
		}
		status, _, stderr = call([]string{"inspect", strings.Repeat("a", MiB+1)}, nil, nil)
		if want := "captoken: the argument is longer than 1 MiB" + hint; status != 1 || stderr != want {
			t.Errorf("status %d, %.300q, want %q", status, stderr, want)
		}
	})
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestReaderThatFails(t *testing.T) {
	status, stdout, stderr := call([]string{"inspect"}, nil, iotest.ErrReader(errors.New("disk on fire")))
	if want := "captoken: standard input: disk on fire\n"; status != 1 || stdout != "" || stderr != want {
		t.Errorf("status %d, output %q, errors %q, want %q", status, stdout, stderr, want)
	}
}

func TestWriterThatFails(t *testing.T) {
	for _, args := range [][]string{{"mint", "-incoming", "Alice"}, {"inspect", minted(t)}, {"inspect", "-json", minted(t)}, {"inspect", "-json", "x"}, {"help"}} {
		var stderr bytes.Buffer
		getenv := func(name string) string { return regular()[name] }
		status := run(args, getenv, time.Now, nil, full{}, &stderr)
		if want := "captoken: standard output: no space left\n"; status != 1 || stderr.String() != want {
			t.Errorf("%q: status %d, errors %q, want %q", args, status, stderr.String(), want)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestTheClockIsReadAfterTheToken(t *testing.T) {
	now := noon
	slow := io.MultiReader(strings.NewReader(lasting(60)), funcReader(func() { now = now.Add(time.Minute) }))
	var stdout, stderr bytes.Buffer
	getenv := func(name string) string { return account()[name] }
	if status := run([]string{"verify"}, getenv, func() time.Time { return now }, slow, &stdout, &stderr); status != 1 {
		t.Errorf("a token that expired while it was typed: status %d, %s", status, stdout.String())
	}
}

type funcReader func()

func (f funcReader) Read([]byte) (int, error) { f(); return 0, io.EOF }

// A character device that is not the null device is a terminal.
type device struct {
	io.Reader
	mode fs.FileMode
	err  error
}

func (d device) Stat() (fs.FileInfo, error) { return deviceInfo{mode: d.mode}, d.err }

type deviceInfo struct {
	fs.FileInfo
	mode fs.FileMode
}

func (i deviceInfo) Mode() fs.FileMode { return i.mode }

func TestWaitingAtATerminal(t *testing.T) {
	const line = "captoken: waiting for a token on standard input: paste it, press Enter, then Ctrl-D (on Windows Ctrl-Z and Enter)\n"
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	const terminal = fs.ModeDevice | fs.ModeCharDevice
	for _, test := range []struct {
		name  string
		stdin io.Reader
		waits bool
	}{
		{"a terminal", device{strings.NewReader(minted(t)), terminal, nil}, true},
		{"a pipe", device{strings.NewReader(minted(t)), fs.ModeNamedPipe, nil}, false},
		{"a file that cannot be asked", device{strings.NewReader(minted(t)), terminal, errors.New("closed")}, false},
		{"no file", strings.NewReader(minted(t)), false},
		{"the null device", null, false},
	} {
		_, _, stderr := call([]string{"inspect"}, nil, test.stdin)
		if got := strings.HasPrefix(stderr, line); got != test.waits {
			t.Errorf("%s: waits: %t, want %t: %q", test.name, got, test.waits, stderr)
		}
	}
	if _, _, stderr := call([]string{"inspect", minted(t)}, nil, device{nil, terminal, nil}); stderr != "" {
		t.Errorf("it waits although there is a token: %q", stderr)
	}
}

// TestSecretIsNowhere gives the auth token wherever a user might by mistake,
// and one that messages escape and cut.
func TestSecretIsNowhere(t *testing.T) {
	const odd = `q"uo\te-` + secret + secret + secret
	for _, args := range [][]string{{odd}, {"mint", "-incoming", odd + "-"}, {"mint", "-param", odd}, {"mint", "-incoming", "x-" + odd}} {
		_, stdout, stderr := call(args, with(account(), authVariable, odd), nil)
		if strings.Contains(stdout+stderr, secret[:8]) || strings.Contains(stderr, "uo") {
			t.Errorf("%q: %s%s", args, stdout, stderr)
		}
	}
	for _, args := range [][]string{
		{secret}, {"help", secret}, {"mint", secret}, {"mint", "-" + secret}, {"mint", "-ttl", secret}, {"mint", "-param", secret},
		{"mint", "-incoming", secret}, {"mint", "-outgoing", secret}, {"mint", "-outgoing", "AP1", "-param", "=" + secret},
		{"verify", "x"}, {"verify", secret}, {"verify", "x", secret}, {"inspect", secret}, {"inspect", "-" + secret},
	} {
		for _, value := range []string{secret, secret + "\n", "\t" + secret} {
			for _, sid := range []string{"AC123123", secret, "AC" + secret, ""} {
				env := map[string]string{sidVariable: sid, authVariable: value}
				status, stdout, stderr := call(args, env, nil)
				if status == 0 || strings.Contains(stdout+stderr, secret) {
					t.Errorf("%q, account SID %q: status %d, %s%s", args, sid, status, stdout, stderr)
				}
			}
		}
	}
}

// TestShortSecret has an auth token that is no real one: it is not looked for
// inside of values, but an error that would show it is not shown.
func TestShortSecret(t *testing.T) {
	skipWithoutShortKeys(t)
	status, stdout, stderr := call([]string{"mint", "-incoming", "Alice B"}, with(account(), authVariable, "lice"), nil)
	if want := "captoken: an argument is invalid; it is not shown, as it contains the auth token\n"; status != 1 || stdout != "" || stderr != want {
		t.Errorf("status %d, output %q, errors %q", status, stdout, stderr)
	}
}

// skipWithoutShortKeys skips a test where FIPS 140-3 mode is enforced, in which
// package hmac panics for a key of less than 14 bytes.
func skipWithoutShortKeys(t testing.TB) {
	if orNothing(func() string { hmac.New(sha256.New, []byte("short")); return "taken" }) == "" {
		t.Skip("FIPS 140-3 mode refuses short keys")
	}
}

func TestOrNothing(t *testing.T) {
	if got := orNothing(func() string { panic("short key") }); got != "" {
		t.Errorf("got %q", got)
	}
}

// TestMain lets the test binary be captoken, for TestProcess.
func TestMain(m *testing.M) {
	if os.Getenv("CAPTOKEN_TEST_PROCESS") != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestProcess(t *testing.T) {
	for want, args := range [][]string{{"inspect", "-json"}, {"inspect", "x"}, {"inspect", "x", "-y"}} {
		var stdout, stderr bytes.Buffer
		command := exec.Command(os.Args[0], args...)
		command.Env = append(os.Environ(), "CAPTOKEN_TEST_PROCESS=1")
		command.Stdin, command.Stdout, command.Stderr = strings.NewReader(minted(t)), &stdout, &stderr
		command.Run() // its status is looked at below
		got, lines := command.ProcessState.ExitCode(), strings.Count(stderr.String(), "\n")
		if got != want || (stdout.Len() > 0) != (want == 0) || (lines == 0) != (want == 0) {
			t.Errorf("captoken %q: status %d, want %d, output\n%s\nerrors\n%s", args, got, want, &stdout, &stderr)
		}
	}
}
