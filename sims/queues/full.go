package queues

// What this lesson shows: a message queue is bounded. When it is full, a sender
// sleeps, or is told EAGAIN or ETIMEDOUT; no message is thrown away.

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/probe"
	"ipctour/sims/scene"
	"ipctour/sims/sys"
)

//go:embed full.go
var fullSource string

// patience is how long the producer waits in the mode "timeout", in ms, unless it is told
// otherwise.
const patience = 200

// slowness is how long the consumer works on each message while it goes on.
const slowness = 4 * time.Millisecond

var fullQueue = sims.Sim{
	ID:     "queues/full",
	Source: fullSource,
	Needs:  []string{"mq"},
	Roles: []sims.Role{
		{Name: "producer", Run: fillQueue, Counters: []string{"sent", "refused"}, Settings: []string{"patience"}, Gates: []string{"send"}},
		{Name: "consumer", Run: drainQueue, Counters: []string{"received", "missing"}, Gates: []string{"receive"}},
	},
	Options: []sims.Option{
		{Name: "depth", Values: []string{"10", "3", "1"}},
		{Name: "mode", Values: []string{"blocking", "non-blocking", "timeout"}},
	},
	Wire: func(w *sims.Wiring) error {
		depth, err := strconv.ParseInt(w.Option("depth"), 10, 64)
		if err != nil {
			return err
		}
		w.Set("producer", "patience", patience)
		w.Put("consumer", "too deep", w.Queue("too-deep")) // it tries to make these two
		w.Put("consumer", "default", w.Queue("default"))
		return newQueue(w, "queue", msgMax(depth), "producer", "consumer")
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "take one", Help: "the consumer receives one message", Act: sims.Tell{Role: "consumer", Command: "take", N: 1}},
		{Key: "2", Name: "take five", Help: "the consumer receives five messages", Act: sims.Tell{Role: "consumer", Command: "take", N: 5}},
		{Key: "g", Name: "consumer goes on", Help: "the consumer receives one message after another, with 4 ms of work on each", Act: sims.Tell{Role: "consumer", Command: "go"}},
		{Key: "r", Name: "consumer rests", Help: "the consumer stops receiving", Act: sims.Tell{Role: "consumer", Command: "rest"}},
		{Key: "d", Name: "depth", Help: "how many messages the queue holds; the cast starts anew", Act: sims.Choose{Option: "depth"}},
		{Key: "m", Name: "mode", Help: "what a full queue does to the producer: it sleeps, EAGAIN, or ETIMEDOUT after a while; the cast starts anew", Act: sims.Choose{Option: "mode"}},
		{Key: "p", Name: "patience", Help: "how long mq_timedsend waits in the mode timeout", Act: sims.Set{Role: "producer", Setting: "patience",
			Values: []int64{patience, 1000, 20}, Names: []string{"200 ms", "1,000 ms", "20 ms"}, Any: sims.Between(0, 60_000)}},
		{Key: "5", Name: "ask for more", Help: "the consumer tries to make a queue one message deeper than msg_max", Act: sims.Tell{Role: "consumer", Command: "too deep"}},
		{Key: "6", Name: "ask for nothing", Help: "the consumer makes a queue without saying how deep, and removes it", Act: sims.Tell{Role: "consumer", Command: "default"}},
	},
	Draw: drawFullQueue,
	Measured: func(w *sims.World) (string, bool) {
		a := w.After("fills")
		switch {
		case a == nil:
			return "", false
		case fullAndAsleep(a):
			return "waits", true
		case a.Last("producer", "refused") != nil:
			return "error", true
		}
		return "dropped", true
	},
	Walk: []sims.Step{
		{ID: "fills", Turn: []sims.Turn{{Knob: "mode", Value: "blocking"}}, For: "the producer is asleep at a full queue, or was refused", Until: func(w *sims.World) bool {
			return fullAndAsleep(w) || w.Last("producer", "refused") != nil
		}},
		{ID: "one-out", From: "fills", Turn: sims.Press("take one"), For: "one message is out and another one in", Until: func(w *sims.World) bool {
			return w.Count("consumer", "received") == 1 && w.Actor("consumer").Idle && fullAndAsleep(w)
		}},
		{ID: "flows", From: "fills", Turn: sims.Press("consumer goes on"), For: "the consumer has received 30 messages", Until: func(w *sims.World) bool {
			return w.Count("consumer", "received") >= 30
		}},
		{ID: "settles", From: "fills", Turn: sims.Press("consumer rests"), For: "the queue is full again and everybody waits", Until: func(w *sims.World) bool {
			return w.Actor("consumer").Idle && w.Count("consumer", "received") >= 30 && fullAndAsleep(w)
		}},
		{ID: "nonblock", Turn: []sims.Turn{{Knob: "mode", Value: "non-blocking"}}, For: "the producer was refused at a full queue", Until: refusedAtFull("EAGAIN")},
		{ID: "timeout", Turn: []sims.Turn{{Knob: "mode", Value: "timeout"}}, For: "the producer has waited in vain", Until: refusedAtFull("ETIMEDOUT")},
		{ID: "limit", From: "timeout", Turn: sims.Press("ask for more", "ask for nothing"), For: "the kernel has answered to a queue that is too deep, and to one of no stated depth", Until: func(w *sims.World) bool {
			return asked(w, "too deep") != nil && asked(w, "default") != nil
		}},
	},
	Claims: []sims.Claim{
		{ID: "bounded", Says: "a queue takes as many messages as it was made for, and not one more", After: "fills", Check: func(a *sims.World) sims.Verdict {
			depth := a.Object("queue").Level("depth")
			return sims.Judge(level(a) == depth && a.Count("producer", "sent") == depth && depth > 0, scene.Many(depth, "message"), scene.Many(level(a), "message"),
				"mq_curmsgs and mq_maxmsg of mq_getattr(3)")
		}},
		{ID: "sleeps", Says: "the sender of the next message sleeps in the kernel", After: "fills", Check: func(a *sims.World) sims.Verdict {
			return sims.Judge(asleepIn(a, "producer", "mq_timedsend"), "state S in mq_timedsend", where(a, "producer"), "/proc/PID/stat, /proc/PID/syscall, /proc/PID/wchan")
		}},
		{ID: "one-for-one", Says: "each message taken out lets exactly one in", After: "one-out", Check: func(b *sims.World) sims.Verdict {
			a := b.After("fills")
			in, out := b.Count("producer", "sent")-a.Count("producer", "sent"), b.Count("consumer", "received")-a.Count("consumer", "received")
			depth := b.Object("queue").Level("depth")
			return sims.Judge(in == out && out == 1 && level(b) == depth, fmt.Sprintf("%d out, %d in, %d in the queue", out, out, depth),
				fmt.Sprintf("%d out, %d in, %d in the queue", out, in, level(b)), "mq_getattr(3), the returns of mq_receive(3) and mq_send(3)")
		}},
		{ID: "no-loss", Says: "no message is lost, and none overtakes another", After: "settles", Check: func(a *sims.World) sims.Verdict {
			sent, got, missing := a.Count("producer", "sent"), a.Count("consumer", "received"), a.Count("consumer", "missing")
			return sims.Judge(missing == 0 && got >= 30 && sent-got == level(a), fmt.Sprintf("%d sent = %d received + %d in the queue; 0 missing", sent, got, sent-got),
				fmt.Sprintf("%d sent, %d received, %d in the queue; %d missing", sent, got, level(a), missing), "mq_getattr(3), the number in each message")
		}},
		{ID: "eagain", Says: "with O_NONBLOCK a full queue gives EAGAIN at once", After: "nonblock", Check: checkRefused("EAGAIN")},
		{ID: "etimedout", Says: "with a time limit a full queue gives ETIMEDOUT when the time is over", After: "timeout", Check: checkRefused("ETIMEDOUT")},
		{ID: "msg-max", Says: "without privilege no queue is made deeper than msg_max", Needs: []string{"mq-limits"}, After: "limit", Check: func(a *sims.World) sims.Verdict {
			m := asked(a, "too deep")
			limit := a.Facts["mq-msg-max"]
			return sims.Judge(m.S["errno"] == "EINVAL" && m.N["depth"] == limit+1, fmt.Sprintf("%d gets EINVAL", limit+1),
				fmt.Sprintf("%d gets %s", m.N["depth"], cmp.Or(m.S["errno"], "a queue")), "errno of mq_open(3), /proc/sys/fs/mqueue/msg_max")
		}},
		{ID: "default", Says: "a queue made without a word about its depth has the default of the machine", Needs: []string{"mq-limits"}, After: "limit", Check: func(a *sims.World) sims.Verdict {
			m := asked(a, "default")
			want := min(a.Facts["mq-msg-default"], a.Facts["mq-msg-max"])
			return sims.Judge(m.S["errno"] == "" && m.N["depth"] == want, scene.Many(want, "message"), cmp.Or(m.S["errno"], scene.Many(m.N["depth"], "message")),
				"mq_maxmsg of mq_getattr(3), /proc/sys/fs/mqueue/msg_default")
		}},
	},
}

// fillQueue sends numbered messages as fast as there is room. What it does when
// there is none is the lesson; it never gives a message up.
func fillQueue(a *sims.Actor) error {
	flags := unix.O_WRONLY
	if a.Arg("mode") == "non-blocking" {
		flags |= unix.O_NONBLOCK
	}
	mqd, err := openQueue(a, flags)
	if err != nil {
		return err
	}
	sent, refused := a.Counter("sent"), a.Counter("refused")
	for n := int64(1); ; {
		a.Gate("send")
		var limit *unix.Timespec // none: for ever
		began, wait := time.Now(), time.Duration(a.Setting("patience"))*time.Millisecond
		if a.Arg("mode") == "timeout" {
			t := unix.NsecToTimespec(began.Add(wait).UnixNano())
			limit = &t // mq_timedsend(3) takes a moment, not a length of time
		}
		err := sys.MqSend(mqd, []byte(strconv.FormatInt(n, 10)), 0, limit) // sleeps here while there is no room
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.ETIMEDOUT):
			if refused.Add(1) == 1 {
				a.Say("refused", sims.Err(err), sims.Num("waited", int(time.Since(began).Milliseconds())), sims.Num("patience", int(wait.Milliseconds())))
			}
			if errors.Is(err, unix.EAGAIN) { // a message queue is a descriptor like any other
				if err := sims.WaitWritable(mqd); err != nil {
					return err
				}
			}
		case err != nil:
			return err
		default:
			sent.Store(n)
			n++
		}
	}
}

// drainQueue receives nothing until the learner says how much. It looks at the
// number in each message, and counts those that are missing before it.
func drainQueue(a *sims.Actor) error {
	mqd, err := openQueue(a, unix.O_RDONLY)
	if err != nil {
		return err
	}
	received, missing := a.Counter("received"), a.Counter("missing")
	take := func() error {
		a.Gate("receive")
		text, _, err := receive(mqd)
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("a message that is no number: %w", err)
		}
		missing.Add(n - 1 - received.Load() - missing.Load())
		received.Add(1)
		return nil
	}
	for goesOn := false; ; {
		var c sims.Command
		if goesOn {
			c.N = 1
			work := unix.NsecToTimespec(int64(slowness))
			_ = unix.Nanosleep(&work, nil) // EINTR: worked enough
			if asked, ok := a.Asked(); ok {
				c = asked
			}
		} else {
			c = a.Next()
		}
		switch c.Name {
		case "go", "rest":
			goesOn = c.Name == "go"
		case "too deep":
			makeAndRemove(a, c.Name, &sys.MqAttr{MaxMsg: probe.Machine().MqMsgMax + 1, MsgSize: messageSize})
		case "default":
			makeAndRemove(a, c.Name, nil)
		default:
			for range c.N {
				if err := take(); err != nil {
					return err
				}
			}
		}
	}
}

// makeAndRemove tells what the kernel says to a queue of these attributes, nil for
// none, and how deep it is.
func makeAndRemove(a *sims.Actor, what string, attr *sys.MqAttr) {
	depth := 0
	if attr != nil {
		depth = int(attr.MaxMsg)
	}
	mqd, err := sys.MqOpen(a.Arg(what), unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o600, attr)
	if err == nil {
		var got sys.MqAttr
		got, err = sys.MqAttributes(mqd)
		depth = int(got.MaxMsg)
		err = errors.Join(err, sys.MqUnlink(a.Arg(what)), unix.Close(mqd))
	}
	a.Say("asked", sims.Word("what", what), sims.Num("depth", depth), sims.Num("received", int(a.Counter("received").Load())), sims.Err(err))
}

// asked is the latest answer to an attempt to make a queue, or nil.
func asked(w *sims.World, what string) *sims.Moment {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		if m := &w.Moments[i]; m.Name == "asked" && m.S["what"] == what {
			return m
		}
	}
	return nil
}

// fullAndAsleep is the producer asleep at a full queue, with everything counted.
func fullAndAsleep(w *sims.World) bool {
	depth := w.Object("queue").Level("depth")
	return depth > 0 && level(w) == depth && asleepIn(w, "producer", "mq_timedsend") &&
		w.Count("producer", "sent")-w.Count("consumer", "received") == depth
}

func refusedAtFull(errno string) func(*sims.World) bool {
	return func(w *sims.World) bool {
		m := w.Last("producer", "refused")
		return m != nil && m.S["errno"] == errno && w.ReadSince(m) && w.Count("producer", "refused") > 0 && level(w) == w.Object("queue").Level("depth")
	}
}

func checkRefused(errno string) func(*sims.World) sims.Verdict {
	return func(a *sims.World) sims.Verdict {
		m, depth := a.Last("producer", "refused"), a.Object("queue").Level("depth")
		expected, measured, ok := errno, m.S["errno"], m.S["errno"] == errno
		if errno == "ETIMEDOUT" {
			expected += fmt.Sprintf(" after %d ms or more", m.N["patience"])
			measured += fmt.Sprintf(" after %d ms", m.N["waited"])
			ok = ok && m.N["waited"] >= m.N["patience"]-10 // two clocks: the limit is a time of day
		}
		return sims.Judge(ok && level(a) == depth && a.Count("producer", "sent") == depth, fmt.Sprintf("%s, %d in the queue", expected, depth),
			fmt.Sprintf("%s, %d in the queue", measured, level(a)), "errno of mq_timedsend(3), mq_getattr(3)")
	}
}

func drawFullQueue(w *sims.World) *scene.Scene {
	q := w.Queue("queue")
	q.Messages = numbered(w)
	producer := link(w, "producer", "w", false)
	if n := w.Count("producer", "sent"); waitsForRoom(w) {
		producer.Through = "no. " + scene.Thousands(n+1)
	}
	return &scene.Scene{
		Sentence:  fullQueueSentence(w),
		Processes: []scene.Process{w.Process("producer"), w.Process("consumer")},
		Objects:   []scene.Object{q},
		Links:     []scene.Link{producer, link(w, "consumer", "r", false)},
		Figures:   fullQueueFigures(w),
	}
}

// fullQueueFigures are the figures; what the kernel answered when it was asked comes last.
func fullQueueFigures(w *sims.World) []scene.Figure {
	list := []scene.Figure{w.MessagesFigure("queue")}
	if errno := map[string]string{"timeout": "ETIMEDOUT", "non-blocking": "EAGAIN"}[w.Options["mode"]]; errno != "" {
		list = append(list, w.CountFigure("producer", "refused", "refused ("+errno+")", ""))
	}
	list = append(list, w.CountFigure("producer", "sent", "sent", ""), w.CountFigure("consumer", "received", "received", ""),
		w.CountFigure("consumer", "missing", "missing", ""), w.SleepFigure("producer"), msgMaxFigure(w))
	for _, what := range []string{"too deep", "default"} {
		if m := asked(w, what); m != nil {
			label := "a queue of " + scene.Thousands(m.N["depth"])
			if what == "default" {
				label = "a queue of no stated depth"
			}
			list = append(list, scene.Figure{ID: what, Label: label, Text: cmp.Or(m.S["errno"], "holds "+scene.Thousands(m.N["depth"])), Origin: scene.Child, Now: w.Step == "limit"}.
				From("errno of mq_open(3), or mq_maxmsg of mq_getattr(3)", "cat /proc/sys/fs/mqueue/msg_max /proc/sys/fs/mqueue/msg_default"))
		}
	}
	return list
}

// numbered are the messages in the queue by their numbers, where all that is counted
// agrees with what the kernel says.
func numbered(w *sims.World) []scene.Message {
	sent, got := w.Count("producer", "sent"), w.Count("consumer", "received")+w.Count("consumer", "missing")
	if sent-got != level(w) || sent-got > 100 {
		return nil
	}
	var list []scene.Message
	for n := got + 1; n <= sent; n++ {
		list = append(list, scene.Message{Who: "producer", Text: "no. " + scene.Thousands(n)})
	}
	return list
}

func msgMaxFigure(w *sims.World) scene.Figure {
	n, known := w.Facts["mq-msg-max"]
	if !known {
		return scene.Missing("msg-max", "msg_max", "/proc/sys/fs/mqueue/msg_max cannot be read")
	}
	return scene.Count("msg-max", "msg_max", n, "", scene.Kernel).From("/proc/sys/fs/mqueue/msg_max", "cat /proc/sys/fs/mqueue/msg_max")
}

// waitsForRoom is the producer asleep because the queue is full: in mq_send, or in
// poll where the queue is not to block.
func waitsForRoom(w *sims.World) bool {
	return asleepIn(w, "producer", "mq_timedsend") || w.Options["mode"] == "non-blocking" && w.Count("producer", "refused") > 0 && w.Asleep("producer", "")
}

func fullQueueSentence(w *sims.World) string {
	producer, consumer, n := w.Actor("producer"), w.Actor("consumer"), level(w)
	waiting := scene.Many(max(n, 0), "message") + " in the queue"
	switch {
	case producer.Ended() != "" && consumer.Ended() != "":
		return "Both are gone, with " + waiting + ". It stays till it is unlinked."
	case producer.Ended() != "" && n == 0 && asleepIn(w, "consumer", "mq_timedreceive"):
		return "The producer is gone (" + producer.Ended() + "), and the consumer sleeps at an empty queue. No end of file will come."
	case producer.Ended() != "":
		return "The producer is gone (" + producer.Ended() + ") with " + waiting + "."
	case consumer.Ended() != "" && w.Options["mode"] == "blocking" && asleepIn(w, "producer", "mq_timedsend"):
		return "The consumer is gone (" + consumer.Ended() + "), and the producer sleeps on: nothing tells it. There is no EPIPE on a message queue."
	case consumer.Ended() != "":
		return "The consumer is gone (" + consumer.Ended() + ") with " + waiting + "; the producer is not told."
	case producer.Life == scene.Stopped:
		return "The producer is stopped, with " + waiting + "."
	case consumer.Life == scene.Stopped:
		return "The consumer is stopped, with " + waiting + "."
	}
	return fillingSentence(w, n)
}

// fillingSentence is what happens while both live.
func fillingSentence(w *sims.World, n int64) string {
	depth, sent := w.Object("queue").Level("depth"), w.Count("producer", "sent")
	next := "message " + scene.Thousands(sent+1)
	if last := len(w.Moments) - 1; last >= 0 && w.Moments[last].Name == "asked" && w.Moments[last].N["received"] == w.Count("consumer", "received") {
		return askedSentence(&w.Moments[last])
	}
	switch {
	case w.Actor("producer").Gate != "":
		return "The producer is held before its next mq_send, with " + scene.Many(max(n, 0), "message") + " in the queue."
	case !w.Actor("consumer").Idle && w.Actor("consumer").Gate == "" && w.Count("consumer", "received") > 0:
		return "The consumer works on one message after another, and the producer fills each free place at once."
	case w.Count("producer", "refused") > 0 && w.Options["mode"] == "timeout":
		return "The queue is full: mq_timedsend gives " + next + " back with ETIMEDOUT each time that its patience is over, and the producer tries it again."
	case n == depth && waitsForRoom(w) && w.Options["mode"] == "non-blocking":
		return "The queue is full: mq_send gave " + next + " back with EAGAIN, and the producer waits in poll for room."
	case n == depth && depth > 0 && waitsForRoom(w):
		return "The queue is full, and the producer is asleep in the kernel with " + next + "."
	}
	return "The producer sends as fast as there is room."
}

func askedSentence(m *sims.Moment) string {
	switch {
	case m.S["what"] == "default" && m.S["errno"] == "":
		return "A queue of no stated depth was made. It holds " + scene.Many(m.N["depth"], "message") + ", and was removed again."
	case m.S["errno"] != "":
		return "mq_open for a queue of " + scene.Many(m.N["depth"], "message") + " failed with " + m.S["errno"] + "."
	}
	return "The kernel made a queue of " + scene.Many(m.N["depth"], "message") + ", past its own limit."
}
