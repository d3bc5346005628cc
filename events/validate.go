package events

import (
	"encoding/json"
	"net/mail"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The bounds of what an event may say. Lengths are in characters but for
// attributes and ids, which are in bytes.
const (
	maxID    = 256
	maxLine  = 500
	maxText  = 5000
	maxURL   = 2000
	maxEmail = 254
	maxList  = 50
	// maxMinutes is a day.
	maxMinutes = 1440
)

const mustTime = "must be a time in RFC 3339 such as 2026-03-02T15:04:05Z"

// Validate checks an event as Decode does, for those who make events without
// reading them from a wire. The error is a *Problem. The clinic is not looked
// at: it is part of the subject, not of the event on the wire.
func Validate(e Event) error { return asError(validate(e)) }

func validate(e Event) *Problem {
	spec, ok := Lookup(e.Kind)
	if !ok {
		return problem(ReasonUnknownKind, "type", "names no kind that exists"+shown(string(e.Kind)))
	}
	if p := checkAttribute(ReasonBroken, "id", e.ID); p != nil {
		return p
	}
	if p := checkAttribute(ReasonBroken, "source", e.Source); p != nil {
		return p
	}
	if spec.Origin == Inside {
		if !ValidToken(e.Key) {
			return problem(ReasonBadSubject, "subject", "must be a client key")
		}
	} else if p := checkAttribute(ReasonBadSubject, "subject", e.Client); p != nil {
		return p
	}
	if !validTime(e.Time) && (spec.Origin == Outside || !e.Time.IsZero()) {
		return problem(ReasonInvalidData, "time", mustTime)
	}
	return checkData(e, spec)
}

// checkAttribute bounds id, source and subject.
func checkAttribute(r Reason, field, v string) *Problem {
	what := "must be given"
	if field == "subject" {
		what = "must be the EHR's id of the client"
	}
	if strings.TrimSpace(v) == "" || len(v) > maxID || !isLine(v) {
		return problem(r, field, what+", in one line of at most 256 bytes")
	}
	if strings.TrimSpace(v) != v {
		return problem(r, field, "must not begin or end with a space: \"dup\" and \"dup \" would be two")
	}
	return nil
}

// validTime keeps to the years that RFC 3339 can write, in UTC too.
func validTime(t time.Time) bool {
	year := t.UTC().Year()
	return !t.IsZero() && year >= 1 && year <= 9999
}

// isLine says that s has no control characters, line breaks or broken UTF-8.
func isLine(s string) bool {
	for i, r := range s {
		if r < ' ' || r == 0x7f {
			return false
		}
		if r < utf8.RuneSelf {
			continue
		}
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return false
		}
		if r == utf8.RuneError {
			if _, width := utf8.DecodeRuneInString(s[i:]); width == 1 {
				return false
			}
		}
	}
	return true
}

// shown repeats a name that looks like a misspelt kind; anything else may be
// about a person.
func shown(name string) string {
	family, rest, _ := strings.Cut(name, ".")
	if len(rest) > 40 || strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz.-_") != "" {
		return ""
	}
	for _, s := range specs {
		if strings.HasPrefix(string(s.Kind), family+".") {
			return ": " + name
		}
	}
	return ""
}

// mustBe says which JSON type a field has.
func mustBe(wrong *json.UnmarshalTypeError) string {
	switch wrong.Type.Kind() {
	case reflect.String:
		return "must be a string"
	case reflect.Bool:
		return "must be true or false"
	case reflect.Int, reflect.Int64:
		return "must be a whole number"
	case reflect.Float64:
		return "must be a number"
	case reflect.Slice:
		return "must be a list"
	default:
		return "must be a JSON object"
	}
}

// normalise gives equal data equal form: times in UTC, empty lists nil where
// an empty list says nothing.
func normalise(d *Data) {
	utc := func(t *time.Time) {
		if t != nil {
			*t = t.UTC()
		}
	}
	if d.Client != nil && d.Client.Consent != nil {
		for _, p := range Purposes() {
			if r := d.Client.Consent.Of(p); r != nil {
				utc(r.At)
			}
		}
	}
	if d.Appointment != nil {
		utc(d.Appointment.Start)
	}
	if d.Pause != nil {
		utc(d.Pause.Until)
	}
	if d.Answer != nil && len(d.Answer.Reasons) == 0 {
		d.Answer.Reasons = nil
	}
	if d.Choice != nil && len(d.Choice.Reasons) == 0 {
		d.Choice.Reasons = nil
	}
	if d.Note != nil {
		d.Note.knownAlone()
	}
}

// checkData holds data against its bounds and against what the kind needs.
func checkData(e Event, spec Spec) *Problem {
	d := &e.Data
	for _, path := range spec.Needs {
		if !has(d, path) {
			return problem(ReasonInvalidData, path, "is missing; an event of kind "+string(spec.Kind)+" must carry it")
		}
	}
	var c checker
	if d.Client != nil {
		c.client(d.Client)
	}
	if d.Appointment != nil {
		c.appointment(d.Appointment)
	}
	if s := d.Signal; s != nil {
		c.name("data.signal.name", s.Name)
		if !(s.Strength >= 0 && s.Strength <= 1) {
			c.fail("data.signal.strength", "must be a number from 0 to 1")
		}
	}
	if s := d.Concern; s != nil {
		oneOf(&c, "data.concern.level", s.Level, ConcernSameDay, ConcernImmediate)
		c.line("data.concern.from", s.From)
		c.text("data.concern.note", s.Note)
	}
	if d.Reply != nil {
		c.line("data.reply.message_id", d.Reply.MessageID)
	}
	if d.Merge != nil {
		c.id("data.merge.into", d.Merge.Into)
		if d.Merge.Into == e.Client {
			c.fail("data.merge.into", "must name another client than subject does")
		}
	}
	c.inside(d)
	return c.found
}

// has says whether data carries what a kind needs. Every path in the registry
// stands here; TestNeedsAreKnown keeps it so.
func has(d *Data, path string) bool {
	switch path {
	case "data.appointment.id":
		return d.Appointment != nil && d.Appointment.ID != ""
	case "data.appointment.start":
		return d.Appointment != nil && d.Appointment.Start != nil
	case "data.client":
		return d.Client != nil
	case "data.signal.name":
		return d.Signal != nil && d.Signal.Name != ""
	case "data.merge.into":
		return d.Merge != nil && d.Merge.Into != ""
	case "data.concern.level":
		return d.Concern != nil && d.Concern.Level != ""
	case "data.answer.safe":
		return d.Answer != nil && d.Answer.Safe != nil
	case "data.escalation.id":
		return d.Escalation != nil && d.Escalation.ID != ""
	case "data.escalation.by":
		return d.Escalation != nil && d.Escalation.By != ""
	case "data.escalation.outcome":
		return d.Escalation != nil && d.Escalation.Outcome != ""
	case "data.task.id":
		return d.Task != nil && d.Task.ID != ""
	case "data.task.by":
		return d.Task != nil && d.Task.By != ""
	case "data.note.by":
		return d.Note != nil && d.Note.By != ""
	case "data.move.journey":
		return d.Move != nil && d.Move.Journey != ""
	case "data.move.to":
		return d.Move != nil && d.Move.To != ""
	case "data.pause.by":
		return d.Pause != nil && d.Pause.By != ""
	case "data.choice":
		c := d.Choice
		return c != nil && (c.Language != "" || c.MailList || c.Address != "" || c.Confirm != "")
	case "data.message.id":
		return d.Message != nil && d.Message.ID != ""
	default:
		return false
	}
}

// checker keeps the first problem it finds.
type checker struct{ found *Problem }

func (c *checker) fail(field, must string) {
	if c.found == nil {
		c.found = problem(ReasonInvalidData, field, must)
	}
}

func (c *checker) client(k *Client) {
	line := func(field string, v *string) {
		if v != nil {
			c.line(field, *v)
		}
	}
	line("data.client.first_name", k.FirstName)
	line("data.client.last_name", k.LastName)
	line("data.client.phone", k.Phone)
	line("data.client.clinician", k.Clinician)
	// An empty string takes back what was said before.
	if v := k.Email; v != nil && *v != "" && !isEmail(*v) {
		c.fail("data.client.email", "must be one plain address such as name@example.org, or empty")
	}
	if v := k.ChartURL; v != nil && *v != "" && !isWebURL(*v) {
		c.fail("data.client.chart_url", "must be an http or https URL of at most 2000 characters, or empty")
	}
	if v := k.Language; v != nil && *v != "" && !isLanguage(*v) {
		c.fail("data.client.language", `must be a BCP 47 tag such as "en" or "es-MX", or empty`)
	}
	if v := k.TimeZone; v != nil && *v != "" && !isTimeZone(*v) {
		c.fail("data.client.time_zone", "must be an IANA name such as America/Chicago, or empty")
	}
	if k.Risk != nil {
		oneOf(c, "data.client.risk", *k.Risk, RiskNone, RiskElevated, RiskHigh)
	}
	if k.Status != nil {
		oneOf(c, "data.client.status", *k.Status, StatusActive, StatusDischarged, StatusDeceased, StatusHospitalised, StatusTransferred)
	}
	c.names("data.client.programmes", k.Programmes)
	c.names("data.client.never_ask", k.NeverAsk)
	if k.AddressOwner != nil && *k.AddressOwner != "" {
		oneOf(c, "data.client.address_owner", *k.AddressOwner, "client", "guardian", "proxy")
	}
	c.consent(k.Consent)
}

func (c *checker) appointment(a *Appointment) {
	c.id("data.appointment.id", a.ID)
	if a.Version < 0 {
		c.fail("data.appointment.version", "must be a whole number of 0 or more")
	}
	c.time("data.appointment.start", a.Start)
	if a.Minutes < 0 || a.Minutes > maxMinutes {
		c.fail("data.appointment.minutes", "must be a whole number from 0 to 1440")
	}
	if a.Visit != "" {
		oneOf(c, "data.appointment.visit", a.Visit, VisitFirst, VisitFollowUp)
	}
	if a.By != "" {
		oneOf(c, "data.appointment.cancelled_by", a.By, ByClient, ByProvider, ByUnknown)
	}
	c.line("data.appointment.reason", a.Reason)
}

// inside checks the parts that only our own program states.
func (c *checker) inside(d *Data) {
	if a := d.Answer; a != nil {
		c.line("data.answer.checkin", a.Checkin)
		c.names("data.answer.reasons", a.Reasons)
		c.line("data.answer.wish", a.Wish)
		c.text("data.answer.text", a.Text)
	}
	if a := d.Escalation; a != nil {
		c.id("data.escalation.id", a.ID)
		c.name("data.escalation.by", a.By)
		c.line("data.escalation.for", a.For)
		if a.Outcome != "" {
			oneOf(c, "data.escalation.outcome", a.Outcome, outcomeCodes()...)
		}
		c.line("data.escalation.how", a.How)
		c.line("data.escalation.why", a.Why)
		c.text("data.escalation.note", a.Note)
	}
	if a := d.Task; a != nil {
		c.id("data.task.id", a.ID)
		c.name("data.task.by", a.By)
		c.text("data.task.note", a.Note)
	}
	if a := d.Note; a != nil {
		c.name("data.note.by", a.By)
		c.note(a)
		c.text("data.note.reason", a.Reason)
	}
	if a := d.Move; a != nil {
		c.name("data.move.journey", a.Journey)
		c.name("data.move.to", a.To)
	}
	if a := d.Pause; a != nil {
		c.name("data.pause.by", a.By)
		c.time("data.pause.until", a.Until)
		c.text("data.pause.reason", a.Reason)
	}
	if a := d.Choice; a != nil {
		c.choice(a)
	}
	if a := d.Message; a != nil {
		c.id("data.message.id", a.ID)
		if a.Attempt < 0 {
			c.fail("data.message.attempt", "must be a whole number of 0 or more")
		}
		c.line("data.message.detail", a.Detail)
		c.line("data.message.by", a.By)
	}
}

func (c *checker) choice(a *ClientChoice) {
	if a.Language != "" && !isLanguage(a.Language) {
		c.fail("data.choice.language", "must be a BCP 47 tag such as en or es")
	}
	c.names("data.choice.reasons", a.Reasons)
	if a.Address != "" && !isEmail(a.Address) {
		c.fail("data.choice.address", "must be one email address")
	}
	c.line("data.choice.confirm", a.Confirm)
}

func outcomeCodes() []Outcome {
	all := Outcomes()
	codes := make([]Outcome, len(all))
	for i, o := range all {
		codes[i] = o.Code
	}
	return codes
}

// line bounds one line; it may be empty.
func (c *checker) line(field, s string) {
	if !isLine(s) || tooLong(s, maxLine) {
		c.fail(field, "must be one line of at most 500 characters")
	}
}

// name bounds one line that must say something.
func (c *checker) name(field, s string) {
	if strings.TrimSpace(s) == "" {
		c.fail(field, "must not be empty")
	}
	c.line(field, s)
}

func (c *checker) id(field, s string) {
	if strings.TrimSpace(s) == "" || len(s) > maxID || !isLine(s) {
		c.fail(field, "must be an id in one line of at most 256 bytes")
	}
}

// text bounds free text, which may have lines and tabs.
func (c *checker) text(field, s string) {
	if tooLong(s, maxText) || !utf8.ValidString(s) {
		c.fail(field, "must be text of at most 5000 characters")
	}
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			c.fail(field, "must have no control characters but line breaks and tabs")
		}
	}
}

func (c *checker) names(field string, list []string) {
	if len(list) > maxList {
		c.fail(field, "must be a list of at most 50")
		return
	}
	for _, s := range list {
		c.name(field, s)
	}
}

func (c *checker) time(field string, t *time.Time) {
	if t != nil && !validTime(*t) {
		c.fail(field, mustTime)
	}
}

func oneOf[S ~string](c *checker, field string, v S, allowed ...S) {
	if slices.Contains(allowed, v) {
		return
	}
	words := make([]string, len(allowed))
	for i, a := range allowed {
		words[i] = string(a)
	}
	c.fail(field, "must be one of "+strings.Join(words, ", "))
}

// tooLong counts characters only where the bytes leave it open.
func tooLong(s string, most int) bool {
	return len(s) > most && utf8.RuneCountInString(s) > most
}

// ValidEmail says whether a text is one email address and nothing else.
func ValidEmail(s string) bool { return isEmail(s) }

func isEmail(s string) bool {
	if len(s) > maxEmail || !isLine(s) {
		return false
	}
	a, err := mail.ParseAddress(s)
	// Equality leaves out a display name, comments and white space.
	return err == nil && a.Name == "" && a.Address == s
}

func isWebURL(s string) bool {
	if tooLong(s, maxURL) || !isLine(s) {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// isLanguage looks at the form of a tag, not at the registry of languages.
func isLanguage(s string) bool {
	if len(s) > 35 {
		return false
	}
	for i, part := range strings.Split(s, "-") {
		if part == "" || len(part) > 8 || (i == 0 && len(part) < 2) {
			return false
		}
		for _, r := range part {
			letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
			digit := r >= '0' && r <= '9'
			if !letter && (i == 0 || !digit) {
				return false
			}
		}
	}
	return true
}

func isTimeZone(s string) bool {
	if s == "Local" || len(s) > 100 {
		return false
	}
	_, err := time.LoadLocation(s)
	return err == nil
}

// Ends is a text of at most so many characters: of a longer one the beginning and the
// end, with a mark between them.
func Ends(s string, most int) string {
	const mark = "\n[…]\n"
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	tail := most / 3
	head := most - tail - len([]rune(mark))
	if head <= 0 {
		return string(r[:most])
	}
	return string(r[:head]) + mark + string(r[len(r)-tail:])
}
