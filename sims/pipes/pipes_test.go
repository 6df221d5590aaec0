package pipes

import (
	"context"
	"os"
	"testing"
	"time"

	"ipctour/sims"
	"ipctour/sims/stage"
)

func find(lesson, role string) *stage.Role {
	for _, s := range Sims() {
		if s.ID == lesson {
			return s.Role(role)
		}
	}
	return nil
}

func TestMain(m *testing.M) {
	stage.Become(os.Args, find)
	os.Exit(m.Run())
}

func TestWalks(t *testing.T) {
	house, err := stage.NewHouse()
	if err != nil {
		t.Fatal(err)
	}
	defer house.Close()
	for _, s := range Sims() {
		t.Run(s.ID, func(t *testing.T) {
			p, err := sims.StartPlay(house, s, sims.PlayOptions{Sample: 5 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			w, err := p.Walk(ctx, nil)
			if err != nil {
				t.Errorf("walk: %v", err)
				for _, a := range w.Actors {
					t.Logf("%+v", *a)
				}
				for k, o := range w.Objects {
					t.Logf("%s %+v", k, *o)
				}
				t.Logf("%+v %+v", w.Moments, w.Trouble)
			}
			go func() {
				for range p.Feed() {
				}
			}()
			if r := p.Stop(); len(r.Left) > 0 {
				t.Errorf("left: %v", r.Left)
			} else {
				t.Log(r)
			}
			for _, c := range s.Claims {
				if v := c.Check(w); v.Status != sims.Holds {
					t.Errorf("%s: %+v", c.ID, v)
				}
			}
		})
	}
}
