package workflows

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/mooring-care/mooring/events"
)

// SeenList is the events decided on, oldest first. None is dropped before
// SeenFor: the rule once holds for as long as EVENTS keeps what may be
// delivered again. A record without room for more is met by refusing events
// (Full), never by forgetting.
//
// It is most of a busy client's record, and so it is stored as one base64 text
// of about 27 characters an event: the number of reasons and each reason with
// its length, then for each event its hash, the seconds since the one before
// (signed: clocks may step back) and the number of its reason, 0 for none. All
// numbers are varints.
type SeenList []Seen //nolint:recvcheck // written as a value inside a State, read into a pointer

// MarshalJSON writes the list as one text.
func (l SeenList) MarshalJSON() ([]byte, error) {
	var reasons []Reason
	places := map[Reason]uint64{"": 0}
	for i := range l {
		if _, ok := places[l[i].Reason]; !ok {
			reasons = append(reasons, l[i].Reason)
			places[l[i].Reason] = uint64(len(reasons))
		}
	}
	out := binary.AppendUvarint(make([]byte, 0, 64+24*len(l)), uint64(len(reasons)))
	for _, r := range reasons {
		out = binary.AppendUvarint(out, uint64(len(r)))
		out = append(out, r...)
	}
	var last int64
	for i := range l {
		out = append(out, l[i].Hash[:]...)
		out = binary.AppendVarint(out, l[i].At-last)
		out = binary.AppendUvarint(out, places[l[i].Reason])
		last = l[i].At
	}
	text := make([]byte, 0, 2+base64.RawStdEncoding.EncodedLen(len(out)))
	text = append(text, '"')
	text = base64.RawStdEncoding.AppendEncode(text, out)
	return append(text, '"'), nil
}

var errSeen = errors.New("read the events decided on: the text is broken")

// UnmarshalJSON reads what MarshalJSON writes, and the list of objects that a
// state of version 1 holds.
func (l *SeenList) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] != '"' {
		var old []Seen
		if err := json.Unmarshal(text, &old); err != nil {
			return fmt.Errorf("read the events decided on: %w", err)
		}
		*l = old
		return nil
	}
	var packed string
	if err := json.Unmarshal(text, &packed); err != nil {
		return fmt.Errorf("read the events decided on: %w", err)
	}
	b, err := base64.RawStdEncoding.DecodeString(packed)
	if err != nil {
		return fmt.Errorf("read the events decided on: %w", err)
	}
	return l.read(b)
}

func (l *SeenList) read(b []byte) error {
	number := func() (uint64, bool) {
		n, size := binary.Uvarint(b)
		if size <= 0 {
			return 0, false
		}
		b = b[size:]
		return n, true
	}
	count, ok := number()
	if !ok || count > uint64(len(b)) {
		return errSeen
	}
	reasons := make([]Reason, 1, 1+count)
	for range count {
		n, ok := number()
		if !ok || n > uint64(len(b)) {
			return errSeen
		}
		reasons = append(reasons, Reason(b[:n]))
		b = b[n:]
	}
	var out SeenList
	var last int64
	for len(b) > 0 {
		var x Seen
		if len(b) < len(x.Hash) {
			return errSeen
		}
		b = b[copy(x.Hash[:], b):]
		since, size := binary.Varint(b)
		if size <= 0 {
			return errSeen
		}
		b = b[size:]
		reason, ok := number()
		if !ok || reason >= uint64(len(reasons)) {
			return errSeen
		}
		last += since
		x.At, x.Reason = last, reasons[reason]
		out = append(out, x)
	}
	*l = out
	return nil
}

// find is what was concluded from an event; false where none was decided on.
func (l SeenList) find(h events.Hash) (Reason, bool) {
	for _, v := range slices.Backward(l) {
		if v.Hash == h {
			return v.Reason, true
		}
	}
	return "", false
}
