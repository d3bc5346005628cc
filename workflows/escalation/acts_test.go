package escalation

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/events"
)

func TestDueKeepsTheSilent(t *testing.T) {
	s := &story{t: t, staff: clinicStaff(), now: begin}
	s.e, _ = Open("esc", clinicPolicy(), "no-show", events.Hash{1}, "ana", s.staff, s.now)
	s.e.Attach("ana", 0, 0, "m1")
	s.do("accepted m1")
	s.mails = 1
	s.do("after 30m") // ana had the mail
	s.do("after 20m") // ben's has not left
	var got []Status
	for _, a := range s.e.Asks {
		got = append(got, a.Status)
	}
	if want := []Status{Silent, Asked, Asked}; !slices.Equal(got, want) {
		t.Errorf("statuses are %v, want %v", got, want)
	}
}

func TestExpiredHold(t *testing.T) {
	staff := clinicStaff()
	e, _ := Open("esc", clinicPolicy(), "no-show", events.Hash{1}, "ana", staff, begin)
	e.Acknowledge("ana", "ana", begin)
	if e.Ack.For != "" {
		t.Errorf("acting for oneself is recorded as acting for %q", e.Ack.For)
	}
	m := e.Acknowledge("ben", "ana", begin.Add(2*time.Hour))
	if m.Reason != Acknowledged || m.Told == nil || m.Told.By != "ana" || e.Owner != "ben" || e.Ack.For != "ana" {
		t.Errorf("got %+v, owner %q, ack %+v; want ben to take it over from ana", m, e.Owner, e.Ack)
	}
}

// A state that was stored reads back the same, and so does the next move.
func TestRoundTrip(t *testing.T) {
	local := begin.In(time.FixedZone("clinic", -6*3600))
	s := &story{t: t, staff: clinicStaff(), now: local}
	var m Move
	s.e, m = Open("esc", clinicPolicy(), "no-show", events.Hash{1, 2}, "ana", s.staff, s.now)
	s.attach(m)
	for _, line := range []string{"", "after 30m", "ack ben ana", "attempt ben", "join not-safe", "close ben false-alarm", "reopen sue"} {
		if line != "" {
			s.do(line)
		}
		b, err := json.Marshal(s.e)
		if err != nil {
			t.Fatalf("marshal after %q: %v", line, err)
		}
		var back Escalation
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatalf("unmarshal after %q: %v", line, err)
		}
		if d := cmp.Diff(s.e, back); d != "" {
			t.Errorf("after %q the stored escalation differs (-was +read):\n%s", line, d)
		}
	}
}

// An open escalation keeps the version of the policy it began with.
func TestPolicyIsCopied(t *testing.T) {
	p := clinicPolicy()
	p.Rungs[0].Inform = []string{"cover"}
	e, _ := Open("esc", p, "no-show", events.Hash{1}, "ana", clinicStaff(), begin)
	p.Rungs[1].Owner, p.Rungs[0].Inform[0] = "person:omar", "person:omar"
	if e.Policy.Rungs[1].Owner != "cover" || e.Policy.Rungs[0].Inform[0] != "cover" {
		t.Errorf("the open escalation changed with the directory: %+v", e.Policy.Rungs)
	}
}

func TestTheNoteOfAClosingIsKept(t *testing.T) {
	for _, c := range []struct{ note, want string }{
		{"", ""},
		{"spoke for a while", "spoke for a while"},
		{strings.Repeat("ü", 501), strings.Repeat("ü", 500)},
	} {
		e, _ := Open("esc", clinicPolicy(), "no-show", events.Hash{1}, "ana", clinicStaff(), begin)
		m := e.Close("ana", events.OutcomeReachedSafe, c.note, begin)
		if m.Reason != Closed || e.Closed.Note != c.want {
			t.Errorf("%s: kept %q, want %q", m.Reason, e.Closed.Note, c.want)
		}
	}
}

func TestAttemptsAreBounded(t *testing.T) {
	e, _ := Open("esc", clinicPolicy(), "no-show", events.Hash{1}, "ana", clinicStaff(), begin)
	for i := range 30 {
		e.Attempt("ana", fmt.Sprint(i), begin)
	}
	if len(e.Attempts) != 20 || e.Attempts[19].How != "29" {
		t.Errorf("kept %d attempts, the last is %+v; want 20 and the newest", len(e.Attempts), e.Attempts[len(e.Attempts)-1])
	}
}

// However many are told, the owner's ask is kept: its failure moves the ladder.
func TestAsksAreBounded(t *testing.T) {
	s := &story{t: t, staff: clinicStaff(), now: begin}
	for i := range 30 {
		id := fmt.Sprint("p", i)
		s.staff.People = append(s.staff.People, Person{ID: id, Email: id + "@clinic.example", Roles: []string{"all"}})
	}
	p := clinicPolicy()
	p.Rungs[0].Inform = []string{"role:all"}
	var m Move
	s.e, m = Open("esc", p, "no-show", events.Hash{1}, "ana", s.staff, begin)
	if m = s.attach(m); len(m.Asks) != 31 || len(s.e.Asks) != 30 || s.e.Asks[0].Message != "m1" {
		t.Fatalf("%d asked, %d kept, the first with mail %q; want 31, 30, m1", len(m.Asks), len(s.e.Asks), s.e.Asks[0].Message)
	}
	if got, want := s.tell(s.do("failed m1")), "not-delivered ben | ben 1.0 in 20m0s"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// Who was asked may answer still; who was only told is let go of first.
	if s.e.Asks[0].Person != "ana" || len(s.e.Asks) != 30 {
		t.Errorf("kept %+v", s.e.Asks)
	}
}

func TestReasonsHaveWords(t *testing.T) {
	seen := map[Reason]bool{}
	for _, r := range Reasons() {
		if seen[r] || r == "" {
			t.Errorf("reason %q stands twice or is empty", r)
		}
		seen[r] = true
		if w := r.Words(); w == string(r) || !strings.HasSuffix(w, ".") {
			t.Errorf("reason %q reads %q; want a sentence", r, w)
		}
	}
	if got := Reason("later").Words(); got != "later" {
		t.Errorf("an unknown reason reads %q, want itself", got)
	}
}
