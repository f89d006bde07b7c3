// Captoken mints, verifies and shows Twilio Client capability tokens. Its manual is what "captoken -h" prints.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"example.com/capability"
)

const mainUsage = `captoken mints, verifies and shows Twilio Client capability tokens.

  captoken mint [FLAGS]      print a token
  captoken verify [TOKEN]    check a token, then show what it says
  captoken inspect [TOKEN]   show what a token says without checking it
  captoken help [COMMAND]    show this page or that of a command

mint and verify take the credentials from the environment:

  TWILIO_ACCOUNT_SID         the SID of the account: AC and then 32 hex digits
  TWILIO_AUTH_TOKEN          its auth token; never a flag, as others could see it

The exit status is 0 if it is done, 1 if something was refused and 2 for wrong usage.

Example:

  captoken mint -incoming Alice | captoken inspect
`

const mintUsage = `usage: captoken mint [FLAGS]

Prints a capability token. It allows what the flags say, in their order:

  -incoming NAME       receive connections under a client name
  -outgoing APP_SID    place connections through a TwiML application
  -param KEY=VALUE     a parameter that the application receives; may be repeated
  -events              subscribe to the account's events
  -filter KEY=VALUE    only events that pass this filter; may be repeated

  -client NAME         name the caller of -outgoing; else it is the name of -incoming
  -ttl DURATION        how long the token is valid: 1s to 24h, 1h if not given

The credentials come from TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.

Example:

  captoken mint -incoming Alice -outgoing AP123123 -param Foo=Bar -ttl 10m
`

const verifyUsage = `usage: captoken verify [-json] [TOKEN]

Shows what a token says if its signature matches TWILIO_AUTH_TOKEN, its account is
TWILIO_ACCOUNT_SID and it is valid now. Without TOKEN, or if it is -, the token is
read from standard input.
` + jsonUsage

const inspectUsage = `usage: captoken inspect [-json] [TOKEN]

Shows what a token says without checking its signature, its account or its time. It
needs no credentials. Without TOKEN, or if it is -, the token is read from standard
input.
` + jsonUsage

const jsonUsage = `
The exit status is 0 if the token is shown, be it with warnings or, by inspect, expired;
1 if it is refused, with the reason on standard error alone; and 2 for wrong usage.

-json prints one JSON object instead, with these members:

  verified      boolean: whether the token was verified
  accountSid    string
  clientName    string, from the last scope that has one; "" if none has
  scopes        array of objects:
    service     string, such as "client"
    privilege   string, such as "outgoing"
    uri         string: the scope as mint writes it
    params      array of objects with a name and a value. Those named appParams and
                params hold a list themselves: it is their own member params, which
                is absent if the list is not well formed.
  issuedAt      number, in Unix seconds; absent if the token has none
  notBefore     number, likewise
  expiresAt     number, in Unix seconds
  secondsLeft   number: from now to expiresAt, negative if that has passed
  warnings      array of strings

Names and values are bytes. Those that are not UTF-8 become U+FFFD in JSON; uri keeps
them exactly.
`

// The environment variables that hold the credentials.
const (
	sidVariable  = "TWILIO_ACCOUNT_SID"
	authVariable = "TWILIO_AUTH_TOKEN"
)

// maxInput is how many bytes are read from standard input: a token of 16 MiB and the white space around it.
const maxInput = 16<<20 + 4<<10

var errNoToken = errors.New("there is no token: what was given is empty")

func main() { os.Exit(run(os.Args[1:], os.Getenv, time.Now, os.Stdin, os.Stdout, os.Stderr)) }

// run is the command without its process. It returns the exit status. Times are shown in the location of now.
func run(args []string, getenv func(string) string, now func() time.Time, stdin io.Reader, stdout, stderr io.Writer) int {
	c := caller{getenv, now, stdin}
	output, err := c.answer(args)
	if err == nil {
		if _, err = io.WriteString(stdout, output); err == nil {
			return 0
		}
		err = fmt.Errorf("standard output: %w", err)
	}
	status, advice := 1, hint(err)
	var wrong *misuse
	if errors.As(err, &wrong) {
		status, advice = 2, wrong.advice()
	}
	io.WriteString(stderr, "captoken: "+c.reason(err, args)+advice+"\n")
	return status
}

// A caller is what a command needs to know of whoever calls it.
type caller struct {
	getenv func(string) string
	now    func() time.Time
	stdin  io.Reader
}

// reason says what went wrong, unless that may quote the auth token, whole, cut or escaped, as it was given by mistake in
// a place of which a reason quotes the value.
func (c caller) reason(err error, args []string) string {
	secret := strings.TrimSpace(c.getenv(authVariable))
	if quotable := strings.Join(args, " ") + " " + c.getenv(sidVariable); secret != "" && strings.Contains(quotable, secret) {
		return "refused, and why is not shown: the value of " + authVariable + " stands where it does not belong"
	}
	reason := strings.TrimPrefix(err.Error(), "capability: ")
	if !isPrintable(reason) {
		reason = strconv.Quote(reason)
	}
	return reason
}

// A misuse is a wrong way to call a command, or captoken itself if that is empty.
type misuse struct{ command, reason string }

func (m *misuse) Error() string { return m.reason }

func (m *misuse) advice() string {
	return fmt.Sprintf("\nrun %q for help", strings.Join(strings.Fields("captoken "+m.command+" -h"), " "))
}

// hint returns the usual cause of an error, for the same line, or nothing.
func hint(err error) string {
	text := ""
	switch {
	case errors.Is(err, errNoToken):
		text = "is the variable or file empty that it should come from?"
	case errors.Is(err, capability.ErrMalformed):
		text = "was it copied incompletely, with a line break or with quotes, or is it the name of a file (use <FILE)? " +
			"Else its maker is at fault."
	case errors.Is(err, capability.ErrAlgorithm):
		text = "capability tokens are always HS256; this is another kind of token, or a forged one."
	case errors.Is(err, capability.ErrSignature):
		text = authVariable + " is not what it was signed with, or the token was cut, changed, or copied with quotes or a line " +
			"break. An Access Token, signed with an API key, is of another kind."
	case errors.Is(err, capability.ErrIssuer):
		text = "iss has to be the SID of the account. If it is, the credentials are those of another account or subaccount."
	case errors.Is(err, capability.ErrExpired):
		text = "was the page open for too long? If the token is new, the clock is wrong here or on the server that made it."
	case errors.Is(err, capability.ErrNotYetValid):
		text = "the clock is wrong here or on the server that made it."
	case errors.Is(err, capability.ErrScope):
		text = `what made it does not write scopes as Twilio does, or it is an Access Token, which has "grants" instead.`
	case errors.Is(err, capability.ErrAccountSID):
		text = "it is the value of " + sidVariable + "."
	case errors.Is(err, capability.ErrAuthToken):
		text = "it is the value of " + authVariable + "."
	default:
		return ""
	}
	return " (hint: " + text + ")"
}

// answer returns what goes to standard output.
func (c caller) answer(args []string) (output string, err error) {
	if len(args) == 0 {
		return "", &misuse{"", "no command: want mint, verify, inspect or help"}
	}
	switch name := args[0]; name {
	case "mint":
		output, err = c.mint(args[1:])
	case "verify", "inspect":
		output, err = c.show(name, args[1:])
	case "help", "-h", "-help", "--help":
		return help(args[1:])
	default:
		return "", unknown(name)
	}
	if errors.Is(err, flag.ErrHelp) {
		return help(args[:1])
	}
	return output, err
}

func unknown(command string) error {
	return &misuse{"", fmt.Sprintf("unknown command %q: want mint, verify, inspect or help", command)}
}

func help(commands []string) (string, error) {
	switch strings.Join(commands, " ") {
	case "":
		return mainUsage, nil
	case "mint":
		return mintUsage, nil
	case "verify":
		return verifyUsage, nil
	case "inspect":
		return inspectUsage, nil
	}
	return "", unknown(strings.Join(commands, " "))
}

// mint prints a token.
func (c caller) mint(args []string) (string, error) {
	o, err := parseOrder(args)
	if err != nil {
		return "", err
	}
	base, err := c.credentials("mint")
	if err != nil {
		return "", err
	}
	token, err := o.fill(base.WithClock(c.now)).GenerateToken()
	return token + "\n", err
}

// An order is what the flags of mint ask for.
type order struct {
	given           map[string]string // the flags that may be given once
	names           []string          // theirs, as they stood
	params, filters []capability.Parameter
	ttl             time.Duration
}

// fill allows what the order asks for.
func (o *order) fill(c capability.Capability) capability.Capability {
	for _, name := range o.names {
		switch name {
		case "incoming":
			c = c.AllowClientIncoming(o.given[name])
		case "outgoing":
			c = c.AllowClientOutgoing(o.given[name], o.params...)
		case "events":
			c = c.AllowEventStream(o.filters...)
		}
	}
	if name, ok := o.given["client"]; ok { // behind -incoming, as the last name counts
		c = c.WithClientName(name)
	}
	return c.WithTTL(o.ttl)
}

func parseOrder(args []string) (*order, error) {
	o := &order{given: make(map[string]string), ttl: capability.DefaultTTL}
	flags := newFlags("mint")
	o.once(flags.Func, "incoming", anyValue)
	o.once(flags.Func, "outgoing", anyValue)
	o.once(flags.Func, "client", anyValue)
	o.once(flags.BoolFunc, "events", noValue)
	o.once(flags.Func, "ttl", func(value string) (err error) {
		o.ttl, err = parseTTL(value)
		return err
	})
	repeated(flags, "param", &o.params)
	repeated(flags, "filter", &o.filters)
	if err := parseFlags(flags, args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, &misuse{"mint", fmt.Sprintf("unexpected argument %q", flags.Arg(0))}
	}
	return o, o.check()
}

// once defines a flag that may be given once, so that no value is lost.
func (o *order) once(define func(name, usage string, set func(string) error), name string, check func(string) error) {
	define(name, "", func(value string) error {
		if _, ok := o.given[name]; ok {
			return errors.New("it may be given only once")
		}
		o.given[name] = value
		o.names = append(o.names, name)
		return check(value)
	})
}

func anyValue(string) error { return nil } // the package judges it

func noValue(value string) error {
	if value != "true" { // what package flag puts there itself
		return errors.New("it takes no value")
	}
	return nil
}

// repeated defines a flag that appends a KEY=VALUE to params each time.
func repeated(flags *flag.FlagSet, name string, params *[]capability.Parameter) {
	flags.Func(name, "", func(pair string) error {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return errors.New("want KEY=VALUE")
		}
		*params = append(*params, capability.Param(key, value))
		return nil
	})
}

// check refuses a flag that would play no part in the token.
func (o *order) check() error {
	_, outgoing := o.given["outgoing"]
	_, client := o.given["client"]
	_, events := o.given["events"]
	reason := ""
	switch {
	case o.params != nil && !outgoing:
		reason = "-param needs -outgoing"
	case client && !outgoing:
		reason = "-client needs -outgoing"
	case o.filters != nil && !events:
		reason = "-filter needs -events"
	default:
		return nil
	}
	return &misuse{"mint", reason}
}

func parseTTL(value string) (time.Duration, error) {
	if value != "" && strings.Trim(value, "0123456789") == "" {
		return 0, errors.New("it has no unit: did you mean " + value + "s?")
	}
	ttl, err := time.ParseDuration(value)
	if err != nil {
		return 0, errors.New("want a duration such as 90s, 10m or 1h30m")
	}
	return ttl, nil
}

func newFlags(command string) *flag.FlagSet {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the usage is written by hand
	return flags
}

// parseFlags returns flag.ErrHelp or a misuse.
func parseFlags(flags *flag.FlagSet, args []string) error {
	err := flags.Parse(args)
	if err != nil && err != flag.ErrHelp {
		return &misuse{flags.Name(), err.Error()}
	}
	return err
}

// credentials returns the Capability of the account in the environment.
func (c caller) credentials(command string) (capability.Capability, error) {
	sid, secret := c.getenv(sidVariable), c.getenv(authVariable)
	missing := ""
	switch {
	case sid == "" && secret == "":
		missing = sidVariable + " and " + authVariable + " are"
	case sid == "":
		missing = sidVariable + " is"
	case secret == "":
		missing = authVariable + " is"
	default:
		return capability.New(sid, secret)
	}
	return capability.Capability{}, &misuse{command, missing + " not set in the environment"}
}

// show prints what a token says. The command is verify or inspect.
func (c caller) show(command string, args []string) (string, error) {
	source, asJSON, err := parseShow(command, args)
	if err != nil {
		return "", err
	}
	var base capability.Capability
	verified := command == "verify"
	if verified {
		if base, err = c.credentials(command); err != nil {
			return "", err
		}
	}
	token, err := c.token(source)
	if err != nil {
		return "", err
	}
	now := c.now() // once, for the verdict and the page
	var claims capability.Claims
	if verified {
		claims, err = base.WithClock(func() time.Time { return now }).Verify(token)
	} else {
		claims, err = capability.ParseUnverified(token)
	}
	if err != nil {
		return "", err
	}
	r := newReport(claims, token, verified, now)
	if asJSON {
		return r.json()
	}
	return r.page(), nil
}

// parseShow reads the flags of verify and inspect. They may stand before and after the token.
func parseShow(command string, args []string) (source string, asJSON bool, err error) {
	flags := newFlags(command)
	flags.BoolVar(&asJSON, "json", false, "")
	source = "-"
	if err = parseFlags(flags, args); err == nil && flags.NArg() > 0 {
		source = flags.Arg(0)
		err = parseFlags(flags, flags.Args()[1:])
	}
	if err == nil && flags.NArg() > 0 {
		err = &misuse{command, fmt.Sprintf("unexpected argument %q after the token", flags.Arg(0))}
	}
	return source, asJSON, err
}

// token returns the source, or standard input if that is "-", without white space around it.
func (c caller) token(source string) (string, error) {
	if source == "-" {
		input, err := io.ReadAll(io.LimitReader(c.stdin, maxInput+1))
		if err != nil {
			return "", fmt.Errorf("standard input: %w", err)
		}
		if len(input) > maxInput {
			return "", errors.New("standard input: longer than a token of 16 MiB")
		}
		source = string(input)
	}
	source = strings.TrimSpace(source)
	if source == "" {
		return "", errNoToken
	}
	return source, nil
}
