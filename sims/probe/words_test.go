package probe

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// wantWords is what the role "tour" does, as strace would say it, with pointers
// written as PTR. Its new descriptors begin at <4>: the runtime may hold some.
const wantWords = `
read fd=3, buf="x", count=1 = 1
pipe2 fds=[<4> <5>], flags=O_RDONLY|O_NONBLOCK|O_CLOEXEC = 0
write fd=<5>, buf="hello\n", count=6 = 6
read fd=<4>, buf="hello\n", count=100 = 6
read fd=<4>, count=100 = -1 EAGAIN
write fd=<5>, buf="ZEROS"…, count=1000 = 1000
fcntl fd=<4>, cmd=F_SETPIPE_SZ, arg=65536 = 65536
fcntl fd=<4>, cmd=F_SETFL, arg=O_RDONLY|O_NONBLOCK = 0
ioctl fd=<4>, request=FIONREAD, arg=1000 = 0
openat dirfd=AT_FDCWD, path="/no/such/file", flags=O_RDWR|O_CREAT|O_CLOEXEC, mode=0600 = -1 ENOENT
openat dirfd=AT_FDCWD, path="/no/such/file", flags=O_RDONLY = -1 ENOENT
socketpair domain=AF_UNIX, type=SOCK_SEQPACKET|SOCK_CLOEXEC, protocol=0, fds=[<6> <7>] = 0
sendto fd=<6>, buf="hi", len=2, flags=MSG_NOSIGNAL, addr="@ipctour-no-such", addrlen=18 = ANY
close fd=<6> = 0
kill pid=1073741824, sig=SIGUSR1 = -1 ESRCH
futex uaddr=PTR, op=FUTEX_WAKE, val=0x1, uaddr2=NULL, val3=0x0 = 0
memfd_create name="words", flags=MFD_CLOEXEC|MFD_ALLOW_SEALING = <6>
mkdirat dirfd=AT_FDCWD, path="/no/such/folder", mode=0700 = -1 ENOENT
exit_group status=0
`

func TestCallsInWords(t *testing.T) {
	c := start(t, "tour", 0)
	var seen calls
	m := minded(t, c, seen.add)
	blockedIn(t, watched(t, c), "read")
	traced(t, m)
	unix.Write(c.end, []byte("x"))
	<-m.Done()
	seen.consistent(t)
	var got []string
	for _, call := range seen.list() {
		line := call.Name + " " + call.Text
		switch {
		case call.Enter && call.Name != "exit_group":
			continue
		case call.Enter:
		case call.Name == "sendto": // EISCONN, or ECONNREFUSED: not what is tried here
			line += " = ANY"
		default:
			line = strings.TrimSpace(fmt.Sprintf("%s = %d %s", line, call.Ret, call.Errno))
		}
		line = regexp.MustCompile(`0x[0-9a-f]{5,}`).ReplaceAllString(line, "PTR")
		got = append(got, strings.ReplaceAll(line, strings.Repeat(`\x00`, shown), "ZEROS"))
	}
	if len(got) < 2 {
		t.Fatalf("%d calls", len(got))
	}
	first, _, _ := strings.Cut(got[1][strings.Index(got[1], "[")+1:], " ")
	base, err := strconv.Atoi(first)
	if err != nil {
		t.Fatalf("no descriptors in %q", got[1])
	}
	want := strings.Split(strings.TrimSpace(regexp.MustCompile(`<[4-7]>`).ReplaceAllStringFunc(wantWords, func(n string) string {
		return strconv.Itoa(base + int(n[1]-'4'))
	})), "\n")
	for i := range max(len(got), len(want)) {
		var g, w string
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("call %d\n got %s\nwant %s", i, g, w)
		}
	}
}

func TestIgnore(t *testing.T) {
	c := start(t, "tour", 0)
	var seen calls
	m := minded(t, c, seen.add)
	m.Ignore(func(nr int, args [6]uint64) bool { return nr == unix.SYS_WRITE && args[0] > 2 })
	blockedIn(t, watched(t, c), "read")
	traced(t, m)
	unix.Write(c.end, []byte("x"))
	<-m.Done()
	if n := seen.count("write", true) + seen.count("write", false); n != 0 {
		t.Errorf("%d ignored writes were shown", n)
	}
	if seen.count("pipe2", true) != 1 {
		t.Error("others were not")
	}
}

// TestEveryKindIsKnown holds the table and words.go together: a word of the table
// that words.go does not know would be written as a number without anybody
// noticing.
func TestEveryKindIsKnown(t *testing.T) {
	known := map[string]bool{}
	for kind := range strings.FieldsSeq(`fd int uint size long mode in inmsg path sockaddr sig sigset timespec fcntlarg
		futextime key filemode ptr hex out outmsg outpair outint outioctl outstatus`) {
		known[kind] = true
	}
	for kind := range flagKinds {
		known[kind] = true
	}
	for _, table := range []map[int]signature{signatures, otherSignatures, signaturesOfArch} {
		for _, s := range table {
			params := strings.Fields(s.params)
			if len(params) > 6 {
				t.Errorf("%s has %d arguments", s.name, len(params))
			}
			for _, p := range params {
				if name, kind, ok := strings.Cut(p, ":"); !ok || name == "" || !known[kind] {
					t.Errorf("%s: %q", s.name, p)
				}
			}
		}
	}
}

// TestRestartedCallIsOneCall is the ledger alone: what a tracer sees of a write
// that is interrupted twice, once by a stop and once by a handler.
func TestRestartedCallIsOneCall(t *testing.T) {
	var seen calls
	l := ledger{emit: seen.add, before: -1,
		wanted: func(nr int, _ [6]uint64, _ uint64) bool { return nr != unix.SYS_RT_SIGRETURN },
		memory: func(uint64, int) []byte { return nil }}
	args := [6]uint64{3, 0x1000, 5}
	l.enter(unix.SYS_WRITE, args, 0, 1)
	l.leave(-eRestartSys, true, 2) // SIGSTOP
	l.enter(unix.SYS_WRITE, args, 0, 3)
	l.leave(-eRestartSys, true, 4)
	l.enter(unix.SYS_RT_SIGRETURN, [6]uint64{}, 0, 5) // a handler with SA_RESTART
	l.leave(unix.SYS_WRITE, false, 6)
	l.enter(unix.SYS_WRITE, args, 0, 7)
	l.leave(5, false, 11)
	if all := seen.list(); len(all) != 2 || all[1].Ret != 5 || all[1].Took != 10 {
		t.Fatalf("%+v", all)
	}
	l.enter(unix.SYS_WRITE, args, 0, 20)
	l.leave(-eRestartSys, true, 21)
	l.enter(unix.SYS_RT_SIGRETURN, [6]uint64{}, 0, 22) // a handler without
	l.leave(-int64(unix.EINTR), true, 23)
	l.enter(unix.SYS_WRITE, args, 0, 24)
	if all := seen.list(); len(all) != 5 || all[3].Errno != "EINTR" || all[3].Ret != -1 || !all[4].Enter {
		t.Fatalf("%+v", all)
	}
}
