package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// meetTimeout bounds the look at a client's record before a page is shown: nobody
// who needs a crisis line waits for it.
const meetTimeout = 2 * time.Second

// speech is how a page speaks: its words, and the other languages that it can be
// had in.
type speech struct {
	words  *phrases
	Others []*phrases
}

// Say is the words of a page; those for staff are English.
func (s speech) Say() *phrases {
	if s.words == nil {
		return english()
	}
	return s.words
}

// served are the languages that a clinic serves and that pages have, its own first;
// all that pages have where no clinic is known.
func served(c *Clinic) []*phrases {
	all := languages()
	if c == nil {
		return all
	}
	var out []*phrases
	for _, tag := range c.Languages {
		for _, words := range all {
			if words.Tag == baseOf(tag) && !slices.Contains(out, words) {
				out = append(out, words)
			}
		}
	}
	if len(out) == 0 {
		return all[:1]
	}
	return out
}

// in is the clinic with the crisis line in the page's words; nil stays nil.
func (c *Clinic) in(s speech) *Clinic {
	if c == nil {
		return nil
	}
	line, ok := c.CrisisIn[s.Say().Tag]
	if !ok {
		return c
	}
	out := *c
	out.Crisis = line
	out.translated = line.Name != c.Crisis.Name
	return &out
}

// baseOf is a language without its country: "es-MX" counts as "es".
func baseOf(tag string) string {
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	return strings.ToLower(tag)
}

// speak settles a page's language: the one asked for in the address, else the
// client's own, else, where no client is known, the browser's, else the clinic's.
// What the clinic does not serve is passed over.
func speak(r *http.Request, c *Clinic, client *ClientMail) speech {
	all := served(c)
	wanted := []string{r.URL.Query().Get("lang")}
	if client != nil {
		wanted = append(wanted, client.Language)
	} else {
		wanted = append(wanted, accepted(r.Header.Get("Accept-Language"))...)
	}
	chosen := all[0]
	for _, tag := range wanted {
		if i := slices.IndexFunc(all, func(w *phrases) bool { return w.Tag == baseOf(tag) }); i >= 0 {
			chosen = all[i]
			break
		}
	}
	s := speech{words: chosen}
	for _, words := range all {
		if words != chosen {
			s.Others = append(s.Others, words)
		}
	}
	return s
}

// accepted lists the languages of an Accept-Language header (RFC 9110, 12.5.4), the most
// welcome first; what cannot be read, and what has a weight of 0, asks for nothing.
func accepted(header string) []string {
	type wish struct {
		tag    string
		weight float64
	}
	var wishes []wish
	for part := range strings.SplitSeq(header, ",") {
		tag, rest, _ := strings.Cut(part, ";")
		one := wish{strings.TrimSpace(tag), 1}
		if q, ok := strings.CutPrefix(strings.ReplaceAll(rest, " ", ""), "q="); ok {
			var err error
			if one.weight, err = strconv.ParseFloat(q, 64); err != nil {
				continue
			}
		}
		if one.weight > 0 && one.weight <= 1 {
			wishes = append(wishes, one)
		}
	}
	slices.SortStableFunc(wishes, func(a, b wish) int { return cmp.Compare(b.weight, a.weight) })
	tags := make([]string, len(wishes))
	for i, w := range wishes {
		tags[i] = w.tag
	}
	return tags
}

// meet reads what is on record about the visit's client and settles the language.
// Where it cannot be read the page still speaks one, and known is false.
func (p *public) meet(r *http.Request, v *visit) (known bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), meetTimeout)
	defer cancel()
	client, err := p.Clients.ClientMail(ctx, v.claims.Clinic, v.claims.Recipient)
	if err != nil {
		v.speech = speak(r, &v.clinic, nil)
		return false, err
	}
	v.client, v.speech = client, speak(r, &v.clinic, &client)
	return true, nil
}
