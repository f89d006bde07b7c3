package capability_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadme holds the pages in front of the code to the code: Go has to stand in an example or in the program that
// .ci/run runs, and what is printed has to
// be what an example or the command prints. "// ..." stands for lines that were left out. The commands ("sh") are run
// by .ci/run.
func TestReadme(t *testing.T) {
	examples := dedent(readFile(t, "example_test.go"))
	program := dedent(readFile(t, "testdata/size/mint/main.go"))
	printed := strings.ReplaceAll(examples, "\n// ", "\n")
	printed = strings.ReplaceAll(printed, "\n//", "\n")
	printed = strings.ReplaceAll(printed, "Output: ", "")
	pages, err := filepath.Glob("cmd/captoken/testdata/*.golden")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	for _, page := range pages {
		printed += "\n" + readFile(t, page)
	}
	blocks := regexp.MustCompile("(?ms)^```(.*?)\n(.*?)^```$")
	links := regexp.MustCompile(`\]\(([^):#]+)\)|src="([^"]+)"`)
	for _, file := range []string{"README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"} {
		text := readFile(t, file)
		for _, block := range blocks.FindAllStringSubmatch(text, -1) {
			kind, code := block[1], block[2]
			switch kind {
			case "go":
				if !standsIn(examples, dedent(code)) && !strings.Contains(program, dedent(code)) {
					t.Errorf("%s: no example has\n%s", file, code)
				}
			case "text":
				if !strings.Contains(printed, "\n"+code) {
					t.Errorf("%s: nothing prints\n%s", file, code)
				}
			case "sh", "sh consumer":
			default:
				t.Errorf("%s: a block of the kind %q, which nothing runs:\n%s", file, kind, code)
			}
		}
		for _, link := range links.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(link[1] + link[2]); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

// standsIn reports whether one function has the lines of code, in order, with others only where code says "// ...".
func standsIn(functions, code string) bool {
	for _, function := range strings.Split(functions, "\nfunc ") {
		rest, ok := "\n"+function, true
		for _, part := range strings.Split(code, "// ...\n") {
			var found bool
			_, rest, found = strings.Cut(rest, "\n"+part)
			rest, ok = "\n"+rest, ok && found
		}
		if ok {
			return true
		}
	}
	return false
}

// dedent removes the tabs before each line.
func dedent(s string) string { return regexp.MustCompile(`(?m)^\t+`).ReplaceAllString(s, "") }

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
