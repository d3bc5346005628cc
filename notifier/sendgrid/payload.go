package sendgrid

import (
	"encoding/json"
	"fmt"
	"mime"
	"strconv"

	"github.com/sendgrid/sendgrid-go/helpers/mail"

	"github.com/mooring-care/mooring/notifier"
)

// payload is the whole request. What may identify a person or a topic stays in
// the fields that a mail cannot do without: custom_args carry our random ids,
// and there are no categories.
func payload(m notifier.Mail) ([]byte, error) {
	off := new(bool)
	v3 := &mail.SGMailV3{
		From:             person(m.From),
		Subject:          m.Subject,
		Personalizations: []*mail.Personalization{{To: []*mail.Email{person(m.To)}}},
		Content:          []*mail.Content{{Type: "text/plain", Value: m.Text}},
		Headers:          map[string]string{"Message-ID": "<" + m.MessageID + ">"},
		CustomArgs:       map[string]string{"mid": m.ID, "attempt": strconv.Itoa(m.Attempt)},
		// Said in every request: what is not said is as the account has it, and a
		// rewritten link or a pixel tells a third party who opened what.
		TrackingSettings: &mail.TrackingSettings{
			ClickTracking:        &mail.ClickTrackingSetting{Enable: off, EnableText: off},
			OpenTracking:         &mail.OpenTrackingSetting{Enable: off},
			SubscriptionTracking: &mail.SubscriptionTrackingSetting{Enable: off},
			GoogleAnalytics:      &mail.GaSetting{Enable: off},
		},
	}
	if m.ReplyTo.Email != "" {
		v3.ReplyTo = person(m.ReplyTo)
	}
	if m.HTML != "" {
		v3.Content = append(v3.Content, &mail.Content{Type: "text/html", Value: m.HTML})
	}
	for _, h := range m.Headers {
		v3.Headers[h.Name] = mime.QEncoding.Encode("utf-8", h.Value)
	}
	if m.Lane == notifier.Safety {
		// Staff who once marked a mail as unwanted must still hear of an escalation.
		on := true
		v3.MailSettings = &mail.MailSettings{BypassListManagement: &mail.Setting{Enable: &on}}
	}
	b, err := json.Marshal(v3)
	if err != nil {
		return nil, &notifier.SendError{Class: notifier.Permanent, Detail: "compose", Err: fmt.Errorf("compose request: %w", err)}
	}
	return b, nil
}

// inspected reads the request back and has it looked at.
func inspected(m notifier.Mail, body []byte, inspect notifier.Inspect) error {
	var v3 mail.SGMailV3
	if err := json.Unmarshal(body, &v3); err != nil {
		return notifier.Unread(m, err)
	}
	left := m
	left.Subject, left.Text, left.HTML, left.Headers = v3.Subject, "", "", nil
	left.From, left.ReplyTo = addressOf(v3.From), addressOf(v3.ReplyTo)
	for _, c := range v3.Content {
		switch c.Type {
		case "text/plain":
			left.Text = c.Value
		default:
			left.HTML += c.Value
		}
	}
	words := new(mime.WordDecoder)
	for name, value := range v3.Headers {
		if name == "Message-ID" {
			continue
		}
		if plain, err := words.DecodeHeader(value); err == nil {
			value = plain
		}
		left.Headers = append(left.Headers, notifier.Header{Name: name, Value: value})
	}
	// What else could say something is written by nobody here; it is looked at all the
	// same.
	for _, word := range v3.Categories {
		left.Headers = append(left.Headers, notifier.Header{Name: "category", Value: word})
	}
	return inspect(left)
}

func addressOf(e *mail.Email) notifier.Address {
	if e == nil {
		return notifier.Address{}
	}
	return notifier.Address{Name: e.Name, Email: e.Address}
}

func person(a notifier.Address) *mail.Email { return mail.NewEmail(a.Name, a.Email) }
