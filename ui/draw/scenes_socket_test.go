package draw

import "ipctour/sims/scene"

// sockets is a server with a guest, another in its queue, and a third who finds a dead name.
func sockets() *scene.Scene {
	return &scene.Scene{
		Sentence: "8 B lie in one direction and 13 B in the other.",
		Processes: []scene.Process{
			{ID: "guest", Name: "guest", PID: 101, Life: scene.Waiting, Letter: "S", Note: "waits for you"},
			{ID: "second", Name: "second", PID: 102, Life: scene.Waiting, Letter: "S", Note: "waits for you"},
			{ID: "stranger", Name: "stranger", PID: 103, Life: scene.Waiting, Letter: "S", Note: "waits for you"},
			{ID: "server", Name: "server", PID: 104, Life: scene.Asleep, Letter: "S", Where: "unix_accept"},
		},
		Objects: []scene.Object{
			scene.Socket{ID: "door", Type: "STREAM", Path: "kitchen.sock", Listens: true, Waiting: 1, Backlog: 3},
			scene.Socket{ID: "line", Label: "connection", Type: "STREAM", Ways: []scene.Way{
				{From: "guest", To: "server", Queued: 8, Limit: 212992, Messages: []scene.Segment{{Who: "guest", Bytes: 8, Text: "one soup"}}, Flying: []string{"menu.txt"}},
				{From: "server", To: "guest", Queued: 100000, Limit: 212992}}},
			scene.Socket{ID: "dead", Type: "STREAM", Path: "old.sock", Listens: true, Gone: true},
		},
		Links: []scene.Link{
			{From: "guest", To: "line", FD: 3, Both: true, State: scene.Idle},
			{From: "line", To: "server", FD: 4, Both: true, State: scene.Idle},
			{From: "second", To: "door", FD: 3, State: scene.Idle, Through: "a connection"},
			{From: "door", To: "server", FD: 3, State: scene.Blocked},
			{From: "stranger", To: "dead", State: scene.Broken, Through: "ECONNREFUSED"},
		},
	}
}

// flavours is the same messages on the three types, with edges where the type has them.
func flavours() *scene.Scene {
	s := &scene.Scene{Sentence: "Five messages lie in each socket.", Processes: []scene.Process{
		{ID: "sender", Name: "sender", PID: 201, Life: scene.Running, Letter: "R"}, {ID: "receiver", Name: "receiver", PID: 202, Life: scene.Waiting, Letter: "S", Note: "waits for you"}}}
	var messages []scene.Segment
	for _, t := range []string{"one", "two", "three", "four", "five"} {
		messages = append(messages, scene.Segment{Who: "sender", Bytes: int64(len(t)), Text: t})
	}
	for i, kind := range []string{"STREAM", "DGRAM", "SEQPACKET"} {
		queued := int64(19)
		if kind == "DGRAM" {
			queued = 3
		}
		s.Objects = append(s.Objects, scene.Socket{ID: kind, Label: kind, Type: kind, Ways: []scene.Way{{From: "sender", To: "receiver", Queued: queued, Limit: 212992, Expect: 26, Messages: messages}}})
		s.Links = append(s.Links, scene.Link{From: "sender", To: kind, FD: 3 + i, State: scene.Moving}, scene.Link{From: kind, To: "receiver", FD: 3 + i, State: scene.Idle})
	}
	return s
}

// peers is connections that are told without their buffers.
func peers() *scene.Scene {
	s := &scene.Scene{Sentence: "Both are connected.", Processes: []scene.Process{
		{ID: "honest", Name: "honest", PID: 301, Life: scene.Waiting, Letter: "S", Note: "waits for you"},
		{ID: "forger", Name: "forger", PID: 302, Life: scene.Waiting, Letter: "S", Note: "waits for you"},
		{ID: "server", Name: "server", PID: 303, Life: scene.Asleep, Letter: "S", Note: "sleeps in poll"}}}
	for i, who := range []string{"honest", "forger"} {
		s.Objects = append(s.Objects, scene.Socket{ID: "connection " + who, Label: "connection", Note: "peer: pid " + string(rune('1'+i))})
		s.Links = append(s.Links, scene.Link{From: who, To: "connection " + who, FD: 3, State: scene.Idle}, scene.Link{From: "connection " + who, To: "server", FD: 4 + i, State: scene.Idle})
	}
	s.Links[2].State, s.Links[2].Through = scene.Broken, "EPERM"
	return s
}
