package escalation

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/calendar"
)

var ids = []string{"a", "b", "c", "d", "e"}

func drawStaff(t *rapid.T) Staff {
	maybe := rapid.SampledFrom(append([]string{"", "zoe"}, ids...))
	s := Staff{OnCall: rapid.SampledFrom(append([]string{"", "zoe", "rota:r", "rota:none"}, ids...)).Draw(t, "on call")}
	s.Never = rapid.SliceOfN(rapid.SampledFrom(ids), 0, 2).Draw(t, "never")
	if rapid.Bool().Draw(t, "rota") {
		r := Rota{ID: "r", First: begin.AddDate(0, 0, rapid.IntRange(-9, 9).Draw(t, "first")), Days: rapid.IntRange(0, 3).Draw(t, "days")}
		r.At = time.Duration(rapid.IntRange(0, 23).Draw(t, "at")) * time.Hour
		r.People = rapid.SliceOfN(rapid.SampledFrom(append([]string{"zoe"}, ids...)), 0, 4).Draw(t, "turns")
		if rapid.Bool().Draw(t, "override") {
			r.Overrides = []Override{{From: begin, To: begin.Add(5 * time.Hour), Person: maybe.Draw(t, "instead")}}
		}
		s.Rotas = []Rota{r}
	}
	for _, id := range ids[:rapid.IntRange(0, len(ids)).Draw(t, "people")] {
		p := Person{ID: id, Cover: maybe.Draw(t, "cover"), Roles: rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y"}), 0, 2).Draw(t, "roles")}
		if rapid.IntRange(0, 4).Draw(t, "address") > 0 {
			p.Email = id + "@clinic.example"
		}
		if rapid.Bool().Draw(t, "absent") {
			from := begin.Add(time.Duration(rapid.IntRange(-300, 300).Draw(t, "from")) * time.Minute)
			p.Away = []Absence{{From: from, To: from.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "minutes")) * time.Minute)}}
			p.Away[0].Cover = maybe.Draw(t, "cover of the leave")
			p.Away[0].Roles = rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y"}), 0, 1).Draw(t, "roles of the leave")
		}
		if rapid.Bool().Draw(t, "works") {
			p.Hours = &calendar.Hours{}
			p.Hours.Week[begin.Weekday()] = []calendar.Opening{{From: 9 * time.Hour, To: time.Duration(rapid.IntRange(10, 24).Draw(t, "until")) * time.Hour}}
		}
		s.People = append(s.People, p)
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "emergency") {
		id := fmt.Sprintf("emergency-%d", i+1)
		s.People = append(s.People, Person{ID: id, Name: "Duty desk", Email: id + "@clinic.example", Emergency: true})
	}
	return s
}

// drawPolicy also makes policies that no clinic's file may: a stored one may have
// been checked by an older version.
func drawPolicy(t *rapid.T) Policy {
	who := rapid.SampledFrom([]string{"assigned", "cover", "role:x", "role:y", "person:a", "person:e", "person:zoe", "rota:r", "rota:none", "odd", ""})
	p := Policy{Hold: time.Duration(rapid.IntRange(-1, 90).Draw(t, "hold")) * time.Minute}
	p.KeepHours = rapid.Bool().Draw(t, "keep hours")
	for range rapid.IntRange(0, 4).Draw(t, "rungs") {
		p.Rungs = append(p.Rungs, Rung{
			Owner:  who.Draw(t, "owner"),
			Within: time.Duration(rapid.IntRange(-1, 45).Draw(t, "within")) * time.Minute,
			Inform: rapid.SliceOfN(who, 0, 2).Draw(t, "inform"),
		})
	}
	return p
}

// walk performs random acts on one escalation, and calls after with each move
// and the state before it. The state is stored and read back between acts.
type walk struct {
	e       Escalation
	staff   Staff
	now     time.Time
	mails   []string
	act     string
	reverse bool // the clock may also go backwards
}

func (w *walk) open(t *rapid.T) Move {
	w.now, w.staff = begin, drawStaff(t)
	clinician := rapid.SampledFrom(append([]string{"", "zoe"}, ids...)).Draw(t, "clinician")
	var m Move
	w.e, m = Open("esc", drawPolicy(t), "q", events.Hash{1}, clinician, w.staff, w.now)
	w.act = "open"
	w.attach(t, m)
	return m
}

func (w *walk) attach(t *rapid.T, m Move) {
	for _, a := range m.Asks {
		id := fmt.Sprintf("m%d", len(w.mails))
		w.mails = append(w.mails, id)
		if !w.e.Attach(a.Person, a.Rung, a.Round, id) && !a.Inform {
			t.Fatalf("%s: the owner's ask %+v is not kept", w.act, a)
		}
	}
}

func (w *walk) next(t *rapid.T, acts []string) Move {
	person := rapid.SampledFrom(append([]string{"", "zoe", w.e.Owner}, ids...))
	least := 0
	if w.reverse {
		least = -30
	}
	w.now = w.now.Add(time.Duration(rapid.IntRange(least, 60).Draw(t, "minutes")) * time.Minute)
	w.act = rapid.SampledFrom(acts).Draw(t, "act")
	var m Move
	switch w.act {
	case "due":
		m = w.e.Due(w.staff, w.now)
	case "on time":
		if w.e.Next.After(w.now) {
			w.now = w.e.Next
		}
		m = w.e.Due(w.staff, w.now)
	case "ack":
		m = w.e.Acknowledge(person.Draw(t, "by"), person.Draw(t, "for"), w.now)
	case "decline":
		m = w.e.Decline(person.Draw(t, "by"), rapid.SampledFrom([]string{"", events.DeclineBusy, events.DeclineConflict}).Draw(t, "why"), w.staff, w.now)
	case "owner's conflict":
		m = w.e.Decline(w.e.Owner, events.DeclineConflict, w.staff, w.now)
	case "attempt":
		m = w.e.Attempt(person.Draw(t, "by"), "phone", w.now)
	case "join":
		m = w.e.Join(rapid.SampledFrom([]string{"", "q", "r", "s"}).Draw(t, "question"), w.staff, w.now)
	case "delivered":
		id := rapid.SampledFrom(append([]string{"", "other"}, w.mails...)).Draw(t, "mail")
		status := rapid.SampledFrom([]Status{Accepted, Failed, Failed, Silent, "odd"}).Draw(t, "status")
		m = w.e.Delivered(id, status, w.staff, w.now)
	case "late":
		m = w.e.Late(rapid.SampledFrom(append([]string{"", "other"}, w.mails...)).Draw(t, "mail"), w.staff, w.now)
	case "owner's mail waits":
		if i := w.e.current(); i >= 0 {
			m = w.e.Late(w.e.Asks[i].Message, w.staff, w.now)
		}
	case "owner's mail fails":
		if i := w.e.current(); i >= 0 {
			m = w.e.Delivered(w.e.Asks[i].Message, Failed, w.staff, w.now)
		}
	case "staff":
		w.staff = drawStaff(t)
	case "exclude":
		w.staff.Never = append(slices.Clone(w.staff.Never), rapid.SampledFrom(ids).Draw(t, "never"))
		m = w.e.Exclude(w.staff, w.now)
	case "close":
		outcome := rapid.SampledFrom([]events.Outcome{"", "odd", events.OutcomeReachedSafe, events.OutcomeFalseAlarm}).Draw(t, "outcome")
		m = w.e.Close(person.Draw(t, "by"), outcome, rapid.SampledFrom([]string{"", "spoke for a while"}).Draw(t, "note"), w.now)
	case "reopen":
		m = w.e.Reopen(person.Draw(t, "by"), w.staff, w.now)
	}
	w.attach(t, m)
	return m
}

func store(t *rapid.T, e Escalation) string {
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatalf("marshal: %v", err)
	}
	return string(b)
}

var (
	allButClosing = []string{"due", "on time", "on time", "ack", "decline", "owner's conflict", "attempt", "join", "delivered", "owner's mail fails", "late", "owner's mail waits", "staff", "exclude"}
	allActs       = append([]string{"close", "reopen"}, allButClosing...)
)

// While it is open there is an owner and a deadline within the policy's times;
// whatever happened, the timer alone goes on asking one person each time.
func TestNeverSilent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := walk{reverse: rapid.Bool().Draw(t, "reverse")}
		w.open(t)
		high := w.now
		for range rapid.IntRange(0, 40).Draw(t, "acts") {
			before, shallow := store(t, w.e), w.e
			m := w.next(t, allActs)
			if w.now.After(high) {
				high = w.now
			}
			if got := store(t, shallow); got != before {
				t.Fatalf("%s changed the state it began with:\n%s\n%s", w.act, before, got)
			}
			after := store(t, w.e)
			if w.act == "join" && w.e.Open() && w.e.Ack != nil {
				t.Fatalf("a new cause leaves the hold of %s as it was", w.e.Ack.By)
			}
			if w.act == "join" && w.e.Open() && shallow.Until().After(w.now) && w.e.Next.After(shallow.Until()) {
				t.Fatalf("a new cause puts the deadline off from %v to %v", shallow.Until(), w.e.Next)
			}
			if !m.Changed && after != before {
				t.Fatalf("%s says %q, unchanged, and changed\n%s\n%s", w.act, m.Reason, before, after)
			}
			if m.Changed && m.Reason == "" || m.Reason.Words() == string(m.Reason) && m.Reason != "" {
				t.Fatalf("%s has no reason that a person can read: %+v", w.act, m)
			}
			if !w.e.Open() && !w.e.Next.IsZero() {
				t.Fatalf("%s: closed, and due at %v", w.act, w.e.Next)
			}
			if w.e.Open() {
				if w.e.Owner == "" || w.e.Next.IsZero() {
					t.Fatalf("%s: owner %q, next %v", w.act, w.e.Owner, w.e.Next)
				}
				if w.e.Next.Sub(high) > 90*time.Minute {
					t.Fatalf("%s: next is %v after now", w.act, w.e.Next.Sub(high))
				}
				fresh := len(m.Asks) > 0 || m.Reason == NobodyElse || m.Reason == Acknowledged
				if fresh && !w.e.Next.After(w.now) {
					t.Fatalf("%s: asked with no time to answer: %+v", w.act, m)
				}
			}
			if len(w.e.Asks) > keepAsks {
				t.Fatalf("%d asks are kept", len(w.e.Asks))
			}
			w.e = Escalation{}
			if err := json.Unmarshal([]byte(after), &w.e); err != nil {
				t.Fatalf("unmarshal: %v", err)
			}
			if again := store(t, w.e); again != after {
				t.Fatalf("stored twice it differs:\n%s\n%s", after, again)
			}
		}
		for i := range 8 {
			if !w.e.Open() {
				return
			}
			w.now = w.e.Next
			m := w.e.Due(w.staff, w.now)
			if m.Reason == HoldEnds {
				// Whoever took it is reminded once, and asked others are next.
				if len(m.Tell) != 1 || m.Tell[0].Person != w.e.Owner || !w.e.Next.After(w.now) {
					t.Fatalf("timer %d reminds %+v, next %v", i, m.Tell, w.e.Next)
				}
				w.now = w.e.Next
				m = w.e.Due(w.staff, w.now)
			}
			asked := slices.DeleteFunc(slices.Clone(m.Asks), func(a Ask) bool { return a.Inform })
			if !m.Changed || len(asked) != 1 || asked[0].Person != w.e.Owner || !w.e.Next.After(w.now) {
				t.Fatalf("timer %d asks %+v, owner %q, next %v: silent", i, asked, w.e.Owner, w.e.Next)
			}
			w.attach(t, m)
		}
	})
}

// Without a person and a known outcome nothing ever closes.
func TestHumansClose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w walk
		w.open(t)
		questions := w.e.Questions
		for range rapid.IntRange(0, 60).Draw(t, "acts") {
			m := w.next(t, allButClosing)
			if !w.e.Open() || w.e.Closed != nil || m.Reason == Closed {
				t.Fatalf("%s closed it: %+v", w.act, m)
			}
			for _, q := range questions {
				if !slices.Contains(w.e.Questions, q) {
					t.Fatalf("%s undid the question %q", w.act, q)
				}
			}
			questions = w.e.Questions
			for _, by := range []string{"", "a"} {
				for _, o := range []events.Outcome{"", "odd", "closed"} {
					if m := w.e.Close(by, o, "closed by itself", w.now); m.Changed || !w.e.Open() {
						t.Fatalf("Close(%q, %q) closed it", by, o)
					}
				}
			}
			if m := w.e.Close("", events.OutcomeReachedSafe, "closed by itself", w.now); m.Changed || !w.e.Open() {
				t.Fatal("nobody closed it")
			}
		}
	})
}

// One ask per person, rung and round, for ever; one owner a move; nobody is
// asked twice at one instant unless the first mail was withdrawn, a person
// opened the question again, or it changed after somebody had taken it.
func TestOneAsk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type key struct {
			person      string
			rung, round int
		}
		type instant struct {
			person string
			at     int64
		}
		seen, asked := map[key]bool{}, map[instant]bool{}
		mailed, withdrawn := map[string]instant{}, map[string]bool{}
		var w walk
		check := func(m Move) {
			if m.Reason == Reopened || m.Reason == AskedAgain {
				clear(asked)
			}
			for _, id := range m.Withdraw {
				if withdrawn[id] {
					t.Fatalf("%s withdraws %s twice", w.act, id)
				}
				withdrawn[id] = true
				delete(asked, mailed[id])
			}
			for i, a := range m.Asks {
				k := key{a.Person, a.Rung, a.Round}
				if seen[k] {
					t.Fatalf("%s asks %+v a second time", w.act, k)
				}
				seen[k] = true
				if a.Inform != (i > 0) || a.Status != Asked || a.Message != "" {
					t.Fatalf("%s: ask %d is %+v; want one owner first, then those told", w.act, i, a)
				}
				at := instant{a.Person, a.At.UnixNano()}
				if !a.Inform && asked[at] {
					t.Fatalf("%s asks %s twice at %v", w.act, a.Person, a.At)
				}
				if !a.Inform {
					asked[at] = true
					mailed[w.mails[len(w.mails)-len(m.Asks)+i]] = at
				}
			}
		}
		check(w.open(t))
		for range rapid.IntRange(0, 60).Draw(t, "acts") {
			check(w.next(t, allActs))
		}
	})
}

// Whoever is never asked about a client, or said that they should not be, is neither
// asked nor told; a policy that passes over people who are not at work asks none of
// them, but for whoever stands behind everybody.
func TestNeverAsked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w walk
		check := func(m Move) {
			for _, a := range m.Asks {
				if a.Person == Nobody {
					for _, p := range w.staff.People {
						if p.mailable() && !slices.Contains(w.staff.Never, p.ID) && !slices.Contains(w.e.Never, p.ID) {
							t.Fatalf("%s asks nobody, and %s is there", w.act, p.ID)
						}
					}
					if w.act == "decline" {
						t.Fatalf("passed on to nobody: %+v", m)
					}
					continue // where nobody is left, nobody's mail fails and says so
				}
				if slices.Contains(w.staff.Never, a.Person) || slices.Contains(w.e.Never, a.Person) {
					t.Fatalf("%s asks %s, who is never asked", w.act, a.Person)
				}
				p := w.staff.Person(a.Person)
				took := m.Reason == AskedAgain || m.Reason == HoldRanOut
				if a.Inform || took || !w.e.Policy.KeepHours || p == nil || p.atWork(w.now) {
					continue
				}
				if a.Rung < w.e.Policy.last() || a.Person != w.e.staff(w.staff).Fallback(w.now) {
					t.Fatalf("%s asks %s on rung %d at %v, who is not at work", w.act, a.Person, a.Rung, w.now)
				}
			}
		}
		check(w.open(t))
		for range rapid.IntRange(0, 60).Draw(t, "acts") {
			check(w.next(t, allActs))
		}
	})
}

// An outage of all mail: however fast the failures come, the mails asked for
// stay in proportion to the time that passed.
func TestFailuresDoNotSpin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w walk
		m := w.open(t)
		late := rapid.Bool().Draw(t, "reports come late")
		timers, asks := 0, len(m.Asks)
		for range 200 {
			w.now = w.now.Add(time.Second)
			var waiting []string
			for _, a := range w.e.Asks {
				if a.Status == Asked && a.Message != "" {
					waiting = append(waiting, a.Message)
				}
			}
			moved := false
			for _, id := range waiting {
				m := w.e.Delivered(id, Failed, w.staff, w.now)
				w.attach(t, m)
				asks += len(m.Asks)
				moved = moved || len(m.Asks) > 0
				if late && moved {
					break
				}
			}
			if moved {
				continue
			}
			w.now = w.e.Next
			m := w.e.Due(w.staff, w.now)
			w.attach(t, m)
			timers++
			asks += len(m.Asks)
		}
		// A timer asks one owner and tells each of the staff at most once, and
		// brings at most one hand-over beyond the rungs that are passed once.
		most := (timers + 5) * (len(ids) + 5)
		if asks > most || timers < 90 {
			t.Fatalf("%d mails in %d timers, want at most %d", asks, timers, most)
		}
	})
}

// While no mail leaves, at most three wait for a person: the oldest, which
// keeps its place, the newest, and one that asks where the others only tell.
func TestMailsDoNotPileUp(t *testing.T) {
	staff := clinicStaff()
	s := &story{t: t, staff: staff, now: begin}
	var m Move
	s.e, m = Open("esc", clinicPolicy(), "no-show", events.Hash{1}, "ana", staff, begin)
	s.attach(m)
	left := map[string]string{"m1": "ana"}
	for range 100 {
		m := s.do("after 1h")
		for _, a := range m.Asks {
			left[a.Message] = a.Person
		}
		for _, id := range m.Withdraw {
			if id == "m3" {
				t.Fatal("the oldest mail to the owner lost its place")
			}
			delete(left, id)
		}
	}
	count := map[string]int{}
	for _, p := range left {
		if count[p]++; count[p] > 3 {
			t.Fatalf("more than 3 mails wait for %s", p)
		}
	}
	if m := s.do("ack ana"); len(m.Withdraw) != len(left) {
		t.Errorf("the acknowledgement withdraws %d mails of %d that wait", len(m.Withdraw), len(left))
	}
}
