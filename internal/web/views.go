package web

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
)

// What Acts, Escalations and Overview answer with when they cannot answer.
var (
	// ErrUnknown: there is no such clinic, client, escalation or mail.
	ErrUnknown = errors.New("not known here")
	// ErrNotConfirmed: the act was published, or may have been, and no
	// decision on it was seen within the wait. The page then says "not yet
	// confirmed" and never "done". Pressing again repeats the same Act.ID.
	ErrNotConfirmed = errors.New("not yet confirmed")
)

// Directory names clinics and people. It answers from memory.
type Directory interface {
	Clinic(id string) (Clinic, bool)
	// Only is the clinic that is served, where it is one alone: whoever opens a
	// broken link is shown its crisis line all the same.
	Only() (Clinic, bool)
	// Person is the name of a member of staff; false ends every link of
	// somebody who is no longer in the directory.
	Person(clinic, id string) (name string, ok bool)
}

// Clinic is what a page says about a clinic.
type Clinic struct {
	ID    string
	Name  string
	Phone string // the clinic's own; "" leaves the sentence out
	// Zone is what times are written in; nil means UTC.
	Zone   *time.Location
	Crisis CrisisLine
	// Languages are those that the clinic serves, such as "en" and "es", its own first;
	// none means English.
	Languages []string
	// CrisisIn is the crisis line as the clinic's other languages say it.
	CrisisIn map[string]CrisisLine
	// translated says that the line's name is in the page's language.
	translated bool
}

// CrisisLine is the clinic's own.
type CrisisLine struct {
	Name  string // "988 Lifeline"
	Phone string // "988"
	Text  string // optional, a sentence: "Text HOME to 741741"
	URL   string // optional, https
	// EmergencyPhone is the number for danger right now, such as "911"; optional.
	EmergencyPhone string
}

// Escalations looks one escalation up, from the leader. Both methods return
// ErrUnknown for an id that the clinic does not have.
type Escalations interface {
	// Glance is what a link alone may show: nothing about the client.
	Glance(ctx context.Context, clinic, id string) (Glance, error)
	// Case is what the 15-minute session shows. It is asked for only after
	// the short code was given.
	Case(ctx context.Context, clinic, id string) (Case, error)
}

// Urgency is how an escalation's policy speaks.
type Urgency string

// The urgencies.
const (
	Crisis Urgency = "crisis"
	Urgent Urgency = "urgent"
)

// Glance is an escalation without the client. Before the code was given a page
// shows Urgency and Opened alone.
type Glance struct {
	Urgency Urgency
	Opened  time.Time
	// Informed are the directory ids of people who were told of it and never
	// asked: their page says so.
	Informed []string
	// LeftOut are those who must not be asked about this client: they see nothing of
	// it.
	LeftOut []string
	// Turn counts what makes an opened page out of date; Act.Turn gives it back.
	Turn    int
	Ack     *Ack     // nil while nobody has taken it
	Closing *Closing // nil while it is open
}

// Ack says who took an escalation.
type Ack struct {
	By   string // directory id
	Name string
	For  string // the name of whom they stand in for; empty for nobody
	At   time.Time
	// Until is when the ladder resumes without an outcome; zero leaves the
	// sentence out.
	Until time.Time
}

// Closing says who closed an escalation, with which outcome.
type Closing struct {
	By      string // directory id
	Name    string
	At      time.Time
	Outcome events.Outcome
	// Note is what the person wrote for colleagues, "" for nothing.
	Note string
}

// Case is an escalation with the client.
type Case struct {
	Glance
	// ClientKey is for Sights.
	ClientKey string
	Client    Contact
	// Questions are what must be answered, in words.
	Questions []string
	// Owner is the name of whom the question is with, Next when the ladder
	// moves by itself.
	Owner string
	Next  time.Time
	// Brief is what helps with the conversation; Opening is one sentence to
	// begin it with.
	Brief    []Fact
	Opening  string
	Attempts []Attempt
	// Tries is how many tries belong on record before a client counts as not
	// reached; 0 means that nobody says.
	Tries int
	// Asked are those who were asked or told, the newest first; Since is what the
	// client did since the question came up.
	Asked []Asked
	Since []Fact
	// Others counts the client's other open questions.
	Others int
}

// Asked is one person who was asked or told, and what came of it in words.
type Asked struct {
	Name, Words string
	At          time.Time
}

// Contact is how a client is reached.
type Contact struct {
	Name  string
	Phone string
	// ChartURL leads to the EHR; anything but http and https is left out.
	ChartURL string
}

// Fact is one line of a brief.
type Fact struct{ Label, Text string }

// Attempt is one recorded try to reach the client.
type Attempt struct {
	Name string // of the member of staff
	How  string // "phone", "text", "visit"
	At   time.Time
}

// Clients looks up what the pages of a client show, from the leader. Both methods
// return ErrUnknown for a client whom nobody has heard of.
type Clients interface {
	ClientMail(ctx context.Context, clinic, clientKey string) (ClientMail, error)
	// Resources are the clinic's services that fit these reasons, codes of Reasons,
	// in force now. A client with a safety flag sees only those that say they may be
	// shown then.
	Resources(ctx context.Context, clinic, clientKey string, reasons []string) ([]Resource, error)
}

// ClientMail is what a client's own pages know about them.
type ClientMail struct {
	// Language is a BCP 47 tag, empty where none is on record.
	Language string
	OptedOut bool
	// RestsUntil is when the client's own break from mail is over, zero for none.
	RestsUntil time.Time
	// AddressUntil is until when a link to a new address works, zero for none.
	AddressUntil time.Time
	// Flagged clients see no services but those that may be shown to them.
	Flagged bool
}

// Resource is one service as a page lists it; what is empty is left out.
type Resource struct {
	Name, About, Phone, Address, URL, Hours, Cost string
	// Translated says that its words are in the client's language and not the clinic's.
	Translated bool
}

// Lines are what stands below the way to reach it.
func (r Resource) Lines() []string {
	return slices.DeleteFunc([]string{r.Address, r.Hours, r.Cost}, func(s string) bool { return s == "" })
}

// Acts does what a member of staff pressed about a question. Every method publishes, waits up to 5 s
// until a decision on the act was made, and returns what was decided. Its error
// is ErrUnknown or ErrNotConfirmed; any other error is shown as not confirmed.
type Acts interface {
	// Acknowledge returns Acknowledged, AlreadyAcknowledged or AlreadyClosed.
	Acknowledge(ctx context.Context, a Act) (Outcome, error)
	// Decline returns Declined, NobodyElse, NotAsked, AlreadyAcknowledged or
	// AlreadyClosed. The reason is a code of events.Declines, or empty.
	Decline(ctx context.Context, a Act, why string) (Outcome, error)
	// Reopen returns Reopened, or AlreadyOpen where it is open. The reason is for
	// whoever answers it now.
	Reopen(ctx context.Context, a Act, why string) (Outcome, error)
	// Attempt records a try to reach the client: how is "phone", "text" or
	// "visit". It returns Attempted or AlreadyClosed.
	Attempt(ctx context.Context, a Act, how string) (Outcome, error)
	// Close returns Closed, AlreadyClosed, or LookFirst where something came up after
	// the page was shown (Act.Turn). The note may be empty and has at
	// most 500 characters.
	Close(ctx context.Context, a Act, outcome events.Outcome, note string) (Outcome, error)
}

// ClientActs does what a client pressed, as Acts does.
type ClientActs interface {
	// Answer records a check-in; it returns Answered.
	Answer(ctx context.Context, a Act, answer Answer) (Outcome, error)
	// MailList mails the client the services that fit these reasons. It returns
	// MailAsked, MailHeld or AskedOften.
	MailList(ctx context.Context, a Act, reasons []string) (Outcome, error)
	// OptOut stops all care mail to the client; it returns OptedOut.
	OptOut(ctx context.Context, a Act) (Outcome, error)
}

// ClientChoices does what a client chose on the preferences page, as Acts does.
type ClientChoices interface {
	// Rest gives the client a break from care mail until then; it returns Chosen.
	Rest(ctx context.Context, a Act, until time.Time) (Outcome, error)
	// EndRest ends the client's own break; it returns Chosen.
	EndRest(ctx context.Context, a Act) (Outcome, error)
	// Speak sets the client's language; it returns Chosen.
	Speak(ctx context.Context, a Act, language string) (Outcome, error)
	// AskAddress mails a link to a new address, which is a plain one; nothing else
	// changes. It returns MailAsked, MailHeld, AskedOften or LinkOld.
	AskAddress(ctx context.Context, a Act, email string) (Outcome, error)
	// ConfirmAddress uses the address that the link was mailed to, the Act's Target. It returns Chosen, or
	// MailHeld where that link is not the newest one or too old.
	ConfirmAddress(ctx context.Context, a Act) (Outcome, error)
}

// Act is who acts on what.
type Act struct {
	// ID is the event's id, 26 characters [a-z2-7]. A second press of the same
	// form with the same content has the same id and so counts once; other
	// content is another event.
	ID     string
	Clinic string
	// Target is the id of the escalation or check-in, or of the question about a
	// new address; for the other choices about mail what the link carried.
	Target string
	// Recipient is the directory id of the member of staff for an escalation,
	// the client key for a check-in and for preferences.
	Recipient string
	// Turn is the question's as the page showed it, for Close.
	Turn *int
	// Linked is when the link was made that was opened.
	Linked time.Time
}

// Answer is what a client said on the check-in page.
type Answer struct {
	Feeling Feeling
	// Reasons are codes of Reasons, Wish is one of Wishes or "".
	Reasons []string
	Wish    string
	// Text is for a human, who is shown 2,000 characters of it, and has at most 5,000.
	Text string
}

// Feeling is the answer to "How are you right now?".
type Feeling string

// The answers. All but NotSafe mean safe.
const (
	Okay    Feeling = "okay"
	Hard    Feeling = "hard"
	NotSafe Feeling = "not-safe"
)

// Safe is what the answer says about safety.
func (f Feeling) Safe() bool { return f != NotSafe }

// Choice is a code and the words people read.
type Choice struct{ Code, Words string }

// Reasons lists why somebody may have stepped back.
func Reasons() []Choice {
	return []Choice{
		{"vulnerability", "Opening up felt hard, or I felt ashamed"},
		{"resistance", "I did not feel ready for a change"},
		{"overwhelm", "It was too much at once"},
		{"no-progress", "It did not seem to help"},
		{"stress", "Life got in the way (work, family, money, getting here)"},
		{"other", "Something else"},
	}
}

// Wishes lists what somebody may like next.
func Wishes() []Choice {
	return []Choice{
		{"visit", "A time for a visit"},
		{"call", "A call from the clinic"},
		{"pause", "A break from these emails for now"},
		{"another-approach", "To try it another way"},
		{"stop", "To get no more of these emails"},
	}
}

// Outcome is what was decided on an act.
type Outcome struct {
	Result Result
	// Name and At say who acted before, for AlreadyAcknowledged and
	// AlreadyClosed; for Declined, NobodyElse and NotAsked, Name is whom the
	// question is with now.
	Name string
	At   time.Time
}

// Result is the kind of an Outcome.
type Result string

// The results.
const (
	Acknowledged        Result = "acknowledged"
	AlreadyAcknowledged Result = "already-acknowledged"
	Declined            Result = "declined"
	Reopened            Result = "reopened"
	AlreadyOpen         Result = "already-open"
	LookFirst           Result = "look-first"
	NobodyElse          Result = "nobody-else" // to pass it on to: it stays
	NotAsked            Result = "not-asked"   // so there is nothing to pass on
	Attempted           Result = "attempted"
	Closed              Result = "closed"
	AlreadyClosed       Result = "already-closed"
	Answered            Result = "answered"
	OptedOut            Result = "opted-out"
	Chosen              Result = "chosen"
	MailAsked           Result = "mail-asked"
	MailHeld            Result = "mail-held"   // something on record keeps it back
	LinkOld             Result = "link-old"    // the link lay in an inbox that the client left
	AskedOften          Result = "asked-often" // enough of them for a day
)

// Overview is what the staff pages show. Client returns ErrUnknown.
type Overview interface {
	// OpenEscalations come in any order; the page sorts the oldest first.
	OpenEscalations(ctx context.Context) ([]EscalationRow, error)
	// RecentClients come with the newest decision first.
	RecentClients(ctx context.Context, limit int) ([]ClientRow, error)
	Client(ctx context.Context, clinic, key string) (ClientView, error)
	// ClinicMail says of every clinic what mail is paused.
	ClinicMail(ctx context.Context) ([]ClinicMail, error)
}

// EscalationRow is one open escalation.
type EscalationRow struct {
	Clinic, ID string
	ClientKey  string
	ClientName string // first name and initial
	Urgency    Urgency
	Question   string // in words
	Opened     time.Time
	Owner      string // name
	Ack        *Ack
	// Next is when the ladder moves by itself.
	Next time.Time
	// Policy is its id; Rung counts from 1 of Rungs, Round counts the repeats
	// of the last rung.
	Policy             string
	Rung, Rungs, Round int
	// Mail is the name of the newest mail that carries the link, "" if unknown.
	Mail string
}

// ClientRow is one client in the list.
type ClientRow struct {
	Clinic, Key string
	Name        string // first name and initial
	// Runs are the titles of the workflows that run for the client.
	Runs []string
	// Next is what happens next in words, "" for nothing planned.
	Next   string
	NextAt time.Time
	// Last is when the newest decision was made.
	Last time.Time
	// Flagged is the safety flag; Open that an escalation is open.
	Flagged, Open bool
}

// ClientView is one client's page.
type ClientView struct {
	Clinic, ClinicName, Key string
	Name                    string
	// Phone and ChartURL are how the client is reached; see Contact.
	Phone, ChartURL string
	// Brief and Opening help with the conversation that a task asks for.
	Brief   []Fact
	Opening string
	// Facts are what is known: consent, risk, status, clinician.
	Facts         []Fact
	Flagged, Open bool
	Mail          MailState
	Runs          []Run
	Tasks         []TaskRow
	Planned       []Planned
	// Entries are the timeline, newest first.
	Entries []Entry
}

// Run is one workflow that runs for the client.
type Run struct {
	Workflow string // its title
	Why      string // the sentence the workflow gives
	Step     string // where it stands, in words
	Since    time.Time
}

// TaskRow is one open task.
type TaskRow struct {
	ID    string
	What  string // in words
	Text  string // what the client wrote, "" for nothing
	Owner string // name
	Due   time.Time
	// Asks says that it asks whether a mail may leave.
	Asks bool
}

// Tasks finishes tasks. It publishes, waits up to 5 s until that was decided on,
// and answers ErrNotConfirmed when it was not.
type Tasks interface {
	// Finish says how the task ended: by somebody else where they were first,
	// and by nobody where it was not open any more. release lets the mail go that a
	// task asks about; for another task it says nothing.
	Finish(ctx context.Context, clinic, clientKey, task, person string, release bool) (TaskEnd, error)
}

// Planned is what will happen and when.
type Planned struct {
	What string
	At   time.Time
}

// EntryKind colours an entry.
type EntryKind string

// The kinds of entry.
const (
	EntryEvent  EntryKind = "event"  // something happened
	EntryMail   EntryKind = "mail"   // a mail was asked for or left
	EntryHeld   EntryKind = "held"   // something was not sent or not done
	EntrySafety EntryKind = "safety" // an escalation
	EntryHuman  EntryKind = "human"  // a person did something
)

// Entry is one thing decided, with its one reason.
type Entry struct {
	At   time.Time
	Kind EntryKind
	What string // in words
	// Reason is the named reason in words, ReasonCode its stable word.
	Reason, ReasonCode string
	Workflow, Step     string
	Detail             string
	// Note is what the person wrote for colleagues, "" for nothing.
	Note string
	// Mail is the name of the mail, for a link to it; "" for none.
	Mail string
}

// Mails is the mailbox of mails that left. Read returns ErrUnknown.
type Mails interface {
	// List is the newest first.
	List(ctx context.Context, limit int) ([]MailRow, error)
	Read(ctx context.Context, name string) (MailView, error)
}

// MailRow is one mail in the list.
type MailRow struct {
	Name    string // the file's name, which is the page's path
	Message string // the message's id
	At      time.Time
	To      string
	Subject string
	Safety  bool // to staff; else care mail to a client
	Attempt int  // counts from 1
}

// MailView is one mail as its recipient sees it.
type MailView struct {
	MailRow
	From, ReplyTo string
	// Headers are all of them, in the mail's order.
	Headers    []Fact
	Text, HTML string
}

// Once remembers which sign-in links were used.
type Once interface {
	// Use is true for the first call with an id; ids may be forgotten after
	// until.
	Use(ctx context.Context, id string, until time.Time) (first bool, err error)
}
