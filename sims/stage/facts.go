package stage

import (
	"os"
	"runtime"
	"strconv"
	"strings"
)

// facts are numbers of the machine that lessons speak of. One that cannot be
// read is left out.
func facts() map[string]int64 {
	n := map[string]int64{"page": int64(os.Getpagesize()), "cpus": int64(runtime.NumCPU()), "uid": int64(os.Geteuid()), "pid": int64(os.Getpid())}
	for name, path := range map[string]string{
		"pipe-max-size":        "/proc/sys/fs/pipe-max-size",
		"pipe-user-pages-soft": "/proc/sys/fs/pipe-user-pages-soft",
		"mq-msg-max":           "/proc/sys/fs/mqueue/msg_max",
		"mq-msg-default":       "/proc/sys/fs/mqueue/msg_default",
	} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if v, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
			n[name] = v
		}
	}
	return n
}
