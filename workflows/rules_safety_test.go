package workflows

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/escalation"
)

func TestNeverSilent(t *testing.T) {
	dir := []*Clinic{historyClinic(t)}
	rapid.Check(t, func(rt *rapid.T) {
		s := history(rt, dir, func(s *sim, st step) {
			next := s.state.Next()
			for i := range s.state.Escalations {
				e := &s.state.Escalations[i]
				if e.Open() && (e.Owner == "" || e.Next.IsZero() || next.IsZero() || next.After(e.Next)) {
					rt.Fatalf("after %s: owner %q, next %v, the client's next %v", st.ev.Kind, e.Owner, e.Next, next)
				}
			}
			for i := range s.state.Tasks {
				if x := &s.state.Tasks[i]; x.Owner == "" || x.Next.IsZero() {
					rt.Fatalf("after %s: a task without an owner or a deadline: %+v", st.ev.Kind, x)
				}
			}
			for i := range s.state.Journeys {
				j := &s.state.Journeys[i]
				if j.Due.IsZero() && len(j.Opened) == 0 {
					rt.Fatalf("after %s: a journey waits for nothing: %+v", st.ev.Kind, j)
				}
			}
		})
		// Nobody does anything any more: whoever is open goes on asking.
		for range 3 {
			e := s.openEscalation()
			if e == nil {
				return
			}
			id, asks := e.ID, len(s.mails(LaneSafety))
			s.until(e.Until())
			if e = s.openEscalation(); e == nil || e.ID != id && len(s.state.Escalations) < 2 {
				rt.Fatalf("an escalation closed by itself")
			}
			if len(s.mails(LaneSafety)) == asks {
				rt.Fatalf("its time ran out and nobody was asked")
			}
		}
	})
}

func TestHumansClose(t *testing.T) {
	dir := []*Clinic{historyClinic(t)}
	rapid.Check(t, func(rt *rapid.T) {
		history(rt, dir, func(_ *sim, st step) {
			if st.dec.Nothing {
				return
			}
			for _, was := range st.before.Escalations {
				if !was.Open() {
					continue
				}
				i := slices.IndexFunc(st.dec.State.Escalations, func(e escalation.Escalation) bool { return e.ID == was.ID })
				if i < 0 {
					rt.Fatalf("%s made an open escalation vanish", st.ev.Kind)
				}
				is := st.dec.State.Escalations[i]
				for _, q := range was.Questions {
					if !slices.Contains(is.Questions, q) {
						rt.Fatalf("%s undid the question %s", st.ev.Kind, q)
					}
				}
				if is.Open() {
					continue
				}
				act := st.ev.Data.Escalation
				if st.ev.Kind != events.EscalationClosed || act.ID != was.ID || act.By == "" || act.Outcome == "odd" ||
					is.Closed.By != act.By || is.Closed.Outcome != act.Outcome {
					rt.Fatalf("%s closed an escalation: %+v", st.ev.Kind, is.Closed)
				}
			}
		})
	})
}

// TestNoIdentifiers: what the client said or is called stays in the state;
// notes and effects go into AUDIT, queues and logs.
func TestNoIdentifiers(t *testing.T) {
	dir := []*Clinic{historyClinic(t)}
	rapid.Check(t, func(rt *rapid.T) {
		history(rt, dir, func(_ *sim, st step) {
			if text := strings.ToLower(jsonOf(rt, st.dec.Notes) + jsonOf(rt, st.dec.Effects)); strings.Contains(text, "z0z") {
				rt.Fatalf("%s says too much: %s", st.ev.Kind, text)
			}
		})
	})
}
