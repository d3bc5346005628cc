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

func TestPolicyCheck(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Policy, *Staff)
		want   string // part of the error; empty for none
	}{
		{"good", func(*Policy, *Staff) {}, ""},
		{"absence does not matter", func(_ *Policy, s *Staff) {
			for i := range s.People {
				s.People[i].Away = []Span{{To: begin.AddDate(100, 0, 0)}}
			}
		}, ""},
		{"bounds are allowed", func(p *Policy, _ *Staff) {
			p.Rungs[0].Within, p.Rungs[1].Within, p.Hold = time.Minute, 7*24*time.Hour, time.Minute
		}, ""},
		{"no rungs", func(p *Policy, _ *Staff) { p.Rungs = nil }, "no rungs"},
		{"no hold", func(p *Policy, _ *Staff) { p.Hold = 0 }, "hold: 0s"},
		{"endless hold", func(p *Policy, _ *Staff) { p.Hold = 169 * time.Hour }, "hold: 169h"},
		{"no time", func(p *Policy, _ *Staff) { p.Rungs[1].Within = 0 }, "rung 2: within: 0s"},
		{"negative time", func(p *Policy, _ *Staff) { p.Rungs[0].Within = -time.Hour }, "rung 1: within: -1h"},
		{"too short", func(p *Policy, _ *Staff) { p.Rungs[0].Within = 59 * time.Second }, "rung 1: within: 59s"},
		{"too long", func(p *Policy, _ *Staff) { p.Rungs[0].Within = 7*24*time.Hour + 1 }, "rung 1: within: 168h"},
		{"unknown person", func(p *Policy, _ *Staff) { p.Rungs[0].Owner = "person:zoe" }, `no person "zoe"`},
		{"no address", func(p *Policy, s *Staff) { p.Rungs[0].Owner = "person:ana"; s.Person("ana").Email = "" }, `"ana" has no email`},
		{"empty role", func(p *Policy, _ *Staff) { p.Rungs[2].Owner = "role:none" }, `role "none"`},
		{"unknown word", func(p *Policy, _ *Staff) { p.Rungs[0].Owner = "anybody" }, `"anybody" is not assigned`},
		{"nobody", func(p *Policy, _ *Staff) { p.Rungs[0].Owner = "" }, `"" is not assigned`},
		{"unknown inform", func(p *Policy, _ *Staff) { p.Rungs[1].Inform = []string{"role:none"} }, "rung 2: inform"},
		{"unknown urgency", func(p *Policy, _ *Staff) { p.Urgency = "soon" }, `urgency is "soon"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, s := clinicPolicy(), clinicStaff()
			tt.change(&p, &s)
			wantError(t, p.Check(s), tt.want)
		})
	}
}

func TestStaffCheck(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Staff)
		want   string
	}{
		{"good", func(*Staff) {}, ""},
		{"nobody on call", func(s *Staff) { s.OnCall = "" }, "nobody is on call"},
		{"stranger on call", func(s *Staff) { s.OnCall = "zoe" }, "not in the list"},
		{"on call without address", func(s *Staff) { s.Person("omar").Email = " " }, "no email"},
		{"twice", func(s *Staff) { s.People = append(s.People, s.People[0]) }, "twice"},
		{"nameless", func(s *Staff) { s.People[1].ID = "" }, "person 2 has no id"},
		{"strange cover", func(s *Staff) { s.People[0].Cover = "zoe" }, `covered by "zoe"`},
		{"own cover", func(s *Staff) { s.People[0].Cover = "ana" }, "covers for themselves"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := clinicStaff()
			tt.change(&s)
			wantError(t, s.Check(), tt.want)
		})
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("unexpected error: %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("error is %v, want one that says %q", err, want)
	}
}
