package templates

import (
	"slices"
	"strings"
)

// readTemplate reads a template and checks what its family asks for.
func (f *file) readTemplate() {
	s := f.source
	h, body := s.readHeader()
	if len(s.errs) > 0 {
		return
	}
	f.header, f.body = h, body
	f.subject = s.readSubject(h)
	f.doc = s.readBody(body)
	if len(s.errs) > 0 {
		return
	}
	s.checkAudience(h.audience, f.subject)
	for _, runs := range f.doc.runs() {
		s.checkAudience(h.audience, runs)
	}
	f.checkFamily(len(s.text))
}

// readSubject reads the one line that stands in the front matter: words,
// placeholders and [[ ]], no Markdown.
func (s *source) readSubject(h header) []inline {
	m := s.mark(h.subject)
	r := &reader{s: s, m: m}
	var out []inline
	r.words([]byte(m.text), 0, &out)
	for i, in := range out {
		switch {
		case in.kind == inValue && in.id == fFirstName:
			// A subject shows on a locked screen.
			s.fail(in.at, "a client's name cannot stand in a subject; it shows on a locked screen, so take it out")
		case in.kind == inValue && fields[in.id].kind == blockField:
			s.fail(in.at, "{{%s}} cannot stand in a subject", fields[in.id].name)
		case in.kind == inClose && !holdsValue(out[:i]):
			s.fail(in.at, "[[ ]] without a placeholder in it would always be shown; put one in it, or leave the brackets out")
		}
	}
	if rest := needs(out) &^ musts(needs(out)); rest != 0 {
		// A subject is never left out, so a value that may be empty needs [[ ]].
		for id := range numFields {
			if rest&bit(id) != 0 && fields[id].kind == wordField {
				s.fail(h.subject.at, "put [[ ]] around {{%s}} and its words: it may be empty", fields[id].name)
			}
		}
	}
	return out
}

// runs are all paragraphs of a document.
func (d document) runs() [][]inline {
	var out [][]inline
	for _, b := range d {
		if b.part != numFields && (b.kind == partBlock || b.kind == paragraph) {
			out = append(out, []inline{{kind: inValue, id: b.part, at: b.at}})
		}
		if len(b.runs) > 0 {
			out = append(out, b.runs)
		}
		out = append(out, b.items...)
	}
	return out
}

// checkAudience keeps a client's name out of staff mail, and an escalation's
// link out of client mail.
func (s *source) checkAudience(audience string, runs []inline) {
	for _, in := range runs {
		if in.kind != inValue && (in.kind != inLink || in.fixed) {
			continue
		}
		if f := fields[in.id]; f.audience != "" && f.audience != audience {
			s.fail(in.at, "{{%s}} cannot stand in mail to %s; take it out", f.name, audience)
		}
	}
}

// The mails about a client's change of address: to the new one, and to the one that
// they left.
const (
	familyAddress = "address"
	familyMoved   = "address-changed"
)

// checkFamily checks that a mail shows what its family must, and no more. end
// is where a problem with something that is not there is reported.
func (f *file) checkFamily(end int) {
	s, family := f.source, f.header.family
	shown := map[fieldID]int{}
	at := map[fieldID]int{}
	var links []inline
	for _, runs := range f.doc.runs() {
		for _, in := range runs {
			if in.kind == inValue || (in.kind == inLink && !in.fixed) {
				shown[in.id]++
				at[in.id] = in.at
			}
			if in.kind == inLink {
				links = append(links, in)
			}
		}
	}
	var want, never []fieldID
	switch family {
	case "A", "B", "C", "D":
		want = []fieldID{fCheckinLink, fBookingLink}
	case "E", "F":
		never = []fieldID{fResources}
		for _, in := range links {
			s.fail(in.at, "family %s has no links but the fixed ones; take it out", family)
		}
	case familyAddress:
		want, never = []fieldID{fConfirmLink}, []fieldID{fFirstName, fResources, fCheckinLink, fBookingLink, fPreferences, fPreferencesLink}
	case familyMoved:
		// Who reads the old inbox now is not known: no link to the client's choices.
		never = []fieldID{fResources, fCheckinLink, fBookingLink, fPreferences, fPreferencesLink}
	case "escalation", "escalation-inform":
		// Whoever is informed is not asked, and may look and take it all the
		// same: a link to a page that asks for a code needs the code beside it.
		want = []fieldID{fUrgency, fOpenedAgo, fEscalationLink, fCode}
	case "escalation-hold":
		want = []fieldID{fHoldEnds, fEscalationLink, fCode}
	case "alarm":
		want, never = []fieldID{fAlarm, fStaffLink}, []fieldID{fEscalationLink, fTaskLink, fClientLink, fCode}
	case "feed":
		want, never = []fieldID{fOpenedAgo, fStaffLink}, []fieldID{fEscalationLink, fTaskLink, fClientLink, fCode, fAlarm}
	case "escalation-wide":
		want = []fieldID{fOpenedAgo, fOwnerName, fEscalationLink, fCode}
	case "escalation-taken", "escalation-closed":
		want = []fieldID{fOwnerName, fEscalationLink, fCode}
	case "digest":
		want = []fieldID{fTask, fTaskLink, fCode, fTaskMore, fStaffLink}
		never = []fieldID{fEscalationLink, fClientLink, fUrgency, fOpenedAgo, fRound, fHoldEnds, fAlarm}
		f.checkTasks()
	case "task", "task-reminder":
		want, never = []fieldID{fTaskLink, fTask, fCode}, []fieldID{fEscalationLink, fClientLink}
	case "note":
		// It asks for nothing, and so leads to no question; its page asks for the
		// code before it shows the client.
		want, never = []fieldID{fClientLink, fCode}, []fieldID{fEscalationLink, fTaskLink, fTask, fTaskDue, fUrgency}
	}
	if family != familyAddress {
		never = append(never, fConfirmLink)
	}
	if family != "digest" {
		never = append(never, fTaskLate, fTaskSince, fTaskCount, fTaskMore)
	}
	if f.header.audience == Client {
		parts := []fieldID{fCrisisLine, fReplies, fPreferences}
		if family == familyAddress || family == familyMoved {
			// Who reads it is not known: a link to the client's choices is not theirs.
			parts = parts[:2]
		}
		for _, part := range parts {
			if shown[part] == 0 {
				s.fail(end, "{{%s}} is missing: it must stand in every client mail; put {{%[1]s}} on a line of its own, with an empty line above and below", fields[part].name)
			} else if shown[part] > 1 {
				s.fail(at[part], "{{%s}} stands here twice; keep one of the two", fields[part].name)
			}
		}
	}
	for _, id := range want {
		if shown[id] == 0 {
			s.fail(end, "{{%s}} is missing: every mail of family %s has it; add it as the built-in one does", fields[id].name, family)
		}
	}
	for _, id := range never {
		if shown[id] > 0 {
			s.fail(at[id], "{{%s}} cannot stand in family %s; take it out", fields[id].name, family)
		}
	}
	for _, b := range f.doc {
		if b.kind == list && len(b.items) == 0 {
			s.fail(b.at, "an empty list; write its entries, or take it out")
		}
	}
}

// ofATask are the values of one task in a digest.
const ofATask = 1<<fTask | 1<<fTaskLink | 1<<fCode | 1<<fTaskDue | 1<<fTaskLate | 1<<fTaskSince | 1<<fOwnerName

// checkTasks keeps what a digest says of a task in the one entry that stands there
// for each, with its link and its code side by side.
func (f *file) checkTasks() {
	s, entries := f.source, 0
	outside := func(runs []inline) {
		for _, in := range runs {
			if (in.kind == inValue || in.kind == inLink && !in.fixed) && ofATask&bit(in.id) != 0 {
				s.fail(in.at, "{{%s}} stands in the entry of a list that shows {{task_link}}: a digest has many tasks", fields[in.id].name)
			}
		}
	}
	outside(f.subject)
	for _, b := range f.doc {
		outside(b.runs)
		for _, runs := range b.items {
			if uses(runs)&bit(fTaskLink) == 0 {
				outside(runs)
				continue
			}
			if entries++; entries > 1 {
				s.fail(b.at, "every task is listed twice")
			}
			if need := needs(runs); need&bit(fTask) == 0 || need&bit(fCode) == 0 || need&bit(fTaskLink) == 0 {
				s.fail(b.at, "the entry of a task always shows {{task}}, {{task_link}} and {{code}}")
			}
		}
	}
}

// readParts reads the shared paragraphs of a language: sections that begin
// with a line "# name". A name with a colon is a code in words.
func (f *file) readParts() {
	s := f.source
	f.parts, f.words = map[string]document{}, map[string]string{}
	seen := map[string]bool{}
	for _, sec := range s.sections() {
		if seen[sec.name] {
			s.fail(sec.at, "%q stands here twice; keep one of the two", sec.name)
			continue
		}
		seen[sec.name] = true
		table, code, isCode := strings.Cut(sec.name, ": ")
		switch {
		case isCode:
			id, ok := fieldNamed(table)
			text := squeeze(sec.body.text)
			if !ok || fields[id].kind != codeField || code == "" {
				s.fail(sec.at, "unknown part %q; a part is called # crisis_line, # replies, # preferences, or by a code such as # task: call-client", sec.name)
			} else if text == "" || text != cleanWords(text, fields[id].limit) || strings.ContainsAny(text, "{}[]") {
				s.fail(sec.body.at, "write a few plain words, at most %d characters", fields[id].limit)
			}
			f.words[sec.name] = text
		case slices.Contains([]string{fields[fCrisisLine].name, fields[fReplies].name, fields[fPreferences].name}, sec.name):
			f.parts[sec.name] = s.readBody(sec.body)
		default:
			s.fail(sec.at, "unknown part %q; a part is called # crisis_line, # replies, # preferences, or by a code such as # task: call-client", sec.name)
		}
	}
	if len(s.errs) > 0 {
		return
	}
	f.needPart(fCrisisLine, fCrisisName, fCrisisPhone)
	f.needPart(fReplies)
	f.needPart(fPreferences, fPreferencesLink)
	for id := range numFields {
		if other := fields[id].name + ": other"; fields[id].kind == codeField && f.words[other] == "" {
			s.fail(len(s.text), "the part %q is missing; write it as the built-in parts.md does", other)
		}
	}
}

// needPart checks that a shared part is there, shows what it is for, and holds
// nothing but words.
func (f *file) needPart(part fieldID, show ...fieldID) {
	s, doc := f.source, f.parts[fields[part].name]
	if len(doc) == 0 {
		s.fail(len(s.text), "the part %q is missing; write it as the built-in parts.md does", fields[part].name)
		return
	}
	var always uint64
	for _, b := range doc {
		if b.kind != paragraph || b.part != numFields {
			s.fail(b.at, "a part holds plain paragraphs only")
			continue
		}
		// What may be left out with its paragraph does not count.
		if need := needs(b.runs); need&^musts(need) == 0 {
			always |= need
		}
		s.checkAudience(Client, b.runs)
		for _, in := range b.runs {
			if in.kind == inLink && !in.fixed && (in.id == fBookingLink || in.id == fCheckinLink) {
				s.fail(in.at, "{{%s}} cannot stand in a part: families E and F have no such link", fields[in.id].name)
			}
		}
	}
	for _, id := range show {
		if always&bit(id) == 0 {
			s.fail(doc[0].at, "the part %q must always show {{%s}}", fields[part].name, fields[id].name)
		}
	}
}

// section is one part of parts.md.
type section struct {
	name string
	at   int
	body span
}

func (s *source) sections() []section {
	var out []section
	at := 0
	for line := range strings.SplitAfterSeq(s.text, "\n") {
		if name, ok := strings.CutPrefix(line, "# "); ok {
			out = append(out, section{name: strings.TrimSpace(name), at: at, body: span{at: at + len(line)}})
		} else if k := len(out); k > 0 {
			out[k-1].body.text += line
		} else if strings.TrimSpace(line) != "" {
			s.fail(at, "the file must begin with a part: a line \"# crisis_line\"")
			return nil
		}
		at += len(line)
	}
	return out
}
