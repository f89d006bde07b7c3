package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"example.com/capability"
)

// maxInput is how many bytes a token may have. Real ones are shorter than
// 4 KiB, and a report takes many times the memory of its token.
const maxInput = 1 << 20

// An inspection is what verify and inspect are asked for.
type inspection struct {
	command string
	source  string // the token, or "-" for standard input
	json    bool
	strict  bool
}

// show prints what a token says. The command is verify or inspect.
func (t *tool) show(command string, args []string) error {
	o, err := parseInspection(command, args)
	if err != nil {
		return err
	}
	r, err := t.examine(o)
	var failed *failure
	if errors.As(err, &failed) && o.json && failed.status == 1 {
		failed.Reason = strings.TrimPrefix(oneLine(prefix, t.secrets.remove(failed.Reason)), prefix)
		failed.Hint = t.secrets.remove(failed.Hint)
		if err := t.print(encodeJSON(failed)); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if n := len(r.Warnings); o.strict && n > 0 {
		failed = rejected(codeWarning, r.Warnings[0], "-strict rejects a token for a warning.")
		r.Code, r.Reason = failed.Code, failed.Reason
	}
	text := r.page()
	if o.json {
		text = encodeJSON(r)
	}
	if err := t.print(text); err != nil || failed == nil {
		return err
	}
	return failed
}

// longArgument is the length from which an argument cannot be a flag.
const longArgument = 30

// parseInspection parses the flags of verify and inspect, which may come before
// and after the token.
func parseInspection(command string, args []string) (inspection, error) {
	o := inspection{command: command, source: "-"}
	flags := newFlags(command)
	flags.BoolVar(&o.json, "json", false, "")
	flags.BoolVar(&o.strict, "strict", false, "")
	// An argument as long as a token is one, even if it begins with a hyphen.
	i := slices.IndexFunc(args, func(arg string) bool { return len(arg) >= longArgument })
	if i < 0 {
		i = len(args)
	}
	err := parseFlags(flags, args[:i])
	rest := slices.Concat(flags.Args(), args[i:])
	if err == nil && len(rest) > 0 {
		o.source = rest[0]
		err = parseFlags(flags, rest[1:])
	}
	if err == nil && flags.NArg() > 0 {
		failed := incorrect(command, fmt.Sprintf("%s takes one token, not %d", command, 1+flags.NArg()))
		failed.Hint = "Put it in quotes if there is a space in it, and captoken will say what is wrong. " + failed.Hint
		return o, failed
	}
	return o, err
}

// examine reads a token and returns the report, or why it was rejected.
func (t *tool) examine(o inspection) (*report, error) {
	var base capability.Capability
	if o.command == "verify" {
		var err error
		if base, err = t.credentials(o.command); err != nil {
			return nil, err
		}
	}
	text, source, err := t.read(o.source)
	if err != nil {
		return nil, err
	}
	now := t.now() // once, for the verdict and the page
	l := newLook(text, source, now, t.secrets)
	var claims capability.Claims
	if o.command == "verify" {
		l.verifying, l.sid, l.auth = true, t.getenv(sidVariable), t.getenv(authVariable)
		claims, l.err = base.WithClock(func() time.Time { return now }).Verify(text)
		l.signed = len(l.parts) == 3 && l.signature(l.auth) == l.parts[2]
	} else {
		claims, l.err = capability.ParseUnverified(text)
	}
	if l.err != nil {
		return nil, diagnose(l)
	}
	r := newReport(claims, l, t.secrets)
	r.Verified = l.verifying
	r.addWarnings(claims, l)
	return &r, nil
}

// read returns the token, without ASCII white space around it, and where it
// came from.
func (t *tool) read(token string) (text, source string, err error) {
	source = "the argument"
	if token == "-" {
		source = "standard input"
		if isTerminal(t.stdin) {
			t.warn(prefix + "waiting for a token on standard input: paste it, press Enter, then Ctrl-D (on Windows Ctrl-Z and Enter)")
		}
		input, err := io.ReadAll(io.LimitReader(t.stdin, maxInput+1))
		if err != nil {
			return "", "", rejected(codeInput, fmt.Sprintf("standard input: %v", err), "")
		}
		token = string(input)
	}
	if len(token) > maxInput {
		return "", "", rejected(codeInput, source+" is longer than 1 MiB", "A token has a few thousand characters at most. Is this the right file?")
	}
	text = strings.Trim(token, asciiSpace)
	if text == "" {
		return "", "", rejected(codeInput, "there is no token: "+source+" is empty", "The variable or file that the token should come from is empty.")
	}
	return text, source, nil
}

// isTerminal reports whether r reads what a person types. The null device is a
// character device, too.
func isTerminal(r io.Reader) bool {
	file, ok := r.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&fs.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
