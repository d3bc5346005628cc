package templates

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The audiences of a template.
const (
	Client = "client"
	Staff  = "staff"
)

// The reasons that tailor a client mail. Unknown is what every family answers
// for a reason that it has no file for.
const (
	Unknown       = "unknown"
	Vulnerability = "vulnerability"
	Shame         = "shame"
	Resistance    = "resistance"
	Overwhelm     = "overwhelm"
	NoProgress    = "no-progress"
	OutsideStress = "outside-stress"
	AtRisk        = "at-risk"
	FirstVisit    = "first-visit"
)

// Reasons lists every reason, Unknown first.
func Reasons() []string {
	return []string{
		Unknown, Vulnerability, Shame, Resistance, Overwhelm, NoProgress, OutsideStress, AtRisk, FirstVisit,
	}
}

// Names lists every template that a message may ask for: the client families
// A to F, those about a client's change of address, then the staff mails.
func Names() []string {
	return []string{"A", "B", "C", "D", "E", "F", familyAddress, familyMoved, "escalation", "escalation-inform", "escalation-hold", "escalation-taken", "escalation-closed", "escalation-wide", "task", "task-reminder", "note", "alarm", "feed", "digest"}
}

// ClientNames are those of Names that clients read.
func ClientNames() []string {
	return slices.DeleteFunc(Names(), func(name string) bool { return audienceOf(name) != Client })
}

// Values is what a mail is filled in with. All of it is untrusted: words are
// cleaned and cut, links must be plain http or https URLs. An empty value
// leaves out what depends on it.
type Values struct {
	// FirstName is the client's; one that looks like a link, an address or
	// markup is dropped, and the greeting is nameless.
	FirstName string

	ClinicName, ClinicPhone string
	// CrisisText is a short sentence such as "Text HOME to 741741".
	CrisisName, CrisisPhone, CrisisText, CrisisURL string
	// ReplyHours says when the staffed reply address is read, such as
	// "Monday to Friday, 9 am to 5 pm".
	ReplyHours string

	BookingURL, CheckinURL, PreferencesURL string
	// ConfirmURL opens the page that takes a new address into use.
	ConfirmURL string
	// Resources is the clinic's own list for family C, chosen by the caller.
	Resources []Resource

	// EscalationURL opens the escalation; Code is the short code that its page
	// asks for.
	EscalationURL, Code string
	// Urgency is the policy's code ("crisis", "urgent"), with "-again" where
	// something new came up after somebody had taken the question; the
	// language's parts.md puts it into words.
	Urgency string
	// OpenedAgo is how long the escalation has been open, such as "12 minutes".
	OpenedAgo string
	// Round counts the repeats of the last rung; 0 says nothing.
	Round int

	// HoldEnds is when others are asked although somebody has taken the question,
	// such as "Tuesday, 4 March, 5:10 pm".
	HoldEnds string

	// StaffName is the recipient, OwnerName whoever an escalation is with.
	StaffName, OwnerName string

	// ClientURL opens the page that shows a client to whoever was told of news;
	// it asks for Code.
	ClientURL string
	// StaffURL opens the first page for staff.
	StaffURL string
	// Alarm is the code of what does not go on: "questions", "tasks" or "mail".
	Alarm string

	TaskURL string
	// TaskWhat is the task's code, such as "call-client"; parts.md puts it into
	// words, and an unknown code reads as "other".
	TaskWhat string
	// TaskDue is a time in words, such as "Tuesday, 4 March, 5 pm".
	TaskDue string
	// TaskLate is the same of a task whose time has passed, and TaskSince since when
	// it is open.
	TaskLate, TaskSince string

	// Tasks are those of a digest; an entry that shows a task's link stands there
	// once for each, with its values in place of those above. TaskCount is how many
	// tasks are open, and TaskMore how many of them are not listed.
	Tasks               []Task
	TaskCount, TaskMore int
}

// Task is one entry of a digest. What is empty is left out.
type Task struct {
	// What is its code, as TaskWhat.
	What string
	// Due is when it is due, or Late when it was, and Since when it was opened.
	Due, Late, Since string
	// Owner is whose it is, where that is not the reader.
	Owner string
	// URL opens its page, which asks for Code.
	URL, Code string
}

// of is the values of a mail about one of its tasks.
func (v Values) of(t *Task) Values {
	out := v
	out.Tasks = nil
	out.TaskWhat, out.TaskDue, out.TaskLate, out.TaskSince = t.What, t.Due, t.Late, t.Since
	out.OwnerName, out.TaskURL, out.Code = t.Owner, t.URL, t.Code
	return out
}

// Resource is one entry of the clinic's resource list. What is empty is left out.
type Resource struct {
	Name, About string
	// Phone, Address and URL say how to reach it, Hours when, and Cost at what
	// price, all in words but the URL.
	Phone, Address, URL string
	Hours, Cost         string
}

// lines are what stands below the name, each on a line of its own.
func (r *Resource) lines() [5]string {
	return [...]string{r.About, r.Phone, r.Address, r.Hours, r.Cost}
}

// ValueError is a value that a mail cannot do without, or a link that is not
// one. It names the placeholder and never holds the value.
type ValueError struct {
	Placeholder string
	Problem     string
}

// Error names the placeholder alone.
func (e *ValueError) Error() string {
	return fmt.Sprintf("fill in {{%s}}: %s", e.Placeholder, e.Problem)
}

type fieldKind uint8

const (
	wordField  fieldKind = iota // words in a sentence
	codeField                   // a code that the language puts into words
	linkField                   // the target of a link
	blockField                  // a part of its own, alone in its paragraph
)

// field is one placeholder.
type field struct {
	name string
	kind fieldKind
	// audience is whose mail may use it; "" means both.
	audience string
	// must refuses to render a mail that shows the field outside [[ ]] when
	// its value is empty; other fields take their paragraph with them.
	must bool
	// limit is the length that a word is cut at, in runes.
	limit int
	get   func(*Values) string
}

// fieldID is the place of a field in the table; a set of fields is a uint64.
type fieldID uint8

const (
	fFirstName fieldID = iota
	fClinicName
	fClinicPhone
	fCrisisName
	fCrisisPhone
	fCrisisText
	fCrisisLink
	fReplyHours
	fBookingLink
	fCheckinLink
	fPreferencesLink
	fConfirmLink
	fEscalationLink
	fCode
	fUrgency
	fOpenedAgo
	fRound
	fStaffName
	fOwnerName
	fHoldEnds
	fTaskLink
	fTask
	fTaskDue
	fTaskLate
	fTaskSince
	fTaskCount
	fTaskMore
	fClientLink
	fStaffLink
	fAlarm
	fResources
	fCrisisLine
	fReplies
	fPreferences
	numFields
)

var fields = [numFields]field{ //nolint:gochecknoglobals // never written again
	fFirstName:       {"first_name", wordField, Client, false, maxName, func(v *Values) string { return v.FirstName }},
	fClinicName:      {"clinic_name", wordField, "", true, 80, func(v *Values) string { return v.ClinicName }},
	fClinicPhone:     {"clinic_phone", wordField, "", false, 40, func(v *Values) string { return v.ClinicPhone }},
	fCrisisName:      {"crisis_name", wordField, Client, true, 80, func(v *Values) string { return v.CrisisName }},
	fCrisisPhone:     {"crisis_phone", wordField, Client, true, 40, func(v *Values) string { return v.CrisisPhone }},
	fCrisisText:      {"crisis_text", wordField, Client, false, 120, func(v *Values) string { return strings.TrimRight(v.CrisisText, ". ") }},
	fCrisisLink:      {"crisis_link", linkField, Client, false, 0, func(v *Values) string { return v.CrisisURL }},
	fReplyHours:      {"reply_hours", wordField, Client, false, 120, func(v *Values) string { return v.ReplyHours }},
	fBookingLink:     {"booking_link", linkField, Client, false, 0, func(v *Values) string { return v.BookingURL }},
	fCheckinLink:     {"checkin_link", linkField, Client, true, 0, func(v *Values) string { return v.CheckinURL }},
	fPreferencesLink: {"preferences_link", linkField, Client, true, 0, func(v *Values) string { return v.PreferencesURL }},
	fConfirmLink:     {"confirm_link", linkField, Client, true, 0, func(v *Values) string { return v.ConfirmURL }},
	fEscalationLink:  {"escalation_link", linkField, Staff, true, 0, func(v *Values) string { return v.EscalationURL }},
	fCode:            {"code", wordField, Staff, true, 20, func(v *Values) string { return v.Code }},
	fUrgency:         {"urgency", codeField, Staff, false, 80, func(v *Values) string { return v.Urgency }},
	fOpenedAgo:       {"opened_ago", wordField, Staff, false, 60, func(v *Values) string { return v.OpenedAgo }},
	fRound:           {"round", wordField, Staff, false, 20, func(v *Values) string { return round(v.Round) }},
	fStaffName:       {"staff_name", wordField, Staff, false, 60, func(v *Values) string { return v.StaffName }},
	fOwnerName:       {"owner_name", wordField, Staff, false, 60, func(v *Values) string { return v.OwnerName }},
	fHoldEnds:        {"hold_ends", wordField, Staff, true, 60, func(v *Values) string { return v.HoldEnds }},
	fTaskLink:        {"task_link", linkField, Staff, true, 0, func(v *Values) string { return v.TaskURL }},
	fTask:            {"task", codeField, Staff, false, 120, func(v *Values) string { return v.TaskWhat }},
	fTaskDue:         {"task_due", wordField, Staff, false, 60, func(v *Values) string { return v.TaskDue }},
	fTaskLate:        {"task_late", wordField, Staff, false, 60, func(v *Values) string { return v.TaskLate }},
	fTaskSince:       {"task_since", wordField, Staff, false, 60, func(v *Values) string { return v.TaskSince }},
	fTaskCount:       {"task_count", wordField, Staff, true, 20, func(v *Values) string { return round(v.TaskCount) }},
	fTaskMore:        {"task_more", wordField, Staff, false, 20, func(v *Values) string { return round(v.TaskMore) }},
	fClientLink:      {"client_link", linkField, Staff, true, 0, func(v *Values) string { return v.ClientURL }},
	fStaffLink:       {"staff_link", linkField, Staff, true, 0, func(v *Values) string { return v.StaffURL }},
	fAlarm:           {"alarm", codeField, Staff, false, 160, func(v *Values) string { return v.Alarm }},
	fResources:       {"resources", blockField, Client, false, 0, nil},
	fCrisisLine:      {"crisis_line", blockField, Client, false, 0, nil},
	fReplies:         {"replies", blockField, Client, false, 0, nil},
	fPreferences:     {"preferences", blockField, Client, false, 0, nil},
}

// round is empty for the first time of asking.
func round(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// fieldNamed finds a placeholder by its name.
func fieldNamed(name string) (fieldID, bool) {
	for i := range fields {
		if fields[i].name == name {
			return fieldID(i), true
		}
	}
	return 0, false
}

func bit(f fieldID) uint64 { return 1 << f }

// filled is the cleaned form of the values that one template uses.
type filled struct {
	val       [numFields]string
	have      uint64
	resources []Resource
	// tasks are a digest's, each as if the mail were about it alone.
	tasks []*filled
}

// speech is what a set of wordings says in a language: its codes in words, and what
// reads a client's name before it is greeted by it.
type speech struct {
	words map[string]string
	names *Linter
}

// fill cleans the values in uses. A code goes through the language's own table.
func fill(v *Values, uses uint64, said speech) (*filled, error) {
	if len(v.Tasks) > 0 {
		return fillTasks(v, uses, said)
	}
	out := &filled{}
	for id := range numFields {
		if uses&bit(id) == 0 {
			continue
		}
		f := &fields[id]
		var s string
		switch f.kind {
		case blockField:
			if id != fResources {
				continue
			}
			rs, err := cleanResources(v.Resources)
			if err != nil {
				return nil, err
			}
			if out.resources = rs; len(rs) > 0 {
				out.have |= bit(id)
			}
			continue
		case linkField:
			if s = f.get(v); s != "" && !plainURL(s) {
				return nil, &ValueError{f.name, "not a plain http or https URL"}
			}
		case codeField:
			s = inWords(said.words, f.name, f.get(v))
		default:
			if id == fFirstName {
				s = cleanName(v.FirstName, said.names)
			} else {
				s = cleanWords(f.get(v), f.limit)
			}
		}
		if s != "" {
			out.val[id], out.have = s, out.have|bit(id)
		}
	}
	return out, nil
}

// fillTasks fills a digest's values in: each task's, and those of the first for the
// mail around them.
func fillTasks(v *Values, uses uint64, said speech) (*filled, error) {
	tasks := make([]*filled, 0, len(v.Tasks))
	for i := range v.Tasks {
		one := v.of(&v.Tasks[i])
		f, err := fill(&one, uses, said)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, f)
	}
	out := *tasks[0]
	out.tasks = tasks
	return &out, nil
}

// inWords looks a code up; none, or one that the language does not know, reads
// as "other", so that a raw code never reaches a mail.
func inWords(words map[string]string, table, code string) string {
	if s, ok := words[table+": "+code]; ok {
		return s
	}
	return words[table+": other"]
}

// maxResources bounds the list of one mail.
const maxResources = 12

func cleanResources(in []Resource) ([]Resource, error) {
	if len(in) == 0 {
		return nil, nil
	}
	out := make([]Resource, 0, min(len(in), maxResources))
	for _, r := range in {
		c := Resource{
			Name: cleanWords(r.Name, 80), About: cleanWords(r.About, 200), URL: r.URL,
			Phone: cleanWords(r.Phone, 40), Address: cleanWords(r.Address, 120),
			Hours: cleanWords(r.Hours, 80), Cost: cleanWords(r.Cost, 80),
		}
		if c.URL != "" && !plainURL(c.URL) {
			return nil, &ValueError{"resources", "an entry's link is not a plain http or https URL"}
		}
		if c.Name != "" && len(out) < maxResources {
			out = append(out, c)
		}
	}
	return out, nil
}
