package workflows

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

// This file reads what clinic.yaml says about words: languages, translations, and the
// check of mails.

// served reads the languages that the clinic serves, as the folders of wordings are
// called. Whether there is wording in each is not known here.
func (cr *clinicReader) served(e entry) []string {
	nodes, ok := cr.r.list(e.value, e.key, "[en, es]")
	if !ok {
		return nil
	}
	var out []string
	known := true
	for _, n := range nodes {
		s, ok := cr.r.text(n, e.key, 10)
		switch {
		case !ok:
			known = false
		case len(s) < 2 || len(s) > 3 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") != "":
			cr.r.failf(start(n), "%#q must be the code of a language alone, such as `en` or `es`, not %#q; `es` serves `es-MX` too", e.key, shorten(s))
			known = false
		case slices.Contains(out, s):
			cr.r.failf(start(n), "%#q stands here twice; remove one", s)
		default:
			out = append(out, s)
		}
	}
	if !known {
		return nil
	}
	return out
}

// translations reads what the clinic says in the languages that it serves beside its
// own.
func (cr *clinicReader) translations(e entry) {
	m, ok := cr.r.anyMapping(e.value, "`translations`")
	if !ok {
		return
	}
	cr.c.Translations = make(map[string]Said, len(m.entries))
	for _, e := range m.entries {
		if i := slices.Index(cr.c.Languages, e.key); i < 1 && len(cr.c.Languages) > 0 {
			cr.r.failf(e.at, "`translations` has %#q, which is none of the other languages that the clinic serves; list it under `languages`, after the clinic's own, or take it out", shorten(e.key))
			continue
		}
		what := "the translation `" + e.key + "`"
		tm, ok := cr.r.mapping(e.value, what, "reply_hours", "crisis_line", "booking_url")
		if !ok {
			continue
		}
		var said Said
		if e, ok := tm.get("reply_hours"); ok {
			said.ReplyHours = cr.line(e, 100)
		}
		if e, ok := tm.get("crisis_line"); ok {
			said.CrisisLine = cr.crisisLine(e, false)
		}
		if e, ok := tm.get("booking_url"); ok {
			said.BookingURL = cr.url(e)
		}
		cr.c.Translations[e.key] = said
	}
}

// lint reads the clinic's own part in the check of its mails. Which rules there are is
// not known here.
func (cr *clinicReader) lint(e entry) {
	r, what := cr.r, "`lint`"
	m, ok := r.mapping(e.value, what, "words", "waivers")
	if !ok {
		return
	}
	if e, ok := m.get("words"); ok {
		nodes, _ := r.list(e.value, e.key, "[membership]")
		for _, n := range nodes {
			s, ok := r.text(n, e.key, 60)
			letters := strings.TrimSuffix(s, "*")
			switch {
			case !ok:
			case strings.ContainsAny(letters, "*,") || !strings.ContainsFunc(letters, unicode.IsLetter):
				r.failf(start(n), "%#q has words such as `membership`, or `member*` for all that begin so, not %#q", e.key, shorten(s))
			case letters != s && (strings.Contains(letters, " ") || utf8.RuneCountInString(letters) < 3):
				r.failf(start(n), "%#q: write at least three letters of one word before the star, not %#q", e.key, shorten(s))
			default:
				cr.c.Lint.Words = append(cr.c.Lint.Words, s)
			}
		}
	}
	if e, ok := m.get("waivers"); ok {
		const example = "[{rule: clinical-word, words: [recovery], by: ruth, why: the group is called so}]"
		nodes, _ := r.list(e.value, e.key, example)
		for _, n := range nodes {
			cr.mailWaiver(n)
		}
	}
}

func (cr *clinicReader) mailWaiver(n ast.Node) {
	const what = "a waiver"
	r, at := cr.r, start(n)
	m, ok := r.mapping(n, what, "rule", "words", "by", "why")
	if !ok {
		return
	}
	w := MailWaiver{Line: at.line, Column: at.column}
	if e, ok := r.need(m, what, "rule", "clinical-word"); ok {
		w.Rule, _ = r.text(e.value, e.key, 40)
	}
	cr.signed(m, what, &w.Waiver, false)
	cr.c.Lint.Waivers = append(cr.c.Lint.Waivers, w)
}
