package lessons

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReview(t *testing.T) {
	c := &clock{noon}
	p := opened(t, t.TempDir(), c.now)
	p.Review("known", true)
	p.Review("missed", false)
	all := []string{"new", "known", "missed", "newer"}
	for _, step := range []struct {
		after time.Duration
		want  []string
	}{
		{0, []string{"new", "newer"}},
		{10 * time.Minute, []string{"missed", "new", "newer"}},
		{day, []string{"missed", "known", "new", "newer"}},
	} {
		c.at = noon.Add(step.after)
		if diff := cmp.Diff(step.want, p.Due(all)); diff != "" {
			t.Errorf("after %v: %s", step.after, diff)
		}
	}
	if r, ok := p.Card("known"); !ok || r.Days != 1 {
		t.Errorf("%+v, %v", r, ok)
	}
}

func TestIntervals(t *testing.T) {
	var r Reviewed
	at := noon
	var days []int
	for range 10 {
		r = r.next(at, true)
		days = append(days, r.Days)
		at = r.Due
	}
	if diff := cmp.Diff([]int{1, 3, 7, 15, 31, 63, 127, 255, 365, 365}, days); diff != "" {
		t.Error(diff)
	}
	r = r.next(at, false)
	want := Reviewed{At: at, Due: at.Add(10 * time.Minute), Days: 0, Times: 11, Lapse: 1}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
	r = r.next(r.Due, true)
	early := r.next(r.At.Add(time.Hour), true)
	if early.Days != 1 || !early.Due.Equal(early.At.Add(day)) {
		t.Errorf("asked early: %+v", early)
	}
}
