package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/finding"
)

// declaredHosts are the hosts that a clinic's folder names as its own, its crisis
// line's or a service's: its mails may lead there whatever the host is called.
func declaredHosts(c *workflows.Clinic) []string {
	out := []string{templates.HostOf(c.From.Email), templates.HostOf(c.ReplyTo.Email)}
	for _, l := range append([]string{c.Language()}, c.Languages...) {
		said := c.In(l)
		out = append(out, templates.HostOf(said.BookingURL), templates.HostOf(said.CrisisLine.URL))
	}
	for i := range c.Resources {
		out = append(out, templates.HostOf(c.Resources[i].Reach.URL))
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(host string) bool { return host == "" })
}

// indiscreet is what a clinic's folder gives away to whoever sees a client's inbox: its
// own names and addresses, which are never refused, and wordings that read as another
// language or address the client in two ways.
func (c *clinicCheck) indiscreet() {
	seen := map[string]bool{}
	refused := refusedWords(c.Clinic)
	say := func(what, text, who, mend string, key ...string) {
		words := slices.DeleteFunc(templates.TellingWords(text), func(word string) bool {
			return slices.Contains(refused[strings.Join(key, ".")], strings.ToLower(word))
		})
		if len(words) == 0 || seen[text] {
			return
		}
		seen[text] = true
		for i := range words {
			words[i] = fmt.Sprintf("%q", words[i])
		}
		c.warnOf(finding.TellingName, fmt.Sprintf("%s %q says %s, and %s", what, text, strings.Join(words, ", "), who), mend, key...)
	}
	const inbox, inMail = "everybody who sees a client's inbox reads it", "everybody who sees the mail reads it"
	const known = "write the name there by which your clients know you and that says nothing"
	if c.From.Name == c.Name {
		say("the clinic's `name`, which is that of `from` too,", c.Name, inbox, known+plainer(c.Name)+", in both places", "name")
	}
	say("the name of `from`", c.From.Name, inbox, known+plainer(c.From.Name), "from", "name")
	say("the clinic's `name`", c.Name, "it stands in the subject and the body of client mail", known+plainer(c.Name), "name")
	say("the name of `reply_to`", c.ReplyTo.Name, "mail programs show it", "write a name that says nothing"+plainer(c.ReplyTo.Name), "reply_to", "name")
	say("the address of `from`", c.From.Email, inbox, "send from an address and a domain that say nothing, such as hello@ a short name of yours", "from", "email")
	say("the address of `reply_to`", c.ReplyTo.Email, "whoever answers has it in their address book", "have replies go to an address and a domain that say nothing, such as desk@ a short name of yours", "reply_to", "email")
	for _, l := range append([]string{c.Language()}, c.Languages...) {
		said := c.In(l)
		in := func(key ...string) []string {
			if l == c.Language() {
				return key
			}
			return append([]string{"translations", l}, key...)
		}
		say("the host of `booking_url`", templates.HostOf(said.BookingURL), inMail, "offer the page under a host that says nothing", in("booking_url")...)
		say("the name of the crisis line", said.CrisisLine.Name, inMail, "where the line has a name that says less and that clients understand, such as \"988 Lifeline\", write that", in("crisis_line", "name")...)
		say("the `url` of the crisis line", said.CrisisLine.URL, inMail, "where the line has an address that says less, write that", in("crisis_line", "url")...)
	}
	for _, odd := range templates.Oddities(c.Templates) {
		message, mend := finding.Split(odd.Problem)
		c.add(finding.OddWording, odd.File, 1, 1, message, mend)
	}
}

// refusedWords are those of clinic.yaml's settings, by key, that no mail may hold: an
// error names each.
func refusedWords(c *workflows.Clinic) map[string][]string {
	out := map[string][]string{}
	linter := settingsLinter(c, lintRules(c).Waived)
	for _, s := range settingsOf(c) {
		for _, f := range s.found(linter) {
			out[f.Part] = append(out[f.Part], strings.ToLower(f.Match))
		}
	}
	return out
}

// plainer suggests a name without its telling words, where enough is left of it.
func plainer(name string) string {
	telling := templates.TellingWords(name)
	var left []string
	for w := range strings.FieldsSeq(name) {
		if !slices.ContainsFunc(templates.TellingWords(w), func(t string) bool { return slices.Contains(telling, t) }) {
			left = append(left, w)
		}
	}
	for len(left) > 0 && slices.Contains([]string{"and", "of", "for", "y", "de", "del", "e", "&", "the", "la", "el"}, strings.ToLower(left[len(left)-1])) {
		left = left[:len(left)-1]
	}
	if len(left) < 2 {
		return ""
	}
	return fmt.Sprintf(", such as %q", strings.Join(left, " "))
}
