package workflows

import "github.com/mooring-care/mooring/workflows/escalation"

// What names the thing that a note is about. The words are stable: they stand
// in stored history.
type What string

// The things that are decided.
const (
	WhatClient     What = "client"
	WhatJourney    What = "journey"
	WhatStep       What = "step"
	WhatMessage    What = "message"
	WhatTask       What = "task"
	WhatEscalation What = "escalation"
)

// Reason is the one named reason of a decision. The words are stable; Words
// puts them as people read them.
type Reason string

// The reasons. Those of the escalation ladder stand in escalation.Reasons.
const (
	// About the client.
	Recorded        Reason = "recorded"
	AlreadyDecided  Reason = "already-decided"
	OldNews         Reason = "old-news"
	OldConcern      Reason = "old-concern"
	SaidBefore      Reason = "said-before"
	NothingFollows  Reason = "nothing-follows"
	StatusChanged   Reason = "status-changed"
	OptedOut        Reason = "opted-out"
	Paused          Reason = "paused"
	Resumed         Reason = "resumed"
	StateTooLarge   Reason = "state-too-large"
	CannotDecide    Reason = "cannot-decide"
	ConditionFailed Reason = "condition-failed"
	VersionMissing  Reason = "version-missing"
	PolicyMissing   Reason = "policy-missing"
	SafetyQuestion  Reason = "safety-question"
	ClientIsSafe    Reason = "client-is-safe"
	ClientWroteBack Reason = "client-wrote-back"
	OptOutLifted    Reason = "opt-out-lifted"
	// ClientRests means that the client asked for a while without mail, and RestEnded
	// that they want it again.
	ClientRests    Reason = "client-rests"
	RestEnded      Reason = "rest-ended"
	LanguageChosen Reason = "language-chosen"
	// AddressConfirmed means that the client opened the link at a new address, and
	// AddressLinkOld that there is a newer one, or none any more.
	AddressConfirmed Reason = "address-confirmed"
	AddressLinkOld   Reason = "address-link-old"
	// ClinicsAddress means that a client asked for mail to an address of the clinic's own.
	ClinicsAddress Reason = "clinics-address"

	// About a journey.
	Started           Reason = "started"
	FutureAppointment Reason = "future-appointment"
	StrongerRuns      Reason = "stronger-runs"
	ReplacedByStrong  Reason = "replaced-by-stronger"
	AlreadyRuns       Reason = "already-runs"
	NotActive         Reason = "not-active"
	ReturnedSince     Reason = "returned-since"
	StoppedByEvent    Reason = "stopped-by-event"
	StartCorrected    Reason = "start-corrected"
	Retracted         Reason = "retracted"
	AbsenceOver       Reason = "absence-over"
	AbsenceMoved      Reason = "absence-moved"
	AbsenceDropped    Reason = "absence-dropped"
	AlreadyBegan      Reason = "already-began"
	BeganRecently     Reason = "began-recently"
	StopHolds         Reason = "stop-holds"
	GoalMet           Reason = "goal-met"
	GoalMissed        Reason = "goal-missed"
	Finished          Reason = "finished"
	WorkflowRemoved   Reason = "workflow-removed"
	JourneyMoved      Reason = "journey-moved"
	JourneyStays      Reason = "journey-stays"
	NoAppointment     Reason = "no-appointment"
	AppointmentPast   Reason = "appointment-past"

	// About a step.
	WaitsUntil    Reason = "waits-until"
	WaitsForEvent Reason = "waits-for-event"
	EventCame     Reason = "event-came"
	LimitReached  Reason = "limit-reached"
	HeardLate     Reason = "heard-late"
	MetBefore     Reason = "met-before"
	PauseUndone   Reason = "pause-undone"
	// VisitUndone means that an appointment was entered by mistake which had ended a
	// journey or held one back.
	VisitUndone Reason = "visit-undone"
	// MailStopped means that a journey's mail stopped since a condition failed, while its
	// questions go on.
	MailStopped Reason = "mail-stopped"
	// VisitAhead means that a visit is said to be over that has not begun.
	VisitAhead Reason = "visit-ahead"
	// RecordsMerged means that a human has not looked yet at a record that turned out
	// to be another client's.
	RecordsMerged Reason = "records-merged"
	// ShouldNotBeAsked means that somebody said so of themselves and this client.
	ShouldNotBeAsked Reason = "should-not-be-asked"
	BranchTaken      Reason = "branch-taken"
	WayTaken         Reason = "way-taken"
	HeldOut          Reason = "held-out"
	MailPaused       Reason = "mail-paused"
	LateAsked        Reason = "late-asked"
	LateSkipped      Reason = "late-skipped"
	MovedTo          Reason = "moved-to"
	NoBranch         Reason = "no-branch"

	// About a message.
	Asked              Reason = "asked"
	NoConsent          Reason = "no-consent"
	ConsentWithdrawn   Reason = "consent-withdrawn"
	NoAddress          Reason = "no-address"
	AddressNotVerified Reason = "address-not-verified"
	Suppressed         Reason = "suppressed"
	Deceased           Reason = "deceased"
	Discharged         Reason = "discharged"
	Hospitalised       Reason = "hospitalised"
	Transferred        Reason = "transferred"
	ProgrammeExcluded  Reason = "programme-excluded"
	MinorUnknownOwner  Reason = "minor-unknown-owner"
	FlaggedClient      Reason = "flagged-client"
	HumanFirst         Reason = "human-first"
	NeedsRelease       Reason = "needs-release"
	NotReleased        Reason = "not-released"
	TooLate            Reason = "too-late"
	ReplyUnread        Reason = "reply-unread"
	CapReached         Reason = "cap-reached"
	// AskedOften means that the client asked for such a mail several times that day.
	AskedOften         Reason = "asked-often"
	TooClose           Reason = "too-close"
	QuietHours         Reason = "quiet-hours"
	OfficeClosed       Reason = "office-closed"
	ClinicHoliday      Reason = "clinic-holiday"
	HoursNeverMeet     Reason = "hours-never-meet"
	ToldAlready        Reason = "told-already"
	JourneyEnded       Reason = "journey-ended"
	ClinicPaused       Reason = "clinic-paused"
	WorkflowPaused     Reason = "workflow-paused"
	NoLongerWanted     Reason = "no-longer-wanted"
	ProviderAccepted   Reason = "provider-accepted"
	ProviderRefused    Reason = "provider-refused"
	HeldBack           Reason = "held-back" // it holds what must not leave
	Bounced            Reason = "bounced"
	Dropped            Reason = "dropped"
	Complained         Reason = "complained"
	Delivered          Reason = "delivered"
	FateUnknown        Reason = "fate-unknown"
	FateUnknownRepeats Reason = "fate-unknown-repeats"
	// MailWaits means that a message to staff could not leave for some minutes.
	MailWaits        Reason = "mail-waits"
	WasWithdrawn     Reason = "was-withdrawn"
	NotOurMessage    Reason = "not-our-message"
	PurposeWithdrawn Reason = "purpose-withdrawn"
	PurposeUnknown   Reason = "purpose-unknown"
	ProxyUnnamed     Reason = "proxy-unnamed"

	// About the client's status.
	StatusContradiction Reason = "status-contradiction"

	// About a task.
	TaskOpened   Reason = "task-opened"
	TaskFinished Reason = "task-finished"
	TaskOverdue  Reason = "task-overdue"
	TaskInDigest Reason = "task-in-digest"
	TaskNotOpen  Reason = "task-not-open"
	TaskHandedOn Reason = "task-handed-on"
	TaskNoLonger Reason = "task-not-needed"
	ReplyToRead  Reason = "reply-to-read"

	// About who is asked.
	Covered        Reason = "covered"
	LeaveCalledOff Reason = "leave-called-off"
	NobodyStandsIn Reason = "nobody-stands-in"
)

// words are what people read. Every reason has its sentence; a test holds that.
func words(r Reason) string {
	switch r {
	case Recorded:
		return "noted"
	case AlreadyDecided:
		return "this was decided before"
	case OldConcern:
		return "a safety concern was raised long ago; a human looks at it"
	case OldNews:
		return "newer news about it came first"
	case SaidBefore:
		return "this was known before"
	case NothingFollows:
		return "nothing follows from this"
	case StatusChanged:
		return "the client's status changed, so care mail stops"
	case StatusContradiction:
		return "the client was said to have died and now to be in care; care waits until somebody has looked"
	case OptedOut:
		return "the client asked for no more mail"
	case Paused:
		return "staff paused mail for this client"
	case Resumed:
		return "staff lifted the pause"
	case StateTooLarge:
		return "this client's record has grown too large; somebody must look"
	case CannotDecide:
		return "the program could not decide on this; somebody must look"
	case ConditionFailed:
		return "a condition of the workflow failed; somebody must look"
	case VersionMissing:
		return "the workflow version it began with is gone; somebody must look"
	case PolicyMissing:
		return "the policy named is gone; the clinic's safety policy is used"
	case SafetyQuestion:
		return "a safety question came up"
	case ClientIsSafe:
		return "the client says that they are safe"
	case ClientWroteBack:
		return "the client wrote back; a human reads it"
	case OptOutLifted:
		return "staff noted that the client wants mail again"
	case ClientRests:
		return "the client asked for a while without mail"
	case RestEnded:
		return "the client wants mail again"
	case LanguageChosen:
		return "the client chose the language of their mail"
	case AddressConfirmed:
		return "the client confirmed a new address"
	case AddressLinkOld:
		return "the link to confirm an address is not the newest one, or too old"
	case ClinicsAddress:
		return "the address is one of the clinic's own"
	case AskedOften:
		return "the client has asked for it often enough for one day"
	case Started:
		return "it fits, so the journey starts"
	case FutureAppointment:
		return "the client has another appointment ahead"
	case StrongerRuns:
		return "a journey that matters more is under way"
	case ReplacedByStrong:
		return "a journey that matters more takes over"
	case AlreadyRuns:
		return "this journey is already under way"
	case NotActive:
		return "the client is not in care here now"
	case ReturnedSince:
		return "the client has been seen or heard from since"
	case StoppedByEvent:
		return "something happened that ends it"
	case StartCorrected:
		return "what it began with turned out otherwise"
	case Retracted:
		return "the clinic took the event back"
	case AbsenceOver:
		return "the time without it is over, and the workflow's condition did not hold"
	case AbsenceMoved:
		return "the clinic's workflows changed; it waits until then for what has not come"
	case AbsenceDropped:
		return "the clinic's workflows changed; it does not wait any more for what has not come"
	case AlreadyBegan:
		return "it begins once, and has begun before"
	case BeganRecently:
		return "it began not long ago"
	case StopHolds:
		return "what would stop it holds already"
	case GoalMet:
		return "what it hoped for has come"
	case GoalMissed:
		return "what it hoped for did not come in its time"
	case Finished:
		return "it came to its end"
	case WaitsUntil:
		return "waiting until then"
	case WaitsForEvent:
		return "waiting for an answer"
	case EventCame:
		return "the answer came"
	case LimitReached:
		return "the time ran out"
	case HeardLate:
		return "the answer came in time and was heard of late, so it counts"
	case VisitUndone:
		return "an appointment that had ended or held back our mails was entered by mistake; somebody decides what comes next"
	case MailStopped:
		return "a condition of the workflow failed, so it sends the client no more; its questions to staff go on"
	case VisitAhead:
		return "the visit that it tells of has not begun"
	case RecordsMerged:
		return "two records turned out to be one client, and nobody has looked at them yet"
	case ShouldNotBeAsked:
		return "somebody said that they should not be asked about this client"
	case PauseUndone:
		return "the answer came in time, so the client has no while without mail"
	case MetBefore:
		return "this was done before, so not again"
	case WayTaken:
		return "this client's way of the comparison"
	case HeldOut:
		return "this client is in the share that gets none of the ways"
	case MailPaused:
		return "the workflow gives the client a while without mail"
	case LateAsked:
		return "its time had passed; somebody is asked what to do"
	case LateSkipped:
		return "its time had passed, so it is left out"
	case MovedTo:
		return "the appointment was moved, and the wait with it"
	case JourneyMoved:
		return "it goes on with another version of its workflow"
	case JourneyStays:
		return "it cannot go on with that version, and stays with its own"
	case WorkflowRemoved:
		return "the clinic took the workflow away"
	case ClinicPaused:
		return "the clinic paused all mail to clients"
	case WorkflowPaused:
		return "the clinic paused this workflow's mail"
	case NoAppointment:
		return "the appointment that it counts from is not known"
	case AppointmentPast:
		return "the appointment that it counts from is over"
	case BranchTaken:
		return "its condition holds"
	case NoBranch:
		return "no condition holds"
	case Asked:
		return "on its way"
	case NoConsent:
		return "no consent to outreach is on record"
	case ConsentWithdrawn:
		return "consent to outreach was withdrawn"
	case PurposeWithdrawn:
		return "consent to this kind of mail was withdrawn"
	case PurposeUnknown:
		return "no consent to this kind of mail is on record"
	case NoAddress:
		return "no email address is on record"
	case AddressNotVerified:
		return "the email address is not verified"
	case Suppressed:
		return "mail to this address failed before"
	case Deceased:
		return "the client has died"
	case Discharged:
		return "the client was discharged"
	case Hospitalised:
		return "the client is in hospital"
	case Transferred:
		return "the client moved to another provider"
	case ProgrammeExcluded:
		return "the client's programme gets no outreach"
	case MinorUnknownOwner:
		return "the client is a minor and whose address it is, is not recorded"
	case ProxyUnnamed:
		return "the address is a proxy's, and who gave the consent is not recorded"
	case FlaggedClient:
		return "a safety flag allows no such mail"
	case HumanFirst:
		return "a question about the client's safety is open, and nobody has taken it yet"
	case NeedsRelease:
		return "the client has a safety flag, so a person decides whether it leaves"
	case NotReleased:
		return "a person decided that it does not leave"
	case TooLate:
		return "its time passed too long ago"
	case ReplyUnread:
		return "the client wrote, and nobody has read it yet"
	case TooClose:
		return "another mail to the client is only hours old"
	case CapReached:
		return "the client has had enough mail for now"
	case QuietHours:
		return "it is night or early where the client is"
	case OfficeClosed:
		return "the clinic is closed"
	case ClinicHoliday:
		return "the clinic has a holiday"
	case HoursNeverMeet:
		return "the clinic's hours and the client's day never meet"
	case ToldAlready:
		return "they were told just before, and the page tells the rest"
	case JourneyEnded:
		return "its journey ended first"
	case NoLongerWanted:
		return "it is no longer wanted"
	case ProviderAccepted:
		return "the mail provider took it"
	case HeldBack:
		return "it held something that must not leave in a mail"
	case ProviderRefused:
		return "the mail provider refused it"
	case Bounced:
		return "it came back"
	case Dropped:
		return "the mail provider dropped it"
	case Complained:
		return "the recipient marked it as unwanted"
	case Delivered:
		return "it was delivered"
	case FateUnknown:
		return "whether it left cannot be known; it is not sent again by itself"
	case MailWaits:
		return "it could not leave for some minutes, and is tried again"
	case FateUnknownRepeats:
		return "whether it left cannot be known, so it is asked for again in its time"
	case WasWithdrawn:
		return "it was held back before it left"
	case NotOurMessage:
		return "no such message is known here"
	case TaskOpened:
		return "somebody is asked to do this"
	case TaskFinished:
		return "done"
	case TaskOverdue:
		return "it is overdue; a reminder goes out"
	case TaskInDigest:
		return "it is overdue; the daily digest lists it"
	case TaskNotOpen:
		return "it is not open any more"
	case TaskHandedOn:
		return "the mail failed; somebody else is asked"
	case TaskNoLonger:
		return "it is not needed any more"
	case ReplyToRead:
		return "a reply always goes to a human"
	case Covered:
		return "somebody is away, so whoever stands in for them is asked"
	case LeaveCalledOff:
		return "the leave was called off, so it stays with its owner"
	case NobodyStandsIn:
		return "its owner is away and nobody stands in, so it stays with them"
	}
	return ""
}

// Reasons lists every reason of this package.
func Reasons() []Reason {
	return []Reason{
		Recorded, AlreadyDecided, OldNews, OldConcern, SaidBefore, NothingFollows, StatusChanged, OptedOut, Paused, Resumed, StateTooLarge, CannotDecide,
		ConditionFailed, VersionMissing, PolicyMissing, SafetyQuestion, ClientIsSafe, ClientWroteBack, OptOutLifted,
		ClientRests, RestEnded, LanguageChosen, AddressConfirmed, AddressLinkOld, ClinicsAddress, AskedOften,
		Started, FutureAppointment, StrongerRuns, ReplacedByStrong, AlreadyRuns, NotActive, ReturnedSince, StoppedByEvent, StartCorrected, Retracted, Finished,
		AbsenceOver, AbsenceMoved, AbsenceDropped, AlreadyBegan, BeganRecently, StopHolds, GoalMet, GoalMissed, WorkflowRemoved, JourneyMoved, JourneyStays, NoAppointment, AppointmentPast,
		WayTaken, HeldOut, MailPaused, LateAsked, LateSkipped, MovedTo,
		WaitsUntil, WaitsForEvent, EventCame, LimitReached, HeardLate, MetBefore, PauseUndone, VisitUndone, ShouldNotBeAsked, VisitAhead, MailStopped, RecordsMerged, BranchTaken, NoBranch,
		Asked, NoConsent, ConsentWithdrawn, NoAddress, AddressNotVerified, Suppressed, Deceased, Discharged, Hospitalised, Transferred,
		ProgrammeExcluded, MinorUnknownOwner, FlaggedClient, HumanFirst, NeedsRelease, NotReleased, TooLate, ReplyUnread, CapReached, TooClose, QuietHours, ClinicPaused, WorkflowPaused, JourneyEnded, NoLongerWanted,
		ProviderAccepted, ProviderRefused, HeldBack, Bounced, Dropped, Complained, Delivered, FateUnknown, FateUnknownRepeats, MailWaits, WasWithdrawn, NotOurMessage,
		PurposeWithdrawn, PurposeUnknown, ProxyUnnamed, StatusContradiction,
		TaskOpened, TaskFinished, TaskOverdue, TaskInDigest, TaskNotOpen, TaskHandedOn, TaskNoLonger, ReplyToRead,
		OfficeClosed, ClinicHoliday, HoursNeverMeet, ToldAlready, Covered, LeaveCalledOff, NobodyStandsIn,
	}
}

// Words is the reason as people read it, a short sentence without a full stop.
func (r Reason) Words() string {
	if w := words(r); w != "" {
		return w
	}
	if w := escalation.Reason(r).Words(); w != "" {
		return w
	}
	return string(r)
}
