package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"example.com/capability"
)

var update = flag.Bool("update", false, "rewrite the pages in testdata; look at the difference before you keep it")

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.FixedZone("CET", 3600))

const secret = "not-to-be-printed"

func account() map[string]string {
	return map[string]string{sidVariable: "AC123123", authVariable: secret}
}

// with returns the environment with one variable changed.
func with(env map[string]string, name, value string) map[string]string {
	env[name] = value
	return env
}

// call runs the command at noon.
func call(args []string, env map[string]string, stdin io.Reader) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = run(args, func(name string) string { return env[name] }, func() time.Time { return noon }, stdin, &out, &err)
	return status, out.String(), err.String()
}

// signed returns a token with that header and payload, whatever they are.
func signed(header, payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(header)) + "." + encode([]byte(payload))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}

const header = `{"typ":"JWT","alg":"HS256"}`

// saying returns a token with those members and an account.
func saying(members string) string { return signed(header, `{"iss":"AC123123",`+members+`}`) }

// lasting returns a token without scopes whose times are these many seconds after noon.
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

// Tokens of Twilio's helpers for Ruby (twilio-ruby 7.11.1) and Node (twilio 5.13.1), of the account foreignAccount.
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
	odd := saying(`"exp":1767352200,"scope":"scope:client:incoming?clientName=%1B%5B31mred%07` +
		` scope:client:outgoing?appSid=AP1&appParams=bidi%3D%25E2%2580%25AE%26wide%3D%25E2%2580%258B%26bytes%3D%25FF%25FE` +
		`%26c1%3D%25C2%259B%26%250A%3D%26space%3D%2B%26quote%3D%2522a%2522%26town%3Dcitt%25C3%25A0%26set%3D%25F3%25A0%2580%25A0` +
		`&appSid=AP2&note&appParams=%25%1B scope:video:join?room=1&%E2%80%AE= scope:x:y"`)
	for _, test := range []struct {
		name  string
		page  string // in testdata
		args  []string
		env   map[string]string
		stdin string
	}{
		{"asked for help, it shows the manual", "help", []string{"-h"}, nil, ""},
		{"asked for help on mint, it shows its flags", "help-mint", []string{"mint", "-h"}, nil, ""},
		{"asked for help on verify, it shows its flags", "help-verify", []string{"verify", "-h"}, nil, ""},
		{"asked for help on inspect, it shows its flags", "help-inspect", []string{"inspect", "-h"}, nil, ""},
		{"mint prints the token alone", "mint", []string{"mint", "-incoming", "Alice", "-outgoing", "AP123123", "-param", "Foo=Bar", "-ttl", "10m"}, account(), ""},
		{"verify says that the token is good", "verify", []string{"verify", token}, account(), ""},
		{"inspect says that nothing was verified", "inspect", []string{"inspect", token}, nil, ""},
		{"verify prints JSON", "verify-json", []string{"verify", "-json", token}, account(), ""},
		{"inspect prints JSON", "inspect-json", []string{"inspect", "-json", token}, nil, ""},
		{"it shows filters that a helper did not escape", "inspect-ruby-filters", []string{"inspect", rubyTwoFilters}, nil, ""},
		{"it shows parameters that are not well formed as they are", "inspect-ruby-params", []string{"inspect", rubyAmbiguous}, nil, ""},
		{"it leaves them out of the JSON", "inspect-ruby-params-json", []string{"inspect", "-json", rubyAmbiguous}, nil, ""},
		{"it verifies the token of another helper, and warns", "verify-node", []string{"verify", nodeEvents}, foreignAccount(), ""},
		{"it shows when a token was issued and when it begins", "inspect-times", []string{"inspect", saying(`"scope":"","iat":1767351000,"nbf":1767351600,"exp":1767353777`)}, nil, ""},
		{"it shows how long ago a token expired", "inspect-expired", []string{"inspect", lasting(-11100)}, nil, ""},
		{"a token that expires right now has expired", "inspect-now", []string{"inspect", lasting(0)}, nil, ""},
		{"a token has nothing to allow", "inspect-nothing", []string{"inspect", lasting(86400)}, nil, ""},
		{"it shows that there are no parameters", "inspect-no-params", []string{"inspect", saying(`"scope":"scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params=","exp":1767352200`)}, nil, ""},
		{"it shows no date after the year 9999", "inspect-far", []string{"inspect", saying(`"scope":"","iat":-9223372036854775808,"nbf":-62135600401,"exp":9223372036854775807`)}, nil, ""},
		{"it shows the last date that there is", "inspect-9999", []string{"inspect", saying(`"scope":"","nbf":-62135600400,"exp":253402297199`)}, nil, ""},
		{"it keeps every digit of a time in JSON", "inspect-far-json", []string{"inspect", "-json", saying(`"scope":"","nbf":0,"iat":-9223372036854775808,"exp":9223372036854775807`)}, nil, ""},
		{"a negative expiry has passed", "inspect-negative", []string{"inspect", saying(`"scope":"","exp":-9223372036854775808`)}, nil, ""},
		{"it sends no control characters to the terminal", "inspect-odd", []string{"inspect", odd}, nil, ""},
		{"it sends none in JSON", "inspect-odd-json", []string{"inspect", "-json", odd}, nil, ""},
		{"it shows an account that is none", "inspect-account", []string{"inspect", signed(header, `{"iss":"AC\u001b[2J\u202e","scope":"","exp":1767352200}`)}, nil, ""},
		{"it warns of a signature that was cut", "inspect-cut", []string{"inspect", token[:len(token)-1]}, nil, ""},

		{"an altered token is refused", "refused-signature", []string{"verify", strings.Replace(token, "J", "K", 1)}, account(), ""},
		{"a token with a line break inside is refused", "refused-signature", []string{"verify"}, account(), token[:50] + "\n" + token[50:]},
		{"a token of another key is refused", "refused-signature", []string{"verify", token}, with(account(), authVariable, "another-auth-token"), ""},
		{"a token that has expired is refused", "refused-expired", []string{"verify", lasting(-11100)}, account(), ""},
		{"a token that begins later is refused", "refused-early", []string{"verify", saying(`"scope":"","nbf":1767351900,"exp":1767352200`)}, account(), ""},
		{"a token of another account is refused", "refused-issuer", []string{"verify", token}, with(account(), sidVariable, "AC456"), ""},
		{"a token in quotes is refused", "refused-quotes", []string{"inspect", `"` + token + `"`}, nil, ""},
		{"half a token is refused", "refused-half", []string{"inspect", token[:60]}, nil, ""},
		{"a fractional expiry is refused", "refused-fraction", []string{"verify", saying(`"scope":"","exp":1767352200.5`)}, account(), ""},
		{"another algorithm is refused", "refused-algorithm", []string{"inspect", signed(`{"alg":"none\u202e"}`, "{}")}, nil, ""},
		{"an Access Token is refused", "refused-access", []string{"inspect", signed(`{"cty":"twilio-fpa;v=1","typ":"JWT","alg":"HS256"}`, accessToken)}, nil, ""},
		{"a scope that is none is refused", "refused-scope", []string{"inspect", saying(`"exp":1,"scope":"client:incoming?\u001b[31m"`)}, nil, ""},
		{"a token without an account is refused", "refused-no-issuer", []string{"inspect", signed(header, `{"scope":"","exp":1}`)}, nil, ""},
		{"an empty argument is refused", "refused-empty", []string{"inspect", ""}, nil, ""},
		{"an empty standard input is refused", "refused-empty", []string{"inspect"}, nil, " \n"},
		{"a client name with a space is refused", "refused-name", []string{"mint", "-incoming", "Alice B\x1b"}, account(), ""},
		{"an application SID of another kind is refused", "refused-application", []string{"mint", "-outgoing", "AC123"}, account(), ""},
		{"a parameter without a name is refused", "refused-param", []string{"mint", "-outgoing", "AP1", "-param", "=x"}, account(), ""},
		{"a lifetime over a day is refused", "refused-ttl", []string{"mint", "-ttl", "24h1s"}, account(), ""},
		{"an account SID that is none is refused", "refused-account", []string{"mint"}, with(account(), sidVariable, "SK1"), ""},
		{"an auth token with a newline is refused", "refused-auth-token", []string{"verify", token}, with(account(), authVariable, secret+"\n"), ""},
		{"swapped credentials are refused", "refused-swapped", []string{"mint"}, map[string]string{sidVariable: secret, authVariable: "AC123123"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, stdout, stderr := call(test.args, test.env, strings.NewReader(test.stdin))
			want, silent := 0, stderr
			if strings.HasPrefix(test.page, "refused-") {
				want, silent = 1, stdout
			}
			if status != want || silent != "" {
				t.Errorf("status %d, want %d; on the other stream %q", status, want, silent)
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
	if strings.Contains(got, secret) {
		t.Errorf("%s has the auth token", path)
	}
	if i := strings.IndexFunc(got, func(c rune) bool { return c != '\n' && !isPrintable(string(c)) }); i >= 0 {
		t.Errorf("%s has a character at %d that is not for a terminal: %q", path, i, got[i:])
	}
}

func TestEveryPageIsUsed(t *testing.T) {
	source, err := os.ReadFile("main_test.go")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("testdata/*")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	for _, path := range pages {
		if name, ok := strings.CutSuffix(filepath.Base(path), ".golden"); !ok || !strings.Contains(string(source), `"`+name+`"`) {
			t.Errorf("no test prints %s", path)
		}
	}
}

func TestWrongUsage(t *testing.T) {
	for _, test := range []struct {
		name    string
		args    []string
		missing string // the variables that are not set
		want    string
	}{
		{"no command", nil, "", "no command: want mint, verify, inspect or help"},
		{"an unknown command", []string{"mnit"}, "", `unknown command "mnit": want mint, verify, inspect or help`},
		{"help on an unknown command", []string{"help", "mnit"}, "", `unknown command "mnit": want mint, verify, inspect or help`},
		{"an unknown flag of mint", []string{"mint", "-name", "x"}, "", "flag provided but not defined: -name"},
		{"an unknown flag of verify", []string{"verify", "-name"}, "", "flag provided but not defined: -name"},
		{"an unknown flag of inspect", []string{"inspect", "-name"}, "", "flag provided but not defined: -name"},
		{"an unknown flag behind the token", []string{"inspect", "x", "-name"}, "", "flag provided but not defined: -name"},
		{"a flag with an escape sequence", []string{"mint", "-\x1b[31m"}, "", `"flag provided but not defined: -\x1b[31m"`},
		{"a flag without its value", []string{"mint", "-incoming"}, "", "flag needs an argument: -incoming"},
		{"an argument of mint", []string{"mint", "-incoming", "Alice", "Bob"}, "", `unexpected argument "Bob"`},
		{"two tokens", []string{"verify", "x", "y"}, "", `unexpected argument "y" after the token`},
		{"the auth token as an argument", []string{"verify", "x", secret}, "", "refused, and why is not shown: the value of TWILIO_AUTH_TOKEN stands where it does not belong"},
		{"-param without =", []string{"mint", "-outgoing", "AP1", "-param", "Foo"}, "", `invalid value "Foo" for flag -param: want KEY=VALUE`},
		{"-filter without =", []string{"mint", "-events", "-filter", "Foo"}, "", `invalid value "Foo" for flag -filter: want KEY=VALUE`},
		{"-param without -outgoing", []string{"mint", "-events", "-param", "Foo=Bar"}, "", "-param needs -outgoing"},
		{"-filter without -events", []string{"mint", "-outgoing", "AP1", "-filter", "Foo=Bar"}, "", "-filter needs -events"},
		{"-client without -outgoing", []string{"mint", "-incoming", "Alice", "-client", "Bob"}, "", "-client needs -outgoing"},
		{"-incoming twice", []string{"mint", "-incoming", "A", "-incoming", "B"}, "", `invalid value "B" for flag -incoming: it may be given only once`},
		{"-outgoing twice", []string{"mint", "-outgoing", "AP1", "-outgoing", "AP1"}, "", `invalid value "AP1" for flag -outgoing: it may be given only once`},
		{"-client twice", []string{"mint", "-client", "", "-client", "B"}, "", `invalid value "B" for flag -client: it may be given only once`},
		{"-events twice", []string{"mint", "-events", "-events"}, "", `invalid boolean flag events: it may be given only once`},
		{"-ttl twice", []string{"mint", "-ttl", "1m", "-ttl", "1m"}, "", `invalid value "1m" for flag -ttl: it may be given only once`},
		{"-events with a value", []string{"mint", "-events=false"}, "", `invalid boolean value "false" for -events: it takes no value`},
		{"-ttl without a unit", []string{"mint", "-ttl", "600"}, "", `invalid value "600" for flag -ttl: it has no unit: did you mean 600s?`},
		{"-ttl in days", []string{"mint", "-ttl", "1d"}, "", `invalid value "1d" for flag -ttl: want a duration such as 90s, 10m or 1h30m`},
		{"-ttl of nothing", []string{"mint", "-ttl", ""}, "", `invalid value "" for flag -ttl: want a duration such as 90s, 10m or 1h30m`},
		{"no account SID", []string{"mint"}, sidVariable, "TWILIO_ACCOUNT_SID is not set in the environment"},
		{"no auth token", []string{"verify", "x"}, authVariable, "TWILIO_AUTH_TOKEN is not set in the environment"},
		{"no credentials", []string{"verify", "x"}, sidVariable + authVariable, "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set in the environment"},
		{"wrong usage comes before no credentials", []string{"mint", "-ttl", "600"}, sidVariable, `invalid value "600" for flag -ttl: it has no unit: did you mean 600s?`},
		{"no credentials come before a bad name", []string{"mint", "-incoming", "?"}, sidVariable, "TWILIO_ACCOUNT_SID is not set in the environment"},
	} {
		t.Run(test.name, func(t *testing.T) {
			env := account()
			maps.DeleteFunc(env, func(name, _ string) bool { return strings.Contains(test.missing, name) })
			status, stdout, stderr := call(test.args, env, iotest.ErrReader(errors.New("read too early")))
			command := ""
			if len(test.args) > 0 && slices.Contains([]string{"mint", "verify", "inspect"}, test.args[0]) {
				command = test.args[0] + " "
			}
			want := "captoken: " + test.want + "\n" + `run "captoken ` + command + `-h" for help` + "\n"
			if status != 2 || stdout != "" || stderr != want {
				t.Errorf("status %d, output %q, errors\n%s\nwant status 2 and\n%s", status, stdout, stderr, want)
			}
		})
	}
}

func TestHelpCanBeAskedForInManyWays(t *testing.T) {
	for page, ways := range map[string][][]string{
		mainUsage:    {{"-h"}, {"-help"}, {"--help"}, {"help"}},
		mintUsage:    {{"mint", "-h"}, {"mint", "--help"}, {"help", "mint"}, {"mint", "-incoming", "A", "-h"}, {"-h", "mint"}},
		verifyUsage:  {{"verify", "-h"}, {"help", "verify"}, {"verify", "x", "-h"}},
		inspectUsage: {{"inspect", "-h"}, {"help", "inspect"}},
	} {
		for _, args := range ways {
			if status, stdout, stderr := call(args, nil, nil); status != 0 || stdout != page || stderr != "" {
				t.Errorf("%q: status %d, errors %q, output\n%s", args, status, stderr, stdout)
			}
		}
	}
}

func TestUsageFitsATerminal(t *testing.T) {
	for _, line := range strings.Split(mainUsage+mintUsage+verifyUsage+inspectUsage, "\n") {
		if len(line) > 88 || strings.Contains(line, "\t") {
			t.Errorf("%d characters, or a tab: %q", len(line), line)
		}
	}
}

func TestMintIsThePackage(t *testing.T) {
	param := capability.Param
	for _, test := range []struct {
		name string
		args string
		want func(capability.Capability) capability.Capability
	}{
		{"nothing is allowed", "", func(c capability.Capability) capability.Capability { return c }},
		{"the README's command", "-incoming Alice -outgoing AP123123 -param Foo=Bar -ttl 10m", func(c capability.Capability) capability.Capability {
			return c.AllowClientIncoming("Alice").AllowClientOutgoing("AP123123", param("Foo", "Bar")).WithTTL(10 * time.Minute)
		}},
		{"the order of the flags is that of the scopes", "-events -outgoing AP1 -incoming A", func(c capability.Capability) capability.Capability {
			return c.AllowEventStream().AllowClientOutgoing("AP1").AllowClientIncoming("A")
		}},
		{"parameters keep their order, before and after their scope", "-param b=1 -filter d=3 -outgoing AP1 -events -param a==2 -filter c=", func(c capability.Capability) capability.Capability {
			return c.AllowClientOutgoing("AP1", param("b", "1"), param("a", "=2")).AllowEventStream(param("d", "3"), param("c", ""))
		}},
		{"a client name counts although an incoming one follows", "-client Bob -outgoing AP1 -incoming Alice", func(c capability.Capability) capability.Capability {
			return c.AllowClientOutgoing("AP1").AllowClientIncoming("Alice").WithClientName("Bob")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			base, err := capability.New("AC123123", secret)
			if err != nil {
				t.Fatal(err)
			}
			want, err := test.want(base.WithClock(func() time.Time { return noon })).GenerateToken()
			if err != nil {
				t.Fatal(err)
			}
			status, got, stderr := call(append([]string{"mint"}, strings.Fields(test.args)...), account(), nil)
			if status != 0 || got != want+"\n" || stderr != "" {
				t.Errorf("status %d, errors %q, output\n%swant\n%s", status, stderr, got, want)
			}
		})
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
	t.Run("16 MiB of dots are refused", func(t *testing.T) {
		for _, command := range []string{"verify", "inspect"} {
			status, stdout, stderr := call([]string{command}, account(), strings.NewReader(strings.Repeat(".", 16<<20)))
			if status != 1 || stdout != "" || !strings.HasPrefix(stderr, "captoken: malformed token: ") || len(stderr) > 300 {
				t.Errorf("%s: status %d, %.300q", command, status, stderr)
			}
		}
	})
	t.Run("a token of 16 MiB is shown", func(t *testing.T) {
		name := strings.Repeat("a", 12<<20-200)
		token := saying(`"exp":1767352200,"scope":"scope:client:incoming?clientName=` + name + `"`)
		if len(token) < 16<<20-400 || len(token) > 16<<20 {
			t.Fatalf("the token has %d bytes", len(token))
		}
		status, stdout, stderr := call([]string{"verify"}, account(), strings.NewReader(token+"\n"))
		if status != 0 || strings.Count(stdout, name) != 2 || stderr != "" {
			t.Errorf("status %d, %.300q", status, stderr)
		}
	})
	t.Run("endless input is refused", func(t *testing.T) {
		status, _, stderr := call([]string{"inspect"}, nil, endless{})
		if want := "captoken: standard input: longer than a token of 16 MiB\n"; status != 1 || stderr != want {
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
	for _, args := range [][]string{{"mint"}, {"inspect", minted(t)}, {"inspect", "-json", minted(t)}, {"help"}} {
		var stderr bytes.Buffer
		getenv := func(name string) string { return account()[name] }
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

func TestJSONIsThePage(t *testing.T) {
	token := saying(`"exp":9223372036854775807,"nbf":0,"scope":"scope:client:outgoing?appParams=a%3D%25FF%26params&clientName=&note=%FF%E2%80%AE%F3%A0%80%A0"`)
	_, text, stderr := call([]string{"verify", "-json", token}, account(), nil)
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var got report
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err, text, stderr)
	}
	if _, err := decoder.Token(); err != io.EOF {
		t.Errorf("something follows the object: %v", err)
	}
	if !got.Verified || got.ExpiresAt != math.MaxInt64 || got.SecondsLeft != math.MaxInt64-noon.Unix() || got.IssuedAt != nil || *got.NotBefore != 0 {
		t.Errorf("got %+v", got)
	}
	if want := "scope:client:outgoing?appParams=a%3D%25FF%26params&clientName=&note=%FF%E2%80%AE%F3%A0%80%A0"; got.Scopes[0].URI != want {
		t.Errorf("uri is %q, want %q", got.Scopes[0].URI, want)
	}
	params := got.Scopes[0].Params
	if list := *params[0].List; len(list) != 2 || list[0].Value != "\ufffd" || list[1].Name != "params" || list[1].Value != "" || list[1].List != nil {
		t.Errorf("appParams are %+v", list)
	}
	if want := "\ufffd\u202e\U000e0020"; params[2].Value != want || params[1].List != nil {
		t.Errorf("note is %q, want %q", params[2].Value, want)
	}
	if strings.Contains(text, "null") {
		t.Errorf("null in %s", text)
	}
}

func TestWarningsForALifetime(t *testing.T) {
	at := noon.Unix()
	for _, test := range []struct {
		name     string
		exp      int64
		iat, nbf int64 // 0 if there is none
		tooLong  bool
	}{
		{"a day from now", at + 86400, 0, 0, false},
		{"a second more", at + 86401, 0, 0, true},
		{"a day from when it was issued", at + 600, at - 85800, 0, false},
		{"a second more than that", at + 600, at - 85801, 0, true},
		{"a day from when it begins", at + 600, 0, at - 85800, false},
		{"a second more than a day from when it begins", at + 600, 0, at - 85801, true},
		{"when it was issued counts, not when it begins", at + 600, at, at - 90000, false},
		{"an expired one that lasted too long", at - 600, at - 90000, 0, true},
		{"the longest there can be", math.MaxInt64, math.MinInt64, 0, true},
		{"the shortest there can be", math.MinInt64, math.MaxInt64, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			members := fmt.Sprintf(`"scope":"","exp":%d`, test.exp)
			if test.iat != 0 {
				members += fmt.Sprintf(`,"iat":%d`, test.iat)
			}
			if test.nbf != 0 {
				members += fmt.Sprintf(`,"nbf":%d`, test.nbf)
			}
			_, page, _ := call([]string{"inspect", saying(members)}, nil, nil)
			if got := strings.Contains(page, "\nWARNING       Twilio refuses a lifetime over 24h: error 31207\n"); got != test.tooLong {
				t.Errorf("warned: %t, want %t:\n%s", got, test.tooLong, page)
			}
		})
	}
}

func TestDifference(t *testing.T) {
	for _, test := range []struct{ a, b, want int64 }{
		{5, 3, 2},
		{math.MinInt64, 1, math.MinInt64},
		{math.MinInt64, math.MinInt64, 0},
		{math.MaxInt64, -1, math.MaxInt64},
		{math.MaxInt64, math.MaxInt64, 0},
		{0, math.MinInt64, math.MaxInt64},
		{-1, math.MinInt64, math.MaxInt64},
		{-1, math.MaxInt64, math.MinInt64},
		{-2, math.MaxInt64, math.MinInt64},
	} {
		if got := difference(test.a, test.b); got != test.want {
			t.Errorf("difference(%d, %d) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestFromNow(t *testing.T) {
	for seconds, want := range map[int64]string{
		0:       "now",
		1:       "in 1s",
		598:     "in 9m58s",
		-11100:  "3h5m ago",
		-86400:  "1d ago",
		3605:    "in 1h5s",
		9000000: "in 104d4h",
	} {
		if got := fromNow(seconds); got != want {
			t.Errorf("fromNow(%d) = %q, want %q", seconds, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"Alice":       `Alice`,
		"a b":         `a b`,
		`o'brien "x"`: `o'brien "x"`,
		`C:\dir`:      `C:\dir`,
		"città 漢字 📞":  `città 漢字 📞`,
		"":            `""`,
		" a":          `" a"`,
		"a ":          `"a "`,
		`"a`:          `"\"a"`,
		"a\nb":        `"a\nb"`,
		"\x7f":        `"\x7f"`,
		"\u009b":      `"\u009b"`,
		"\u00a0x":     `"\u00a0x"`,
		"a\u200bb":    `"a\u200bb"`,
		"a\u202eb":    `"a\u202eb"`,
		"a\u2066b":    `"a\u2066b"`,
		"\ufeffa":     `"\ufeffa"`,
		"a\xffb":      `"a\xffb"`,
		"\ufffd":      "\ufffd",
		"\U000e0041":  `"\U000e0041"`,
	} {
		if got := plain(in); got != want {
			t.Errorf("plain(%q) = %s, want %s", in, got, want)
		}
	}
}

// TestSecretIsNowhere gives the auth token wherever a user might by mistake, and one that messages escape and cut.
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
		if got != want || (stdout.Len() > 0) != (want == 0) || lines != want {
			t.Errorf("captoken %q: status %d, want %d, output\n%s\nerrors\n%s", args, got, want, &stdout, &stderr)
		}
	}
}
