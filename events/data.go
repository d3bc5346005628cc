package events

import "time"

// Data is what an event says beyond its kind. Every part is optional but for
// what the kind needs; a part that is absent says nothing.
type Data struct {
	Client      *Client      `json:"client,omitempty"`
	Appointment *Appointment `json:"appointment,omitempty"`
	Signal      *Signal      `json:"signal,omitempty"`
	Concern     *Concern     `json:"concern,omitempty"`
	Reply       *Reply       `json:"reply,omitempty"`
	Merge       *Merge       `json:"merge,omitempty"`

	Answer     *Answer        `json:"answer,omitempty"`
	Escalation *EscalationAct `json:"escalation,omitempty"`
	Task       *TaskAct       `json:"task,omitempty"`
	Note       *Note          `json:"note,omitempty"`
	Pause      *Pause         `json:"pause,omitempty"`
	Choice     *ClientChoice  `json:"choice,omitempty"`
	Message    *MessageReport `json:"message,omitempty"`
	Move       *Move          `json:"move,omitempty"`
}

// Risk is the clinic's own assessment of a client.
type Risk string

// The three levels of risk.
const (
	RiskNone     Risk = "none"
	RiskElevated Risk = "elevated"
	RiskHigh     Risk = "high"
)

// Status says whether the clinic is treating the client.
type Status string

// What a client's status can be; all but active stop care mail.
const (
	StatusActive       Status = "active"
	StatusDischarged   Status = "discharged"
	StatusDeceased     Status = "deceased"
	StatusHospitalised Status = "hospitalised"
	StatusTransferred  Status = "transferred"
)

// ConsentState is whether the client agreed to a kind of mail.
type ConsentState string

// The states of consent; unknown is not granted.
const (
	ConsentGranted   ConsentState = "granted"
	ConsentWithdrawn ConsentState = "withdrawn"
	ConsentUnknown   ConsentState = "unknown"
)

// Client is what an event says about the client's record. A nil field says
// nothing; fields are merged one by one, the newest event time wins.
type Client struct {
	FirstName     *string `json:"first_name,omitempty"`
	LastName      *string `json:"last_name,omitempty"`
	Email         *string `json:"email,omitempty"`
	EmailVerified *bool   `json:"email_verified,omitempty"`
	Phone         *string `json:"phone,omitempty"`
	// ChartURL leads staff to the client's chart in the EHR.
	ChartURL *string `json:"chart_url,omitempty"`
	// Language is a BCP 47 tag such as "en" or "es".
	Language *string `json:"language,omitempty"`
	// TimeZone is an IANA name such as "America/Chicago".
	TimeZone *string `json:"time_zone,omitempty"`
	// Clinician is the directory id of the assigned clinician.
	Clinician *string `json:"clinician,omitempty"`
	Risk      *Risk   `json:"risk,omitempty"`
	Status    *Status `json:"status,omitempty"`
	// Programmes are the ones the client is in; an empty list says "in none",
	// a nil one says nothing.
	Programmes []string `json:"programmes,omitzero"`
	// NeverAsk are the directory ids of staff who are not asked about this client;
	// an empty list says "nobody is left out", a nil one says nothing.
	NeverAsk []string `json:"never_ask,omitzero"`
	Minor    *bool    `json:"minor,omitempty"`
	// AddressOwner says whose address Email is: "client", "guardian" or "proxy".
	AddressOwner *string  `json:"address_owner,omitempty"`
	Consent      *Consent `json:"consent,omitempty"`
}

// ConsentRecord is one answer about one purpose: what, when, from whom, how.
type ConsentRecord struct {
	State ConsentState `json:"state"`
	At    *time.Time   `json:"at,omitempty"`
	By    string       `json:"by,omitempty"`
	How   string       `json:"how,omitempty"`
}

// Visit says whether an appointment is the client's first.
type Visit string

// The visits that matter to a workflow.
const (
	VisitFirst    Visit = "first"
	VisitFollowUp Visit = "follow-up"
)

// CancelledBy says whose decision a cancellation was.
type CancelledBy string

// Who cancelled; a sender that does not know says unknown.
const (
	ByClient   CancelledBy = "client"
	ByProvider CancelledBy = "provider"
	ByUnknown  CancelledBy = "unknown"
)

// Appointment is what an event says about one appointment.
type Appointment struct {
	ID string `json:"id"`
	// Version orders what is said about one appointment; the EHR's counter, or
	// 0 where it has none (then the event's time orders).
	Version int64       `json:"version,omitempty"`
	Start   *time.Time  `json:"start,omitempty"`
	Minutes int         `json:"minutes,omitempty"`
	Visit   Visit       `json:"visit,omitempty"`
	By      CancelledBy `json:"cancelled_by,omitempty"`
	// Reason is the sender's own code; it never leaves in a message.
	Reason string `json:"reason,omitempty"`
}

// Signal is a sign of withdrawal: a skipped diary, a portal not opened.
type Signal struct {
	Name string `json:"name"`
	// Strength is 0 to 1 where the sender has one.
	Strength float64 `json:"strength,omitempty"`
}

// ConcernLevel says how soon a human must look.
type ConcernLevel string

// The levels of a safety concern.
const (
	ConcernSameDay   ConcernLevel = "same-day"
	ConcernImmediate ConcernLevel = "immediate"
)

// Concern is a question about the client's safety.
type Concern struct {
	Level ConcernLevel `json:"level"`
	// From names the origin: "questionnaire", "clinician", "portal".
	From string `json:"from,omitempty"`
	Note string `json:"note,omitempty"`
}

// Reply says that the client wrote back; its text stays in the mailbox.
type Reply struct {
	// MessageID is the message answered, where the mail says so.
	MessageID string `json:"message_id,omitempty"`
}

// Merge says which client a record turned out to be.
type Merge struct {
	Into string `json:"into"`
}

// Answer is what the client said on the check-in page.
type Answer struct {
	// Checkin is the random id that the link carried.
	Checkin string `json:"checkin,omitempty"`
	// Safe is false when the client said that they are not safe.
	Safe *bool `json:"safe"`
	// Hard is true when they said that it is hard and that they are safe.
	Hard bool `json:"hard,omitempty"`
	// Reasons are why they stepped back, in the page's own codes.
	Reasons []string `json:"reasons,omitempty"`
	// Wish is what they would like next.
	Wish string `json:"wish,omitempty"`
	// Text is free text for a human; it never leaves in a message.
	Text string `json:"text,omitempty"`
}

// Wishes are what a client may wish for on the check-in page, as codes.
func Wishes() []string {
	// "time" is what pages of an earlier version offered: some time to oneself.
	return []string{"visit", "time", "call", "pause", "another-approach", "stop"}
}

// Outcome is the coded answer that closes an escalation.
type Outcome string

// The outcomes that staff choose from.
const (
	OutcomeReachedSafe     Outcome = "reached-safe"
	OutcomeReachedPlan     Outcome = "reached-safety-plan"
	OutcomeReachedCrisis   Outcome = "reached-crisis-services"
	OutcomeNotReachedCheck Outcome = "not-reached-welfare-check"
	OutcomeNotReachedOther Outcome = "not-reached-handed-over"
	OutcomeFalseAlarm      Outcome = "false-alarm"
)

// Outcomes lists every outcome with the words staff read.
func Outcomes() []struct {
	Code  Outcome
	Words string
} {
	return []struct {
		Code  Outcome
		Words string
	}{
		{OutcomeReachedSafe, "I reached the client, who is safe"},
		{OutcomeReachedPlan, "I reached the client; we made a safety plan"},
		{OutcomeReachedCrisis, "I reached the client; crisis services are with them"},
		{OutcomeNotReachedCheck, "Not reached; a welfare check is under way"},
		{OutcomeNotReachedOther, "Not reached; handed over to a named colleague"},
		{OutcomeFalseAlarm, "It was a false alarm"},
	}
}

// EscalationAct is what a human did with an escalation.
type EscalationAct struct {
	ID string `json:"id"`
	// By is the directory id of the person.
	By string `json:"by"`
	// For is set when By acted for the person who was asked.
	For     string  `json:"for,omitempty"`
	Outcome Outcome `json:"outcome,omitempty"`
	// How is the way of an attempt: "phone", "text", "visit".
	How string `json:"how,omitempty"`
	// Why is the reason of whoever passes the question on, in a code of Declines.
	Why  string `json:"why,omitempty"`
	Note string `json:"note,omitempty"`
	// Turn is that of the question as the person's page showed it: one of something
	// older closes nothing. Absent where no page was shown.
	Turn *int `json:"turn,omitempty"`
}

// The reasons for passing a question on.
const (
	DeclineBusy     = "busy"     // cannot call the client in time
	DeclineOff      = "off"      // is not at work
	DeclineConflict = "conflict" // should not be asked about this client
	DeclineOther    = "other"
)

// Declines lists the reasons for passing a question on, with the words staff read.
func Declines() []Choice {
	return []Choice{
		{DeclineBusy, "I cannot call in time"},
		{DeclineOff, "I am not at work"},
		{DeclineConflict, "I should not be asked about this client"},
		{DeclineOther, "Another reason"},
	}
}

// TaskAct is what a human did with a task.
type TaskAct struct {
	ID   string `json:"id"`
	By   string `json:"by"`
	Note string `json:"note,omitempty"`
	// Release answers a task that asks whether a mail may leave: true lets it go.
	Release bool `json:"release,omitempty"`
}

// Note is what a clinician noticed.
type Note struct {
	By       string   `json:"by"`
	Noticed  []string `json:"noticed,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Approach string   `json:"approach,omitempty"`
}

// Choice is a code with the words that staff read.
type Choice struct{ Code, Words string }

// Noticed lists what a clinician can say that they notice.
func Noticed() []Choice {
	return []Choice{
		{"quieter", "Quieter than before"},
		{"late", "Often late, or moves visits"},
		{"avoids-a-topic", "Avoids a topic"},
		{"wants-to-stop", "Speaks of stopping"},
	}
}

// Approaches lists how a client may prefer to go on.
func Approaches() []Choice {
	return []Choice{
		{"slower", "Go slower, or take smaller steps"},
		{"shorter", "Shorter or fewer visits"},
		{"remote", "By phone or video"},
		{"another-way", "Work in another way"},
		{"another-clinician", "See somebody else"},
		{"caring-notes", "Only a caring note now and then"},
	}
}

// NoteReasons lists why a client may step back, as a clinician knows it.
func NoteReasons() []Choice {
	return []Choice{
		{"vulnerability", "Opening up feels hard"},
		{"shame", "They feel ashamed"},
		{"resistance", "They are not ready for a change"},
		{"overwhelm", "It is too much at once"},
		{"no-progress", "It does not seem to help"},
		{"stress", "Life gets in the way: work, family, money"},
		{"other", "Something else"},
	}
}

// Move names a journey and the clinic's version that it goes on with.
type Move struct {
	Journey string `json:"journey"`
	To      string `json:"to"`
}

// TheClient stands for the client themself where an act names who did it; no member
// of staff has it as an id.
const TheClient = "client"

// ClientChoice is what a client chose about their mail; what is empty was not spoken
// of.
type ClientChoice struct {
	// Language is a BCP 47 tag.
	Language string `json:"language,omitempty"`
	// MailList asks for a mail with the clinic's services that fit Reasons, codes of
	// the check-in page.
	MailList bool     `json:"mail_list,omitempty"`
	Reasons  []string `json:"reasons,omitempty"`
	// Address asks for a link to a new address; Confirm is the id that such a link
	// carried, once somebody has opened it and pressed its button.
	Address string `json:"address,omitempty"`
	Confirm string `json:"confirm,omitempty"`
	// Linked is when the link was made that Address was asked with.
	Linked *time.Time `json:"linked,omitempty"`
}

// Pause stops or resumes care mail for a client.
type Pause struct {
	// By is the directory id of a member of staff, or TheClient.
	By     string     `json:"by"`
	Until  *time.Time `json:"until,omitempty"`
	Reason string     `json:"reason,omitempty"`
	// OptIn is staff's word, on client.resumed alone, that the client asked for
	// mail again: it lifts an opt-out, which a pause that ends does not.
	OptIn bool `json:"opt_in,omitempty"`
}

// MailHeld begins the Detail of the report of a message that was kept back for what it
// held: no provider has seen it.
const MailHeld = "held "

// MessageReport is what became of a message.
type MessageReport struct {
	ID string `json:"id"`
	// Attempt counts from 1.
	Attempt int `json:"attempt,omitempty"`
	// Detail is a machine's word (an HTTP status, an SMTP code), never a
	// person's data.
	Detail string `json:"detail,omitempty"`
	// By is the hash of the event that withdrew the message, where one did.
	By string `json:"by,omitempty"`
	// To is the AddressMark of where the message went, where that is known.
	To string `json:"to,omitempty"`
}
