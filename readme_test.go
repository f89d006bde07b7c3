package capability_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/capability"
)

// TestPages holds what the pages say to the code. Go in a page has to be in an
// Example or in a program under examples, where "// ..." leaves out some lines.
// What is printed has to be what an Example or the command prints. Commands for
// PowerShell have to be the same as those for other shells, which .ci/run runs.
func TestPages(t *testing.T) {
	examples := dedent(readFile(t, "example_test.go"))
	sources := strings.Split(examples, "\nfunc ")
	for _, program := range glob(t, "examples/*/main.go") {
		sources = append(sources, dedent(readFile(t, program)))
	}
	printed := strings.ReplaceAll(examples, "\n// ", "\n")
	printed = strings.ReplaceAll(printed, "\n//", "\n")
	printed = strings.ReplaceAll(printed, "Output: ", "")
	for _, page := range glob(t, "cmd/captoken/testdata/*.golden") {
		printed += "\n" + readFile(t, page)
	}
	for _, page := range pages(t) {
		var shell string
		all := blocks(t, page)
		for i, block := range all {
			ok := true
			switch kind, _, _ := strings.Cut(block.kind, " "); kind {
			case "go":
				ok = block.kind != "go" || standsIn(sources, dedent(block.text))
			case "text":
				ok = strings.Contains(printed, "\n"+block.text) || page == "README.md" && isTranscript(all[i-1], block)
			case "powershell":
				ok = strings.Contains(shell, fromPowerShell(block.text))
			case "sh":
				shell += block.text
			case "php", "python", "js", "ruby", "java", "csharp":
				ok = page == filepath.Join("docs", "migrating.md") // see TestOldCode
			default:
				ok = false
			}
			if !ok {
				t.Errorf("%s: nothing runs or prints this block of the kind %q:\n%s", page, block.kind, block.text)
			}
		}
	}
}

// TestOldCode checks that code for another helper is followed by Go that allows
// the same, and that both generate the same kind of token.
func TestOldCode(t *testing.T) {
	value := regexp.MustCompile(`["']\w+["']|Foo|\bBar\b`)
	values := func(text string) string {
		var found []string
		for _, v := range value.FindAllString(text, -1) {
			found = append(found, strings.Trim(v, `"'`))
		}
		slices.Sort(found)
		return strings.Join(slices.Compact(found), " ")
	}
	all := blocks(t, "docs/migrating.md")
	for i, old := range all {
		if old.kind == "go" || old.kind == "text" {
			continue
		}
		if i+1 == len(all) || all[i+1].kind != "go" {
			t.Errorf("no Go follows this %s:\n%s", old.kind, old.text)
			continue
		}
		if got, want := values(all[i+1].text), values(old.text); got != want {
			t.Errorf("Go has %q, %s has %q:\n%s", got, old.kind, want, old.text)
		}
		isAccess := strings.Contains(strings.ToLower(old.text), "grant")
		if !strings.Contains(old.text, "600") || isAccess != strings.Contains(all[i+1].text, "NewWithAPIKey") {
			t.Errorf("Go generates another token than this %s:\n%s", old.kind, old.text)
		}
	}
}

// TestMessages checks that the messages in docs/troubleshooting.md are those of
// the package.
func TestMessages(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	base, err := capability.New("AC123123", key)
	access, err2 := capability.NewWithAPIKey("AC123123", "SK123123", key)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	generate := func(c capability.Capability) error { _, err := c.GenerateToken(); return err }
	secret := func(accountSID, authToken string) error { _, err := capability.New(accountSID, authToken); return err }
	apiKey := func(sid, secret string) error {
		_, err := capability.NewWithAPIKey("AC123123", sid, secret)
		return err
	}
	errs := []error{
		secret("AC123123", key+"\n"),
		secret("AC123123", `"`+key+`"`),
		secret(key, "AC123123"),
		apiKey(key, "SK"+key),
		apiKey("SK123123", "SK123123"),
		generate(base.AllowClientIncoming("alice@example.com")),
		generate(access.AllowClientOutgoing("AP123123")),
		generate(access.AllowClientIncoming("Alice").WithClientName("Bob")),
		generate(base.WithTTL(600)),
		generate(base.WithExpiry(time.Now().Add(-time.Hour))),
		generate(base.WithExpiry(time.Unix(time.Now().UnixMilli(), 0))),
		generate(capability.Capability{}),
	}
	rowShape := regexp.MustCompile("(?m)^\\| `((?:invalid|wrong) .*?)` \\|")
	rows := rowShape.FindAllStringSubmatch(readFile(t, "docs/troubleshooting.md"), -1)
	if len(rows) != len(errs) {
		t.Fatalf("the page has %d messages, want %d", len(rows), len(errs))
	}
	for i, row := range rows {
		if !strings.HasPrefix(errs[i].Error(), "capability: "+row[1]) {
			t.Errorf("the page says %q, the package %q", row[1], errs[i])
		}
	}
}

// TestTranscripts runs the commands that the README shows with what they print.
// Times may differ.
func TestTranscripts(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	count := 0
	all := blocks(t, "README.md")
	for i, block := range all[1:] {
		if !isTranscript(all[i], block) {
			continue
		}
		count++
		sh, want := exec.Command("sh", "-c", all[i].text), block.text
		sh.Env = append(os.Environ(), "GODEBUG=") // the secrets of the page are too short for FIPS 140-3 mode
		if rest, ok := strings.CutPrefix(block.text, "$ "); ok {
			sh.Args[2], want, _ = strings.Cut(rest, "\n")
			sh.Env = append(sh.Env, "TWILIO_ACCOUNT_SID=AC123123", "TWILIO_AUTH_TOKEN=secret")
		}
		out, _ := sh.CombinedOutput()
		got := strings.TrimSuffix(string(out), "exit status 1\n") // which "go run" adds
		if withoutTimes(got) != withoutTimes(want) {
			t.Errorf("%s\nprints\n%s\nwant\n%s", sh.Args[2], got, want)
		}
	}
	if count != 2 {
		t.Errorf("found %d transcripts, want 2", count)
	}
}

// isTranscript reports whether a block is what the commands before it print, or
// begins with "$ " and a command.
func isTranscript(before, b block) bool {
	return b.kind == "text" && (before.kind == "sh" || strings.HasPrefix(b.text, "$ "))
}

// withoutTimes replaces what depends on the clock.
func withoutTimes(page string) string {
	page = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}`).ReplaceAllString(page, "TIME")
	return regexp.MustCompile(`\b9m\d\ds\b`).ReplaceAllString(page, "10m")
}

// TestLinks checks that the links between the pages lead somewhere.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)]+)\)|src="([^"]+)"`)
	for _, page := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(readFile(t, page), -1) {
			path, anchor, _ := strings.Cut(found[1]+found[2], "#")
			if strings.HasPrefix(path, "https:") {
				continue
			}
			target := filepath.Join(filepath.Dir(page), path)
			if path == "" {
				target = page
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %v", page, err)
			} else if anchor != "" && !slices.Contains(anchors(readFile(t, target)), anchor) {
				t.Errorf("%s: %s has no heading for #%s", page, target, anchor)
			}
		}
	}
}

// TestSecurityNamesTests checks that the tests that SECURITY.md names exist, and
// that its command runs all of them.
func TestSecurityNamesTests(t *testing.T) {
	var tests string
	for _, file := range glob(t, "*_test.go") {
		tests += readFile(t, file)
	}
	page := readFile(t, "SECURITY.md")
	run := regexp.MustCompile(`go test -run '(.*)' \.`).FindStringSubmatch(page)
	if run == nil {
		t.Fatal("there is no command")
	}
	for _, name := range regexp.MustCompile("`((?:Test|Fuzz|Benchmark)\\w+)`").FindAllStringSubmatch(page, -1) {
		if !strings.Contains(tests, "\nfunc "+name[1]+"(") {
			t.Errorf("there is no %s", name[1])
		}
		if !strings.HasPrefix(name[1], "Benchmark") && !regexp.MustCompile(run[1]).MatchString(name[1]) {
			t.Errorf("the command does not run %s", name[1])
		}
	}
}

// A block is a fenced one in a page.
type block struct{ kind, text string }

func blocks(t *testing.T, page string) (all []block) {
	fenced := regexp.MustCompile("(?ms)^```(.*?)\n(.*?)^```$")
	for _, found := range fenced.FindAllStringSubmatch(readFile(t, page), -1) {
		all = append(all, block{found[1], found[2]})
	}
	return all
}

// pages returns the paths of all pages.
func pages(t *testing.T) []string {
	return slices.Concat(glob(t, "*.md"), glob(t, "docs/*.md"), glob(t, "examples/*/*.md"))
}

// standsIn reports whether one of the sources has the lines of code, of which
// "// ..." stands for any.
func standsIn(sources []string, code string) bool {
	return slices.ContainsFunc(sources, func(source string) bool {
		rest, ok := "\n"+source, true
		for _, lines := range strings.Split("\n"+code, "// ...\n") {
			if ok {
				_, rest, ok = strings.Cut(rest, lines)
			}
		}
		return ok
	})
}

// fromPowerShell writes commands as a POSIX shell has them.
func fromPowerShell(text string) string {
	text = regexp.MustCompile(`\$env:(\w+) = "(\w+)"`).ReplaceAllString(text, "$1=$2")
	return "export " + strings.ReplaceAll(text, "; ", " ")
}

// anchors returns the names that GitHub gives to the headings of a page.
func anchors(page string) (names []string) {
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		name := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

// dedent removes the tabs before each line.
func dedent(s string) string { return regexp.MustCompile(`(?m)^\t+`).ReplaceAllString(s, "") }

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no file is named %s: %v", pattern, err)
	}
	return names
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
