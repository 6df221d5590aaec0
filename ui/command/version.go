package command

import (
	"runtime"
	"runtime/debug"
)

// version is what --version prints: the module's version, or the revision that
// was built, with the compiler and the machine it is for.
func version() string {
	v := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		v = info.Main.Version
		settings := map[string]string{}
		for _, s := range info.Settings {
			settings[s.Key] = s.Value
		}
		if r := settings["vcs.revision"]; v == "(devel)" && r != "" {
			v = "revision " + r[:min(12, len(r))]
			if settings["vcs.modified"] == "true" {
				v += ", changed since"
			}
		}
	}
	return v + " (" + runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH + ")"
}
