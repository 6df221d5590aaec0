package queues

// What this lesson shows: messages stay in the kernel when their sender is gone,
// until somebody receives them or the queue is unlinked.

import (
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
	"ipctour/sims/sys"
)

//go:embed persistence.go
var persistenceSource string

// letters is how many messages a producer leaves.
const letters = 3

var persistence = sims.Sim{
	ID:     "queues/persistence",
	Source: persistenceSource,
	Needs:  []string{"mq"},
	Roles: []sims.Role{
		{Name: "producer", Run: leaveLetters, Counters: []string{"sent"}, Gates: []string{"open", "send", "unlink"}},
		{Name: "consumer", Run: readLetters, Late: true, Counters: []string{"received"}, Gates: []string{"open", "receive"}},
		{Name: "lister", Run: listQueue, Late: true, Gates: []string{"open", "read"}},
	},
	Wire: func(w *sims.Wiring) error {
		depth := msgMax(10)
		if depth < letters {
			return fmt.Errorf("a queue holds %d messages here, and the lesson needs %d: sudo sysctl fs.mqueue.msg_max=10", depth, letters)
		}
		mq := w.Queue("queue") // only a name: the producer makes the queue
		for _, role := range []string{"producer", "consumer", "lister"} {
			w.Put(role, "queue", mq)
		}
		w.Put("producer", "depth", strconv.FormatInt(depth, 10))
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "kill the producer", Help: "SIGKILL to the producer", Act: sims.Break{Fault: stage.Kill, Role: "producer"}},
		{Key: "2", Name: "list the queue", Help: "start a process that reads the queue's descriptor and, where there is one, its file", Act: sims.Start{Role: "lister"}},
		{Key: "3", Name: "start the consumer", Help: "start a process that opens the queue by its name", Act: sims.Start{Role: "consumer"}},
		{Key: "g", Name: "receive one", Help: "the consumer takes one message", Act: sims.Tell{Role: "consumer", Command: "receive", N: 1}},
		{Key: "a", Name: "receive all", Help: "the consumer takes as many messages as there are", Act: sims.Tell{Role: "consumer", Command: "receive all"}},
		{Key: "4", Name: "start the producer", Help: "start the producer again: it makes the queue, or opens it, and leaves three letters", Act: sims.Start{Role: "producer"}},
		{Key: "5", Name: "kill the consumer", Help: "SIGKILL to the consumer", Act: sims.Break{Fault: stage.Kill, Role: "consumer"}},
		{Key: "w", Name: "one more letter", Help: "the producer sends one more", Act: sims.Tell{Role: "producer", Command: "send"}},
		{Key: "u", Name: "unlink", Help: "the producer removes the queue's name: mq_unlink", Act: sims.Tell{Role: "producer", Command: "unlink"}},
		{Key: "p", Name: "producer ends", Help: "the producer exits by itself", Act: sims.Tell{Role: "producer", Command: "end", Ends: true}},
	},
	Draw: drawPersistence,
	Measured: func(w *sims.World) (string, bool) {
		a := w.After("killed")
		switch {
		case a == nil:
			return "", false
		case a.Object("queue").Level("exists") != 1:
			return "gone", true
		case level(a) == 0:
			return "empty", true
		}
		return "stay", true
	},
	Walk: []sims.Step{
		{ID: "written", For: "three letters are in the queue", Until: func(w *sims.World) bool {
			return waiting(w) && w.Actor("producer").Idle && held(w) == 1
		}},
		{ID: "killed", From: "written", Turn: sims.Press("kill the producer"), For: "the producer is gone and the kernel was asked again", Until: func(w *sims.World) bool {
			return !w.Actor("producer").Life.Alive() && held(w) == 0
		}},
		{ID: "listed", From: "written", Turn: sims.Press("list the queue"), For: "the queue has been listed", Until: func(w *sims.World) bool {
			return w.News("lister", "listed") != nil && !w.Actor("lister").Life.Alive() && held(w) == 0
		}},
		{ID: "read", From: "written", Turn: sims.Press("start the consumer", "receive all"), For: "the consumer has received all that was there", Until: func(w *sims.World) bool {
			return w.Count("consumer", "received") == letters && level(w) == 0 && told(w) && w.Actor("consumer").Idle
		}},
		{ID: "again", From: "written", Turn: sims.Press("start the producer", "kill the consumer"), For: "three new letters are in the queue, and the consumer is gone", Until: func(w *sims.World) bool {
			return waiting(w) && w.Actor("producer").Idle && !w.Actor("consumer").Life.Alive() && held(w) == 1
		}},
		{ID: "unlinked", From: "written", Turn: sims.Press("unlink"), For: "the name is gone and the kernel was asked again", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("producer", "unlinked")) && w.Object("queue").Level("exists") == 0
		}},
		{ID: "refused", From: "written", Turn: sims.Press("start the consumer"), For: "the new consumer has the answer of its mq_open", Until: func(w *sims.World) bool {
			return w.News("consumer", "refused") != nil && !w.Actor("consumer").Life.Alive()
		}},
		{ID: "destroyed", From: "written", Turn: sims.Press("producer ends"), For: "nobody has the queue open any more", Until: func(w *sims.World) bool {
			return !w.Actor("producer").Life.Alive() && held(w) == 0 && w.Object("queue").Level("exists") == 0
		}},
	},
	Claims: []sims.Claim{
		{ID: "outlives", Says: "messages stay when their sender is killed and nobody has the queue open", After: "killed", Check: func(a *sims.World) sims.Verdict {
			left := int64(len(a.InQueue("queue")))
			say := func(n, open int64) string {
				return fmt.Sprintf("%d in the queue, open in %d of our processes, producer %s", n, open, a.Actor("producer").Ended())
			}
			return sims.Judge(level(a) == left && left == letters && held(a) == 0 && a.Actor("producer").Signal == int(unix.SIGKILL), say(left, 0), say(level(a), held(a)),
				"mq_getattr(3), /proc/PID/fd, wait status")
		}},
		{ID: "listed", Says: "the queue can be looked at without taking a message", After: "listed", Check: func(a *sims.World) sims.Verdict {
			want, left := 0, int64(0)
			for _, m := range a.InQueue("queue") {
				want, left = want+len(m.Text), left+1
			}
			m := a.Last("lister", "listed")
			return sims.Judge(m.N["qsize"] == int64(want) && level(a) == left && left == letters, fmt.Sprintf("QSIZE:%d, then %d messages in the queue", want, left),
				fmt.Sprintf("QSIZE:%d, then %d messages in the queue", m.N["qsize"], level(a)), "read(2) on the queue's descriptor, mq_getattr(3)")
		}},
		{ID: "file", Says: "where the file system of queues is mounted, the queue is a file there, and says the same", Needs: []string{"mqueue-fs"}, After: "listed", Check: func(a *sims.World) sims.Verdict {
			m := a.Last("lister", "listed")
			got := cmp.Or(m.S["file"], m.S["why"])
			return sims.Judge(m.S["file"] == m.S["descriptor"] && m.S["file"] != "", m.S["descriptor"], got, "the file in the folder where mqueue is mounted")
		}},
		{ID: "after-death", Says: "a process born after the sender's death receives every message", After: "read", Check: func(b *sims.World) sims.Verdict {
			a := b.After("killed")
			sent, got := strings.Join(texts(b, "sent"), ", "), strings.Join(texts(b, "received"), ", ")
			later := b.Actor("consumer").Born > a.Actor("producer").Since
			return sims.Judge(got == sent && later && level(b) == 0, fmt.Sprintf("%s; born after the death: true", sent), fmt.Sprintf("%s; born after the death: %v", got, later),
				"the bytes that mq_receive(3) gave, wait status, mq_getattr(3)")
		}},
		{ID: "unlinked", Says: "unlink takes the name at once; who has the queue open keeps the messages", After: "refused", Check: func(b *sims.World) sims.Verdict {
			a := b.After("unlinked")
			m := b.Last("consumer", "refused")
			left := int64(len(a.InQueue("queue")))
			say := func(errno string, n int64) string {
				return fmt.Sprintf("%s for a newcomer, %d messages behind the open descriptor", errno, n)
			}
			return sims.Judge(m.S["errno"] == "ENOENT" && level(a) == left && left == letters && held(a) == 1, say("ENOENT", left), say(m.S["errno"], level(a)),
				"errno of mq_open(3), mq_getattr(3) on a duplicate of the descriptor")
		}},
		{ID: "destroyed", Says: "with neither a name nor an open descriptor the queue is gone", After: "destroyed", Check: func(a *sims.World) sims.Verdict {
			o := a.Object("queue")
			say := func(names, open int64) string { return fmt.Sprintf("%d names, %d open descriptors", names, open) }
			return sims.Judge(o.Level("exists") == 0 && held(a) == 0, say(0, 0), say(o.Level("exists"), held(a)), "mq_open(3), /proc/PID/fd")
		}},
	},
}

// waiting is the three letters in the queue, all of them told.
func waiting(w *sims.World) bool { return level(w) == letters && told(w) }

// leaveLetters makes the queue, or opens the one that is there, and leaves three
// letters in it. It does not know whether anybody will ever read them.
func leaveLetters(a *sims.Actor) error {
	a.Gate("open")
	attr := &sys.MqAttr{MaxMsg: int64(a.Int("depth")), MsgSize: messageSize}
	mqd, err := sys.MqOpen(a.Arg("queue"), unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o600, attr)
	switch {
	case err == nil:
		a.Hold("queue", mqd)
		a.Say("made", sims.Word("queue", "queue"))
	case errors.Is(err, unix.EEXIST):
		if mqd, err = openQueue(a, unix.O_WRONLY); err != nil {
			return err
		}
		a.Say("opened")
	default:
		return err
	}
	for n := 1; ; n++ {
		if n > letters {
			switch c := a.Next(); c.Name {
			case "end":
				return nil
			case "unlink":
				a.Gate("unlink")
				a.Say("unlinked", sims.Err(sys.MqUnlink(a.Arg("queue"))))
				n--
				continue
			}
		}
		text := "letter " + strconv.Itoa(n)
		a.Gate("send")
		if err := send(mqd, text, 0); err != nil {
			return err
		}
		a.Counter("sent").Add(1)
		a.Say("sent", sims.Word("queue", "queue"), sims.Word("text", text))
	}
}

// readLetters opens the queue by its name, and takes messages out when it is told to.
func readLetters(a *sims.Actor) error {
	a.Gate("open")
	mqd, err := openQueue(a, unix.O_RDONLY)
	if err != nil {
		a.Say("refused", sims.Err(err)) // ENOENT: there is no queue of that name
		return nil
	}
	a.Say("opened")
	return takeAsTold(a, mqd)
}

// listQueue looks at the queue from outside. Reading the descriptor itself, with
// read(2), gives a line about the queue and takes no message. The file in /dev/mqueue,
// where that is mounted, gives the same line.
func listQueue(a *sims.Actor) error {
	a.Gate("open")
	mqd, err := openQueue(a, unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		a.Say("refused", sims.Err(err))
		return nil
	}
	buf := make([]byte, 256)
	a.Gate("read")
	n, err := unix.Read(mqd, buf)
	if err != nil {
		return os.NewSyscallError("read", err)
	}
	line := strings.TrimSpace(string(buf[:n]))
	qsize := 0
	if _, err := fmt.Sscanf(line, "QSIZE:%d", &qsize); err != nil {
		return fmt.Errorf("read of the queue gave %q: %w", line, err)
	}
	file, why := queueFile(a.Arg("queue"))
	a.Say("listed", sims.Word("descriptor", line), sims.Num("qsize", qsize), sims.Word("file", file), sims.Word("why", why))
	return nil
}

// queueFile reads the file of a queue, or says why it cannot.
func queueFile(name string) (line, why string) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "", err.Error()
	}
	for entry := range bytes.Lines(mounts) {
		if f := bytes.Fields(entry); len(f) > 2 && string(f[2]) == "mqueue" {
			text, err := os.ReadFile(string(f[1]) + "/" + name)
			if err != nil {
				return "", err.Error()
			}
			return strings.TrimSpace(string(text)), ""
		}
	}
	return "", "no file system of queues is mounted (sudo mkdir -p /dev/mqueue && sudo mount -t mqueue none /dev/mqueue)"
}

// held is how many of our processes have the queue open.
func held(w *sims.World) int64 { return w.Object("queue").Level("holders") }

func drawPersistence(w *sims.World) *scene.Scene {
	q := w.Queue("queue")
	if w.Said("producer", "made") == 0 && q.Gone {
		q.Note = "not made yet"
	}
	s := &scene.Scene{Sentence: persistenceSentence(w), Objects: []scene.Object{q}}
	for _, role := range []string{"producer", "consumer", "lister"} {
		a := w.Actor(role)
		if role == "lister" && !listing(w) && !tooLate(w, role) {
			continue
		}
		s.Processes = append(s.Processes, w.Process(role))
		mode := map[string]string{"producer": "w"}[role]
		if mode == "" {
			mode = "r"
		}
		l := link(w, role, mode, false)
		refused := w.Last(role, "refused")
		switch {
		case a.Births == 0 || q.Gone && l.State == scene.Cut && refused == nil:
			continue
		case refused != nil && isNews(w, refused):
			if s.Object("no name") == nil {
				s.Objects = append(s.Objects, scene.Thing{ID: "no name", Label: "its name", Lines: []string{"removed"}})
			}
			s.Links = append(s.Links, scene.Link{From: role, To: "no name", Label: refused.S["errno"], State: scene.Broken})
		case l.State != scene.Cut || l.FD > 0:
			s.Links = append(s.Links, l)
		}
	}
	s.Figures = []scene.Figure{w.MessagesFigure("queue"), openFigure(w), w.CountFigure("producer", "sent", "sent", ""), w.CountFigure("consumer", "received", "received", "")}
	if m := w.Last("lister", "listed"); m != nil && !changedSince(w, m) {
		s.Figures = append(s.Figures, listingFigures(m)...)
		if listing(w) {
			s.Mark("listing", "file")
		}
	}
	return s
}

// tooLate is a role whose mq_open failed, and nothing has happened since.
func tooLate(w *sims.World, role string) bool {
	m := w.Last(role, "refused")
	return m != nil && isLast(w, m)
}

// listing is true while the lister is what the picture is about.
func listing(w *sims.World) bool {
	m := w.Last("lister", "listed")
	return w.Actor("lister").Life.Alive() || m != nil && isLast(w, m)
}

// changedSince is true once the queue is not any more what it was at that moment: what
// was read of it then would be taken for what is in it now.
func changedSince(w *sims.World, m *sims.Moment) bool {
	return slices.ContainsFunc(w.Moments, func(o sims.Moment) bool {
		return o.At > m.At && (o.Name == "sent" || o.Name == "received" || o.Name == "unlinked" && o.S["errno"] == "")
	})
}

// isNews is a moment of a role since which the role has said nothing else.
func isNews(w *sims.World, m *sims.Moment) bool {
	i := len(w.Moments) - 1
	for i >= 0 && w.Moments[i].Who != m.Who {
		i--
	}
	return i >= 0 && &w.Moments[i] == m
}

// openFigure is who has the queue open.
func openFigure(w *sims.World) scene.Figure {
	var who []string
	command := "ls -l"
	for _, role := range []string{"producer", "consumer", "lister"} {
		if _, open := w.Holds(role, "queue", ""); open {
			who = append(who, role)
			command += fmt.Sprintf(" /proc/%d/fd", w.Actor(role).PID)
		}
	}
	f := scene.Figure{ID: "open", Label: "open in", Text: strings.Join(who, ", "), Origin: scene.Kernel}
	if len(who) == 0 {
		f.Text, command = "no process", ""
	}
	return f.From("the links in /proc/PID/fd of our processes", command)
}

// listingFigures are what the lister read.
func listingFigures(m *sims.Moment) []scene.Figure {
	line := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	list := []scene.Figure{scene.Figure{ID: "listing", Label: "read of the descriptor", Text: line(m.S["descriptor"]), Origin: scene.Kernel}.
		From("read(2) on a descriptor of the queue; QSIZE is in bytes", "")}
	if m.S["file"] == "" {
		return append(list, scene.Missing("file", "its file", m.S["why"]))
	}
	return append(list, scene.Figure{ID: "file", Label: "its file", Text: line(m.S["file"]), Origin: scene.Kernel}.From("the file in the folder where mqueue is mounted", "cat /dev/mqueue/ipctour-*"))
}

func persistenceSentence(w *sims.World) string {
	o, n := w.Object("queue"), max(level(w), 0)
	producer, consumer := w.Actor("producer"), w.Actor("consumer")
	refused := w.Last("consumer", "refused")
	switch last := w.Last("producer", "unlinked"); {
	case last != nil && isLast(w, last) && last.S["errno"] != "":
		return "There is no name to remove: mq_unlink failed with " + last.S["errno"] + "."
	case tooLate(w, "lister"):
		return "The lister found no queue of that name: mq_open failed with " + w.Last("lister", "refused").S["errno"] + "."
	case refused != nil && isNews(w, refused) && held(w) > 0:
		return "The name is gone: the consumer's mq_open failed with " + refused.S["errno"] + ". The producer still holds " + scene.Many(n, "message") + "."
	case o.Level("exists") != 1 && held(w) > 0:
		return "The queue has no name any more. " + scene.Many(n, "message") + " can be reached only by who has it open."
	case o.Level("exists") != 1 && w.Said("producer", "made") == 0:
		if e := producer.Ended(); e != "" {
			return "The producer is gone (" + e + ") before it made a queue."
		}
		return "There is no queue yet: the producer is about to make one."
	case o.Level("exists") != 1:
		return "There is no queue: its name was removed and its last descriptor closed. What was in it is gone."
	case listing(w) && w.Last("lister", "listed") != nil:
		return fmt.Sprintf("The lister has read the queue's own line, QSIZE:%d, and has taken nothing.", w.Last("lister", "listed").N["qsize"])
	}
	var dead []string
	for _, role := range gone(w, "producer", "consumer") {
		dead = append(dead, "the "+role+" ("+w.Actor(role).Ended()+")")
	}
	waits := scene.Many(n, "message")
	switch {
	case slices.ContainsFunc([]*sims.ActorState{producer, consumer}, func(a *sims.ActorState) bool { return a.Life == scene.Stopped }):
		return "A process is stopped. " + waits + " in the queue, as before."
	case asleepIn(w, "consumer", "mq_timedreceive"):
		return "The queue is empty, and the consumer sleeps in mq_receive."
	case asleepIn(w, "producer", "mq_timedsend"):
		return "The queue is full, and the producer sleeps in mq_send."
	case producer.Ended() != "" && consumer.Idle && n == 0 && w.Count("consumer", "received") > 0:
		return "The consumer has received " + scene.Many(w.Count("consumer", "received"), "letter") + ", and their sender is gone (" + producer.Ended() + ")."
	case len(dead) > 0 && held(w) == 0 && n > 0:
		return "Gone: " + strings.Join(dead, ", ") + ". Nobody has the queue open, and " + waits + " are in it all the same."
	case len(dead) > 0:
		return "Gone: " + strings.Join(dead, ", ") + ". In the queue: " + waits + "."
	case consumer.Life == scene.Unborn:
		return "The producer has left " + waits + ". There is nobody yet to read them."
	case n == 0:
		return "The queue is empty, and it is still there."
	}
	return "In the queue: " + waits + "."
}
