package escalation

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

var begin = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func clinicStaff() Staff {
	person := func(id, cover string, roles ...string) Person {
		return Person{ID: id, Name: id, Email: id + "@clinic.example", Cover: cover, Roles: roles}
	}
	return Staff{
		OnCall: "omar",
		People: []Person{
			person("ana", "ben"),
			person("ben", ""),
			person("sue", "", "supervisor"),
			person("sam", "", "supervisor"),
			person("omar", ""),
		},
	}
}

func clinicPolicy() Policy {
	return Policy{
		ID: "safety", Urgency: "crisis", Hold: time.Hour,
		Rungs: []Rung{
			{Owner: "assigned", Within: 30 * time.Minute},
			{Owner: "cover", Within: 20 * time.Minute},
			{Owner: "role:supervisor", Within: 10 * time.Minute},
		},
	}
}

// story drives one escalation and numbers the mails as it goes: m1, m2, …
type story struct {
	t     *testing.T
	staff Staff
	now   time.Time
	e     Escalation
	mails int
}

func (s *story) attach(m Move) Move {
	for i, a := range m.Asks {
		s.mails++
		id := fmt.Sprintf("m%d", s.mails)
		if s.e.Attach(a.Person, a.Rung, a.Round, id) {
			m.Asks[i].Message = id
		}
	}
	return m
}

// do performs one line of a story: a verb and its words.
func (s *story) do(line string) Move {
	s.t.Helper()
	w := append(strings.Fields(line), "", "")
	switch w[0] {
	case "after":
		d, err := time.ParseDuration(w[1])
		if err != nil {
			s.t.Fatalf("%s: %v", line, err)
		}
		s.now = s.now.Add(d)
		return s.attach(s.e.Due(s.staff, s.now))
	case "pass":
		d, err := time.ParseDuration(w[1])
		if err != nil {
			s.t.Fatalf("%s: %v", line, err)
		}
		s.now = s.now.Add(d)
	case "ack":
		return s.e.Acknowledge(w[1], w[2], s.now)
	case "decline":
		return s.attach(s.e.Decline(w[1], "", s.staff, s.now))
	case "attempt":
		return s.e.Attempt(w[1], "phone", s.now)
	case "close":
		return s.e.Close(w[1], events.Outcome(w[2]), "", s.now)
	case "reopen":
		return s.attach(s.e.Reopen(w[1], s.staff, s.now))
	case "join":
		return s.attach(s.e.Join(w[1], s.staff, s.now))
	case "late":
		return s.attach(s.e.Late(w[1], s.staff, s.now))
	case "accepted", "failed":
		return s.attach(s.e.Delivered(w[1], Status(w[0]), s.staff, s.now))
	case "away":
		for i := range s.staff.People {
			if w[1] == "all" || s.staff.People[i].ID == w[1] {
				s.staff.People[i].Away = []Absence{{From: s.now, To: s.now.Add(9 * time.Hour)}}
			}
		}
	case "leave": // begins so long from now
		d, err := time.ParseDuration(w[2])
		if err != nil {
			s.t.Fatalf("%s: %v", line, err)
		}
		s.staff.Person(w[1]).Away = []Absence{{From: s.now.Add(d), To: s.now.Add(d + 9*time.Hour)}}
		s.e.UntilLeave(s.staff, s.now)
	case "gone":
		s.staff.People = slices.DeleteFunc(s.staff.People, func(p Person) bool { return p.ID == w[1] })
	case "never":
		s.staff.Never = append(s.staff.Never, w[1])
		return s.attach(s.e.Exclude(s.staff, s.now))
	case "emergency":
		s.staff.People = append(s.staff.People, Person{ID: "desk", Name: "Duty desk", Email: "desk@clinic.example", Emergency: true})
	case "nomail":
		s.staff.Person(w[1]).Email = " "
	default:
		s.t.Fatalf("unknown line %q", line)
	}
	return Move{}
}

// tell puts a move into one line: reason, whom it asks (those told in
// brackets), what it withdraws (-) and skips (^), then where the ladder stands.
func (s *story) tell(m Move) string {
	out := []string{string(m.Reason)}
	for _, a := range m.Asks {
		if a.Inform {
			out = append(out, "("+a.Person+")")
		} else {
			out = append(out, a.Person)
		}
	}
	for _, id := range m.Withdraw {
		out = append(out, "-"+id)
	}
	for _, r := range m.Skipped {
		out = append(out, fmt.Sprintf("^%d", r))
	}
	if !m.Changed {
		out = append(out, "unchanged")
	}
	for _, t := range m.Tell {
		out = append(out, string(t.What)+":"+t.Person)
	}
	if m.Told != nil {
		out = append(out, "told:"+m.Told.By)
	}
	if m.Closed != nil {
		out = append(out, "closed:"+m.Closed.By)
	}
	next := "never"
	if !s.e.Next.IsZero() {
		next = s.e.Next.Sub(s.now).String()
	}
	return strings.Join(out, " ") + fmt.Sprintf(" | %s %d.%d in %s", s.e.Owner, s.e.Rung, s.e.Round, next)
}

func TestStories(t *testing.T) {
	for _, st := range stories {
		t.Run(st.name, func(t *testing.T) {
			s := &story{t: t, staff: clinicStaff(), now: begin}
			p, clinician := clinicPolicy(), "ana"
			if st.policy != nil {
				st.policy(&p)
			}
			if st.nobody {
				clinician = ""
			}
			for before := range strings.SplitSeq(st.before, ";") {
				if before != "" {
					s.do(before)
				}
			}
			for line := range strings.Lines(strings.TrimSpace(st.lines)) {
				what, want, says := strings.Cut(strings.TrimSpace(line), " => ")
				var m Move
				if what == "open" {
					s.e, m = Open("esc", p, "no-show", events.Hash{1}, clinician, s.staff, s.now)
					m = s.attach(m)
				} else {
					m = s.do(what)
				}
				if got := s.tell(m); says && got != want {
					t.Errorf("%s\n got %s\nwant %s", what, got, want)
				}
			}
		})
	}
}
