package queues

// What the lessons on POSIX queues share: a queue that the tour makes, how a role
// opens it, and how the kernel's readings of it are put into words.

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/probe"
	"ipctour/sims/scene"
	"ipctour/sims/sys"
)

// messageSize is how many bytes one message of these lessons may have.
const messageSize = 64

// newQueue makes a queue of that depth (mq_open(3) with O_CREAT) and gives its name
// to the roles. The tour holds no descriptor of it: the queue needs none.
func newQueue(w *sims.Wiring, name string, depth int64, roles ...string) error {
	mq := w.Queue(name)
	for _, role := range roles {
		w.Put(role, "queue", mq)
	}
	mqd, err := sys.MqOpen(mq, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o600, &sys.MqAttr{MaxMsg: depth, MsgSize: messageSize})
	if err != nil {
		return fmt.Errorf("a queue of %d messages (see /proc/sys/fs/mqueue, ulimit -q): %w", depth, err)
	}
	return unix.Close(mqd)
}

// openQueue opens the queue of the lesson by its name.
func openQueue(a *sims.Actor, flags int) (int, error) {
	mqd, err := sys.MqOpen(a.Arg("queue"), flags|unix.O_CLOEXEC, 0, nil)
	if err != nil {
		return -1, err
	}
	a.Hold("queue", mqd)
	return mqd, nil
}

// send is mq_send(3): it sleeps while the queue is full.
func send(mqd int, text string, priority uint32) error {
	for {
		if err := sys.MqSend(mqd, []byte(text), priority, nil); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// receive is mq_receive(3): it sleeps while the queue is empty.
func receive(mqd int) (text string, priority uint32, err error) {
	buf := make([]byte, messageSize)
	for {
		n, priority, err := sys.MqReceive(mqd, buf, nil)
		if !errors.Is(err, unix.EINTR) {
			return string(buf[:n]), priority, err
		}
	}
}

// takeAsTold receives as many messages as it is told to, or as many as there are.
func takeAsTold(a *sims.Actor, mqd int) error {
	for {
		c := a.Next()
		if c.Name == "receive all" {
			attr, err := sys.MqAttributes(mqd)
			if err != nil {
				return err
			}
			c.N = attr.CurMsgs
		}
		for range c.N {
			a.Gate("receive")
			if err := takeOne(a, mqd); err != nil {
				return err
			}
		}
	}
}

// takeOne receives one message and tells what it got.
func takeOne(a *sims.Actor, mqd int) error {
	text, priority, err := receive(mqd)
	if err != nil {
		return err
	}
	a.Counter("received").Add(1)
	a.Say("received", sims.Word("queue", "queue"), sims.Word("text", text), sims.Num("priority", int(priority)))
	return nil
}

// asleepIn is a role asleep in a call on the queue: by the call itself, or by the
// place in the kernel where the call is not shown.
func asleepIn(w *sims.World, role, call string) bool {
	a := w.Actor(role)
	if (a.Letter != "S" && a.Letter != "D") || a.Idle || a.Gate != "" || !a.Life.Alive() {
		return false
	}
	return a.Syscall == call || a.Syscall == "" && strings.Contains(a.Wchan, "wq_sleep")
}

// where is a role's state as the kernel gives it, for a verdict.
func where(w *sims.World, role string) string {
	a := w.Actor(role)
	if !a.Life.Alive() {
		return cmp.Or(a.Ended(), "not started")
	}
	return "state " + a.Letter + " in " + cmp.Or(a.Syscall, a.Wchan, "nothing that is shown")
}

// level is how many messages the kernel says are in the queue; -1 when not known.
func level(w *sims.World) int64 { return w.Object("queue").Level("messages") }

// texts are the texts of what a role told under a name, oldest first.
func texts(w *sims.World, moment string) []string {
	var list []string
	for i := range w.Moments {
		if m := &w.Moments[i]; m.Name == moment {
			list = append(list, m.S["text"])
		}
	}
	return list
}

// link joins a role to the queue; it is the role's last use of it that failed where
// broken says so.
func link(w *sims.World, role, mode string, broken bool) scene.Link {
	l := w.Link(role, "queue", mode)
	if l.State == scene.Blocked && mode == "r" && !asleepIn(w, role, "mq_timedreceive") {
		l.State = scene.Moving // asleep over its work, not over the queue
	}
	if broken && l.State != scene.Cut {
		l.State = scene.Broken
	}
	return l
}

// gone are the roles among those named that have ended.
func gone(w *sims.World, roles ...string) []string {
	return slices.DeleteFunc(slices.Clone(roles), func(r string) bool { return w.Actor(r).Ended() == "" })
}

// msgMax is how deep a queue may be on this machine, at most what is wanted.
func msgMax(wanted int64) int64 {
	if limit := probe.Machine().MqMsgMax; limit > 0 {
		return min(wanted, limit)
	}
	return wanted
}
