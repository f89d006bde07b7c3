package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version prints what was built.
func (t *tool) version(args []string) error {
	flags := newFlags("version")
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return incorrect("version", "version takes no arguments")
	}
	return t.print(versionLine(debug.ReadBuildInfo()))
}

// versionLine says which version of the module, of which commit, was built by
// which release of Go for what.
func versionLine(info *debug.BuildInfo, ok bool) string {
	platform := runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
	if !ok {
		return fmt.Sprintf("captoken, version unknown, %s\n", platform)
	}
	version := info.Main.Version
	if version == "" || version == "(devel)" {
		version = "development version"
	}
	settings := make(map[string]string)
	for _, setting := range info.Settings {
		settings[setting.Key] = setting.Value
	}
	if revision := settings["vcs.revision"]; revision != "" {
		version += ", commit " + revision
	}
	if settings["vcs.modified"] == "true" {
		version += " with changes"
	}
	return fmt.Sprintf("captoken %s, %s, %s\n", info.Main.Path, version, platform)
}
