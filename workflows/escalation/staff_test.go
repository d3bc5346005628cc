package escalation

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/workflows/calendar"
)

func TestResolve(t *testing.T) {
	away := []Absence{{From: begin, To: begin.Add(time.Hour)}}
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
	away := []Absence{{From: begin, To: begin.Add(time.Hour)}}
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
	staff := Staff{People: []Person{{ID: "ana", Away: []Absence{{From: at(3), To: at(5)}, {From: at(9), To: at(12)}, {From: at(0), To: at(1)}}}}}
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

// A leave may count for some of the roles, and name who stands in; of two at one time
// the one that names the role counts, then the one that began last, then the one
// written last.
func TestAbsences(t *testing.T) {
	at := func(h int) time.Time { return begin.Add(time.Duration(h) * time.Hour) }
	staff := Staff{People: []Person{
		{ID: "ana", Email: "a@x", Cover: "ben", Roles: []string{"lead", "team"}, Away: []Absence{
			{From: at(0), To: at(10), Cover: "cy", Roles: []string{"lead"}},
			{From: at(2), To: at(8)},
			{From: at(4), To: at(6), Cover: "dee"},
			{From: at(4), To: at(5), Cover: "eve"},
		}},
		{ID: "ben", Email: "b@x"},
		{ID: "cy", Email: "c@x"},
		{ID: "dee", Email: "d@x"},
		{ID: "eve", Email: "e@x"},
	}}
	for _, tt := range []struct {
		owner string
		in    int
		want  string
	}{
		{"role:lead", -1, "ana"},
		{"role:lead", 0, "cy"},
		{"person:ana", 0, "ana"}, // only the lead's work is somebody else's
		{"role:team", 1, "ana"},
		{"person:ana", 2, "ben"}, // the leave names nobody
		{"role:lead", 2, "cy"},   // the one that names the role
		{"role:team", 2, "ben"},
		{"person:ana", 4, "eve"}, // written last
		{"person:ana", 5, "dee"}, // began last
		{"person:ana", 6, "ben"},
		{"role:lead", 9, "cy"},
		{"role:lead", 10, "ana"},
	} {
		got := staff.Resolve(tt.owner, "", at(tt.in))
		if len(got) != 1 || got[0].ID != tt.want {
			t.Errorf("%s after %d h: %v, want %s", tt.owner, tt.in, got, tt.want)
		}
		if is := staff.StandsIn(tt.want, tt.owner, "", at(tt.in)); is != (tt.want != "ana") {
			t.Errorf("%s after %d h: %s stands in: %v", tt.owner, tt.in, tt.want, is)
		}
	}
}

// A rota hands over at a time of the clock on the wall; who is absent is stood in for,
// and where nobody does, the next of the rota is there.
func TestRota(t *testing.T) {
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	when := func(s string) time.Time {
		t.Helper()
		at, err := time.ParseInLocation("2006-01-02 15:04", s, chicago)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	staff := Staff{
		People: []Person{
			{ID: "ana", Email: "a@x", Cover: "dee", Away: []Absence{{From: when("2026-04-01 00:00"), To: when("2026-04-02 00:00")}}},
			{ID: "ben", Email: "b@x", Away: []Absence{{From: when("2026-03-10 00:00"), To: when("2026-03-11 00:00")}}},
			{ID: "cy", Email: "c@x"},
			{ID: "dee", Email: "d@x"},
		},
		Rotas: []Rota{{
			ID: "night", People: []string{"ana", "ben", "cy"}, First: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC),
			At: 9 * time.Hour, Zone: chicago, Days: 7,
			Overrides: []Override{
				{From: when("2026-05-01 00:00"), To: when("2026-05-04 00:00"), Person: "dee"},
				{From: when("2026-05-02 00:00"), To: when("2026-05-03 00:00"), Person: "cy"},
			},
		}},
	}
	for _, tt := range []struct{ at, want string }{
		{"2026-03-02 09:00", "ana ben cy"},
		{"2026-03-09 08:59", "ana ben cy"}, // the clocks were moved the day before
		{"2026-03-09 09:00", "ben cy ana"},
		{"2026-03-10 12:00", "cy ana"}, // ben is away, and nobody stands in
		{"2026-03-16 09:00", "cy ana ben"},
		{"2026-03-23 09:00", "ana ben cy"},
		{"2026-04-01 12:00", "ben cy dee"}, // ana's turn will come, and dee stands in
		{"2026-03-02 08:59", "cy ana ben"}, // before the first, backwards
		{"2026-02-16 09:00", "ben cy ana"},
		{"2026-11-02 08:59", "ben cy ana"}, // and back again
		{"2026-11-02 09:00", "cy ana ben"},
		{"2026-05-01 00:00", "dee cy ana ben"},
		{"2026-05-02 12:00", "cy ana ben"},
		{"2026-05-03 00:00", "dee cy ana ben"},
		{"2026-05-04 00:00", "cy ana ben"},
	} {
		var got []string
		for _, p := range staff.Resolve("rota:night", "", when(tt.at)) {
			got = append(got, p.ID)
		}
		if !slices.Equal(got, strings.Fields(tt.want)) {
			t.Errorf("at %s: %v, want [%s]", tt.at, got, tt.want)
		}
	}
	if got := staff.Resolve("rota:none", "", begin); len(got) != 0 {
		t.Errorf("a rota that is not there has %v", got)
	}
}

// A question in an open policy passes over whoever is not at work, as if away; a crisis
// does not.
func TestOffHours(t *testing.T) {
	week := func(from, to int) *calendar.Hours {
		h := calendar.UsualHours()
		for day := range h.Week {
			if h.Week[day] != nil {
				h.Week[day] = []calendar.Opening{{From: time.Duration(from) * time.Hour, To: time.Duration(to) * time.Hour}}
			}
		}
		h.Holidays = []calendar.Holiday{{From: 20260702, To: 20260702}}
		return &h
	}
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	staff := Staff{OnCall: "omar", People: []Person{
		{ID: "ana", Email: "a@x", Cover: "ben", Hours: week(9, 17)},
		{ID: "ben", Email: "b@x", Hours: week(8, 20)},
		{ID: "kei", Email: "k@x", Roles: []string{"team"}, Hours: week(9, 17), Zone: tokyo},
		{ID: "omar", Email: "o@x", Hours: week(9, 17)},
	}}
	policy := Policy{Rungs: []Rung{{Owner: "assigned", Within: time.Hour}, {Owner: "role:team", Within: time.Hour}}}
	for _, tt := range []struct {
		at   string
		keep bool
		want string
	}{
		{"2026-07-01T10:00:00Z", true, "ana"},
		{"2026-07-01T16:59:00Z", true, "ana"},
		{"2026-07-01T17:00:00Z", true, "ben"},
		{"2026-07-01T20:00:00Z", true, "omar"}, // nobody is at work: whoever is on call
		{"2026-07-02T00:30:00Z", true, "omar"}, // and a holiday in Tokyo
		{"2026-07-03T00:30:00Z", true, "kei"},  // where the day has begun
		{"2026-07-02T10:00:00Z", true, "omar"}, // a holiday here
		{"2026-07-04T10:00:00Z", true, "omar"}, // a Saturday
		{"2026-07-04T10:00:00Z", false, "ana"},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		policy.KeepHours = tt.keep
		e, m := Open("esc", policy, "q", [16]byte{1}, "ana", staff, at)
		if e.Owner != tt.want || !e.Next.Equal(at.Add(time.Hour)) {
			t.Errorf("at %s, %v: %s is asked until %v, passing %v; want %s", tt.at, tt.keep, e.Owner, e.Next, m.Skipped, tt.want)
		}
	}
}

// Whoever is on call is asked at the end, whatever the staff list looks like.
func TestFallback(t *testing.T) {
	away := []Absence{{From: begin, To: begin.Add(time.Hour)}}
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
		{"a rota", Staff{OnCall: "rota:r", Rotas: []Rota{{ID: "r", People: []string{"c", "o"}}}, People: []Person{{ID: "o", Email: "o@x"}, {ID: "c", Away: away, Email: "c@x"}}}, "o"},
		{"a rota that is away", Staff{OnCall: "rota:r", Rotas: []Rota{{ID: "r", People: []string{"c"}}}, People: []Person{{ID: "o", Email: "o@x"}, {ID: "c", Away: away, Email: "c@x"}}}, "c"},
		{"never asked", Staff{OnCall: "o", Never: []string{"o"}, People: []Person{{ID: "o", Email: "o@x"}, {ID: "c", Email: "c@x"}}}, "c"},
		{"nobody but who is never asked", Staff{OnCall: "o", Never: []string{"o"}, People: []Person{{ID: "o", Email: "o@x"}}}, Nobody},
		{"an empty list", Staff{}, Nobody},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.staff.Fallback(begin); got != tt.want {
				t.Errorf("fallback is %q, want %q", got, tt.want)
			}
			e, m := Open("esc", Policy{}, "q", [16]byte{1}, "", tt.staff, begin)
			if e.Owner != tt.want || len(m.Asks) != 1 || m.Asks[0].Person != tt.want || !e.Next.After(begin) {
				t.Errorf("without rungs: owner %q, asks %+v, next %v; want %q asked", e.Owner, m.Asks, e.Next, tt.want)
			}
		})
	}
}
