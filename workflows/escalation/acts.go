package escalation

import (
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
)

// keepAttempts is how many recorded tries an escalation keeps.
const keepAttempts = 20

// keepNote bounds the note of a closing, in characters.
const keepNote = 500

// Move is what one act or timer did to an escalation.
type Move struct {
	Reason Reason
	// Asks are the people newly asked, all with status Asked: the rung's owner
	// first, then those who are told. Each needs one mail; its id is given
	// back with Attach before anything else happens to the escalation.
	Asks []Ask
	// Tell are people who hear of something and are not asked.
	Tell []Telling
	// Withdraw are the ids of mails that are no longer wanted and that no
	// provider is known to have taken.
	Withdraw []string
	// Skipped are the rungs passed at once because nobody there can be asked.
	Skipped []int
	// Question is the cause that joined, where one did: the mails of this move
	// are about it.
	Question string
	// Changed is false when the escalation is as it was.
	Changed bool
	// Told is who had it, where somebody came second or the hold ran out.
	Told *Ack
	// Of is the person whose mail the move is about, where it is about one.
	Of string
	// Closed is the outcome that stands, where somebody came after it.
	Closed *Closing
}

// Telling is one person to be told. Nothing waits for the mail.
type Telling struct {
	Person string
	What   Tell
}

// Tell says what somebody is told.
type Tell string

const (
	// TellHold reminds whoever took the question that the hold is about to end.
	TellHold Tell = "hold"
	// TellTaken says that somebody who was asked earlier has taken it after all.
	TellTaken Tell = "taken"
	// TellClosed says that somebody else has closed the question that they had taken.
	TellClosed Tell = "closed"
)

// Open begins an escalation and asks its first rung. The policy is copied.
// Nobody reachable on any rung: whoever is on call is asked.
func Open(id string, p Policy, question string, cause events.Hash, clinician string, staff Staff, now time.Time) (Escalation, Move) {
	now = now.UTC()
	e := Escalation{ID: id, Policy: p.clone(), Cause: cause, Opened: now, Clinician: clinician}
	if question != "" {
		e.Questions = []string{question}
	}
	m := Move{Reason: Opened, Changed: true}
	e.askFrom(&m, 0, 0, e.staff(staff), now, step{})
	return e, m
}

// Join adds a second cause to the open escalation. Questions are a union,
// never undone. While the ladder runs nobody is asked again and nothing is put
// off. Once somebody has taken it, the new cause ends their hold: they took it
// without knowing of this. They are asked again, whom the rung names is told,
// and the ladder goes on when the rung's time has run out, which is never later
// than the hold would have ended. Even a cause that is known already does so:
// a client who says a second time that they are not safe is not waiting for a
// hold to end.
func (e *Escalation) Join(question string, staff Staff, now time.Time) Move {
	now = now.UTC()
	if !e.Open() {
		return Move{Reason: NotOpen, Closed: e.closing()}
	}
	e.Turn++
	m := Move{Reason: Joined, Question: question, Changed: true}
	if question != "" && !slices.Contains(e.Questions, question) {
		e.Questions = append(slices.Clone(e.Questions), question)
	}
	if e.Ack == nil {
		return m
	}
	e.own()
	m.Reason = AskedAgain
	by, until := e.Ack.By, e.Until()
	e.Ack = nil
	e.askFrom(&m, e.Rung, e.Round+1, e.staff(staff), now, step{first: by, tell: by})
	if until.After(now) && until.Before(e.Next) {
		e.Next = until
	}
	return m
}

// Due moves the ladder by one rung when its time has come. However late the
// timer is, one rung is asked, with its full time from now (the rule
// late-is-decided). After an outage it is the rung last asked, once more: nobody
// could have answered meanwhile.
func (e *Escalation) Due(staff Staff, now time.Time) Move {
	now = now.UTC()
	switch {
	case !e.Open():
		return Move{Reason: NotOpen, Closed: e.closing()}
	case now.Sub(e.Next) < staff.slack() && e.HolderGone(staff, now):
		return e.goOn(staff, now)
	case now.Before(e.Next):
		return Move{Reason: Stale}
	}
	if e.Ack != nil && !e.Ack.Reminded && now.Before(e.Until()) {
		return e.holdEnds()
	}
	e.own()
	m := Move{Reason: NoAnswer, Changed: true}
	var s step
	i := e.current()
	failed := i >= 0 && e.Asks[i].Status == Failed
	if e.Ack == nil && now.Sub(e.Next) >= staff.slack() && (i < 0 || !e.Asks[i].Again) {
		e.onceMore(&m, e.staff(staff), now)
		return m
	}
	if e.Ack != nil {
		m.Reason, m.Told = HoldRanOut, e.Ack
		// Whoever took it and forgot is told that others are asked now.
		s.tell = e.Ack.By
		e.Ack = nil
	} else {
		switch {
		case e.Rung >= e.Policy.last():
			m.Reason = Repeats
		case failed:
			m.Reason = NotDelivered // who was not reached did not fail to answer
		}
		if i >= 0 && e.Asks[i].Status == Accepted {
			e.Asks[i].Status = Silent
		}
	}
	e.climb(&m, e.staff(staff), now, s)
	return m
}

// HolderGone says whether whoever has the question works here no more, or went on
// leave since they were asked or took it. Somebody who was asked although they were on
// leave is not gone: there was nobody else.
func (e *Escalation) HolderGone(staff Staff, now time.Time) bool {
	s := e.staff(staff)
	if e.Ack != nil {
		p := s.Person(e.Ack.By)
		if p == nil {
			return true
		}
		a := p.absence("", now)
		return a != nil && a.From.After(e.Ack.At)
	}
	i := e.current()
	if !e.Open() || i < 0 || e.Owner == Nobody || e.Asks[i].Away {
		return false
	}
	if e.Owner == s.Fallback(now) {
		return false // there is nobody better
	}
	p := s.Person(e.Owner)
	return p == nil || s.out(p, "", now)
}

// goOn asks the next person in place of one who is gone.
func (e *Escalation) goOn(staff Staff, now time.Time) Move {
	e.own()
	m := Move{Reason: HolderGone, Changed: true, Told: e.told()}
	e.Ack = nil
	e.climb(&m, e.staff(staff), now, step{emergency: true})
	return m
}

// UntilLeave ends the hold of whoever took the question when their leave begins.
func (e *Escalation) UntilLeave(staff Staff, now time.Time) {
	if e.Ack == nil {
		return
	}
	if leave := staff.LeaveBegins(e.Ack.By, now, e.Until()); !leave.IsZero() {
		a := *e.Ack
		a.Until = leave
		e.Ack = &a
		if e.Next.After(leave) {
			e.Next = leave
		}
	}
}

// mailKept is how long a mail that waits may be relied on to leave: a caller lets go
// of older ones.
const mailKept = 24 * time.Hour

// onceMore gives the rung last asked its time again after an outage. Where its mail
// has not left yet, that one asks; nobody else is told a second time.
func (e *Escalation) onceMore(m *Move, staff *Staff, now time.Time) {
	m.Reason = AfterOutage
	if i := e.current(); i >= 0 && e.Asks[i].Status == Asked && e.Asks[i].Message != "" &&
		now.Sub(e.Asks[i].At) < mailKept && !staff.gone(e.Asks[i].Person, now) {
		e.Asks[i].Again = true
		e.Next = e.atWork(staff, e.Owner, now, now.Add(e.Policy.within(e.Rung)))
		return
	}
	e.askFrom(m, e.Rung, e.Round+1, staff, now, step{alone: true})
	if i := e.current(); i >= 0 {
		e.Asks[i].Again = true
	}
}

// Acknowledge makes by the owner and pauses the ladder for the policy's hold;
// mails that have not left are withdrawn. It does not close the question.
// Anybody may acknowledge, also late and from an older rung; onBehalf names
// the person by acts for, or is empty. The first one wins until the hold has
// run out.
func (e *Escalation) Acknowledge(by, onBehalf string, now time.Time) Move {
	now = now.UTC()
	switch {
	case !e.Open():
		return Move{Reason: AlreadyClosed, Closed: e.closing()}
	case by == "":
		return Move{Reason: PersonMissing}
	case e.Ack != nil && now.Before(e.Until()):
		return Move{Reason: AlreadyAcknowledged, Told: e.told()}
	}
	e.own()
	if onBehalf == by {
		onBehalf = ""
	}
	m := Move{Reason: Acknowledged, Changed: true}
	// After the hold, an acknowledgement holds nothing any more: the new one
	// counts, though the timer is late.
	m.Told = e.told()
	e.Owner = by
	e.holds(Ack{By: by, For: onBehalf, At: now}, now)
	e.tellSince(&m, by)
	e.withdraw(&m, "")
	return m
}

// holds begins the hold of whoever took the question, anew where they had it.
func (e *Escalation) holds(a Ack, now time.Time) {
	a.Until, a.Reminded = now.Add(e.Policy.hold()), e.Policy.notice() == 0
	e.Ack, e.Next = &a, a.Until.Add(-e.Policy.notice())
}

// Until is when others are asked by themselves: the end of a hold, else the
// deadline. A reminder before the hold ends asks nobody else.
func (e *Escalation) Until() time.Time {
	if e.Ack == nil || e.Ack.Until.IsZero() {
		return e.Next
	}
	return e.Ack.Until
}

// holdEnds reminds whoever took the question.
func (e *Escalation) holdEnds() Move {
	a := *e.Ack
	a.Until, a.Reminded = e.Until(), true
	e.Ack, e.Next = &a, a.Until
	return Move{Reason: HoldEnds, Changed: true, Told: e.told(), Tell: []Telling{{a.By, TellHold}}}
}

// tellSince tells those who were asked after by, and whose mail has left, that
// somebody has taken the question: nobody goes on for nothing.
func (e *Escalation) tellSince(m *Move, by string) {
	since := e.latest(by, func(a *Ask) bool { return !a.Inform })
	for _, a := range e.Asks[since+1:] {
		told := Telling{a.Person, TellTaken}
		if a.ToAnswer() && a.Person != by && (a.Status == Accepted || a.Status == Silent) && !slices.Contains(m.Tell, told) {
			m.Tell = append(m.Tell, told)
		}
	}
}

// Decline passes the question on: the next rung is asked at once, at the end
// of the ladder somebody else of the last rung or whoever is on call. Whoever
// acknowledged may pass it on too, which resumes the ladder. Somebody of an
// older rung only says so: the question is with the next one already. Whoever gives
// a conflict as their reason is not asked again, as long as anybody else can be; why
// is a code of events.Declines, or empty.
func (e *Escalation) Decline(by, why string, staff Staff, now time.Time) Move {
	now = now.UTC()
	switch {
	case !e.Open():
		return Move{Reason: AlreadyClosed, Closed: e.closing()}
	case by == "":
		return Move{Reason: PersonMissing}
	case e.Ack != nil && e.Ack.By != by:
		return Move{Reason: AlreadyAcknowledged, Told: e.told()}
	}
	asked := e.latest(by, (*Ask).ToAnswer)
	if e.Owner != by {
		if asked < 0 {
			return Move{Reason: NotAsked}
		}
		if e.Asks[asked].Status == Passed {
			e.own()
			return Move{Reason: PassedOn, Changed: e.leaveOut(by, why, &staff)}
		}
	}
	e.own()
	m := Move{Reason: PassedOn, Changed: true}
	e.withdraw(&m, by)
	if asked >= 0 {
		e.Asks[asked].Status, e.Asks[asked].Why = Passed, why
	}
	if e.Owner != by {
		e.leaveOut(by, why, &staff)
		return m
	}
	e.Ack = nil
	s := step{atOnce: true, by: by, not: func(id string) bool { return e.askedAt(id, now) }}
	if !e.climb(&m, e.staff(staff), now, s) {
		m.Reason = NobodyElse
		e.wait(now)
		return m
	}
	e.leaveOut(by, why, &staff)
	return m
}

// leaveOut asks a person no more who said that they should not be asked. An emergency
// address is a desk, and whoever sits there passes it to a colleague.
func (e *Escalation) leaveOut(by, why string, staff *Staff) bool {
	p := staff.Person(by)
	if why != events.DeclineConflict || p == nil || p.Emergency || slices.Contains(e.Never, by) {
		return false
	}
	e.Never = append(slices.Clone(e.Never), by)
	return true
}

// Exclude is news that some people must not be asked about this client, whom the staff
// name as such: their mails that wait are withdrawn, and where the question is with one
// of them, taken or not, whoever stands in is asked at once.
func (e *Escalation) Exclude(staff Staff, now time.Time) Move {
	now = now.UTC()
	if !e.Open() {
		return Move{Reason: NotOpen, Closed: e.closing()}
	}
	e.own()
	m := Move{Reason: Excluded}
	for _, id := range staff.Never {
		e.withdraw(&m, id)
	}
	holder := e.Owner
	if e.Ack != nil {
		holder = e.Ack.By
	}
	if slices.Contains(staff.Never, holder) {
		e.Ack = nil
		e.askFrom(&m, e.Rung, e.Round+1, e.staff(staff), now, step{})
	}
	m.Changed = len(m.Withdraw)+len(m.Asks) > 0
	return m
}

// Attempt records a try to reach the client; how is "phone", "text" or
// "visit". A try by whoever acknowledged restarts the hold; any other puts
// nothing off.
func (e *Escalation) Attempt(by, how string, now time.Time) Move {
	now = now.UTC()
	switch {
	case !e.Open():
		return Move{Reason: AlreadyClosed, Closed: e.closing()}
	case by == "":
		return Move{Reason: PersonMissing}
	}
	e.Attempts = append(slices.Clone(e.Attempts), Attempt{By: by, At: now, How: how})
	if n := len(e.Attempts); n > keepAttempts {
		e.Attempts = e.Attempts[n-keepAttempts:]
	}
	if e.Ack != nil && e.Ack.By == by {
		if now.Add(e.Policy.hold()).After(e.Until()) {
			e.holds(*e.Ack, now)
		}
	}
	return Move{Reason: AttemptRecorded, Changed: true}
}

// Delivered says what became of a mail: Accepted or Failed; a failure is
// final, whatever order the reports come in. Where the owner's own mail failed
// and nobody has acknowledged, the ladder moves at once. At its end only
// whoever is on call is still asked at once; else the last rung waits its
// time, so that a ladder does not spin while no mail leaves at all.
func (e *Escalation) Delivered(message string, status Status, staff Staff, now time.Time) Move {
	now = now.UTC()
	i := slices.IndexFunc(e.Asks, func(a Ask) bool { return message != "" && a.Message == message })
	if i < 0 {
		return Move{Reason: Unrelated}
	}
	was := e.Asks[i].Status
	switch {
	case status == Accepted && (was == Asked || was == Withdrawn):
		e.own()
		e.Asks[i].Status = Accepted
		m := Move{Reason: MailAccepted, Changed: true, Of: e.Asks[i].Person}
		if was == Withdrawn && e.Open() && e.Ack != nil && e.Ack.By != e.Asks[i].Person && !e.Asks[i].Inform {
			// It left in the moment in which somebody took the question.
			m.Tell = []Telling{{e.Asks[i].Person, TellTaken}}
		}
		return m
	case status == Failed && was != Failed && was != Passed:
		e.own()
		e.Asks[i].Status = Failed
	default:
		return Move{Reason: Unrelated}
	}
	m := Move{Reason: NotDelivered, Changed: true, Of: e.Asks[i].Person}
	if !e.Open() || e.Ack != nil || i != e.current() {
		return m
	}
	failed := func(id string) bool {
		j := e.latest(id, nil)
		return j >= 0 && e.Asks[j].Status == Failed
	}
	s := step{atOnce: true, emergency: true, by: e.Asks[i].Person, not: func(id string) bool {
		return failed(id) || e.askedAt(id, now)
	}}
	if e.Rung >= e.Policy.last() {
		// The second failure in a row is the fallback's own, and waits.
		s.fallbackOnly = true
	}
	if !e.climb(&m, e.staff(staff), now, s) {
		e.wait(now)
	}
	return m
}

// Late says that a mail has waited for minutes and is tried again. Where it is the one
// that asks the owner, and nobody has acknowledged, the next rung is asked at once: no
// rung counts as asked whose mail has not left. The last rung waits its time.
func (e *Escalation) Late(message string, staff Staff, now time.Time) Move {
	now = now.UTC()
	i := slices.IndexFunc(e.Asks, func(a Ask) bool { return message != "" && a.Message == message })
	if i < 0 || !e.Open() || e.Ack != nil || i != e.current() || e.Asks[i].Status != Asked || e.Rung >= e.Policy.last() {
		return Move{Reason: Unrelated}
	}
	if begun := e.Next.Add(-e.Policy.within(e.Rung)); e.Asks[i].Again && now.Sub(begun) < staff.slack() {
		return Move{Reason: Unrelated} // it has just been given its time once more
	}
	e.own()
	m := Move{Reason: NotLeft, Changed: true}
	s := step{atOnce: true, by: e.Asks[i].Person, not: func(id string) bool { return e.askedAt(id, now) }}
	if !e.climb(&m, e.staff(staff), now, s) {
		return Move{Reason: Unrelated}
	}
	return m
}

// AskedBefore says whether a person has been asked earlier than in an ask of this
// rung and round, and not only told, as far back as asks are kept.
func (e *Escalation) AskedBefore(person string, rung, round int) bool {
	return slices.ContainsFunc(e.Asks, func(a Ask) bool {
		return a.Person == person && !a.Inform && (a.Rung != rung || a.Round != round)
	})
}

// Asked says whether a mail is one of those that the escalation asked for, as
// far back as it keeps them.
func (e *Escalation) Asked(message string) bool {
	return message != "" && slices.ContainsFunc(e.Asks, func(a Ask) bool { return a.Message == message })
}

// Close is the one way to close: a person with a known outcome (the rule
// humans-close, kept by TestHumansClose). No acknowledgement is needed. The
// note may be empty; its first 500 characters are kept.
func (e *Escalation) Close(by string, o events.Outcome, note string, now time.Time) Move {
	now = now.UTC()
	switch {
	case !e.Open():
		return Move{Reason: AlreadyClosed, Closed: e.closing()}
	case by == "":
		return Move{Reason: PersonMissing}
	case !known(o):
		return Move{Reason: OutcomeMissing}
	}
	e.own()
	m := Move{Reason: Closed, Changed: true}
	if runes := []rune(note); len(runes) > keepNote {
		note = string(runes[:keepNote])
	}
	if e.Ack != nil && e.Ack.By != by {
		m.Tell = []Telling{{e.Ack.By, TellClosed}}
	}
	e.Closed = &Closing{By: by, At: now, Outcome: o, Note: note}
	e.Next = time.Time{}
	e.withdraw(&m, "")
	return m
}

// Reopen starts the ladder anew at its first rung, in a new round, under the
// policy the escalation began with.
func (e *Escalation) Reopen(by string, staff Staff, now time.Time) Move {
	now = now.UTC()
	switch {
	case e.Open():
		return Move{Reason: AlreadyOpen}
	case by == "":
		return Move{Reason: PersonMissing}
	}
	e.own()
	m := Move{Reason: Reopened, Changed: true, Closed: e.closing()}
	e.Turn++
	e.Closed, e.Ack, e.Wide = nil, nil, false
	e.askFrom(&m, 0, e.Round+1, e.staff(staff), now, step{})
	return m
}

// Attach gives an ask that a Move just made the id of its mail. It says
// whether the ask is still kept.
func (e *Escalation) Attach(person string, rung, round int, message string) bool {
	i := slices.IndexFunc(e.Asks, func(a Ask) bool {
		return a.Person == person && a.Rung == rung && a.Round == round
	})
	if i < 0 {
		return false
	}
	e.own()
	e.Asks[i].Message = message
	return true
}

// staff are the staff as this question sees them: its policy may pass over those
// who are not at work, and some have said that they should not be asked.
func (e *Escalation) staff(staff Staff) *Staff {
	staff.keepHours = e.Policy.KeepHours
	staff.Never = slices.Concat(staff.Never, e.Never)
	return &staff
}

// StandsIn says whether the person of an ask was asked for somebody who is absent.
func (e *Escalation) StandsIn(a Ask, staff Staff, now time.Time) bool {
	return e.staff(staff).StandsIn(a.Person, e.Policy.rung(a.Rung).Owner, e.Clinician, now)
}

// For is the person in whose place somebody was last asked; empty where they were asked
// themselves, or not at all.
func (e *Escalation) For(person string, staff Staff, now time.Time) string {
	i := e.latest(person, func(a *Ask) bool { return !a.Inform })
	if i < 0 {
		return ""
	}
	return e.staff(staff).InsteadOf(person, e.Policy.rung(e.Asks[i].Rung).Owner, e.Clinician, now)
}

// own makes the asks this value's own before they are changed: older states
// that share them must stay as they were decided.
func (e *Escalation) own() { e.Asks = slices.Clone(e.Asks) }

func (e *Escalation) told() *Ack {
	if e.Ack == nil {
		return nil
	}
	a := *e.Ack
	return &a
}

func (e *Escalation) closing() *Closing {
	if e.Closed == nil {
		return nil
	}
	c := *e.Closed
	return &c
}

func known(o events.Outcome) bool {
	for _, one := range events.Outcomes() {
		if one.Code == o {
			return true
		}
	}
	return false
}
