package queues

// What this lesson shows: every message of a POSIX queue carries a priority, and the
// kernel hands out the highest first; within one priority, the oldest.

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
)

//go:embed priority.go
var prioritySource string

// top is the highest priority, sysconf(_SC_MQ_PRIO_MAX) − 1.
const top = 32767

// The walk sends this many messages before the first is taken out.
const walkDepth = 5

var urgentFirst = sims.Sim{
	ID:     "queues/priority",
	Source: prioritySource,
	Needs:  []string{"mq"},
	Roles: []sims.Role{
		{Name: "producer", Run: sendMail, Counters: []string{"sent"}, Settings: []string{"priority"}, Gates: []string{"send"}},
		{Name: "second", Run: sendMail, Counters: []string{"sent"}, Settings: []string{"priority"}, Gates: []string{"send"}},
		{Name: "consumer", Run: receiveMail, Counters: []string{"received"}, Gates: []string{"receive"}},
	},
	Wire: func(w *sims.Wiring) error {
		depth := msgMax(10)
		if depth < walkDepth {
			return fmt.Errorf("a queue holds %d messages here, and the lesson needs %d: sudo sysctl fs.mqueue.msg_max=10", depth, walkDepth)
		}
		w.Put("producer", "numbers", "1234567890")
		w.Put("second", "numbers", "abcdefghijklmnopqrstuvwxyz")
		return newQueue(w, "queue", depth, "producer", "second", "consumer")
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "send a log", Help: "the producer sends one message with priority 0", Act: sims.Tell{Role: "producer", Command: "send", N: 0}},
		{Key: "2", Name: "send a letter", Help: "the producer sends one message with priority 1", Act: sims.Tell{Role: "producer", Command: "send", N: 1}},
		{Key: "3", Name: "second: letter", Help: "the second producer sends one message with priority 1", Act: sims.Tell{Role: "second", Command: "send", N: 1}},
		{Key: "4", Name: "second: fire", Help: "the second producer sends one message with priority 31", Act: sims.Tell{Role: "second", Command: "send", N: 31}},
		{Key: "g", Name: "receive one", Help: "the consumer takes one message, and sleeps where there is none", Act: sims.Tell{Role: "consumer", Command: "receive", N: 1}},
		{Key: "a", Name: "receive all", Help: "the consumer takes as many messages as there are", Act: sims.Tell{Role: "consumer", Command: "receive all"}},
		{Key: "5", Name: "send at the top", Help: "the producer sends one message with priority 32,767", Act: sims.Tell{Role: "producer", Command: "send", N: top}},
		{Key: "6", Name: "past the top", Help: "the producer tries priority 32,768", Act: sims.Tell{Role: "producer", Command: "send", N: top + 1}},
		{Key: "p", Name: "priority", Help: "the priority for the key s: 0 to 32,767", Act: sims.Set{Role: "producer", Setting: "priority",
			Values: []int64{0, 1, 9, 30, 31, 32, 1000, top}, Names: []string{"0", "1", "9", "30", "31", "32", "1,000", "32,767"}, Any: sims.Between(0, top)}},
		{Key: "s", Name: "send with it", Help: "the producer sends one message with the priority chosen by p", Act: sims.Tell{Role: "producer", Command: "send chosen"}},
	},
	Draw: drawPriority,
	Measured: func(w *sims.World) (string, bool) {
		a := w.After("order")
		if a == nil {
			return "", false
		}
		got := strings.Join(texts(a, "received"), ", ")
		for answer, order := range map[string]string{
			"priority": "fire a, letter 1, letter 2, letter a, log 1",
			"sent":     "log 1, letter 1, letter 2, letter a, fire a",
			"newest":   "fire a, letter a, letter 2, letter 1, log 1",
		} {
			if got == order {
				return answer, true
			}
		}
		return got, true
	},
	Walk: []sims.Step{
		{ID: "sent", Turn: sims.Press("send a log", "send a letter", "send a letter"), For: "three messages are in the queue", Until: happened("sent", 3)},
		{ID: "urgent", From: "sent", Turn: sims.Press("second: letter", "second: fire"), For: "five messages are in the queue", Until: happened("sent", 2)},
		{ID: "order", From: "sent", Turn: sims.Press("receive all"), For: "the consumer has taken all", Until: func(w *sims.World) bool {
			return level(w) == 0 && told(w) && w.News("consumer", "received") != nil && w.Actor("consumer").Idle
		}},
		{ID: "overtaken", From: "sent", Turn: []sims.Turn{{Knob: "send a log"}, {Knob: "priority", Value: "31"}, {Knob: "send with it"}, {Knob: "send with it"}}, For: "two urgent messages stand before a log in the queue", Until: happened("sent", 3)},
		{ID: "starved", From: "sent", Turn: sims.Press("receive one", "receive one"), For: "the consumer has taken two of them", Until: happened("received", 2)},
		{ID: "asleep", From: "sent", Turn: sims.Press("receive all", "receive one"), For: "the consumer is asleep at an empty queue", Until: func(w *sims.World) bool {
			return level(w) == 0 && told(w) && asleepIn(w, "consumer", "mq_timedreceive")
		}},
		{ID: "woken", From: "sent", Turn: sims.Press("second: letter"), For: "the letter has woken the consumer, which has received it", Until: func(w *sims.World) bool {
			b := w.After("asleep")
			return w.News("second", "sent") != nil && told(w) && w.Count("consumer", "received") > b.Count("consumer", "received") && w.Actor("consumer").Idle
		}},
		{ID: "limits", From: "limits", Turn: sims.Press("send at the top", "past the top"), For: "the kernel has answered to both priorities", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("producer", "refused")) && told(w)
		}},
	},
	Claims: []sims.Claim{
		{ID: "highest-first", Says: "the message with the highest priority is received first", After: "order", Check: func(b *sims.World) sims.Verdict {
			want, got := []int64{}, []int64{} // what lay there, and what came out
			for _, m := range since(b, "sent", 0) {
				want = append(want, m.N["priority"])
			}
			slices.SortFunc(want, func(x, y int64) int { return cmp.Compare(y, x) })
			for _, m := range since(b, "received", 0) {
				got = append(got, m.N["priority"])
			}
			lay := level(b.Before)
			return sims.Judge(slices.Equal(got, want) && lay == walkDepth && len(want) == walkDepth && level(b) == 0,
				fmt.Sprintf("%d in the queue, received with the priorities %v", len(want), want), fmt.Sprintf("%d in the queue, received with the priorities %v", lay, got),
				"mq_getattr(3), the priority that mq_receive(3) gave")
		}},
		{ID: "fifo", Says: "within one priority the oldest is received first, whoever sent it", After: "order", Check: func(b *sims.World) sims.Verdict {
			letters := func(moment string) string {
				return strings.Join(slices.DeleteFunc(texts(b, moment), func(s string) bool { return !strings.HasPrefix(s, "letter") }), ", ")
			}
			sent, got := letters("sent"), letters("received")
			return sims.Judge(sent == got && strings.Contains(sent, "letter 2") && strings.Contains(sent, "letter a"), sent, got, "the bytes that mq_receive(3) gave")
		}},
		{ID: "starves", Says: "a message of low priority waits as long as more urgent ones come", After: "starved", Check: func(b *sims.World) sims.Verdict {
			a := b.After("overtaken")
			sent, got := wordsOf(since(a, "sent", a.Before.Now)), wordsOf(since(b, "received", b.Before.Now))
			left := said(b.InQueue("queue"))
			say := func(got []string, n int64, left string) string {
				return fmt.Sprintf("sent %s; received %s; %d left: %s", strings.Join(sent, ", "), strings.Join(got, ", "), n, left)
			}
			log, fires := sent[0], sent[1:]
			return sims.Judge(strings.HasPrefix(log, "log") && len(fires) == 2 && slices.Equal(got, fires) && level(b) == 1 && left == log,
				say(fires, 1, log), say(got, level(b), left), "mq_getattr(3), the bytes that mq_receive(3) gave")
		}},
		{ID: "sleeps", Says: "a consumer without a message sleeps in the kernel, and the next message wakes it", After: "woken", Check: func(b *sims.World) sims.Verdict {
			a := b.After("asleep")
			n := b.Count("consumer", "received") - a.Count("consumer", "received")
			return sims.Judge(asleepIn(a, "consumer", "mq_timedreceive") && n == 1, "state S in mq_timedreceive, then 1 more received",
				fmt.Sprintf("%s, then %d more received", where(a, "consumer"), n), "/proc/PID/stat, /proc/PID/syscall, /proc/PID/wchan")
		}},
		{ID: "top", Says: "priorities end at 32,767: 32,768 gets EINVAL", After: "limits", Check: func(a *sims.World) sims.Verdict {
			in, refused := a.Last("producer", "sent"), a.Last("producer", "refused")
			say := func(sent, refused int64, errno string) string {
				return fmt.Sprintf("%s is taken, %s gets %s", scene.Thousands(sent), scene.Thousands(refused), errno)
			}
			return sims.Judge(in.N["priority"] == top && refused.N["priority"] == top+1 && refused.S["errno"] == "EINVAL" && level(a) == max(level(a.Before), 0)+1,
				say(top, top+1, "EINVAL"), say(in.N["priority"], refused.N["priority"], refused.S["errno"]), "errno of mq_send(3), mq_getattr(3)")
		}},
	},
}

// kinds are the words for priorities; any other priority makes a note.
var kinds = map[int64]string{0: "log", 1: "letter", 31: "fire", top: "alarm"}

// sendMail sends a message whenever it is told to, with the priority that it is told.
func sendMail(a *sims.Actor) error {
	mqd, err := openQueue(a, unix.O_WRONLY)
	if err != nil {
		return err
	}
	numbers, sent, count := a.Arg("numbers"), a.Counter("sent"), map[string]int{}
	for {
		c := a.Next()
		if c.Name == "send chosen" {
			c.N = a.Setting("priority")
		}
		kind := kinds[c.N]
		if kind == "" {
			kind = "note"
		}
		text := fmt.Sprintf("%s %c", kind, numbers[count[kind]%len(numbers)])
		a.Gate("send")
		if err := send(mqd, text, uint32(c.N)); err != nil { // sleeps in here while the queue is full
			a.Say("refused", sims.Num("priority", int(c.N)), sims.Err(err))
			continue
		}
		count[kind]++
		sent.Add(1)
		a.Say("sent", sims.Word("queue", "queue"), sims.Word("text", text), sims.Num("priority", int(c.N)))
	}
}

// receiveMail takes messages out when it is told to. It cannot choose which: the
// kernel gives it the most urgent one.
func receiveMail(a *sims.Actor) error {
	mqd, err := openQueue(a, unix.O_RDONLY)
	if err != nil {
		return err
	}
	return takeAsTold(a, mqd)
}

// told is everything in the queue told: the kernel's count and what the roles said agree.
func told(w *sims.World) bool {
	if len(w.Moments) == 0 {
		return false
	}
	return w.ReadSince(&w.Moments[len(w.Moments)-1]) && level(w) == int64(len(w.InQueue("queue")))
}

// happened is so many messages sent, or received, in this step, and all told.
func happened(moment string, n int) func(*sims.World) bool {
	return func(w *sims.World) bool {
		return w.Before != nil && len(since(w, moment, w.Before.Now)) >= n && told(w)
	}
}

// since are the moments of a name that were said from a time on.
func since(w *sims.World, moment string, from time.Duration) (list []*sims.Moment) {
	for i := range w.Moments {
		if m := &w.Moments[i]; m.Name == moment && m.At >= from {
			list = append(list, m)
		}
	}
	return list
}

// wordsOf are the texts of moments.
func wordsOf(list []*sims.Moment) []string {
	var all []string
	for _, m := range list {
		all = append(all, m.S["text"])
	}
	return all
}

// said is messages in words: log 1, letter 2.
func said(list []scene.Message) string {
	var all []string
	for _, m := range list {
		all = append(all, m.Text)
	}
	return strings.Join(all, ", ")
}

func drawPriority(w *sims.World) *scene.Scene {
	refused := w.Last("producer", "refused")
	s := &scene.Scene{
		Sentence:  prioritySentence(w),
		Processes: []scene.Process{w.Process("producer"), w.Process("second"), w.Process("consumer")},
		Objects:   []scene.Object{w.Queue("queue")},
		Links: []scene.Link{link(w, "producer", "w", refused != nil && isLast(w, refused)),
			link(w, "second", "w", false), link(w, "consumer", "r", false)},
		Figures: []scene.Figure{w.MessagesFigure("queue"), orderFigure(w), chosenFigure(w)},
	}
	if refused != nil {
		s.Figures = append(s.Figures, scene.Figure{ID: "refused", Label: "priority " + scene.Thousands(refused.N["priority"]), Text: refused.S["errno"], Origin: scene.Child}.
			From("errno of mq_send(3)", "getconf MQ_PRIO_MAX"))
	}
	return s
}

// isLast is true while nothing has been said since.
func isLast(w *sims.World, m *sims.Moment) bool {
	return len(w.Moments) > 0 && m == &w.Moments[len(w.Moments)-1]
}

func chosenFigure(w *sims.World) scene.Figure {
	f := scene.Figure{ID: "chosen", Label: "priority chosen", Text: w.Actor("producer").Settings["priority"], Origin: scene.Child}
	if f.Text == "" {
		f.Text = "0"
	}
	return f.From("the setting that p turns and s sends with", "")
}

// orderFigure is what the consumer got, the latest last.
func orderFigure(w *sims.World) scene.Figure {
	got := texts(w, "received")
	f := scene.Figure{ID: "order", Label: "received", Text: "nothing yet", Origin: scene.Child}
	const most = 5
	if n := len(got); n > most {
		f.Text = "… " + strings.Join(got[n-most:], ", ")
	} else if n > 0 {
		f.Text = strings.Join(got, ", ")
	}
	return f.From("the bytes that mq_receive(3) gave the consumer, in that order", "")
}

func prioritySentence(w *sims.World) string {
	n := level(w)
	if dead := gone(w, "producer", "second", "consumer"); len(dead) > 0 {
		return goneSentence(w, dead)
	}
	for _, role := range []string{"producer", "second", "consumer"} {
		if w.Actor(role).Life == scene.Stopped {
			return "The " + spoken(role) + " is stopped. The queue does not mind: " + scene.Many(max(n, 0), "message") + " in it."
		}
	}
	if asleepIn(w, "consumer", "mq_timedreceive") && n == 0 {
		return "The queue is empty, and the consumer sleeps in mq_receive until a message comes."
	}
	for _, role := range []string{"producer", "second"} {
		if asleepIn(w, role, "mq_timedsend") {
			return "The queue is full, and the " + spoken(role) + " sleeps in mq_send until there is room."
		}
	}
	return mailSentence(w, n)
}

// mailSentence is what happens while everybody lives and nobody sleeps on the queue.
func mailSentence(w *sims.World, n int64) string {
	in := w.InQueue("queue")
	var m *sims.Moment
	if len(w.Moments) > 0 {
		m = &w.Moments[len(w.Moments)-1]
	}
	switch {
	case m == nil:
		return "The queue is empty. Two processes may send to it, one may receive."
	case m.Name == "refused":
		return fmt.Sprintf("mq_send with priority %s failed with %s: nothing went in.", scene.Thousands(m.N["priority"]), m.S["errno"])
	case int64(len(in)) != n: // the level is not read yet
		return "Messages are on their way."
	case n == 0:
		return fmt.Sprintf("The queue is empty: the last that came out was %s, priority %s.", m.S["text"], scene.Thousands(m.N["priority"]))
	case m.Name == "received":
		return fmt.Sprintf("The consumer got %s, priority %s. Next is %s.", m.S["text"], scene.Thousands(m.N["priority"]), in[0].Text)
	}
	return fmt.Sprintf("%s in the queue: %s is next, with priority %s.", scene.Many(n, "message"), in[0].Text, scene.Thousands(in[0].Priority))
}

func spoken(role string) string {
	if role == "second" {
		return "second producer"
	}
	return role
}

func goneSentence(w *sims.World, dead []string) string {
	names := make([]string, len(dead))
	for i, role := range dead {
		names[i] = "the " + spoken(role) + " (" + w.Actor(role).Ended() + ")"
	}
	text := "Gone: " + strings.Join(names, ", ") + "."
	switch n := level(w); {
	case n > 0 && slices.Contains(dead, "consumer"):
		return text + " " + scene.Many(n, "message") + " stay in the queue for whoever opens it next."
	case n > 0:
		return text + " " + scene.Many(n, "message") + " in the queue: they do not go with their sender."
	}
	if asleepIn(w, "consumer", "mq_timedreceive") {
		return text + " The consumer sleeps at the empty queue: no end of file will come."
	}
	return text + " The queue is there, and empty."
}
