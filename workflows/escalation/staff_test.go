package escalation

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestResolve(t *testing.T) {
	away := []Span{{From: begin, To: begin.Add(time.Hour)}}
	staff := Staff{OnCall: "omar", People: []Person{
		{ID: "ana", Email: "a@x", Cover: "ben", Roles: []string{"team"}},
		{ID: "ben", Email: "b@x", Cover: "cy", Away: away},
		{ID: "cy", Email: "c@x", Cover: "dee", Roles: []string{"circle"}},
		{ID: "dee", Email: "d@x", Cover: "eve", Away: away, Roles: []string{"circle", "team"}},
		{ID: "eve", Email: "e@x", Cover: "dee", Away: away, Roles: []string{"team"}},
		{ID: "fay", Cover: "ana", Roles: []string{"team", "mute"}},
		{ID: "gus", Email: "g@x", Cover: "fay", Away: away, Roles: []string{"team"}},
		{ID: "hal", Email: "h@x", Cover: "cy", Away: away, Roles: []string{"mixed"}},
		{ID: "ian", Email: "i@x", Roles: []string{"mixed", "team"}},
		{ID: "jo", Email: "j@x", Cover: "gone", Away: away},
	}}
	tests := []struct {
		name, owner, clinician string
		later                  time.Duration
		want                   string
	}{
		{"assigned", "assigned", "ana", 0, "ana"},
		{"nobody assigned", "assigned", "", 0, ""},
		{"assigned to somebody unknown", "assigned", "zoe", 0, ""},
		{"cover who is away has a cover", "cover", "ana", 0, "cy"},
		{"cover is back at the end of the span", "cover", "ana", time.Hour, "ben"},
		{"nobody covers", "cover", "ian", 0, ""},
		{"cover of nobody", "cover", "", 0, ""},
		{"covers run in a circle", "person:dee", "", 0, ""},
		{"cover is not in the list", "person:jo", "", 0, ""},
		{"no address", "person:fay", "ana", 0, ""},
		{"away, and the cover has no address", "person:gus", "", 0, ""},
		{"unknown person", "person:zoe", "", 0, ""},
		{"role in the order of the list", "role:team", "", time.Hour, "ana dee eve gus ian"},
		{"role without those away", "role:team", "", 0, "ana ian"},
		{"role: who is there comes before covers", "role:mixed", "", 0, "ian cy"},
		{"role nobody has", "role:none", "", 0, ""},
		{"role without addresses", "role:mute", "", 0, ""},
		{"unknown word", "everybody", "ana", 0, ""},
		{"nothing", "", "ana", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, p := range staff.Resolve(tt.owner, tt.clinician, begin.Add(tt.later)) {
				got = append(got, p.ID)
			}
			if !slices.Equal(got, strings.Fields(tt.want)) {
				t.Errorf("Resolve(%q, %q) = %v, want [%s]", tt.owner, tt.clinician, got, tt.want)
			}
		})
	}
}

// StandsIn is true where somebody is asked because who was meant is away, and
// only there.
func TestStandsIn(t *testing.T) {
	away := []Span{{From: begin, To: begin.Add(time.Hour)}}
	staff := Staff{OnCall: "cy", People: []Person{
		{ID: "ana", Email: "a@x", Cover: "ben", Away: away, Roles: []string{"team", "gone"}},
		{ID: "ben", Email: "b@x", Cover: "ana", Roles: []string{"team"}},
		{ID: "cy", Email: "c@x", Cover: "ana"},
		{ID: "dee", Cover: "ben", Roles: []string{"mute"}},
	}}
	for _, tt := range []struct {
		person, owner, clinician string
		later                    time.Duration
		want                     bool
	}{
		{"ben", "assigned", "ana", 0, true},
		{"ben", "assigned", "ana", time.Hour, false}, // she is back: somebody else is meant by it
		{"ana", "assigned", "ana", 0, false},         // asked although away, since nobody stands in
		{"ben", "assigned", "ben", 0, false},
		{"cy", "assigned", "", 0, false},
		{"cy", "assigned", "dee", 0, false}, // no address is no leave
		{"ben", "person:ana", "cy", 0, true},
		{"cy", "person:ben", "", 0, false},
		{"ben", "cover", "cy", 0, true}, // whose cover is away
		{"ben", "cover", "ana", 0, false},
		{"ben", "cover", "", 0, false},
		{"ben", "role:team", "", 0, false}, // one of them
		{"cy", "role:team", "", 0, true},
		{"ben", "role:gone", "", 0, true},
		{"cy", "role:mute", "", 0, false},
		{"cy", "everybody", "ana", 0, false},
	} {
		if got := staff.StandsIn(tt.person, tt.owner, tt.clinician, begin.Add(tt.later)); got != tt.want {
			t.Errorf("%s for %s of %q: %v", tt.person, tt.owner, tt.clinician, got)
		}
	}
}

// LeaveBegins looks strictly ahead, and finds the first of several.
func TestLeaveBegins(t *testing.T) {
	at := func(h int) time.Time { return begin.Add(time.Duration(h) * time.Hour) }
	staff := Staff{People: []Person{{ID: "ana", Away: []Span{{at(3), at(5)}, {at(9), at(12)}, {at(0), at(1)}}}}}
	for _, tt := range []struct {
		person      string
		now, before int
		want        int
		none        bool
	}{
		{"ana", 0, 24, 3, false},
		{"ana", 3, 24, 9, false},
		{"ana", -1, 24, 0, false},
		{"ana", 0, 3, 0, true},
		{"ana", 9, 24, 0, true},
		{"ben", 0, 24, 0, true},
	} {
		got := staff.LeaveBegins(tt.person, at(tt.now), at(tt.before))
		if tt.none != got.IsZero() || !tt.none && !got.Equal(at(tt.want)) {
			t.Errorf("%s from %d to %d: %v", tt.person, tt.now, tt.before, got)
		}
	}
}

// Whoever is on call is asked at the end, whatever the staff list looks like.
func TestFallback(t *testing.T) {
	away := []Span{{From: begin, To: begin.Add(time.Hour)}}
	tests := []struct {
		name  string
		staff Staff
		want  string
	}{
		{"there", Staff{OnCall: "o", People: []Person{{ID: "o", Email: "o@x"}}}, "o"},
		{"away with a cover", Staff{OnCall: "o", People: []Person{{ID: "o", Email: "o@x", Away: away, Cover: "c"}, {ID: "c", Email: "c@x"}}}, "c"},
		{"away without one", Staff{OnCall: "o", People: []Person{{ID: "o", Email: "o@x", Away: away}, {ID: "c", Email: "c@x"}}}, "o"},
		{"not in the list", Staff{OnCall: "o", People: []Person{{ID: "c", Email: "c@x"}}}, "o"},
		{"nobody named", Staff{People: []Person{{ID: "m"}, {ID: "c", Email: "c@x"}}}, "c"},
		{"an empty list", Staff{}, nameless},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.staff.fallback(begin); got != tt.want {
				t.Errorf("fallback is %q, want %q", got, tt.want)
			}
			e, m := Open("esc", Policy{}, "q", [16]byte{1}, "", tt.staff, begin)
			if e.Owner != tt.want || len(m.Asks) != 1 || m.Asks[0].Person != tt.want || !e.Next.After(begin) {
				t.Errorf("without rungs: owner %q, asks %+v, next %v; want %q asked", e.Owner, m.Asks, e.Next, tt.want)
			}
		})
	}
}
