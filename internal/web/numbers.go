package web

import (
	"html/template"
	"regexp"
	"strings"

	"github.com/mooring-care/mooring/events"
)

// extension is what systems of record write after a client's number: "x12", "ext. 12".
var extension = regexp.MustCompile(`(?i)([ ,;]*(x|ext|extn|extension)|[ ,;]+#)[.:= ]*[0-9]{1,7}$`)

// dials says whether a text is one number. What is none is shown as text: a press that
// dials something else is worse than no link.
func dials(phone string) bool { return events.Dials(strings.TrimSpace(phone)) }

// direct is a client's number without its extension, as it is dialled.
func direct(phone string) string { return extension.ReplaceAllString(strings.TrimSpace(phone), "") }

// telURL is a tel: link to a number that dials. In a URL a # begins something else.
func telURL(phone string) template.URL {
	keys := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' || r == '*' || r == '#' {
			return r
		}
		return -1
	}, phone)
	return template.URL("tel:" + strings.ReplaceAll(keys, "#", "%23")) //nolint:gosec // nothing but digits and three signs is left of the input
}
