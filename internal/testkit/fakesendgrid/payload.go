package fakesendgrid

import (
	"encoding/json"
	"fmt"
	"net/mail"
	"strings"
)

// Payload is the part of a v3 mail that is checked and recorded, read by types
// of its own: the client's library must not vouch for itself.
type Payload struct {
	From             *Person           `json:"from"`
	ReplyTo          *Person           `json:"reply_to"`
	Subject          string            `json:"subject"`
	Personalizations []Personalization `json:"personalizations"`
	Content          []struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"content"`
	Headers      map[string]string `json:"headers"`
	CustomArgs   map[string]string `json:"custom_args"`
	Categories   []string          `json:"categories"`
	SendAt       int64             `json:"send_at"`
	MailSettings struct {
		BypassListManagement struct {
			Enable bool `json:"enable"`
		} `json:"bypass_list_management"`
	} `json:"mail_settings"`
}

// Person is one mailbox.
type Person struct {
	Email string `json:"email"`
	Name  string `json:"name"`
}

// Personalization is one envelope.
type Personalization struct {
	To         []Person          `json:"to"`
	Cc         []Person          `json:"cc"`
	Bcc        []Person          `json:"bcc"`
	Subject    string            `json:"subject"`
	Headers    map[string]string `json:"headers"`
	CustomArgs map[string]string `json:"custom_args"`
}

type problem struct {
	Message string  `json:"message"`
	Field   *string `json:"field"`
	Help    *string `json:"help"`
}

func wrong(field, format string, args ...any) problem {
	p := problem{Message: fmt.Sprintf(format, args...)}
	if field != "" {
		p.Field = &field
	}
	return p
}

// check lists what SendGrid would refuse.
func check(body []byte) (Payload, []problem) {
	var p Payload
	if err := json.Unmarshal(body, &p); err != nil {
		return p, []problem{wrong("", "Bad Request")}
	}
	var out []problem
	add := func(field, format string, args ...any) { out = append(out, wrong(field, format, args...)) }

	if p.From == nil || !validEmail(p.From.Email) {
		add("from.email", "The from address does not match a valid email address.")
	}
	if p.ReplyTo != nil && !validEmail(p.ReplyTo.Email) {
		add("reply_to.email", "The reply_to address is not a valid email address.")
	}
	if len(p.Personalizations) == 0 || len(p.Personalizations) > 1000 {
		add("personalizations", "There must be between 1 and 1000 personalizations.")
	}
	for i, e := range p.Personalizations {
		p.checkEnvelope(i, e, add)
	}
	if len(p.Content) == 0 {
		add("content", "At least one content is required unless a template is used.")
	}
	for i, c := range p.Content {
		field := fmt.Sprintf("content.%d", i)
		if c.Type == "" || strings.ContainsAny(c.Type, ";\r\n") {
			add(field+".type", "The type must be a MIME type.")
		}
		if c.Value == "" {
			add(field+".value", "The value must be at least one character long.")
		}
		if c.Type == "text/plain" && i > 0 {
			add(field+".type", "text/plain must come first.")
		}
	}
	checkHeaders("headers", p.Headers, add)
	checkArgs("custom_args", p.CustomArgs, add)
	if len(p.Categories) > 10 {
		add("categories", "There may be no more than 10 categories.")
	}
	return p, out
}

func (p Payload) checkEnvelope(i int, e Personalization, add func(string, string, ...any)) {
	at := fmt.Sprintf("personalizations.%d", i)
	if len(e.To) == 0 {
		add(at+".to", "The to array is required and must hold at least one address.")
	}
	seen := map[string]bool{}
	for list, people := range map[string][]Person{"to": e.To, "cc": e.Cc, "bcc": e.Bcc} {
		for j, a := range people {
			field := fmt.Sprintf("%s.%s.%d.email", at, list, j)
			if !validEmail(a.Email) {
				add(field, "Does not contain a valid address.")
			}
			if key := strings.ToLower(a.Email); seen[key] {
				add(field, "Each address must be unique in a personalization.")
			} else {
				seen[key] = true
			}
		}
	}
	if p.Subject == "" && e.Subject == "" {
		add("subject", "The subject is required.")
	}
	if strings.ContainsAny(p.Subject+e.Subject, "\r\n") {
		add("subject", "The subject must not hold CR or LF.")
	}
	checkHeaders(at+".headers", e.Headers, add)
	checkArgs(at+".custom_args", e.CustomArgs, add)
}

func checkHeaders(field string, headers map[string]string, add func(string, string, ...any)) {
	for name, value := range headers {
		switch strings.ToLower(name) {
		case "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding",
			"to", "from", "subject", "reply-to", "cc", "bcc":
			add(field, "The header is reserved.")
		}
		if name == "" || strings.Trim(name+value, "\x00") != name+value || !plain(name) || !plain(value) {
			add(field, "Header names and values must be printable ASCII.")
		}
	}
}

func plain(s string) bool {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

func checkArgs(field string, args map[string]string, add func(string, string, ...any)) {
	size := 0
	for k, v := range args {
		size += len(k) + len(v)
	}
	if size > 10_000 {
		add(field, "Custom args may hold no more than 10000 bytes.")
	}
}

func validEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= 320
}
