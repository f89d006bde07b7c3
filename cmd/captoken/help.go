package main

// pages are what "captoken help" prints about each command, and by itself. The
// doc comment of this program says the same in one piece.
var pages = map[string]string{
	"":        mainHelp,
	"help":    mainHelp,
	"mint":    mintHelp,
	"verify":  verifyHelp + "\n" + jsonHelp,
	"inspect": inspectHelp + "\n" + jsonHelp,
	"version": versionHelp,
}

const mainHelp = `Captoken generates, verifies and inspects Twilio Client capability tokens.

Usage:

  captoken mint [flags]             print a token
  captoken verify [flags] [token]   check a token, then show what it says
  captoken inspect [flags] [token]  show what a token says without checking it
  captoken version                  print the version
  captoken help [command]           show this page, or that of a command

If a token is rejected, the first line on standard error says why. The
second, if there is one, begins with "hint:" and says what to do about it.

mint and verify take the credentials from the environment. There are no
flags for them, because other users of the computer can see command lines.

  TWILIO_ACCOUNT_SID  the SID of the account: AC and 32 hexadecimal digits
  TWILIO_AUTH_TOKEN   its auth token: 32 hexadecimal digits

Exit status: 0 on success, 1 if a value or token is rejected or if writing
the output fails, 2 on incorrect usage.

Example:

  captoken mint -incoming Alice | captoken inspect
`

const mintHelp = `Usage: captoken mint [flags]

Mint prints a capability token. These flags say what it allows. The scopes
are in the order of the flags:

  -incoming NAME        receive incoming calls under a client name
  -outgoing SID         place outgoing calls through the TwiML application
                        with this SID
  -param KEY=VALUE      a parameter that the application receives with each
                        outgoing call; may be repeated
  -events               subscribe to the account's events
  -filter KEY=VALUE     only events that match this filter; may be repeated

Other flags:

  -client NAME          the client name for outgoing calls, if it is not that
                        of -incoming
  -ttl DURATION         the lifetime: 1s to 24h, 1h by default
  -expires TIME         when the token expires, instead of -ttl
  -not-before TIME      when the token becomes valid
  -claim NAME=VALUE     an extra claim for services of your own; may be
                        repeated

A DURATION looks like 90s, 10m or 1h30m. A TIME is in RFC 3339, such as
2026-01-02T15:04:05Z, or in Unix seconds.

The credentials come from TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN. Mint
warns on standard error if they look wrong, or if the token allows nothing,
and prints the token all the same. It accepts short ones, as in examples.

Example:

  captoken mint -incoming Alice -outgoing AP123123 -param Foo=Bar -ttl 10m
`

const verifyHelp = `Usage: captoken verify [-json] [-strict] [token]

Verify checks the signature, the account and the validity period of a token,
with TWILIO_AUTH_TOKEN and TWILIO_ACCOUNT_SID, and then shows what it says.
Without a token, or if it is -, verify reads it from standard input, up to
1 MiB.

A token that passes may still be one that Twilio rejects, such as one with an
e-mail address as its client name. Verify warns of that.

  -json    print JSON, as described below
  -strict  exit with status 1 if there is a warning
`

const inspectHelp = `Usage: captoken inspect [-json] [-strict] [token]

Inspect shows what a token says without checking its signature, its account
or its time: anyone could have written it. It needs no credentials. Without a
token, or if it is -, inspect reads it from standard input, up to 1 MiB.

  -json    print JSON, as described below
  -strict  exit with status 1 if there is a warning
`

const versionHelp = `Usage: captoken version

Version prints the version of the module and the release of Go it was built
with. The flags -version and --version do the same.
`

const jsonHelp = `With -json, verify and inspect print one JSON object with these members:

  verified     boolean: whether the token was verified
  accountSid   string
  clientName   string: that of the last scope that has one, or ""
  scopes       array of objects:
    service    string, such as "client"
    privilege  string, such as "outgoing"
    uri        string: the scope as mint writes it
    params     array of objects with a name and a value. If the value is a
               list of parameters itself, as appParams is, the object also has
               params, unless the list is not well formed.
  claims       array of objects with a name and a value: the other claims. A
               value that is nested too deeply is absent.
  issuedAt     number: Unix seconds; absent if the token does not say
  notBefore    number, likewise
  expiresAt    number: Unix seconds
  secondsLeft  number: from now to expiresAt; negative if that has passed
  warnings     array of strings

In names and values, U+FFFD stands for bytes that are not UTF-8; uri has
them percent-encoded. "[auth token]" stands for the auth token. (An auth
token of fewer than 6 characters is replaced only where it is a whole value.)

For a token that is rejected, the object has these members:

  verified     false
  code         string, as listed below
  reason       string: what is wrong
  hint         string: what to do about it; may be absent

If -strict rejects a token for its warnings, the object is that of a token
that is shown, with code and reason added. These are the codes:

  input          there is no token, but something else, or more than one
  credentials    TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN is not acceptable
  malformed      the token is damaged, or something surrounds it
  kind           it is another kind of token, such as an Access Token
  algorithm      its header names an algorithm other than HS256
  signature      its signature does not match
  issuer         it names another account, or none
  scope          its scopes are missing or malformed
  expired        it has expired
  not-yet-valid  it is not valid yet
  warning        -strict was given, and there is a warning
`
