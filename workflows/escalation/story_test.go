package escalation

import (
	"fmt"
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
		return s.attach(s.e.Decline(w[1], s.staff, s.now))
	case "attempt":
		return s.e.Attempt(w[1], "phone", s.now)
	case "close":
		return s.e.Close(w[1], events.Outcome(w[2]), "", s.now)
	case "reopen":
		return s.attach(s.e.Reopen(w[1], s.staff, s.now))
	case "join":
		return s.attach(s.e.Join(w[1], s.staff, s.now))
	case "accepted", "failed":
		return s.attach(s.e.Delivered(w[1], Status(w[0]), s.staff, s.now))
	case "away":
		for i := range s.staff.People {
			if w[1] == "all" || s.staff.People[i].ID == w[1] {
				s.staff.People[i].Away = []Span{{From: s.now, To: s.now.Add(9 * time.Hour)}}
			}
		}
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

// Each story is lines of "what happens => what follows"; no arrow means that
// only the circumstances change.
var stories = []struct {
	name   string
	before string // circumstances before the escalation opens
	policy func(*Policy)
	nobody bool // no clinician is assigned
	lines  string
}{
	{
		name: "answered at once",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			ack ana => acknowledged | ana 0.0 in 45m0s
			close ana reached-safe => closed | ana 0.0 in never`,
	},
	{
		name: "no answer climbs, and the end repeats and grows",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			after 29m => stale unchanged | ana 0.0 in 1m0s
			after 1m => no-answer ben | ben 1.0 in 20m0s
			after 20m => no-answer sue | sue 2.0 in 10m0s
			after 10m => repeats sue (sam) | sue 2.1 in 10m0s
			after 10m => repeats sue (sam) (omar) -m4 | sue 2.2 in 10m0s
			after 10m => repeats sue (sam) (omar) (ben) -m6 -m7 | sue 2.3 in 10m0s
			after 10m => repeats sue (sam) (omar) (ben) (ana) -m9 -m10 -m11 | sue 2.4 in 10m0s`,
	},
	{
		name: "after an outage the rung last asked is asked once more, with its full time",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			after 48h => after-outage ana | ana 0.1 in 30m0s
			after 29m => stale unchanged | ana 0.1 in 1m0s
			after 1m => no-answer ben | ben 1.1 in 20m0s`,
	},
	{
		name: "a mail that an outage kept is the one that asks",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			after 3h => after-outage | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			after 30m => no-answer ben | ben 1.0 in 20m0s`,
	},
	{
		name: "an outage after an outage does not hold the ladder",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			after 3h => after-outage ana | ana 0.1 in 30m0s
			after 3h => no-answer ben | ben 1.1 in 20m0s
			after 24m => no-answer sue (sam) | sue 2.1 in 10m0s`,
	},
	{
		name: "after an outage whoever covers is asked where the owner is away by now",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			away ana
			after 3h => after-outage ben | ben 0.1 in 30m0s`,
	},
	{
		name: "a hold that ran out during an outage resumes as any other",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 45m0s
			after 9h => hold-ran-out ben (ana) told:ana | ben 1.0 in 20m0s`,
	},
	{
		name: "of two acknowledgements one wins and the other is told",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			after 30m => no-answer ben | ben 1.0 in 20m0s
			ack ben => acknowledged -m1 -m2 | ben 1.0 in 45m0s
			ack ana => already-acknowledged unchanged told:ben | ben 1.0 in 45m0s
			ack ben => already-acknowledged unchanged told:ben | ben 1.0 in 45m0s`,
	},
	{
		name: "a late acknowledgement from an older rung counts",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			after 30m => no-answer ben | ben 1.0 in 20m0s
			ack ana => acknowledged -m2 | ana 1.0 in 45m0s
			accepted m2 => accepted taken:ben | ana 1.0 in 45m0s`,
	},
	{
		name: "everyone asked since hears that a late acknowledgement counts",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			after 30m => no-answer ben | ben 1.0 in 20m0s
			accepted m2 => accepted | ben 1.0 in 20m0s
			after 20m => no-answer sue | sue 2.0 in 10m0s
			accepted m3 => accepted | sue 2.0 in 10m0s
			ack ana => acknowledged taken:ben taken:sue | ana 2.0 in 45m0s`,
	},
	{
		name: "whoever was asked before the one who took it hears nothing",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			after 30m => no-answer ben | ben 1.0 in 20m0s
			accepted m2 => accepted | ben 1.0 in 20m0s
			ack ben => acknowledged | ben 1.0 in 45m0s`,
	},
	{
		name: "acknowledged and forgotten",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 45m0s
			after 44m => stale unchanged | ana 0.0 in 1m0s
			after 1m => hold-ends hold:ana told:ana | ana 0.0 in 15m0s
			ack ben => already-acknowledged unchanged told:ana | ana 0.0 in 15m0s
			after 15m => hold-ran-out ben (ana) told:ana | ben 1.0 in 20m0s
			ack ben => acknowledged -m2 -m3 | ben 1.0 in 45m0s`,
	},
	{
		name: "an acknowledgement after the hold counts although the timer is late",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 45m0s
			away ana
			after 60m => hold-ran-out ben told:ana | ben 1.0 in 20m0s
			ack sue ben => acknowledged -m2 | sue 1.0 in 45m0s`,
	},
	{
		name: "a try by whoever has it restarts the hold, another's does not",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			attempt ana => attempt-recorded | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 45m0s
			after 40m => stale unchanged | ana 0.0 in 5m0s
			attempt ben => attempt-recorded | ana 0.0 in 5m0s
			attempt ana => attempt-recorded | ana 0.0 in 45m0s
			after 50m => hold-ends hold:ana told:ana | ana 0.0 in 10m0s
			attempt ana => attempt-recorded | ana 0.0 in 45m0s`,
	},
	{
		name:   "a short hold ends without a reminder",
		policy: func(p *Policy) { p.Hold = 3 * time.Minute },
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 3m0s
			after 3m => hold-ran-out ben (ana) told:ana | ben 1.0 in 20m0s`,
	},
	{
		name: "passed on goes to the next at once",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			decline ana => passed-on ben | ben 1.0 in 20m0s
			decline ana => passed-on unchanged | ben 1.0 in 20m0s
			decline omar => not-asked unchanged | ben 1.0 in 20m0s
			decline ben => passed-on sue -m2 | sue 2.0 in 10m0s
			decline sue => passed-on sam -m3 | sam 2.1 in 10m0s
			decline sam => passed-on omar -m4 | omar 2.2 in 10m0s
			decline omar => nobody-else -m5 | omar 2.2 in 10m0s
			after 1s => stale unchanged | omar 2.2 in 9m59s
			decline omar => passed-on sue | sue 2.3 in 10m0s`,
	},
	{
		name: "passed on from an older rung cuts nobody's time short",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			after 30m => no-answer ben | ben 1.0 in 20m0s
			decline ana => passed-on -m1 | ben 1.0 in 20m0s`,
	},
	{
		name: "whoever has it may pass it on, nobody else may",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 45m0s
			decline ben => already-acknowledged unchanged told:ana | ana 0.0 in 45m0s
			decline ana => passed-on ben | ben 1.0 in 20m0s`,
	},
	{
		name:   "nobody else to pass it to",
		policy: func(p *Policy) { p.Rungs = []Rung{{Owner: "person:omar", Within: 10 * time.Minute}} },
		lines: `
			open => opened omar | omar 0.0 in 10m0s
			after 4m => stale unchanged | omar 0.0 in 6m0s
			decline omar => nobody-else -m1 | omar 0.0 in 6m0s
			decline omar => nobody-else | omar 0.0 in 6m0s
			after 6m => repeats omar | omar 0.1 in 10m0s`,
	},
	{
		name:   "nobody else, passed on by whoever had it: the hold is over",
		policy: func(p *Policy) { p.Rungs = []Rung{{Owner: "person:omar", Within: 10 * time.Minute}} },
		lines: `
			open => opened omar | omar 0.0 in 10m0s
			ack omar => acknowledged -m1 | omar 0.0 in 45m0s
			decline omar => nobody-else | omar 0.0 in 10m0s`,
	},
	{
		name:   "a failure that is told after the deadline gives the rung its time anew",
		policy: func(p *Policy) { p.Rungs = []Rung{{Owner: "person:omar", Within: 10 * time.Minute}} },
		lines: `
			open => opened omar | omar 0.0 in 10m0s
			pass 15m
			failed m1 => not-delivered | omar 0.0 in 10m0s`,
	},
	{
		name: "an address that just failed is not tried again at once",
		policy: func(p *Policy) {
			p.Rungs = []Rung{
				{Owner: "person:ana", Within: 10 * time.Minute},
				{Owner: "person:ben", Within: 10 * time.Minute},
				{Owner: "person:ana", Within: 10 * time.Minute},
				{Owner: "person:sue", Within: 10 * time.Minute},
			}
		},
		lines: `
			open => opened ana | ana 0.0 in 10m0s
			failed m1 => not-delivered ben | ben 1.0 in 10m0s
			pass 10s
			failed m2 => not-delivered sue ^2 | sue 3.0 in 10m0s`,
	},
	{
		name:   "times too short for a ladder are lengthened",
		policy: func(p *Policy) { p.Hold, p.Rungs[0].Within = 0, -time.Hour },
		lines: `
			open => opened ana | ana 0.0 in 1m0s
			ack ana => acknowledged -m1 | ana 0.0 in 1m0s`,
	},
	{
		name: "a mail that fails does not wait for an answer",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			failed m1 => not-delivered ben | ben 1.0 in 20m0s
			failed m1 => unrelated unchanged | ben 1.0 in 20m0s
			accepted m1 => unrelated unchanged | ben 1.0 in 20m0s
			failed m9 => unrelated unchanged | ben 1.0 in 20m0s`,
	},
	{
		name: "no mail leaves at all: nobody spins, nobody is silent",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			failed m1 => not-delivered ben | ben 1.0 in 20m0s
			failed m2 => not-delivered sue | sue 2.0 in 10m0s
			failed m3 => not-delivered omar | omar 2.1 in 10m0s
			failed m4 => not-delivered | omar 2.1 in 10m0s
			after 9m => stale unchanged | omar 2.1 in 1m0s
			after 1m => repeats sam (sue) (omar) | sam 2.2 in 10m0s
			failed m5 => not-delivered omar | omar 2.3 in 10m0s
			failed m8 => not-delivered | omar 2.3 in 10m0s`,
	},
	{
		name: "a mail that fails after the acknowledgement moves nothing",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			ack ana => acknowledged | ana 0.0 in 45m0s
			failed m1 => not-delivered | ana 0.0 in 45m0s`,
	},
	{
		name:   "nobody assigned: both rungs are passed at once",
		nobody: true,
		lines:  `open => opened sue ^0 ^1 | sue 2.0 in 10m0s`,
	},
	{
		name:   "away: the cover is asked in their place",
		before: "away ana",
		lines: `
			open => opened ben | ben 0.0 in 30m0s
			after 30m => no-answer ben | ben 1.0 in 20m0s
			after 20m => no-answer sue | sue 2.0 in 10m0s`,
	},
	{
		name:   "the same person on two rungs is not mailed twice at one instant",
		before: "away ana",
		lines: `
			open => opened ben | ben 0.0 in 30m0s
			failed m1 => not-delivered sue ^1 | sue 2.0 in 10m0s`,
	},
	{
		name:   "a rung without an address burns no time",
		before: "nomail ana",
		lines:  `open => opened ben ^0 | ben 1.0 in 20m0s`,
	},
	{
		name:   "everybody is away: whoever is on call is asked all the same",
		before: "away all",
		lines: `
			open => opened omar ^0 ^1 | omar 2.0 in 10m0s
			after 10m => repeats omar | omar 2.1 in 10m0s
			after 9h => after-outage | omar 2.1 in 10m0s
			after 10m => repeats sue (sam) (omar) | sue 2.2 in 10m0s`,
	},
	{
		name:   "others are told and one is asked",
		policy: func(p *Policy) { p.Rungs[0].Inform = []string{"role:supervisor", "person:ana", "cover"} },
		lines: `
			open => opened ana (sue) (sam) (ben) | ana 0.0 in 30m0s
			failed m2 => not-delivered | ana 0.0 in 30m0s
			decline sam => not-asked unchanged | ana 0.0 in 30m0s
			ack sam ana => acknowledged -m1 -m3 -m4 | sam 0.0 in 45m0s`,
	},
	{
		name: "a second cause joins and asks nobody again",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			join not-safe => joined | ana 0.0 in 30m0s
			join not-safe => joined unchanged | ana 0.0 in 30m0s
			join screening => joined | ana 0.0 in 30m0s`,
	},
	{
		name:   "a second cause after the acknowledgement asks again, and the ladder runs",
		policy: func(p *Policy) { p.Rungs[0].Inform = []string{"role:supervisor"} },
		lines: `
			open => opened ana (sue) (sam) | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 -m2 -m3 | ana 0.0 in 45m0s
			pass 1m
			join not-safe => asked-again ana (sue) (sam) | ana 0.1 in 30m0s
			attempt ana => attempt-recorded | ana 0.1 in 30m0s
			join not-safe => joined unchanged | ana 0.1 in 30m0s
			after 30m => no-answer ben | ben 1.1 in 20m0s`,
	},
	{
		name:   "a second cause on a later rung tells all who were told on the way",
		policy: func(p *Policy) { p.Rungs[0].Inform = []string{"role:supervisor"} },
		lines: `
			open => opened ana (sue) (sam) | ana 0.0 in 30m0s
			after 30m => no-answer ben | ben 1.0 in 20m0s
			ack ben => acknowledged -m1 -m2 -m3 -m4 | ben 1.0 in 45m0s
			pass 1m
			join not-safe => asked-again ben (sue) (sam) | ben 1.1 in 20m0s`,
	},
	{
		name: "a second cause after the acknowledgement, and its mail is refused",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 45m0s
			join not-safe => asked-again ana | ana 0.1 in 30m0s
			failed m2 => not-delivered ben | ben 1.1 in 20m0s`,
	},
	{
		name: "said again after the acknowledgement, it is asked again; taken again, it holds",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 45m0s
			join no-show => asked-again ana | ana 0.1 in 30m0s
			ack ana => acknowledged -m2 | ana 0.1 in 45m0s
			join no-show => asked-again ana | ana 0.2 in 30m0s`,
	},
	{
		name: "whoever took it from another rung is asked again, and the rung's own owner is told",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack sam => acknowledged -m1 | sam 0.0 in 45m0s
			join not-safe => asked-again sam (ana) | sam 0.1 in 30m0s`,
	},
	{
		name: "whoever took it has gone: who is there is asked",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack sam => acknowledged -m1 | sam 0.0 in 45m0s
			away sam
			join not-safe => asked-again ana | ana 0.1 in 30m0s
			ack ana => acknowledged -m2 | ana 0.1 in 45m0s
			away ana
			join not-safe => asked-again ben | ben 0.2 in 30m0s`,
	},
	{
		name: "whoever took it though their mail fails: the rung's owner is asked, they are told",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			failed m1 => not-delivered ben | ben 1.0 in 20m0s
			ack ana => acknowledged -m2 | ana 1.0 in 45m0s
			pass 1m
			join not-safe => asked-again ben (ana) | ben 1.1 in 20m0s`,
	},
	{
		name: "whoever took it after passing it on is asked again",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			decline ana => passed-on ben -m1 | ben 1.0 in 20m0s
			ack ana => acknowledged -m2 | ana 1.0 in 45m0s
			join not-safe => asked-again ana (ben) | ana 1.1 in 20m0s`,
	},
	{
		name: "a second cause never puts off when the hold would have ended",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 45m0s
			pass 55m
			join not-safe => asked-again ana | ana 0.1 in 5m0s
			ack ana => acknowledged -m2 | ana 0.1 in 45m0s
			pass 70m
			join screening => asked-again ana | ana 0.2 in 30m0s`,
	},
	{
		name: "closing needs a person and a known outcome; what comes after is told",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			close ana => outcome-missing unchanged | ana 0.0 in 30m0s
			close ana fine => outcome-missing unchanged | ana 0.0 in 30m0s
			ack => person-missing unchanged | ana 0.0 in 30m0s
			close sue false-alarm => closed -m1 | ana 0.0 in never
			after 5h => not-open unchanged closed:sue | ana 0.0 in never`,
	},
	{
		name: "after the outcome",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			close sue false-alarm => closed -m1 | ana 0.0 in never
			ack ana => already-closed unchanged closed:sue | ana 0.0 in never
			decline ana => already-closed unchanged closed:sue | ana 0.0 in never
			attempt ana => already-closed unchanged closed:sue | ana 0.0 in never
			close ana reached-safe => already-closed unchanged closed:sue | ana 0.0 in never
			join again => not-open unchanged closed:sue | ana 0.0 in never
			failed m1 => not-delivered | ana 0.0 in never
			reopen ben => reopened ana closed:sue | ana 0.1 in 30m0s
			reopen ben => already-open unchanged | ana 0.1 in 30m0s
			failed m2 => not-delivered ben | ben 1.1 in 20m0s`,
	},
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
			if st.before != "" {
				s.do(st.before)
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
