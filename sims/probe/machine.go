package probe

// Machine: facts about this machine that texts and pictures use.

import (
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Facts are what the machine is. A number that cannot be read is −1.
type Facts struct {
	Kernel   string // uname -r
	Arch     string // amd64, arm64
	PageSize int
	CPUs     int // that this process may use
	UID      int
	// Of /proc/sys/fs: bytes, pages, pages.
	PipeMaxSize, PipeUserPagesSoft, PipeUserPagesHard int64
	// Of /proc/sys/fs/mqueue.
	MqMsgMax, MqMsgsizeMax int64
	// MaxDgramQlen is /proc/sys/net/unix/max_dgram_qlen.
	MaxDgramQlen int64
	// PtraceScope is Yama's: 0 to 3; −1 without Yama.
	PtraceScope int64
	// Container names the kind of container this seems to run in; "" for none.
	Container string
}

// Machine reads the facts anew.
func Machine() Facts {
	return Facts{
		Kernel: release(), Arch: runtime.GOARCH, PageSize: os.Getpagesize(), CPUs: runtime.NumCPU(), UID: os.Getuid(),
		PipeMaxSize:       setting("fs/pipe-max-size"),
		PipeUserPagesSoft: setting("fs/pipe-user-pages-soft"),
		PipeUserPagesHard: setting("fs/pipe-user-pages-hard"),
		MqMsgMax:          setting("fs/mqueue/msg_max"),
		MqMsgsizeMax:      setting("fs/mqueue/msgsize_max"),
		MaxDgramQlen:      setting("net/unix/max_dgram_qlen"),
		PtraceScope:       setting("kernel/yama/ptrace_scope"),
		Container:         inContainer(),
	}
}

func release() string {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return ""
	}
	return unix.ByteSliceToString(name.Release[:])
}

// setting reads a number of /proc/sys.
func setting(name string) int64 {
	text, err := os.ReadFile("/proc/sys/" + name)
	if err != nil {
		return -1
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// inContainer goes by the marks that container programs leave. It is a hint.
func inContainer() string {
	for file, kind := range map[string]string{"/.dockerenv": "docker", "/run/.containerenv": "podman"} {
		if _, err := os.Stat(file); err == nil {
			return kind
		}
	}
	if text, err := os.ReadFile("/run/systemd/container"); err == nil {
		return strings.TrimSpace(string(text))
	}
	if os.Getenv("KUBERNETES_SERVICE_HOST") != "" {
		return "kubernetes"
	}
	return os.Getenv("container") // set by systemd-nspawn, lxc and others for pid 1
}
