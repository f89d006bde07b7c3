package capability_test

import (
	"encoding/base64"
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestPages holds what the pages say to the code. Go in a page has to be in an
// Example or in examples/mint. What is printed has to be what an Example or the
// command prints. The commands ("sh") are run by
// .ci/run; those for PowerShell have to be the same ones.
func TestPages(t *testing.T) {
	examples := dedent(readFile(t, "example_test.go"))
	program := dedent(readFile(t, "examples/mint/main.go"))
	printed := strings.ReplaceAll(examples, "\n// ", "\n")
	printed = strings.ReplaceAll(printed, "\n//", "\n")
	printed = strings.ReplaceAll(printed, "Output: ", "")
	for _, page := range glob(t, "cmd/captoken/testdata/*.golden") {
		printed += "\n" + readFile(t, page)
	}
	block := regexp.MustCompile("(?ms)^```(.*?)\n(.*?)^```$")
	for _, page := range pages(t) {
		var shell string
		for _, found := range block.FindAllStringSubmatch(readFile(t, page), -1) {
			kind, text := found[1], found[2]
			ok := true
			switch kind {
			case "go":
				ok = standsIn(examples, dedent(text)) || strings.Contains(program, dedent(text))
			case "text":
				ok = strings.Contains(printed, "\n"+text)
			case "powershell":
				ok = strings.Contains(strings.ReplaceAll(shell, "\\\n    ", ""), fromPowerShell(text))
			case "sh", "sh clone", "sh consumer", "sh private", "sh static", "sh captoken", "sh paste", "sh rename", "sh ratios", "sh others", "go others", "sh softphone", "sh docker":
				shell += text // .ci/run runs them
			default:
				ok = false
			}
			if !ok {
				t.Errorf("%s: nothing runs or prints this block of the kind %q:\n%s", page, kind, text)
			}
		}
	}
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

// TestSecurityNamesTests checks that the tests that SECURITY.md names exist.
func TestSecurityNamesTests(t *testing.T) {
	var tests string
	for _, file := range glob(t, "*_test.go") {
		tests += readFile(t, file)
	}
	for _, name := range regexp.MustCompile("`((?:Test|Fuzz|Benchmark)\\w+)`").FindAllStringSubmatch(readFile(t, "SECURITY.md"), -1) {
		if !strings.Contains(tests, "\nfunc "+name[1]+"(") {
			t.Errorf("there is no %s", name[1])
		}
	}
}

// TestPicture checks that the picture of a token shows the token of the
// package's example, and what its parts decode to.
func TestPicture(t *testing.T) {
	var picture struct {
		Text []struct {
			Class string `xml:"class,attr"`
			Line  string `xml:",chardata"`
		} `xml:"text"`
	}
	if err := xml.Unmarshal([]byte(readFile(t, "docs/token.svg")), &picture); err != nil {
		t.Fatal(err)
	}
	lines := make(map[string]string)
	for _, text := range picture.Text {
		lines[text.Class] += text.Line
	}
	token := regexp.MustCompile(`// Output: (eyJ\S+)`).FindStringSubmatch(readFile(t, "example_test.go"))[1]
	part := strings.Split(token, ".")
	if want := strings.Join(part, ""); lines["code"] != want {
		t.Errorf("the picture shows the token\n%s, want\n%s", lines["code"], want)
	}
	header, err := base64.RawURLEncoding.DecodeString(part[0])
	payload, err2 := base64.RawURLEncoding.DecodeString(part[1])
	if want := string(header) + string(payload); err != nil || err2 != nil || lines["plain"] != want {
		t.Errorf("the picture decodes it to\n%s, want\n%s", lines["plain"], want)
	}
}

// pages returns the paths of all pages.
func pages(t *testing.T) []string {
	return slices.Concat(glob(t, "*.md"), glob(t, "docs/*.md"), glob(t, "examples/*/*.md"))
}

// standsIn reports whether one function has the lines of code.
func standsIn(functions, code string) bool {
	for _, function := range strings.Split(functions, "\nfunc ") {
		if strings.Contains("\n"+function, "\n"+code) {
			return true
		}
	}
	return false
}

// fromPowerShell writes commands as a POSIX shell has them.
func fromPowerShell(text string) string {
	return regexp.MustCompile(`\$env:(\w+) = "(\w+)"(; |\n)`).ReplaceAllString(text, "$1=$2 ")
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
