package events

// Purpose is what a kind of care mail is for, as far as consent goes.
type Purpose string

// The purposes. PurposeOutreach is what all the others follow where nothing was
// said about them.
const (
	PurposeOutreach    Purpose = "outreach"
	PurposeResources   Purpose = "resources"
	PurposeCaring      Purpose = "caring"
	PurposeOrientation Purpose = "orientation"
)

// Purposes lists every purpose, the one that the others follow first.
func Purposes() []Purpose {
	return []Purpose{PurposeOutreach, PurposeResources, PurposeCaring, PurposeOrientation}
}

// Consent holds the state of each purpose; nil says nothing about it.
type Consent struct {
	Outreach    *ConsentRecord `json:"outreach,omitempty"`
	Resources   *ConsentRecord `json:"resources,omitempty"`
	Caring      *ConsentRecord `json:"caring,omitempty"`
	Orientation *ConsentRecord `json:"orientation,omitempty"`
}

// Of is what was said about a purpose; nil where nothing was.
func (c *Consent) Of(p Purpose) *ConsentRecord {
	if c == nil {
		return nil
	}
	switch p {
	case PurposeOutreach:
		return c.Outreach
	case PurposeResources:
		return c.Resources
	case PurposeCaring:
		return c.Caring
	case PurposeOrientation:
		return c.Orientation
	}
	return nil
}

// consent holds each purpose's record against its bounds.
func (c *checker) consent(k *Consent) {
	for _, p := range Purposes() {
		r := k.Of(p)
		if r == nil {
			continue
		}
		field := "data.client.consent." + string(p)
		oneOf(c, field+".state", r.State, ConsentGranted, ConsentWithdrawn, ConsentUnknown)
		c.time(field+".at", r.At)
		c.line(field+".by", r.By)
		c.line(field+".how", r.How)
	}
}
