package escalation

import (
	"slices"
	"time"
)

// keepAsks is how many asks an escalation keeps.
const keepAsks = 30

// step is how the ladder moves.
type step struct {
	// atOnce is a move before the rung's time: who was told a moment ago is
	// not told again on the same rung.
	atOnce bool
	// by is who gave the question away; they are neither asked nor told.
	by string
	// not says who else is not asked, for now; nil means nobody.
	not func(id string) bool
	// fallbackOnly asks nobody but whoever is on call.
	fallbackOnly bool
	// tell is one more person who is told.
	tell string
	// alone tells nobody beside the owner.
	alone bool
	// emergency asks the clinic's emergency addresses where nobody else is left.
	emergency bool
	// first is asked, or who stands in for them, before those of the rung. The
	// first of the rung is told then, and whom the rungs before it tell.
	first string
}

func (s *step) leavesOut(id string) bool {
	return id == s.by || s.not != nil && s.not(id)
}

// climb asks the next rung, or the last one again in a new round. False means
// that everybody left is left out by the step; then nothing changed.
func (e *Escalation) climb(m *Move, staff *Staff, now time.Time, s step) bool {
	if last := e.Policy.last(); e.Rung >= last {
		return e.askFrom(m, last, e.Round+1, staff, now, s)
	}
	return e.askFrom(m, e.Rung+1, e.Round, staff, now, s)
}

// askFrom asks the first rung from there on where somebody can be asked. A
// rung with nobody is passed at once; the last one always has whoever is on
// call. Without people left out it never fails.
func (e *Escalation) askFrom(m *Move, rung, round int, staff *Staff, now time.Time, s step) bool {
	var skipped []int
	for last := e.Policy.last(); ; rung++ {
		owner, ok := e.pick(rung, staff, now, s)
		if !ok && rung < last {
			skipped = append(skipped, rung)
			continue
		}
		if !ok {
			return false
		}
		// A hand-over on the last rung tells nobody anew.
		handOver := s.atOnce && e.Rung == rung && len(e.Asks) > 0
		m.Skipped = skipped
		e.Rung, e.Round, e.Owner = rung, round, owner
		e.Next = e.atWork(staff, owner, now, now.Add(e.Policy.within(rung)))
		asks := []Ask{{Rung: rung, Round: round, Person: owner, At: now, Status: Asked, Away: staff.Away(owner, now)}}
		if !handOver && !s.alone {
			wide := rung >= last && round >= wideRound
			for _, id := range e.toTell(staff, now, s) {
				asks = append(asks, Ask{Rung: rung, Round: round, Person: id, At: now, Status: Asked, Inform: true, Wide: wide})
			}
		}
		m.Asks = asks
		for _, a := range asks {
			e.supersede(m, a)
		}
		e.Asks = append(e.Asks, asks...)
		e.trim()
		return true
	}
}

// atWork is a deadline of a person's, or when their leave begins where that is before:
// who is on leave does not answer.
func (e *Escalation) atWork(staff *Staff, person string, now, until time.Time) time.Time {
	if leave := staff.LeaveBegins(person, now, until); !leave.IsZero() {
		return leave
	}
	return until
}

// pick chooses the one owner of a rung: the first of its people, those whose
// last mail failed or who passed it on after all others. At the end of the
// ladder whoever is on call stands behind them.
func (e *Escalation) pick(rung int, staff *Staff, now time.Time, s step) (string, bool) {
	var ids []string
	if s.first != "" {
		// Who took the question is with it, at work or not.
		all := *staff
		all.keepHours = false
		for _, p := range all.Resolve(ownerPerson+s.first, "", now) {
			ids = append(ids, p.ID)
		}
	}
	if !s.fallbackOnly {
		for _, p := range staff.Resolve(e.Policy.rung(rung).Owner, e.Clinician, now) {
			ids = append(ids, p.ID)
		}
	}
	if rung >= e.Policy.last() {
		if id := staff.Fallback(now); id != Nobody || s.by == "" {
			ids = append(ids, id) // nobody is no one to pass a question on to
		}
		if s.emergency {
			for _, p := range staff.Emergency() {
				ids = append(ids, p.ID)
			}
		}
	}
	ids = slices.DeleteFunc(ids, s.leavesOut)
	if len(ids) == 0 {
		return "", false
	}
	for _, id := range ids {
		i := e.latest(id, nil)
		// Who took the question after they had passed it on is asked all the same.
		if i < 0 || e.Asks[i].Status != Failed && (e.Asks[i].Status != Passed || id == s.first) {
			return id, true
		}
	}
	return ids[0], true
}

// toTell is who is told beside the owner: whom the rung says and, in the
// repeats of the last rung, one more with each round: the others of that rung,
// whoever is on call, then the owners of the rungs before, the nearest first. Where
// that has brought no answer, wider says who else.
func (e *Escalation) toTell(staff *Staff, now time.Time, s step) []string {
	var ids []string
	add := func(id string) bool {
		if id == e.Owner || id == s.by || slices.Contains(ids, id) || e.askedAt(id, now) {
			return false
		}
		ids = append(ids, id)
		return true
	}
	r := e.Policy.rung(e.Rung)
	for _, who := range r.Inform {
		for _, p := range staff.Resolve(who, e.Clinician, now) {
			add(p.ID)
		}
	}
	if s.first != "" {
		// Who was told of the question on the way here hears that it changed.
		for _, who := range e.Policy.informed(e.Rung) {
			for _, p := range staff.Resolve(who, e.Clinician, now) {
				add(p.ID)
			}
		}
		if there := staff.Resolve(r.Owner, e.Clinician, now); len(there) > 0 {
			add(there[0].ID)
		}
	}
	if p := staff.Person(s.tell); p != nil && p.mailable() && !staff.out(p, "", now) {
		add(p.ID)
	}
	if e.Rung < e.Policy.last() {
		return ids
	}
	var more []string
	for _, p := range staff.Resolve(r.Owner, e.Clinician, now) {
		more = append(more, p.ID)
	}
	more = append(more, staff.Fallback(now))
	for i := e.Policy.last() - 1; i >= 0; i-- {
		if there := staff.Resolve(e.Policy.rung(i).Owner, e.Clinician, now); len(there) > 0 {
			more = append(more, there[0].ID)
		}
	}
	left := e.Round
	for _, id := range more {
		if left <= 0 {
			break
		}
		if add(id) {
			left--
		}
	}
	e.wider(add, staff, now)
	return ids
}

// wideRound is the repeat of the last rung from which on everybody on duty hears of
// the question, once, and the emergency addresses hear of every repeat. wideMost is
// how many of those on duty are told: more would fill the client's record.
const (
	wideRound = 3
	wideMost  = 15
)

// wider adds those who hear of a question that nobody on the ladder answers.
func (e *Escalation) wider(add func(string) bool, staff *Staff, now time.Time) {
	if e.Round < wideRound {
		return
	}
	if !e.Wide {
		e.Wide = true
		left := wideMost
		for _, p := range staff.there(now) {
			if left > 0 && add(p.ID) {
				left--
			}
		}
	}
	for _, p := range staff.Emergency() {
		add(p.ID)
	}
}

// wait lets the owner keep the question until the rung's time has run out,
// which it never lengthens.
func (e *Escalation) wait(now time.Time) {
	until := now.Add(e.Policy.within(e.Rung))
	if !e.Next.After(now) || e.Next.After(until) {
		e.Next = until
	}
}

// current is the index of the ask of the rung and round where the ladder
// stands, or -1.
func (e *Escalation) current() int {
	return slices.IndexFunc(e.Asks, func(a Ask) bool {
		return !a.Inform && a.Rung == e.Rung && a.Round == e.Round
	})
}

// latest is the index of the newest ask of a person, or -1.
func (e *Escalation) latest(person string, match func(*Ask) bool) int {
	for i := len(e.Asks) - 1; i >= 0; i-- {
		if e.Asks[i].Person == person && (match == nil || match(&e.Asks[i])) {
			return i
		}
	}
	return -1
}

// askedAt says whether a person was asked, and not only told, at this very
// instant: nobody gets two mails with one question at once.
func (e *Escalation) askedAt(person string, now time.Time) bool {
	return slices.ContainsFunc(e.Asks, func(a Ask) bool {
		return a.Person == person && !a.Inform && a.At.Equal(now) && a.Status != Withdrawn
	})
}

// withdraw takes back every mail that no provider is known to have taken: all
// of them, or those to one person.
func (e *Escalation) withdraw(m *Move, person string) {
	for i := range e.Asks {
		a := &e.Asks[i]
		if a.Status == Asked && a.Message != "" && (person == "" || a.Person == person) {
			m.Withdraw = append(m.Withdraw, a.Message)
			a.Status = Withdrawn
		}
	}
}

// supersede keeps mails from piling up while none leaves: of those that wait
// for the person newly asked only the oldest stays beside the new one. The
// oldest is next to leave; to withdraw it each time would mean that none ever
// does. Being told again does not take the place of being asked.
func (e *Escalation) supersede(m *Move, by Ask) {
	waits := false
	for i := range e.Asks {
		a := &e.Asks[i]
		if a.Person != by.Person || a.Status != Asked || a.Message == "" || by.Inform && !a.Inform {
			continue
		}
		if waits {
			m.Withdraw = append(m.Withdraw, a.Message)
			a.Status = Withdrawn
		}
		waits = true
	}
}

// trim keeps the newest asks. What somebody was told goes before what they were asked,
// and of that the last time that each person was goes last: who was asked may take the
// question or pass it on. Those whose mail waits stay longer, since they may have to be
// withdrawn; the one the ladder stands on always stays.
func (e *Escalation) trim() {
	for len(e.Asks) > keepAsks {
		standing := e.current()
		drop := -1
		for _, may := range [...]func(int, Ask) bool{
			func(i int, a Ask) bool { return a.Status != Asked && !e.lastAsked(i) },
			func(_ int, a Ask) bool { return a.Status != Asked && a.Inform },
			func(_ int, a Ask) bool { return a.Inform },
			func(i int, _ Ask) bool { return !e.lastAsked(i) },
			func(int, Ask) bool { return true },
		} {
			for i, a := range e.Asks {
				if drop < 0 && i != standing && may(i, a) {
					drop = i
				}
			}
		}
		e.Asks = slices.Delete(e.Asks, drop, drop+1)
	}
}

// lastAsked says whether an ask is the last in which its person was asked, or told
// because nobody answers.
func (e *Escalation) lastAsked(i int) bool {
	a := &e.Asks[i]
	return a.ToAnswer() && e.latest(a.Person, (*Ask).ToAnswer) == i
}

// ToAnswer says whether the person may answer: they were asked, or told because nobody
// does.
func (a *Ask) ToAnswer() bool { return !a.Inform || a.Wide }
