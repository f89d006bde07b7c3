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
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"example.com/capability"
)

var update = flag.Bool("update", false, "rewrite the pages in testdata; look at the difference before you keep it")

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.FixedZone("CET", 3600))

// The auth token and the secret of the API key.
const (
	auth   = "not-to-be-printed"
	apiKey = "never-to-be-shown"
)

// credentials returns an environment, with variables added or changed.
func credentials(changes ...string) map[string]string {
	env := map[string]string{
		"TWILIO_ACCOUNT_SID": "AC123123", "TWILIO_AUTH_TOKEN": auth, "TWILIO_API_KEY": "SK123123", "TWILIO_API_SECRET": apiKey,
	}
	for i := 0; i < len(changes); i += 2 {
		env[changes[i]] = changes[i+1]
	}
	return env
}

// regular returns credentials that are not odd.
func regular() map[string]string {
	return credentials("TWILIO_AUTH_TOKEN", "fedcba9876543210fedcba9876543210", "TWILIO_API_SECRET", "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF")
}

// account returns an environment without an API key.
func account(changes ...string) map[string]string {
	env := credentials(append([]string{"TWILIO_API_KEY", "", "TWILIO_API_SECRET", ""}, changes...)...)
	maps.DeleteFunc(env, func(_, value string) bool { return value == "" })
	return env
}

// call runs the command at noon.
func call(args []string, env map[string]string, stdin io.Reader) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	getenv := func(name string) string { return env[name] }
	status = run(args, getenv, func() time.Time { return noon }, stdin, &out, &err)
	return status, out.String(), err.String()
}

const (
	header       = `{"typ":"JWT","alg":"HS256"}`
	accessHeader = `{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1"}`
)

// signedBy returns a token with that header and payload, whatever they are,
// signed with that key.
func signedBy(key, header, payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(header)) + "." + encode([]byte(payload))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}

func signed(header, payload string) string { return signedBy(auth, header, payload) }

// saying returns a capability token with those members and an account.
func saying(members string) string { return signed(header, `{"iss":"AC123123",`+members+`}`) }

// granting returns an Access Token with those grants.
func granting(grants string) string {
	return signedBy(apiKey, accessHeader, `{"jti":"SK123123-1767351600","iss":"SK123123","sub":"AC123123","exp":1767352200,"grants":`+grants+`}`)
}

// lasting returns a token without scopes that expires so many seconds after
// noon.
func lasting(exp int64) string { return saying(fmt.Sprintf(`"scope":"","exp":%d`, noon.Unix()+exp)) }

// minted returns the token that the package's page begins with, of either kind.
func minted(t testing.TB, access bool) string {
	t.Helper()
	base, err := capability.New("AC123123", auth)
	if access {
		base, err = capability.NewWithAPIKey("AC123123", "SK123123", apiKey)
	}
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

// compareGolden compares what was printed with a file in testdata.
func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gotPages, wantPages := strings.Split(got, "\n=== "), strings.Split(string(want), "\n=== ")
	for i := range max(len(gotPages), len(wantPages)) {
		if i >= len(gotPages) || i >= len(wantPages) || gotPages[i] != wantPages[i] {
			t.Fatalf("%s: got\n%q\nwant\n%q", path, gotPages[min(i, len(gotPages)):][:1], wantPages[min(i, len(wantPages)):][:1])
		}
	}
}

// checkClean reports a secret, and what a terminal would obey or not show.
func checkClean(t *testing.T, name, got string) {
	t.Helper()
	for _, secret := range []string{auth, apiKey} {
		if strings.Contains(got, secret) {
			t.Errorf("%s has a secret: %s", name, got)
		}
	}
	if line := strings.ReplaceAll(got, "\n", " "); visible(line) != line {
		t.Errorf("%s has something that is not for a terminal: %q", name, got)
	}
}

// checkLines reports what standard error must not be after a refusal: more
// than a reason of at most 200 bytes, and a hint.
func checkLines(t *testing.T, name, got string) {
	t.Helper()
	checkClean(t, name, got)
	lines := strings.SplitAfter(got, "\n")
	if len(lines) > 1 && !strings.HasPrefix(lines[1], "hint: ") && lines[1] != "" || len(lines) > 3 || len(got) > 1000 {
		t.Errorf("%s: too many lines: %q", name, got)
	}
	if !strings.HasPrefix(got, "captoken: ") || len(lines[0]) > 201 || len(lines[0]) < 20 {
		t.Errorf("%s: the first line is %q", name, lines[0])
	}
}

// skipWithoutShortKeys skips a test where FIPS 140-3 mode is enforced, in which
// package hmac panics for a key of less than 14 bytes.
func skipWithoutShortKeys(t testing.TB) {
	defer func() {
		if recover() != nil {
			t.Skip("FIPS 140-3 mode refuses short keys")
		}
	}()
	signedBy("short", "", "")
}

func TestIncorrectUsage(t *testing.T) {
	const lists = "mint, verify, inspect, version and help"
	const mintHint, verifyHint, inspectHint = `Run "captoken mint -h" for help.`, `Run "captoken verify -h" for help.`, `Run "captoken inspect -h" for help.`
	const mainHint = `Run "captoken -h" for help.`
	for _, test := range []struct {
		name       string
		args       []string
		missing    string // the variables that are not set
		want, hint string
	}{
		{"no command", nil, "", "no command, or an unknown one; the commands are " + lists, mainHint},
		{"a command misspelt", []string{"mnit"}, "", "no command, or an unknown one; the commands are " + lists, mainHint},
		{"an unknown command", []string{"sign"}, "", "no command, or an unknown one; the commands are " + lists, mainHint},
		{"a token without a command", []string{minted(t, false)}, "", "no command, or an unknown one; the commands are " + lists, mainHint},
		{"the auth token without a command", []string{auth}, "", "no command, or an unknown one; the commands are " + lists, mainHint},
		{"help on a command misspelt", []string{"help", "inpsect"}, "", "no command, or an unknown one; the commands are " + lists, mainHint},
		{"an unknown flag of mint", []string{"mint", "-name", "x"}, "", "mint has no such flag", mintHint},
		{"the auth token as a flag", []string{"mint", "-auth-token", auth}, "", "mint has no such flag", mintHint},
		{"the account as a flag", []string{"verify", "-sid=AC1"}, "", "verify has no such flag", verifyHint},
		{"an unknown flag behind the token", []string{"inspect", "x", "-name"}, "", "inspect has no such flag", inspectHint},
		{"a flag of version", []string{"version", "-x"}, "", "version has no such flag", `Run "captoken version -h" for help.`},
		{"an argument of version", []string{"version", "x"}, "", "version takes only flags; argument 1 is not one", `Run "captoken version -h" for help.`},
		{"a flag with an escape sequence", []string{"mint", "--=\x1b[31m"}, "", `bad flag syntax: --=\x1b[31m`, mintHint},
		{"a flag without its value", []string{"mint", "-incoming"}, "", "flag needs an argument: -incoming", mintHint},
		{"an argument of mint", []string{"mint", "-incoming", "Alice", "Bob"}, "", "mint takes only flags; argument 3 is not one", mintHint},
		{"two tokens", []string{"verify", "x", "y"}, "", "verify takes one token, not 2", verifyHint},
		{"a token and the auth token", []string{"verify", "x", auth}, "", "verify takes one token, not 2", verifyHint},
		{"-param without =", []string{"mint", "-outgoing", "AP1", "-param", "Foo"}, "", `invalid value "Foo" for flag -param: want KEY=VALUE`, mintHint},
		{"-filter without =", []string{"mint", "-events", "-filter", "Foo"}, "", `invalid value "Foo" for flag -filter: want KEY=VALUE`, mintHint},
		{"-claim without =", []string{"mint", "-claim", "Foo"}, "", `invalid value "Foo" for flag -claim: want KEY=VALUE`, mintHint},
		{"-param with a long value", []string{"mint", "-param", strings.Repeat("x", 500)}, "", `invalid value "` + strings.Repeat("x", 200-len(`captoken: invalid value "...`)) + "...", mintHint},
		{"-param with the auth token", []string{"mint", "-param", auth}, "", `invalid value "[auth token]" for flag -param: want KEY=VALUE`, mintHint},
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
		{"-ttl without a unit", []string{"mint", "-ttl", "600"}, "", `invalid value "600" for flag -ttl: time: missing unit in duration "600"`, mintHint},
		{"-ttl in days", []string{"mint", "-ttl", "1d"}, "", `invalid value "1d" for flag -ttl: time: unknown unit "d" in duration "1d"`, mintHint},
		{"-ttl of nothing", []string{"mint", "-ttl", ""}, "", `invalid value "" for flag -ttl: time: invalid duration ""`, mintHint},
		{"-not-before without a time", []string{"mint", "-not-before", "2026-01-02"}, "", `invalid value "2026-01-02" for flag -not-before: want a time such as 2026-01-02T15:04:05Z, or Unix seconds`, mintHint},
		{"no account SID", []string{"mint"}, "TWILIO_ACCOUNT_SID", "the environment has no TWILIO_ACCOUNT_SID", mintHint},
		{"no auth token", []string{"verify", "x"}, "TWILIO_AUTH_TOKEN", "the environment has no TWILIO_AUTH_TOKEN", verifyHint},
		{"no credentials", []string{"verify", "x"}, "TWILIO_ACCOUNT_SID TWILIO_AUTH_TOKEN", "the environment has no TWILIO_ACCOUNT_SID, and no TWILIO_AUTH_TOKEN", verifyHint},
		{"no credentials, in JSON", []string{"verify", "-json", "x"}, "TWILIO_ACCOUNT_SID TWILIO_AUTH_TOKEN", "the environment has no TWILIO_ACCOUNT_SID, and no TWILIO_AUTH_TOKEN", verifyHint},
		{"incorrect usage comes before no credentials", []string{"mint", "-ttl", "600"}, "TWILIO_ACCOUNT_SID", `invalid value "600" for flag -ttl: time: missing unit in duration "600"`, mintHint},
		{"events of an Access Token", []string{"mint", "-access", "-incoming", "A", "-events"}, "", "-events and -access exclude each other: Access Tokens have no event streams", mintHint},
		{"a filter of an Access Token", []string{"mint", "-access", "-incoming", "A", "-filter", "a=b"}, "", "-filter needs -events", mintHint},
		{"an Access Token without a name", []string{"mint", "-access"}, "", "-access needs -incoming or -client", mintHint},
		{"a region of a capability token", []string{"mint", "-region", "ie1"}, "", "-region needs -access: capability tokens are for us1 only", mintHint},
		{"-access with a value", []string{"mint", "-access=1"}, "", `invalid boolean value "1" for -access: it takes no value`, mintHint},
		{"no API key", []string{"mint", "-access", "-incoming", "A"}, "", "the environment has no TWILIO_API_KEY or TWILIO_API_KEY_SID, and no TWILIO_API_SECRET or TWILIO_API_KEY_SECRET", mintHint},
		{"an API key and no account", []string{"mint", "-access", "-incoming", "A"}, "TWILIO_ACCOUNT_SID", "the environment has no TWILIO_ACCOUNT_SID, and no TWILIO_API_KEY or TWILIO_API_KEY_SID, and no TWILIO_API_SECRET or TWILIO_API_KEY_SECRET", mintHint},
		{"no credentials come before a bad name", []string{"mint", "-incoming", "?"}, "TWILIO_ACCOUNT_SID", "the environment has no TWILIO_ACCOUNT_SID", mintHint},
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
	for begin, ways := range map[string][][]string{
		"Captoken generates":                     {{"-h"}, {"-help"}, {"--help"}, {"help"}, {"help", "help"}, {"version", "-h"}, {"help", "version"}, {"-version", "-h"}, {"help", "--version"}},
		"Usage: captoken mint [flags]\n":         {{"mint", "-h"}, {"mint", "--help"}, {"help", "mint"}, {"mint", "-incoming", "A", "-h"}, {"-h", "mint"}},
		"Usage: captoken verify|inspect [-json]": {{"verify", "-h"}, {"help", "verify"}, {"verify", "x", "-h"}, {"inspect", "-h"}, {"help", "inspect"}},
	} {
		var first string
		for _, args := range ways {
			status, stdout, stderr := call(args, nil, nil)
			if first == "" {
				first = stdout
			}
			if status != 0 || !strings.HasPrefix(stdout, begin) || stdout != first || stderr != "" || !strings.HasSuffix(stdout, ".\n") && !strings.HasSuffix(stdout, "t\n") && !strings.HasSuffix(stdout, "m\n") && !strings.HasSuffix(stdout, "g\n") {
				t.Errorf("%q: status %d, errors %q, output\n%s", args, status, stderr, stdout)
			}
			for _, line := range strings.Split(stdout, "\n") {
				if len(line) > 80 || strings.ContainsAny(line, "\t\r") || strings.HasPrefix(line, "//") {
					t.Errorf("%d characters, or a tab: %q", len(line), line)
				}
			}
		}
	}
	_, verify, _ := call([]string{"help", "verify"}, nil, nil)
	if !strings.Contains(verify, "one JSON object") || strings.Contains(verify, "# ") {
		t.Errorf("help on verify has no JSON, or a heading:\n%s", verify)
	}
}

// TestManualFromCRLF prints the manual as from a checkout on Windows.
func TestManualFromCRLF(t *testing.T) {
	_, want, _ := call([]string{"help", "mint"}, nil, nil)
	defer func(unix string) { source = unix }(source)
	source = strings.ReplaceAll(source, "\n", "\r\n")
	if _, got, _ := call([]string{"help", "mint"}, nil, nil); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// TestCodesAreDocumented looks in the manual for every code in the program.
func TestCodesAreDocumented(t *testing.T) {
	_, manual, _ := strings.Cut(source, " The codes are")
	codes, _, _ := strings.Cut(manual, "package main")
	for _, code := range []string{
		"input", "credentials", "malformed", "kind", "algorithm", "signature", "issuer", "scope", "expired", "not-yet-valid", "warning",
	} {
		if !regexp.MustCompile(`\s` + code + `[\s,]`).MatchString(codes) {
			t.Errorf("the manual does not list the code %q", code)
		}
	}
}

func TestVersion(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"-version"}, {"--version"}} {
		status, stdout, stderr := call(args, nil, nil)
		if status != 0 || !strings.HasPrefix(stdout, "captoken example.com/capability, ") || !strings.HasSuffix(stdout, ", "+runtime.Version()+" "+runtime.GOOS+"/"+runtime.GOARCH+"\n") || stderr != "" {
			t.Errorf("%q: status %d, %q, %q", args, status, stdout, stderr)
		}
	}
}

func TestTokenFromStandardInput(t *testing.T) {
	token := minted(t, false)
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
	token := minted(t, false)
	_, before, _ := call([]string{"inspect", "-json", token}, nil, nil)
	if _, behind, stderr := call([]string{"inspect", token, "-json"}, nil, nil); behind != before {
		t.Errorf("got %s%s", behind, stderr)
	}
}

func TestHugeInput(t *testing.T) {
	const most = 64 << 10
	t.Run("64 KiB of anything is refused", func(t *testing.T) {
		for _, text := range []string{".", "[", `"`, "eyJhbGciOi.x.", "\x00", "%25", "é"} {
			text := strings.Repeat(text, most/len(text))
			for _, args := range [][]string{{"verify", "-json"}, {"inspect", "-json", "--", "x" + text[1:]}} {
				status, stdout, stderr := call(args, credentials(), strings.NewReader(text))
				if status != 1 || len(stdout) > 2000 || !json.Valid([]byte(stdout)) {
					t.Errorf("%s %.10q: status %d, output %.300q", args[0], text, status, stdout)
				}
				checkLines(t, args[0], stderr)
			}
		}
	})
	t.Run("a token of 64 KiB is shown", func(t *testing.T) {
		for _, member := range []string{
			`"exp":1767352200,"scope":"` + strings.TrimRight(strings.Repeat("scope:a:b ", most/14), " ") + `"`,
			`"exp":1767352200,"scope":"scope:client:outgoing?appParams=` + strings.Repeat("a%26", most/6) + `"`,
			`"exp":1767352200,"scope":"scope:client:outgoing?` + strings.Repeat("a&", most/3) + `"`,
			`"exp":1767352200,"scope":"","x":` + strings.Repeat("[", most/3) + strings.Repeat("]", most/3),
			`"exp":1767352200,"scope":"","x":"` + strings.Repeat("\\u00ff", most/9) + `"`,
		} {
			for _, args := range [][]string{{"inspect"}, {"inspect", "-json"}} {
				status, stdout, stderr := call(args, account(), strings.NewReader(saying(member)+"\n"))
				if status != 0 || len(stdout) > 20*most || stderr != "" {
					t.Errorf("%.80s: status %d, %d bytes, %.300q", member, status, len(stdout), stderr)
				}
			}
		}
	})
	t.Run("more is refused", func(t *testing.T) {
		const hint = "\nhint: A token has a few thousand characters. Is this the right file?\n"
		status, _, stderr := call([]string{"inspect"}, nil, endless{})
		if want := "captoken: standard input is longer than 64 KiB" + hint; status != 1 || stderr != want {
			t.Errorf("status %d, %.300q, want %q", status, stderr, want)
		}
		if _, _, stderr := call([]string{"inspect"}, nil, strings.NewReader(strings.Repeat("a", most))); strings.Contains(stderr, "longer") {
			t.Errorf("of exactly 64 KiB: %.300q", stderr)
		}
		status, _, stderr = call([]string{"inspect", strings.Repeat("a", most+1)}, nil, nil)
		if want := "captoken: the argument is longer than 64 KiB" + hint; status != 1 || stderr != want {
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
	for _, args := range [][]string{{"mint", "-incoming", "Alice"}, {"inspect", minted(t, false)}, {"inspect", "-json", minted(t, false)}, {"inspect", "-json", "x"}, {"help"}} {
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

// A console is a device of which what is read and written is given here.
type console struct {
	*os.File
	io.Reader
	io.Writer
}

func (c console) Read(p []byte) (int, error)  { return c.Reader.Read(p) }
func (c console) Write(p []byte) (int, error) { return c.Writer.Write(p) }

func (c console) WriteString(s string) (int, error) { return io.WriteString(c.Writer, s) }

// TestWaitingAtATerminal has the null device for a terminal: what matters is
// whether standard input and standard error are the same device.
func TestWaitingAtATerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	file, err := os.Open("main.go")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	closed, _ := os.Open(os.DevNull)
	closed.Close()
	for _, test := range []struct {
		name   string
		in     io.Reader
		out    *os.File
		prompt bool
	}{
		{"the same device", console{null, strings.NewReader(minted(t, false)), nil}, null, true},
		{"another device", console{null, strings.NewReader(minted(t, false)), nil}, file, false},
		{"the same file, which is no device", console{file, strings.NewReader(minted(t, false)), nil}, file, false},
		{"no file", strings.NewReader(minted(t, false)), null, false},
		{"a file that cannot be asked", console{closed, strings.NewReader(minted(t, false)), nil}, null, false},
	} {
		var stdout, stderr bytes.Buffer
		none := func(string) string { return "" }
		status := run([]string{"inspect"}, none, time.Now, test.in, &stdout, console{test.out, nil, &stderr})
		want := map[bool]string{true: "captoken: waiting for a token on standard input: paste it, press Enter, then Ctrl-D (on Windows Ctrl-Z and Enter)\n"}[test.prompt]
		if stderr.String() != want || status != 0 {
			t.Errorf("%s: status %d, %q, want %q", test.name, status, &stderr, want)
		}
		stderr.Reset()
		run([]string{"inspect", minted(t, false)}, none, time.Now, test.in, &stdout, console{test.out, nil, &stderr})
		if stderr.Len() > 0 {
			t.Errorf("%s: it waits although there is a token: %q", test.name, &stderr)
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
		command.Stdin, command.Stdout, command.Stderr = strings.NewReader(minted(t, false)), &stdout, &stderr
		command.Run() // its status is looked at below
		got, lines := command.ProcessState.ExitCode(), strings.Count(stderr.String(), "\n")
		if got != want || (stdout.Len() > 0) != (want == 0) || (lines == 0) != (want == 0) {
			t.Errorf("captoken %q: status %d, want %d, output\n%s\nerrors\n%s", args, got, want, &stdout, &stderr)
		}
	}
}
