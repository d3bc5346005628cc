package events

// Kind names what happened. Kinds are stable strings: they stand in stored
// history, in subjects and in clinics' workflow files. None is ever renamed or
// used for something else: a better name is a new kind in the table below, and
// the old one stays in it, decided on as before, for as long as history, senders
// or workflow files may hold it.
type Kind string

// The kinds that come from outside: an EHR, a portal, a clinic's own scripts.
const (
	AppointmentBooked      Kind = "appointment.booked"
	AppointmentRescheduled Kind = "appointment.rescheduled"
	AppointmentCancelled   Kind = "appointment.cancelled"
	AppointmentNoShow      Kind = "appointment.noshow"
	AppointmentAttended    Kind = "appointment.attended"
	AppointmentRetracted   Kind = "appointment.retracted"
	ClientUpdated          Kind = "client.updated"
	ClientSignal           Kind = "client.signal"
	ClientMerged           Kind = "client.merged"
	SafetyConcern          Kind = "safety.concern"
	MessageReplied         Kind = "message.replied"
)

// The kinds that only our own program may state.
const (
	CheckinAnswered        Kind = "checkin.answered"
	EscalationAcknowledged Kind = "escalation.acknowledged"
	EscalationDeclined     Kind = "escalation.declined"
	EscalationAttempted    Kind = "escalation.attempted"
	EscalationClosed       Kind = "escalation.closed"
	EscalationReopened     Kind = "escalation.reopened"
	SafetyRaised           Kind = "safety.raised"
	TaskDone               Kind = "task.done"
	ClientNoted            Kind = "client.noted"
	ClientPaused           Kind = "client.paused"
	ClientResumed          Kind = "client.resumed"
	ClientOptedOut         Kind = "client.optedout"
	ClientChose            Kind = "client.chose"
	ClientErased           Kind = "client.erased"
	JourneyMoved           Kind = "journey.moved"
	MessageAccepted        Kind = "message.accepted"
	MessageDelivered       Kind = "message.delivered"
	MessageBounced         Kind = "message.bounced"
	MessageDropped         Kind = "message.dropped"
	MessageComplained      Kind = "message.complained"
	MessageUnknown         Kind = "message.unknown"
	MessageDeferred        Kind = "message.deferred"
	MessageWithdrawn       Kind = "message.withdrawn"
	MessageRefused         Kind = "message.refused"
	TimerDue               Kind = "timer.due"
)

// Origin says who may state an event of a kind.
type Origin int

const (
	// Outside kinds come from the clinic's systems.
	Outside Origin = iota + 1
	// Inside kinds come from our own program alone (the rule inside-only).
	Inside
)

// Spec is what the registry knows about a kind.
type Spec struct {
	Kind   Kind
	Origin Origin
	// Urgent kinds have a consumer of their own and never wait behind others.
	Urgent bool
	// Needs lists the parts of Data that an event of this kind must carry, as
	// JSON paths below the envelope, such as "data.appointment.id".
	Needs []string
	// Meaning is one sentence for the documentation and for error texts.
	Meaning string
}

// specs is the one registration table: a kind that is not here does not exist.
var specs = [...]Spec{
	{AppointmentBooked, Outside, false, []string{"data.appointment.id", "data.appointment.start"}, "an appointment was booked"},
	{AppointmentRescheduled, Outside, false, []string{"data.appointment.id", "data.appointment.start"}, "an appointment was moved to another time"},
	{AppointmentCancelled, Outside, false, []string{"data.appointment.id"}, "an appointment was cancelled, by the client or by the clinic"},
	{AppointmentNoShow, Outside, false, []string{"data.appointment.id"}, "the client did not come to an appointment"},
	{AppointmentAttended, Outside, false, []string{"data.appointment.id"}, "the client came to an appointment"},
	{AppointmentRetracted, Outside, false, []string{"data.appointment.id"}, "an appointment was entered in error and never was"},
	{ClientUpdated, Outside, false, []string{"data.client"}, "something about the client changed"},
	{ClientSignal, Outside, false, []string{"data.signal.name"}, "a sign of withdrawal was seen in another system"},
	{ClientMerged, Outside, false, []string{"data.merge.into"}, "two records turned out to be one client"},
	{SafetyConcern, Outside, true, []string{"data.concern.level"}, "somebody or something raised a question about the client's safety"},
	{MessageReplied, Outside, true, nil, "the client wrote back"},

	{CheckinAnswered, Inside, true, []string{"data.answer.safe"}, "the client answered a check-in"},
	{EscalationAcknowledged, Inside, true, []string{"data.escalation.id", "data.escalation.by"}, "a named human took an escalation"},
	{EscalationDeclined, Inside, true, []string{"data.escalation.id", "data.escalation.by"}, "a named human passed an escalation on"},
	{EscalationAttempted, Inside, true, []string{"data.escalation.id", "data.escalation.by"}, "a named human tried to reach the client"},
	{EscalationClosed, Inside, true, []string{"data.escalation.id", "data.escalation.by", "data.escalation.outcome"}, "a named human closed an escalation with an outcome"},
	{EscalationReopened, Inside, true, []string{"data.escalation.id", "data.escalation.by"}, "a named human opened an escalation again"},
	{SafetyRaised, Inside, true, []string{"data.concern.level", "data.note.by"}, "a named human asked for somebody to see whether the client is safe"},
	{TaskDone, Inside, false, []string{"data.task.id", "data.task.by"}, "a named human finished a task; `data.task.release` lets a mail go that it asks about"},
	{ClientNoted, Inside, false, []string{"data.note.by"}, "a clinician said what they notice"},
	{ClientPaused, Inside, true, []string{"data.pause.by"}, "staff paused care mail for the client, or the client did (`by` is `client`)"},
	{ClientResumed, Inside, false, []string{"data.pause.by"}, "staff lifted a pause, with `opt_in` also an opt-out; or the client ended their own"},
	{ClientOptedOut, Inside, true, nil, "the client asked for no more mail"},
	{ClientChose, Inside, true, []string{"data.choice"}, "the client chose a language or an address for mail, or asked for a list by mail"},
	{JourneyMoved, Inside, false, []string{"data.move.journey", "data.move.to"}, "staff moved a journey to another version of its workflow"},
	{ClientErased, Inside, true, nil, "the client's data was erased"},
	{MessageAccepted, Inside, true, []string{"data.message.id"}, "the provider accepted a message"},
	{MessageDelivered, Inside, false, []string{"data.message.id"}, "the recipient's mail server took a message"},
	{MessageBounced, Inside, true, []string{"data.message.id"}, "the recipient's mail server returned a message"},
	{MessageDropped, Inside, true, []string{"data.message.id"}, "the provider dropped a message"},
	{MessageComplained, Inside, true, []string{"data.message.id"}, "the recipient marked a message as unwanted"},
	{MessageUnknown, Inside, true, []string{"data.message.id"}, "whether a message left cannot be known"},
	{MessageDeferred, Inside, true, []string{"data.message.id"}, "a message to staff has waited for minutes, and is tried again"},
	{MessageWithdrawn, Inside, false, []string{"data.message.id"}, "a message was withdrawn before it left"},
	{MessageRefused, Inside, true, []string{"data.message.id"}, "the provider refused a message for good"},
	{TimerDue, Inside, true, nil, "the earliest deadline of a client has come"},
}

// byKind finds a Spec; it is built once from the table and never written again.
var byKind = func() map[Kind]Spec { //nolint:gochecknoglobals // never written again
	m := make(map[Kind]Spec, len(specs))
	for _, s := range specs {
		m[s.Kind] = s
	}
	return m
}()

// Lookup finds what is known about a kind; ok is false for an unknown one.
func Lookup(k Kind) (s Spec, ok bool) {
	s, ok = byKind[k]
	return s, ok
}

// Kinds lists every kind in the table's order.
func Kinds() []Spec {
	out := make([]Spec, len(specs))
	copy(out, specs[:])
	return out
}

// TypePrefix stands before the kind in a CloudEvent's type.
const TypePrefix = "care.mooring."
