package pipes

import (
	"testing"

	"ipctour/sims"
	"ipctour/sims/stage"
)

// BenchmarkOpenLesson is from the opening of a lesson to the picture in which
// all its children run and the kernel has said what the pipe holds.
func BenchmarkOpenLesson(b *testing.B) {
	house, err := stage.NewHouse()
	if err != nil {
		b.Fatal(err)
	}
	defer house.Close()
	for b.Loop() {
		p, err := sims.StartPlay(house, &fullBuffer, sims.PlayOptions{})
		if err != nil {
			b.Fatal(err)
		}
		w := sims.NewWorld(&fullBuffer)
		for w.Object("pipe").Level("capacity") <= 0 || !w.Actor("writer").Life.Alive() || !w.Actor("reader").Life.Alive() {
			for _, e := range <-p.Feed() {
				w.Apply(e)
			}
		}
		fullBuffer.Draw(w)
		b.StopTimer()
		go func() {
			for range p.Feed() { // a feed must be read to its end
			}
		}()
		p.Stop()
		b.StartTimer()
	}
}
