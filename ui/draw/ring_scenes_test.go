package draw

import "ipctour/sims/scene"

// A ring with five messages in it, whose consumer is stopped, and one whose kinds of
// measurement are still coming in.

func ringScene() *scene.Scene {
	return &scene.Scene{
		Sentence: "The consumer is stopped: five messages wait in the ring, and one bell was rung for them.",
		Processes: []scene.Process{
			{ID: "producer", Name: "producer", PID: 41022, Life: scene.Waiting, Letter: "S", Note: "waits for you"},
			{ID: "consumer", Name: "consumer", PID: 41023, Life: scene.Stopped, Letter: "T", Note: "stopped"},
		},
		Objects: []scene.Object{scene.Ring{ID: "ring", Label: "ring", Slots: 8, Size: 4096, Known: true, Head: 4812, Tail: 4807,
			Texts: []string{"4808", "4809", "4810", "4811", "(4812)", "·", "·", "4807"}, Data: scene.Doorbell{Rung: 37}, Room: scene.Doorbell{Rung: 2, Asked: true}}},
		Links: []scene.Link{
			{From: "producer", To: "ring", Label: "mmap", State: scene.Idle},
			{From: "ring", To: "consumer", Label: "mmap", State: scene.Idle},
		},
		Figures: []scene.Figure{scene.Count("sent", "sent", 4812, "", scene.Child), scene.Count("bells", "doorbells", 37, "", scene.Child)},
	}
}

func chartScene() *scene.Scene {
	points := func(v ...float64) (list []scene.Point) {
		for i, x := range v {
			list = append(list, scene.Point{Column: i, Value: x})
		}
		return list
	}
	return &scene.Scene{
		Sentence: "A mebibyte takes the pipe forty times as long as the ring.",
		Processes: []scene.Process{
			{ID: "sender", Name: "sender", PID: 512, Life: scene.Running, Letter: "R"},
			{ID: "receiver", Name: "receiver", PID: 513, Life: scene.Asleep, Letter: "S", Where: "anon_pipe_read"},
		},
		Objects: []scene.Object{
			scene.Pipe{ID: "pipe", Label: "pipe", Capacity: 65536, Queued: 0, Page: 4096, Writers: 1, Readers: 1},
			scene.Chart{ID: "times", Label: "time per message", Unit: "s", Log: true,
				Columns: []string{"1 B", "64 B", "1 KiB", "4 KiB", "64 KiB", "1 MiB"},
				Lines: []scene.Line{{Name: "pipe", Points: points(4.6e-6, 4.7e-6, 5e-6, 6e-6, 3e-5, 2.3e-4)},
					{Name: "ring", Points: points(4.5e-6, 4.5e-6, 4.5e-6, 4.6e-6, 4.6e-6)}}},
		},
		Links: []scene.Link{{From: "sender", To: "pipe", FD: 3, State: scene.Moving}, {From: "pipe", To: "receiver", FD: 3, State: scene.Blocked}},
	}
}
