package workflows

import (
	"errors"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/mooring-care/mooring/events"
)

// LookBack is how far conditions can see: count's span is at most this long,
// and days_since may say "never" for what is older, so that the state can drop
// it.
const LookBack = 366 * 24 * time.Hour

// CountedAtMost is how many events of one kind are kept for conditions: count
// says no larger number. A feed that repeats itself must not fill the client's
// record.
const CountedAtMost = 200

// Counted says whether count and days_since may ask for a kind. Only events of
// these kinds need to be kept in State.Past.
func Counted(k events.Kind) bool {
	switch k {
	case events.AppointmentBooked, events.AppointmentRescheduled, events.AppointmentCancelled,
		events.AppointmentNoShow, events.AppointmentAttended, events.ClientSignal,
		events.SafetyConcern, events.SafetyRaised, events.MessageReplied, events.CheckinAnswered, events.ClientNoted:
		return true
	default:
		return false
	}
}

// Facts is what a condition may ask about: one event in the light of the state
// after it. Filling it costs next to nothing; what takes a search is a
// function, called only by a condition that asks.
//
// An empty string means that nothing is known; conditions read it as
// "unknown" for risk, status and cancelled_by, and as "" for the others.
type Facts struct {
	// Kind is the kind of the event that is being decided on.
	Kind events.Kind

	Risk   events.Risk
	Status events.Status
	// Flagged is the safety flag.
	Flagged  bool
	Minor    bool
	Language string
	// Programmes are those the client is enrolled in.
	Programmes []string
	// Reason is the latest reason the client chose or a clinician noted, in the
	// check-in page's codes.
	Reason string

	// CancelledBy, FirstVisit and Notice speak of the appointment that the
	// journey or the event is about. Notice is the time between the
	// cancellation and the appointment's start; NoticeKnown is false where
	// either is unknown, and Notice is not looked at then.
	CancelledBy events.CancelledBy
	FirstVisit  bool
	Notice      time.Duration
	NoticeKnown bool

	// Noticed and Approach are what a clinician last said, in codes.
	Noticed  []string
	Approach string

	// Wish and Safe are of the client's newest answer on the check-in page since
	// the journey began; empty where there is none.
	Wish, Safe string

	// StatusBefore is the status as it was before the event; Signal, Concern and
	// ConcernFrom are what the event says, empty for events of other kinds.
	StatusBefore events.Status
	Signal       string
	Concern      events.ConcernLevel
	ConcernFrom  string

	// HasFutureAppointment says whether an appointment lies ahead.
	HasFutureAppointment func() bool
	// Count says how often a kind occurred within a span before the event's
	// time, the event itself included.
	Count func(k events.Kind, within time.Duration) int
	// LateCancellations says how many appointments the client cancelled with
	// less notice than that, within a span before the event's time, the event's
	// own included.
	LateCancellations func(notice, within time.Duration) int
	// DaysSince is the number of whole days since a kind last occurred before
	// the event's time, the event itself included (then 0); -1 for never.
	DaysSince func(k events.Kind) int
}

// Condition is a CEL expression that was type-checked when its file was read.
// It is safe for concurrent use.
type Condition struct {
	// Text is the expression as written.
	Text string
	// eval runs the compiled program.
	eval func(*Facts) (bool, error)
}

// errNotCompiled is met by a Condition that was made by hand.
var errNotCompiled = errors.New("evaluate condition: it was never compiled")

// Eval says whether the condition holds; a nil condition always does. A
// run-time error becomes a human's task, never a silent false (the rule
// fail-to-human).
func (c *Condition) Eval(f *Facts) (bool, error) {
	if c == nil {
		return true, nil
	}
	if c.eval == nil {
		return false, errNotCompiled
	}
	return c.eval(f)
}

// fact is a name that conditions can use.
type fact struct {
	name string
	typ  *cel.Type
	// values lists what a string fact can be or a list fact can hold, where that
	// is known: another literal beside it is a mistake in the file.
	values []string
	get    func(*Facts) (ref.Val, error)
}

func (f fact) isList() bool { return f.typ.Kind() == types.ListKind }

// unknown is what conditions read for a risk, status or cancelled_by that
// nobody has stated.
const unknown = "unknown"

func orUnknown[S ~string](s S) ref.Val {
	if s == "" {
		return types.String(unknown)
	}
	return types.String(s)
}

// The thresholds of the words late and same-day.
const (
	lateNotice    = 48 * time.Hour
	sameDayNotice = 24 * time.Hour
)

// reasonCodes are why a client stepped back, in the check-in page's own codes,
// and "shame", which a clinician may note apart from "vulnerability".
func reasonCodes() []string {
	return []string{"vulnerability", "shame", "resistance", "overwhelm", "no-progress", "stress", "other"}
}

func choiceCodes(choices []events.Choice) []string {
	out := make([]string, len(choices))
	for i, c := range choices {
		out[i] = c.Code
	}
	return out
}

// factList is the one table of names; docs/workflows.md lists the same.
func factList() []fact {
	plain := func(get func(*Facts) ref.Val) func(*Facts) (ref.Val, error) {
		return func(f *Facts) (ref.Val, error) { return get(f), nil }
	}
	kinds := make([]string, 0, len(events.Kinds()))
	for _, s := range events.Kinds() {
		kinds = append(kinds, string(s.Kind))
	}
	return []fact{
		{
			"kind", cel.StringType, kinds,
			plain(func(f *Facts) ref.Val { return types.String(f.Kind) }),
		},
		{
			"risk", cel.StringType,
			[]string{string(events.RiskNone), string(events.RiskElevated), string(events.RiskHigh), unknown},
			plain(func(f *Facts) ref.Val { return orUnknown(f.Risk) }),
		},
		{
			"status", cel.StringType,
			[]string{
				string(events.StatusActive), string(events.StatusDischarged), string(events.StatusDeceased),
				string(events.StatusHospitalised), string(events.StatusTransferred), unknown,
			},
			plain(func(f *Facts) ref.Val { return orUnknown(f.Status) }),
		},
		{
			"cancelled_by", cel.StringType,
			[]string{string(events.ByClient), string(events.ByProvider), unknown},
			plain(func(f *Facts) ref.Val { return orUnknown(f.CancelledBy) }),
		},
		{
			"status_before", cel.StringType,
			[]string{
				string(events.StatusActive), string(events.StatusDischarged), string(events.StatusDeceased),
				string(events.StatusHospitalised), string(events.StatusTransferred),
			},
			plain(func(f *Facts) ref.Val { return types.String(f.StatusBefore) }),
		},
		{"signal", cel.StringType, nil, plain(func(f *Facts) ref.Val { return types.String(f.Signal) })},
		{
			"concern", cel.StringType,
			[]string{string(events.ConcernSameDay), string(events.ConcernImmediate)},
			plain(func(f *Facts) ref.Val { return types.String(f.Concern) }),
		},
		{"concern_from", cel.StringType, nil, plain(func(f *Facts) ref.Val { return types.String(f.ConcernFrom) })},
		{"flagged", cel.BoolType, nil, plain(func(f *Facts) ref.Val { return types.Bool(f.Flagged) })},
		{"minor", cel.BoolType, nil, plain(func(f *Facts) ref.Val { return types.Bool(f.Minor) })},
		{"first_visit", cel.BoolType, nil, plain(func(f *Facts) ref.Val { return types.Bool(f.FirstVisit) })},
		{"language", cel.StringType, nil, plain(func(f *Facts) ref.Val { return types.String(f.Language) })},
		{
			"reason", cel.StringType, reasonCodes(),
			plain(func(f *Facts) ref.Val { return types.String(f.Reason) }),
		},
		{
			"noticed", cel.ListType(cel.StringType), choiceCodes(events.Noticed()),
			plain(func(f *Facts) ref.Val { return types.NewStringList(types.DefaultTypeAdapter, f.Noticed) }),
		},
		{
			"approach", cel.StringType, choiceCodes(events.Approaches()),
			plain(func(f *Facts) ref.Val { return types.String(f.Approach) }),
		},
		{
			"wish", cel.StringType, events.Wishes(),
			plain(func(f *Facts) ref.Val { return types.String(f.Wish) }),
		},
		{
			"safe", cel.StringType,
			[]string{"yes", "no", unknown},
			plain(func(f *Facts) ref.Val { return orUnknown(f.Safe) }),
		},
		{
			"programmes", cel.ListType(cel.StringType), nil,
			plain(func(f *Facts) ref.Val { return types.NewStringList(types.DefaultTypeAdapter, f.Programmes) }),
		},
		{"notice_known", cel.BoolType, nil, plain(func(f *Facts) ref.Val { return types.Bool(f.NoticeKnown) })},
		{"notice", cel.DurationType, nil, plain(func(f *Facts) ref.Val {
			if !f.NoticeKnown {
				return types.Duration{Duration: -time.Second}
			}
			return types.Duration{Duration: f.Notice}
		})},
		{"late", cel.BoolType, nil, plain(func(f *Facts) ref.Val {
			return types.Bool(f.NoticeKnown && f.Notice < lateNotice)
		})},
		{"same_day", cel.BoolType, nil, plain(func(f *Facts) ref.Val {
			return types.Bool(f.NoticeKnown && f.Notice < sameDayNotice)
		})},
		{"has_future_appointment", cel.BoolType, nil, func(f *Facts) (ref.Val, error) {
			if f.HasFutureAppointment == nil {
				return nil, errors.New("has_future_appointment is not provided")
			}
			return types.Bool(f.HasFutureAppointment()), nil
		}},
	}
}
