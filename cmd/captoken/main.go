// Captoken generates, verifies and inspects the tokens of Twilio Client:
// capability tokens, which are signed with the auth token of an account, and
// Access Tokens, which are signed with the secret of an API key.
//
// Usage:
//
//	captoken mint [flags]             print a token
//	captoken verify [flags] [token]   check a token, then show what it says
//	captoken inspect [flags] [token]  show what a token says without checking it
//	captoken version                  print the versions of the module and of Go
//	captoken help [command]           show this page, or that of a command
//
// If a token is rejected, a line on standard error says why. The next line, if
// there is one, begins with "hint:" and says what to do about it.
//
// mint and verify take the credentials from the environment. There are no flags
// for them, as other users of the computer can see command lines.
//
//	TWILIO_ACCOUNT_SID  the SID of the account: AC and 32 hexadecimal digits
//	TWILIO_AUTH_TOKEN   its auth token, for capability tokens
//	TWILIO_API_KEY      the SID of an API key, for Access Tokens, or else
//	                    TWILIO_API_KEY_SID: SK and 32 hexadecimal digits
//	TWILIO_API_SECRET   its secret, or else TWILIO_API_KEY_SECRET
//
// Exit status: 0 on success, 1 if a value or token is rejected or if writing
// the output fails, 2 on incorrect usage.
//
// # Mint
//
// Usage: captoken mint [flags]
//
// Mint prints a capability token, whose scopes keep the order in which the flags
// are given, or with -access an Access Token. The flags:
//
//	-incoming NAME     receive incoming calls under a client name
//	-outgoing SID      place outgoing calls through a TwiML application
//	-param KEY=VALUE   a parameter for the application; may be repeated
//	-events            subscribe to the account's events; not with -access
//	-filter KEY=VALUE  only events that match this filter; may be repeated
//	-access            print an Access Token; it needs -incoming or -client
//	-region REGION     the region of the API key, such as ie1; with -access
//	-client NAME       the name for outgoing calls, if not that of -incoming
//	-ttl DURATION      the lifetime: 1s to 24h, 1h by default
//	-expires TIME      when the token expires, instead of -ttl
//	-not-before TIME   when the token becomes valid
//	-claim KEY=VALUE   an extra claim for services of your own; may be repeated
//
// A DURATION looks like 90s, 10m or 1h30m. A TIME is in RFC 3339, such as
// 2026-01-02T15:04:05Z, or in Unix seconds. Mint warns on standard error of odd
// credentials, of an odd application SID, and of a token that allows nothing.
//
// # Verify and Inspect
//
// Usage: captoken verify|inspect [-json] [-strict] [token]
//
// Verify checks the signature, the account and the validity period of a token,
// with the credentials that its kind asks for, and then shows what it says.
// Inspect needs no credentials and checks none of that: anyone could have
// written the token. It also finds a token in other text, such as an
// Authorization header, and warns of that text.
//
// If no token is given, or -, it is read from standard input, up to 64 KiB.
// A warning says why Twilio may reject the token all the same, such as for an
// e-mail address as its client name. With -strict, it makes the exit status 1.
//
// With -json, the output is one JSON object, in one line of ASCII:
//
//	verified, kind       boolean; "capability" or "access"
//	accountSid           string, as are apiKeySid, region and clientName
//	scopes               objects with service, privilege, uri and params
//	params               objects with name and value, and params in a value
//	claims               objects with name and value: the other claims
//	expiresAt            Unix seconds, as are issuedAt and notBefore, if present
//	secondsLeft          from now to expiresAt; negative if that has passed
//	warnings             strings
//	header, payload      the parts of the token, decoded
//
// A voice grant is shown as the scopes that allow the same. What is malformed or
// nested too deeply is absent. U+FFFD replaces bytes that are not UTF-8, except
// in uri; "[auth token]" and "[API key secret]" replace those secrets.
//
// If a token is rejected, the object has verified (false), code and reason, and
// hint, header and payload if there are any. If -strict rejects it, code and
// reason are added. The codes are input (no token, several, or one in JSON or a
// document), credentials (also if there are none for this kind), malformed (also
// if other text surrounds the token), kind, algorithm, signature, issuer, scope
// (scopes or grants), expired, not-yet-valid, and warning (with -strict).
package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"example.com/capability"
)

func main() { os.Exit(run(os.Args[1:], os.Getenv, time.Now, os.Stdin, os.Stdout, os.Stderr)) }

// run runs the command and returns its exit status. Times are shown in the
// location of now.
func run(args []string, getenv func(string) string, now func() time.Time, stdin io.Reader, stdout, stderr io.Writer) int {
	t := &tool{getenv, now, stdin, stdout, stderr, nil}
	t.secrets = t.newSecrets()
	err := t.dispatch(args)
	if err == nil {
		return 0
	}
	failed := &failure{status: 1, Reason: err.Error()}
	errors.As(err, &failed)
	t.warn("captoken: " + t.reason(failed.Reason))
	if failed.Hint != "" {
		t.warn("hint: " + visible(failed.Hint))
	}
	return failed.status
}

// reason returns a reason as its line shows it, which has at most 200 bytes. It
// masks before it cuts, so that no part of a secret remains.
func (t *tool) reason(text string) string {
	return shorten(visible(t.secrets.mask(text)), 200-len("captoken: "))
}

var errCommand = incorrect("", "no command, or an unknown one; the commands are mint, verify, inspect, version and help")

func (t *tool) dispatch(args []string) (err error) {
	if len(args) == 0 {
		return errCommand
	}
	switch name := args[0]; name {
	case "mint":
		err = t.mint(args[1:])
	case "verify", "inspect":
		err = t.show(name, args[1:])
	case "version", "-version", "--version":
		err = t.version(args[1:])
	case "help", "-h", "-help", "--help":
		return t.help(args[1:])
	default:
		return errCommand
	}
	if errors.Is(err, flag.ErrHelp) {
		return t.help(args[:1])
	}
	return err
}

//go:embed main.go
var source string

// help prints the section of the manual that is about a command. The manual is
// the comment that this file begins with.
func (t *tool) help(args []string) error {
	manual, _, _ := strings.Cut(strings.ReplaceAll(source, "\r\n", "\n"), "\npackage main\n")
	manual = strings.ReplaceAll(regexp.MustCompile(`(?m)^// ?`).ReplaceAllString(manual, ""), "\t", "  ")
	sections := strings.Split(manual, "\n\n# ")
	switch strings.TrimLeft(strings.Join(args, " "), "-") {
	case "", "help", "version":
		return t.print(sections[0] + "\n")
	case "mint":
		return t.print(strings.TrimPrefix(sections[1], "Mint\n\n") + "\n")
	case "verify", "inspect":
		return t.print(strings.TrimPrefix(sections[2], "Verify and Inspect\n\n") + "\n")
	}
	return errCommand
}

// version says which version of the module was built by which Go for what.
func (t *tool) version(args []string) error {
	if err := parseFlags(flag.NewFlagSet("version", flag.ContinueOnError), args); err != nil {
		return err
	}
	module := "example.com/capability, development version"
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
		module = info.Main.Path + ", " + info.Main.Version
	}
	return t.print("captoken " + module + ", " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH + "\n")
}

// show prints what a token says, for verify and inspect.
func (t *tool) show(command string, args []string) error {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	asJSON, strict := flags.Bool("json", false, ""), flags.Bool("strict", false, "")
	token, err := parseToken(flags, args)
	if err != nil {
		return err
	}
	r, failed := t.examine(token, command == "verify")
	text := ""
	switch {
	case failed == nil:
		if *strict && len(r.Warnings) > 0 {
			failed = rejected("warning", r.Warnings[0], "-strict rejects a token for a warning.")
			r.Code, r.Reason = failed.Code, failed.Reason
		}
		var page strings.Builder
		layout.Execute(&page, r) // which fails for no report
		if text = page.String(); *asJSON {
			text = encodeJSON(r)
		}
	case *asJSON && failed.status == 1:
		failed.Reason = t.reason(failed.Reason)
		text = encodeJSON(failed)
	}
	if err := t.print(text); err != nil || failed == nil {
		return err
	}
	return failed
}

// parseToken parses the flags of verify and inspect, which may come before and
// after the token, and returns the token, or "-" for standard input. An
// argument of 30 characters or more is a token, even if it begins with a hyphen.
func parseToken(flags *flag.FlagSet, args []string) (string, error) {
	token, tokens, rest := "-", 0, []string{}
	for _, arg := range args {
		if slices.Contains(rest, "--") || !strings.HasPrefix(arg, "-") || arg == "-" || len(arg) >= 30 {
			token, tokens = arg, tokens+1
		} else {
			rest = append(rest, arg)
		}
	}
	err := parseFlags(flags, rest)
	if err == nil && tokens > 1 {
		err = incorrect(flags.Name(), fmt.Sprintf("%s takes one token, not %d", flags.Name(), tokens))
	}
	return token, err
}

// examine reads a token and returns the report, or why it was rejected.
func (t *tool) examine(token string, verify bool) (*report, *failure) {
	auth, key := t.signer(false), t.signer(true)
	hasKey := key.id.value+key.secret.value != ""
	if verify && auth.missing() != "" && (key.account.value == "" || !hasKey) {
		return nil, incorrect("verify", t.signer(hasKey).missing())
	}
	l, failed := t.read(token)
	if failed != nil {
		return nil, failed
	}
	if verify {
		failed = t.verify(l)
	} else if l.Claims, l.read = capability.ParseUnverified(l.token); l.read != nil {
		l.text, l.err = l.token, l.read // what surrounds it is not the cause
	}
	if failed == nil && l.err != nil {
		failed = l.diagnose()
	}
	if failed == nil {
		return newReport(l), nil
	}
	failed.Header, failed.Payload = l.json(l.decoded[0]), l.json(l.decoded[1])
	return nil, failed
}
