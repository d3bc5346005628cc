package escalation

// Reason is the one named reason of a Move. Reasons are stable words: they
// stand in stored history. Never reuse or rename one.
type Reason string

const (
	// Opened means that the escalation began and its first owner was asked.
	Opened Reason = "opened"
	// Joined means that a second cause joined the open escalation.
	Joined Reason = "joined"
	// AskedAgain means that a cause came after a person had taken the question:
	// the hold is over and they were asked again.
	AskedAgain Reason = "asked-again"
	// NoAnswer means that the rung's time ran out and the next rung was asked.
	NoAnswer Reason = "no-answer"
	// AfterOutage means that the rung's time ran out while nothing worked: whoever
	// was asked may have found no page to answer on, and is asked once more.
	AfterOutage Reason = "after-outage"
	// NotDelivered means that the mail was refused, bounced or dropped; the next rung
	// was asked at once where there was somebody else to ask.
	NotDelivered Reason = "not-delivered"
	// NotLeft means that the mail could not leave for some minutes; the next rung was
	// asked at once.
	NotLeft Reason = "not-left"
	// Excluded means that somebody who was asked must not be asked about this client;
	// whoever stands in was asked.
	Excluded Reason = "excluded"
	// PassedOn means that the person passed the question on.
	PassedOn Reason = "passed-on"
	// NobodyElse means that the person passed the question on and nobody else can be
	// asked; they are asked again when the rung's time has run out.
	NobodyElse Reason = "nobody-else"
	// NobodyReachable means that a rung with nobody to ask was passed at once. It is the
	// reason of each rung in Move.Skipped and never of a whole Move.
	NobodyReachable Reason = "nobody-reachable"
	// Repeats means that the ladder is at its end and the last rung was asked again.
	Repeats Reason = "repeats"
	// Acknowledged means that a named human took the question; the ladder is paused.
	Acknowledged Reason = "acknowledged"
	// AlreadyAcknowledged means that somebody else has it; Move.Told says who.
	AlreadyAcknowledged Reason = "already-acknowledged"
	// HoldRanOut means that an acknowledgement brought no outcome in time; the
	// ladder resumed.
	HoldRanOut Reason = "hold-ran-out"
	// HoldEnds means that whoever took the question is reminded, before the hold
	// ends, that it waits for an outcome.
	HoldEnds Reason = "hold-ends"
	// AttemptRecorded means that a try to reach the client was recorded.
	AttemptRecorded Reason = "attempt-recorded"
	// LookFirst means that something new came up after the person had opened the page:
	// nothing was closed.
	LookFirst Reason = "look-first"
	// HolderGone means that whoever had the question is on leave, or works here no more.
	HolderGone Reason = "holder-gone"
	// Closed means that a person recorded an outcome.
	Closed Reason = "closed"
	// AlreadyClosed means that a person came after the outcome; Move.Closed says whose.
	AlreadyClosed Reason = "already-closed"
	// Reopened means that a person opened the question again.
	Reopened Reason = "reopened"
	// AlreadyOpen means that there is nothing to reopen.
	AlreadyOpen Reason = "already-open"
	// NotOpen means that a timer or a cause came for a closed escalation.
	NotOpen Reason = "not-open"
	// MailAccepted means that the provider took the mail.
	MailAccepted Reason = "accepted"
	// OutcomeMissing means that closing needs one of the known outcomes.
	OutcomeMissing Reason = "outcome-missing"
	// PersonMissing means that what only a person may do came without a person.
	PersonMissing Reason = "person-missing"
	// NotAsked means that somebody who was never asked cannot pass the question on.
	NotAsked Reason = "not-asked"
	// Stale means that the timer came before the deadline.
	Stale Reason = "stale"
	// Unrelated means that the delivery report changes no ask of this escalation.
	Unrelated Reason = "unrelated"
)

// words are what people read; every Reason stands here once.
var words = [...]struct {
	reason Reason
	words  string
}{
	{Opened, "The question was opened and its first owner was asked."},
	{Joined, "A second cause joined the open question."},
	{AskedAgain, "Something new came up after it was taken; the question was asked again."},
	{NoAnswer, "No answer in time; the next person was asked."},
	{AfterOutage, "The time ran out during an outage; the same rung was asked once more, with its full time."},
	{NotDelivered, "The mail could not be delivered; we do not wait for an answer to it."},
	{NotLeft, "The mail could not leave for some minutes; the next person is asked."},
	{Excluded, "Somebody who was asked should not be asked about this client; whoever stands in is."},
	{PassedOn, "The person asked passed the question on."},
	{NobodyElse, "Passed on, but there is nobody else to ask; it stays where it is and is asked again."},
	{NobodyReachable, "Nobody on this rung can be reached; it was passed at once."},
	{Repeats, "Still nobody has answered; the last rung was asked again."},
	{Acknowledged, "A person took the question; the others wait."},
	{AlreadyAcknowledged, "Somebody else has already taken the question."},
	{HoldRanOut, "Taken, but no outcome in time; the next person was asked."},
	{HoldEnds, "The question still waits for an outcome; soon others are asked. Whoever took it is reminded, if mail can reach them."},
	{AttemptRecorded, "A try to reach the client was recorded."},
	{LookFirst, "Something new came up after the page was opened; nothing was closed."},
	{HolderGone, "Whoever had the question is on leave or works here no more; the next person is asked."},
	{Closed, "A person closed the question with an outcome."},
	{AlreadyClosed, "The question is already closed."},
	{Reopened, "A person opened the question again; the ladder starts anew."},
	{AlreadyOpen, "The question is open already."},
	{NotOpen, "The question is closed; nothing follows."},
	{MailAccepted, "The mail is on its way."},
	{OutcomeMissing, "Closing needs an outcome from the list."},
	{PersonMissing, "Only a named person can do this."},
	{NotAsked, "Only somebody who was asked can pass the question on."},
	{Stale, "The timer came early; nothing is due yet."},
	{Unrelated, "The report changes nothing about this question."},
}

// Reasons lists every reason, for pages and documentation.
func Reasons() []Reason {
	out := make([]Reason, 0, len(words))
	for _, w := range words {
		out = append(out, w.reason)
	}
	return out
}

// Words is the reason as a sentence for people; a word that this version does
// not know is shown as it is.
func (r Reason) Words() string {
	for _, w := range words {
		if w.reason == r {
			return w.words
		}
	}
	return string(r)
}
