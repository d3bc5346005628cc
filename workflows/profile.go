package workflows

import (
	"bytes"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/mooring-care/mooring/events"
)

// said is when and by which event something was said.
type said struct {
	at time.Time
	by events.Hash
}

// programmeCode is how a programme is compared, however a system writes it:
// "Substance Use" is substance-use.
func programmeCode(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), "-")
}

// programmeCodes are all of them, the names as written included.
func programmeCodes(names []string) []string {
	out := slices.Clone(names)
	for _, name := range names {
		if code := programmeCode(name); !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	return out
}

// newer orders what events say about one field: the later event time wins, and
// of two at the same time the larger hash, so that no order of arrival and no
// repetition changes the result (the rule order-free).
func newer(at time.Time, by events.Hash, than time.Time, thanBy events.Hash) bool {
	if c := at.Compare(than); c != 0 {
		return c > 0
	}
	return bytes.Compare(by[:], thanBy[:]) > 0
}

// set puts a value into a field when it is newer than what stands there.
func set[T any](f **Field[T], v *T, s said) bool {
	return setSafer(f, v, s, func(T) int { return 0 })
}

// setSafer is set for a field where one word is safer than another: of two at the same
// time, which systems that count in seconds send, the one with the higher rank counts.
func setSafer[T any](f **Field[T], v *T, s said, rank func(T) int) bool {
	if v == nil {
		return false
	}
	if old := *f; old != nil {
		is, was := rank(*v), rank(old.Value)
		if !old.At.Equal(s.at) {
			is, was = 0, 0
		}
		if is < was || is == was && !newer(s.at, s.by, old.At, old.By) {
			return false
		}
	}
	*f = &Field[T]{Value: *v, At: s.at, By: s.by}
	return true
}

// merge takes what an event says about the client into the profile.
func (p *Profile) merge(c *events.Client, s said) {
	set(&p.FirstName, c.FirstName, s)
	set(&p.LastName, c.LastName, s)
	set(&p.Phone, c.Phone, s)
	set(&p.ChartURL, c.ChartURL, s)
	set(&p.Language, c.Language, s)
	set(&p.TimeZone, c.TimeZone, s)
	set(&p.Clinician, c.Clinician, s)
	setSafer(&p.Risk, c.Risk, s, riskRank)
	p.mergeStatus(c.Status, s)
	setSafer(&p.Minor, c.Minor, s, rankOf)
	if c.AddressOwner != nil {
		set(&p.AddressOwner, c.AddressOwner, s)
		address := ""
		if c.Email != nil {
			address = *c.Email
		}
		set(&p.OwnedAddress, &address, s)
	}
	set(&p.Email, c.Email, s)
	if c.EmailVerified != nil {
		v := Verification{OK: *c.EmailVerified}
		if c.Email != nil {
			v.Address = *c.Email
		}
		set(&p.EmailVerified, &v, s)
	}
	if c.Programmes != nil {
		set(&p.Programmes, &c.Programmes, s)
	}
	if c.NeverAsk != nil {
		set(&p.NeverAsk, &c.NeverAsk, s)
	}
	p.mergeConsent(c.Consent, s)
}

func rankOf(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func riskRank(r events.Risk) int {
	return slices.Index([]events.Risk{events.RiskNone, events.RiskElevated, events.RiskHigh}, r)
}

// outcomeRank orders what may be said of an appointment in the same moment: what
// comes later in its life counts.
func outcomeRank(k events.Kind) int8 {
	return int8(slices.Index([]events.Kind{
		events.AppointmentBooked, events.AppointmentRescheduled, events.AppointmentCancelled, events.AppointmentNoShow,
		events.AppointmentAttended, events.AppointmentRetracted,
	}, k))
}

// before orders two stamps: version, then time, then rank, then hash.
func (s Stamp) before(t Stamp) bool {
	if s.Version != t.Version {
		return s.Version < t.Version
	}
	if s.At.Equal(t.At) && s.Rank != t.Rank {
		return s.Rank < t.Rank
	}
	return newer(t.At, t.By, s.At, s.By)
}

// saying is what an event means to what was known before.
type saying int

const (
	// saidNew is news.
	saidNew saying = iota
	// saidBefore repeats what was known: the record was touched, no more.
	saidBefore
	// saidOld is older than what was known.
	saidOld
)

// appointment takes what an event says about an appointment into the state.
func (s *State) appointment(ev events.Event, hash events.Hash) saying {
	d := ev.Data.Appointment
	stamp := Stamp{Version: d.Version, At: ev.Time, Rank: outcomeRank(ev.Kind), By: hash}
	i := slices.IndexFunc(s.Appointments, func(a Appointment) bool { return a.ID == d.ID })
	if i < 0 {
		s.Appointments = append(s.Appointments, Appointment{ID: d.ID})
		i = len(s.Appointments) - 1
	}
	a := &s.Appointments[i]
	early := a.tooEarly()
	if d.Start != nil {
		hear(&a.Start, &a.StartSaid, &a.StartOther, *d.Start, stamp)
	}
	if d.Visit != "" {
		hear(&a.Visit, &a.VisitSaid, &a.VisitOther, d.Visit, stamp)
	}
	was, is := a.outcome(), Outcome{ev.Kind, d.By}
	now, mended := was, early && !a.tooEarly()
	hear(&now, &a.StatusSaid, &a.StatusOther, is, stamp)
	a.Asked = a.Asked && a.Status == now.Status
	a.Status, a.CancelledBy = now.Status, now.CancelledBy
	if a.StatusSaid != stamp {
		return saidOld
	}
	// What could not be, and now can, is news although it was said before.
	if same := was == is && !mended; same && (ev.Kind == events.AppointmentNoShow || ev.Kind == events.AppointmentCancelled || ev.Kind == events.AppointmentAttended) {
		return saidBefore
	}
	return saidNew
}

func (a *Appointment) outcome() Outcome { return Outcome{a.Status, a.CancelledBy} }

// hear takes a word into what stands. Words with a version are ordered by it, those
// without by their time, and of the newest of each kind the later one stands; the
// other is kept, so that no order of arrival changes the result.
func hear[T any](stands *T, said *Stamp, other **Word[T], v T, by Stamp) {
	switch versioned := by.Version > 0; {
	case *said == Stamp{}:
		*stands, *said = v, by
		return
	case versioned == (said.Version > 0):
		if !said.before(by) {
			return
		}
		*stands, *said = v, by
	case *other == nil || (*other).Said.before(by):
		*other = &Word[T]{v, by}
	default:
		return
	}
	if o := *other; o != nil {
		mine, theirs := *said, o.Said
		mine.Version, theirs.Version = 0, 0
		if mine.before(theirs) {
			*other = &Word[T]{*stands, *said}
			*stands, *said = o.Value, o.Said
		}
	}
}

// ahead says whether the appointment is booked and still to come. Some systems
// write a year like 9999 for "no date": that is nobody's next visit.
func (a *Appointment) ahead(now time.Time) bool {
	booked := a.Status == events.AppointmentBooked || a.Status == events.AppointmentRescheduled
	return booked && a.Start.After(now) && a.Start.Before(now.AddDate(farthestYears, 0, 0))
}

const farthestYears = 3

// HasFutureAppointment says whether any appointment lies ahead.
func (s *State) HasFutureAppointment(now time.Time) bool {
	for i := range s.Appointments {
		if s.Appointments[i].ahead(now) {
			return true
		}
	}
	return false
}

// flagDays is how long a closed escalation keeps the safety flag up.
const flagDays = 30 * 24 * time.Hour

// Flagged is the safety flag: the risk is not known to be none, or an
// escalation is open or was closed within 30 days.
func (s *State) Flagged(now time.Time) bool {
	if s.Profile.Risk.Get() != events.RiskNone {
		return true
	}
	for i := range s.Escalations {
		e := &s.Escalations[i]
		if e.Open() || now.Sub(e.Closed.At) < flagDays {
			return true
		}
	}
	return false
}

// statusReason is why a status stops care mail; ok is false for active.
func statusReason(s events.Status) (Reason, bool) {
	switch s {
	case events.StatusDeceased:
		return Deceased, true
	case events.StatusDischarged:
		return Discharged, true
	case events.StatusHospitalised:
		return Hospitalised, true
	case events.StatusTransferred:
		return Transferred, true
	}
	return "", false
}

// flaggedBy is the event that raised the safety flag, where one is known.
func (s *State) flaggedBy() events.Hash {
	for i := range s.Escalations {
		if s.Escalations[i].Open() {
			return s.Escalations[i].Cause
		}
	}
	if r := s.Profile.Risk; r.Known() && r.Get() != events.RiskNone {
		return r.By
	}
	if n := len(s.Escalations); n > 0 {
		return s.Escalations[n-1].Cause
	}
	return events.Hash{}
}

// by is the event that last spoke about a field.
func by[T any](f *Field[T]) events.Hash {
	if f == nil {
		return events.Hash{}
	}
	return f.By
}

// letter is what the gate must know of a message to the client.
type letter struct {
	template string
	// own says that the client asked for it: their break from mail, and words that
	// nobody has read, do not hold it back.
	own bool
	// to is where it goes, where that is not the client's address.
	to string
}

// gate is the rule consent-first: may a care message of this template leave
// now? When not, it says why and which event said so.
func (s *State) gate(c *Clinic, template string, now time.Time) (Reason, events.Hash, bool) {
	return s.lets(c, letter{template: template}, now)
}

// lets is gate for a message that may have been asked for by the client.
func (s *State) lets(c *Clinic, l letter, now time.Time) (Reason, events.Hash, bool) {
	p, template := &s.Profile, l.template
	if r, stop := statusReason(p.status()); stop {
		return r, p.statusBy(), false
	}
	if p.OptedOut.Get() {
		return OptedOut, p.OptedOut.By, false
	}
	consent, why := p.consents(template)
	if why != "" {
		return why, by(consent), false
	}
	to := l.to
	if to == "" {
		to = p.Address()
	}
	if to == "" {
		return NoAddress, by(p.Email), false
	}
	// The link to a new address is what verifies it; one that was left is told only
	// where it was verified when it was left.
	if l.to == "" && !p.verified() {
		said := p.Email.By
		if v := p.EmailVerified; v != nil && newer(v.At, v.By, p.Email.At, p.Email.By) {
			said = v.By
		}
		return AddressNotVerified, said, false
	}
	if said, failed := p.failed(events.AddressMark(s.Key, to)); failed {
		return Suppressed, said, false
	}
	for _, programme := range p.Programmes.Get() {
		if slices.Contains(c.Consent.ExcludedProgrammes, programmeCode(programme)) {
			return ProgrammeExcluded, p.Programmes.By, false
		}
	}
	if why, said := p.owned(consent); why != "" {
		return why, said, false
	}
	if pz := p.Paused; pz.Get().On && (pz.Get().Until.IsZero() || now.Before(pz.Get().Until)) {
		return Paused, pz.By, false
	}
	if rest := p.Rest; rest.Get().On && now.Before(rest.Get().Until) && !l.own {
		return ClientRests, rest.By, false
	}
	if said, waits := s.merging(); waits {
		return RecordsMerged, said, false
	}
	if said, waits := s.unread(); waits && !l.own && !asksNothing(template) {
		return ReplyUnread, said, false
	}
	if s.Flagged(now) && !asksNothing(template) {
		return FlaggedClient, s.flaggedBy(), false
	}
	if said, waits := s.unanswered(); waits {
		return HumanFirst, said, false
	}
	return "", events.Hash{}, true
}

// suppress remembers that mail to an address failed. The newest keptFailures
// are kept, whatever the order in which they were heard of.
func (p *Profile) suppress(mark string, s said) {
	i, known := slices.BinarySearchFunc(p.Suppressed, mark, func(x Suppression, m string) int { return strings.Compare(x.Mark, m) })
	if known && !newer(s.at, s.by, p.Suppressed[i].At, p.Suppressed[i].By) {
		return
	}
	all := slices.Clone(p.Suppressed) // the caller's state stays as it is
	if known {
		all[i].At, all[i].By = s.at, s.by
	} else {
		all = slices.Insert(all, i, Suppression{Mark: mark, At: s.at, By: s.by})
	}
	if len(all) > keptFailures {
		oldest := 0
		for k := range all {
			if newer(all[oldest].At, all[oldest].By, all[k].At, all[k].By) {
				oldest = k
			}
		}
		all = slices.Delete(all, oldest, oldest+1)
	}
	p.Suppressed = all
}

// keptFailures is how many failed addresses of one client are remembered.
const keptFailures = 8

// failed says whether mail to an address failed, and which event said so.
func (p *Profile) failed(mark string) (events.Hash, bool) {
	for _, x := range p.Suppressed {
		if x.Mark == mark {
			return x.By, true
		}
	}
	return events.Hash{}, false
}

// Address is where the client's mail goes. What they confirmed themself stands until
// their clinic's systems name yet another address: a feed that repeats one that they
// left has not heard of it, and one that names theirs has.
func (p *Profile) Address() string {
	if p.ownAddressStands() {
		return p.OwnAddress.Value.Email
	}
	return p.Email.Get()
}

func (p *Profile) ownAddressStands() bool {
	own := p.OwnAddress
	if !own.Known() {
		return false
	}
	said := p.Email.Get()
	return !p.Email.Known() || said == own.Value.Email || slices.Contains(own.Value.Left, said) || !newer(p.Email.At, p.Email.By, own.At, own.By)
}

// Speaks is the client's language: their own choice, which no feed changes, else
// what is on record.
func (p *Profile) Speaks() string {
	if p.OwnLanguage.Known() {
		return p.OwnLanguage.Value
	}
	return p.Language.Get()
}

// verified says whether the address as it stands was verified: the word was
// about this very address, or named none and came after it.
func (p *Profile) verified() bool {
	v := p.EmailVerified.Get()
	switch {
	case p.ownAddressStands():
		// The client proved it; only a later word about this very address takes that back.
		own := p.OwnAddress
		return v.OK || v.Address != own.Value.Email || !newer(p.EmailVerified.At, p.EmailVerified.By, own.At, own.By)
	case !v.OK:
		return false
	case v.Address != "":
		return v.Address == p.Address()
	}
	return !p.Email.At.After(p.EmailVerified.At)
}

// unread says whether what the client wrote still waits for a human, and which
// event brought it. Until somebody has read it nobody knows what it says, and
// an invitation on top of it would be deaf.
func (s *State) unread() (events.Hash, bool) {
	for i := range s.Tasks {
		if t := &s.Tasks[i]; t.Journey == "" && (t.What == taskReadReply || t.What == taskReadAnswer) {
			return t.Cause, true
		}
	}
	return events.Hash{}, false
}

// merging says whether a human still has to look at a record that turned out to be
// another client's, and which event said so. What the other one holds, an opt-out
// perhaps, nobody knows until then.
func (s *State) merging() (events.Hash, bool) {
	for i := range s.Tasks {
		if t := &s.Tasks[i]; t.What == taskMerged {
			return t.Cause, true
		}
	}
	return events.Hash{}, false
}

// asksNothing: the caring note without an ask, the orientation, and the mails about the
// client's change of address. Nothing else goes to a client with a safety flag, or with
// words that nobody has read.
func asksNothing(template string) bool {
	return template == "E" || template == "F" || template == templateAddress || template == templateMoved
}

// zone is the client's own, else the clinic's.
func (s *State) zone(c *Clinic) *time.Location {
	if name := s.Profile.TimeZone.Get(); name != "" {
		if loc := zones.zone(name); loc != nil {
			return loc
		}
	}
	if c.Zone != nil {
		return c.Zone
	}
	return time.UTC
}

// quietUntil is when the quiet hours that now falls into end; zero when it is
// not quiet. The hours are the wall clock's, so nights on which clocks change
// are as quiet as others: an hour that comes twice is as quiet the second time,
// and one that is left out ends with the change.
func quietUntil(c *Clinic, loc *time.Location, now time.Time) time.Time {
	local := now.In(loc)
	hour, minute, second := local.Clock()
	clock := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	if !c.quiet(clock) {
		return time.Time{}
	}
	left := c.QuietTo - clock
	if left <= 0 {
		left += 24 * time.Hour
	}
	end := local.Add(left - time.Duration(second)*time.Second - time.Duration(local.Nanosecond()))
	if _, change := local.ZoneBounds(); !change.IsZero() && !end.Before(change) {
		if end = quietUntil(c, loc, change); end.IsZero() {
			end = change.In(loc)
		}
	}
	return end
}

// quiet says whether a time of day is one of the quiet hours.
func (c *Clinic) quiet(clock time.Duration) bool {
	if c.QuietFrom <= c.QuietTo { // within one day
		return c.QuietFrom <= clock && clock < c.QuietTo
	}
	return c.QuietFrom <= clock || clock < c.QuietTo
}
