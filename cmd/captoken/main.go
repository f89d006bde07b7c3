// Captoken generates, verifies and inspects Twilio Client capability tokens.
//
// Usage:
//
//	captoken mint [flags]             print a token
//	captoken verify [flags] [token]   check a token, then show what it says
//	captoken inspect [flags] [token]  show what a token says without checking it
//	captoken version                  print the version
//	captoken help [command]           show this page, or that of a command
//
// If a token is rejected, the first line on standard error says why. The
// second, if there is one, begins with "hint:" and says what to do about it.
//
// mint and verify take the credentials from the environment. There are no
// flags for them, because other users of the computer can see command lines.
//
//	TWILIO_ACCOUNT_SID  the SID of the account: AC and 32 hexadecimal digits
//	TWILIO_AUTH_TOKEN   its auth token: 32 hexadecimal digits
//
// Exit status: 0 on success, 1 if a value or token is rejected or if writing
// the output fails, 2 on incorrect usage.
//
// Example:
//
//	captoken mint -incoming Alice | captoken inspect
//
// # Minting
//
// Usage: captoken mint [flags]
//
// Mint prints a capability token. These flags say what it allows. The scopes
// are in the order of the flags:
//
//	-incoming NAME        receive incoming calls under a client name
//	-outgoing SID         place outgoing calls through the TwiML application
//	                      with this SID
//	-param KEY=VALUE      a parameter that the application receives with each
//	                      outgoing call; may be repeated
//	-events               subscribe to the account's events
//	-filter KEY=VALUE     only events that match this filter; may be repeated
//
// Other flags:
//
//	-client NAME          the client name for outgoing calls, if it is not that
//	                      of -incoming
//	-ttl DURATION         the lifetime: 1s to 24h, 1h by default
//	-expires TIME         when the token expires, instead of -ttl
//	-not-before TIME      when the token becomes valid
//	-claim NAME=VALUE     an extra claim for services of your own; may be
//	                      repeated
//
// A DURATION looks like 90s, 10m or 1h30m. A TIME is in RFC 3339, such as
// 2026-01-02T15:04:05Z, or in Unix seconds.
//
// The credentials come from TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN. Mint
// warns on standard error if they look wrong, or if the token allows nothing,
// and prints the token all the same. It accepts short ones, as in examples.
//
// Example:
//
//	captoken mint -incoming Alice -outgoing AP123123 -param Foo=Bar -ttl 10m
//
// # Verifying
//
// Usage: captoken verify [-json] [-strict] [token]
//
// Verify checks the signature, the account and the validity period of a token,
// with TWILIO_AUTH_TOKEN and TWILIO_ACCOUNT_SID, and then shows what it says.
// Without a token, or if it is -, verify reads it from standard input, up to
// 1 MiB.
//
// A token that passes may still be one that Twilio rejects, such as one with an
// e-mail address as its client name. Verify warns of that.
//
//	-json    print JSON, as described below
//	-strict  exit with status 1 if there is a warning
//
// # Inspecting
//
// Usage: captoken inspect [-json] [-strict] [token]
//
// Inspect shows what a token says without checking its signature, its account
// or its time: anyone could have written it. It needs no credentials. Without a
// token, or if it is -, inspect reads it from standard input, up to 1 MiB.
//
//	-json    print JSON, as described below
//	-strict  exit with status 1 if there is a warning
//
// # Version
//
// Usage: captoken version
//
// Version prints the version of the module and the release of Go it was built
// with. The flags -version and --version do the same.
//
// # JSON
//
// With -json, verify and inspect print one JSON object with these members:
//
//	verified     boolean: whether the token was verified
//	accountSid   string
//	clientName   string: that of the last scope that has one, or ""
//	scopes       array of objects:
//	  service    string, such as "client"
//	  privilege  string, such as "outgoing"
//	  uri        string: the scope as mint writes it
//	  params     array of objects with a name and a value. If the value is a
//	             list of parameters itself, as appParams is, the object also has
//	             params, unless the list is not well formed.
//	claims       array of objects with a name and a value: the other claims. A
//	             value that is nested too deeply is absent.
//	issuedAt     number: Unix seconds; absent if the token does not say
//	notBefore    number, likewise
//	expiresAt    number: Unix seconds
//	secondsLeft  number: from now to expiresAt; negative if that has passed
//	warnings     array of strings
//
// In names and values, U+FFFD stands for bytes that are not UTF-8; uri has
// them percent-encoded. "[auth token]" stands for the auth token. (An auth
// token of fewer than 6 characters is replaced only where it is a whole value.)
//
// For a token that is rejected, the object has these members:
//
//	verified     false
//	code         string, as listed below
//	reason       string: what is wrong
//	hint         string: what to do about it; may be absent
//
// If -strict rejects a token for its warnings, the object is that of a token
// that is shown, with code and reason added. These are the codes:
//
//	input          there is no token, but something else, or more than one
//	credentials    TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN is not acceptable
//	malformed      the token is damaged, or something surrounds it
//	kind           it is another kind of token, such as an Access Token
//	algorithm      its header names an algorithm other than HS256
//	signature      its signature does not match
//	issuer         it names another account, or none
//	scope          its scopes are missing or malformed
//	expired        it has expired
//	not-yet-valid  it is not valid yet
//	warning        -strict was given, and there is a warning
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// The environment variables that hold the credentials.
const (
	sidVariable  = "TWILIO_ACCOUNT_SID"
	authVariable = "TWILIO_AUTH_TOKEN"
)

// prefix is what the line with the reason begins with.
const prefix = "captoken: "

func main() { os.Exit(run(os.Args[1:], os.Getenv, time.Now, os.Stdin, os.Stdout, os.Stderr)) }

// run runs the command and returns its exit status. Times are shown in the
// location of now.
func run(args []string, getenv func(string) string, now func() time.Time, stdin io.Reader, stdout, stderr io.Writer) int {
	t := &tool{getenv, now, stdin, stdout, stderr, newSecrets(getenv(sidVariable), getenv(authVariable))}
	err := t.dispatch(args)
	if err == nil {
		return 0
	}
	var failed *failure
	if !errors.As(err, &failed) {
		failed = &failure{status: 1}
	}
	t.warn(oneLine(prefix, t.secrets.remove(err.Error())))
	if failed.Hint != "" {
		t.warn("hint: " + visible(t.secrets.remove(failed.Hint)))
	}
	return failed.status
}

// A tool is what the commands work with: the environment, the clock and the
// three streams.
type tool struct {
	getenv         func(string) string
	now            func() time.Time
	stdin          io.Reader
	stdout, stderr io.Writer
	secrets        secrets
}

// A failure is why a command did not do what it was asked for.
type failure struct {
	status   int
	cause    string // the name of the cause that was found in a token
	Verified bool   `json:"verified"` // always false: programs look at it first
	Code     string `json:"code"`
	Reason   string `json:"reason"`
	Hint     string `json:"hint,omitempty"`
}

func (f *failure) Error() string { return f.Reason }

// rejected returns the failure for a value or token that is not accepted.
func rejected(code, reason, hint string) *failure {
	return &failure{status: 1, Code: code, Reason: reason, Hint: hint}
}

// incorrect returns the failure for incorrect usage of a command, or of
// captoken itself if that is empty.
func incorrect(command, reason string) *failure {
	page := strings.Join(strings.Fields("captoken "+command+" -h"), " ")
	return &failure{status: 2, Reason: reason, Hint: fmt.Sprintf("Run %q for help.", page)}
}

// dispatch runs the command that args begin with.
func (t *tool) dispatch(args []string) error {
	if len(args) == 0 {
		return incorrect("", "no command given; the commands are "+listed(commands))
	}
	var err error
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
		return unknownCommand(name)
	}
	if errors.Is(err, flag.ErrHelp) {
		return t.help(args[:1])
	}
	return err
}

var commands = []string{"mint", "verify", "inspect", "version", "help"}

func unknownCommand(name string) error {
	failed := incorrect("", "unknown command; the commands are "+listed(commands))
	if near := nearest(name, commands); near != "" {
		failed.Reason = fmt.Sprintf("unknown command %q", name)
		failed.Hint = fmt.Sprintf("Did you mean %s? %s", near, failed.Hint)
	} else if looksLikeToken(name) {
		failed.Hint = `To look at a token, run "captoken inspect TOKEN".`
	}
	return failed
}

func (t *tool) help(args []string) error {
	name := strings.TrimLeft(strings.Join(args, " "), "-")
	if page, ok := pages[name]; ok {
		return t.print(page)
	}
	return unknownCommand(name)
}

// print writes what was asked for to standard output.
func (t *tool) print(text string) error {
	if _, err := io.WriteString(t.stdout, text); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}

// warn writes a line to standard error. There is nowhere to report a failure.
func (t *tool) warn(line string) { io.WriteString(t.stderr, line+"\n") }

func newFlags(command string) *flag.FlagSet {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the pages of help are written by hand
	return flags
}

// parseFlags returns flag.ErrHelp, or a failure of status 2.
func parseFlags(flags *flag.FlagSet, args []string) error {
	err := flags.Parse(args)
	if err == nil || err == flag.ErrHelp {
		return err
	}
	failed := incorrect(flags.Name(), err.Error())
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
		unknownFlag(failed, flags, name)
	}
	return failed
}

// unknownFlag names the flag that was probably meant. It repeats the one that
// was given only if there is such a flag, as it may be a misplaced secret.
func unknownFlag(failed *failure, flags *flag.FlagSet, name string) {
	var known []string
	flags.VisitAll(func(f *flag.Flag) { known = append(known, f.Name) })
	failed.Reason = flags.Name() + " has no such flag; its flags are -" + strings.Join(known, ", -")
	if near := nearest(strings.TrimLeft(name, "-"), known); near != "" {
		failed.Reason = fmt.Sprintf("%s has no flag %q", flags.Name(), "-"+name)
		failed.Hint = fmt.Sprintf("Did you mean -%s? %s", near, failed.Hint)
	} else if lower := strings.ToLower(name); strings.Contains(lower, "auth") || strings.Contains(lower, "sid") {
		failed.Hint = "The credentials come from " + sidVariable + " and " + authVariable + " in the environment."
	}
}

// listed returns the words with commas, and "and" before the last.
func listed(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// nearest returns the one of names that name was probably meant to be, or "".
func nearest(name string, names []string) string {
	best, least := "", 3
	for _, candidate := range names {
		if len(name) > 30 {
			break
		}
		if d := distance(strings.ToLower(name), strings.ToLower(candidate)); d < least && 2*d < len(candidate) {
			best, least = candidate, d
		}
	}
	return best
}

// distance returns how many letters have to be changed, left out, added or
// swapped with their neighbor to make b of a.
func distance(a, b string) int {
	var before, last []int // the rows of the table for one and two letters less
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, append([]int{i}, make([]int, len(b))...)
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = slices.Min([]int{last[j-1] + change, last[j] + 1, row[j-1] + 1})
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
