package faults

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/runner"
)

// rejected: what REJECTED holds is an event that a stream holds, whole, and
// under the one reason for which nobody could act on it.
func (j *judge) rejected() {
	stored := map[string]Stored{}
	for _, e := range slices.Concat(j.s.Events, j.s.Inside) {
		stored[e.Origin()] = e
	}
	for from, list := range j.s.Rejected {
		j.r.Counts.Rejected += len(list)
		e, ok := stored[from]
		if !ok {
			j.broken("nothing-lost", "%s is in REJECTED and in no stream of events", from)
			continue
		}
		if j.sound(e) {
			continue // said already
		}
		for _, r := range list {
			if want := reasonOf(e); r.Reason != want || !strings.HasSuffix(r.Subject, "."+string(want)) {
				j.broken("why", "%s is in REJECTED on %s for %q, and is %q", from, r.Subject, r.Reason, want)
			}
			if !e.whole(r.Whole) {
				j.broken("nothing-lost", "%s is in REJECTED, and not whole", from)
			}
		}
	}
}

// reasonOf is why nobody can act on an event.
func reasonOf(e Stored) events.Reason {
	p, ok := errors.AsType[*events.Problem](e.Err)
	switch {
	case ok:
		return p.Reason
	case e.Err != nil:
		return events.ReasonBroken
	}
	return events.ReasonUnknownClinic
}

// whole says whether a record of REJECTED has all that the sender sent.
func (s Stored) whole(data []byte) bool {
	line, body, ok := bytes.Cut(data, []byte{'\n'})
	var header map[string][]string
	if !ok || json.Unmarshal(line, &header) != nil {
		return false
	}
	sent := maps.Clone(s.Header)
	maps.DeleteFunc(sent, func(k string, _ []string) bool { return strings.HasPrefix(k, "Nats-") })
	return bytes.Equal(body, s.Body) && len(header) == len(sent) && (len(sent) == 0 || reflect.DeepEqual(header, sent))
}

// keeps is how many of a client's latest records CLIENTS has at least.
const keeps = 16

// kept: CLIENTS has a client's latest records, without a hole, and enough of
// them. That AUDIT has the others was seen before.
func (j *judge) kept(ref runner.Ref, c Client, records []Audited) {
	if len(c.Kept) < min(keeps, len(records)) {
		j.broken("why", "client %s has %d decisions and %d records in CLIENTS", ref.Key, len(records), len(c.Kept))
		return
	}
	latest := records[max(0, len(records)-len(c.Kept)):]
	if !slices.EqualFunc(latest, c.Kept, func(a Audited, kept uint64) bool { return a.Record == kept }) {
		j.broken("why", "client %s: what CLIENTS has is not the latest of AUDIT", ref.Key)
	}
}
