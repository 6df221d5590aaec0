package sims_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

// told is a world in which these moments about the queue were told.
func told(moments ...sims.Event) *sims.World {
	w := sims.NewWorld(&sims.Sim{ID: "test/queue", Roles: []sims.Role{{Name: "a"}, {Name: "b"}}})
	for _, e := range moments {
		w.Apply(e)
	}
	return w
}

func about(who, moment, text string, priority int64) sims.Event {
	return sims.Event{Who: who, Kind: stage.Moment, Name: moment, N: map[string]int64{"priority": priority}, S: map[string]string{"queue": "q", "text": text}}
}

func listed(list []scene.Message) string {
	var all []string
	for _, m := range list {
		all = append(all, m.Text)
	}
	return strings.Join(all, " ")
}

func TestMessagesInAQueue(t *testing.T) {
	for _, test := range []struct {
		name    string
		moments []sims.Event
		want    string
	}{
		{"the highest priority first", []sims.Event{about("a", "sent", "low", 0), about("a", "sent", "high", 9), about("b", "sent", "middle", 3)}, "high middle low"},
		{"the oldest first within one", []sims.Event{about("a", "sent", "one", 1), about("b", "sent", "two", 1), about("a", "sent", "three", 1)}, "one two three"},
		{"what was received is out", []sims.Event{about("a", "sent", "one", 1), about("a", "sent", "two", 1), about("b", "received", "one", 1)}, "two"},
		{"received before the sender could tell", []sims.Event{about("b", "received", "one", 1), about("a", "sent", "one", 1), about("a", "sent", "one", 1)}, "one"},
		{"a new queue is empty", []sims.Event{about("a", "sent", "old", 1), about("a", "made", "", 0), about("a", "sent", "new", 1)}, "new"},
		{"another queue's", []sims.Event{{Who: "a", Kind: stage.Moment, Name: "sent", S: map[string]string{"queue": "other", "text": "no"}}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := listed(told(test.moments...).InQueue("q")); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// However sends and receives are told, what is in the queue is in the order of delivery.
func TestMessagesInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var moments []sims.Event
		for range rapid.IntRange(0, 30).Draw(t, "moments") {
			moments = append(moments, about("a", rapid.SampledFrom([]string{"sent", "sent", "received", "made"}).Draw(t, "moment"),
				rapid.SampledFrom([]string{"x", "y", ""}).Draw(t, "text"), rapid.Int64Range(0, 3).Draw(t, "priority")))
		}
		list := told(moments...).InQueue("q")
		for i := range list {
			if i > 0 && list[i].Priority > list[i-1].Priority {
				t.Fatalf("%v: %d is after %d", list, list[i].Priority, list[i-1].Priority)
			}
		}
	})
}

func TestAQueueThatIsUnnamedOrGone(t *testing.T) {
	reading := func(n map[string]int64) *sims.World {
		return told(about("a", "sent", "one", 0), sims.Event{Who: "q", Kind: stage.Reading, Name: "queue", N: n})
	}
	if q := reading(map[string]int64{"exists": 0, "holders": 1, "messages": 1, "depth": 10}).Queue("q"); !q.Unnamed || q.Gone || len(q.Messages) != 1 {
		t.Errorf("a name less: %+v", q)
	}
	if q := reading(map[string]int64{"exists": 0, "holders": 0, "messages": 0}).Queue("q"); !q.Gone || len(q.Messages) != 0 {
		t.Errorf("nothing left: %+v", q)
	}
	if q := reading(map[string]int64{"exists": 1, "holders": 0, "messages": 1, "depth": 1}).Queue("q"); q.Gone || q.Unnamed || !q.Full() {
		t.Errorf("only a name: %+v", q)
	}
}
