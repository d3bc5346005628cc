package app

import (
	"context"
	"strings"

	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
)

// ClientMail is what a client's own pages know about them.
func (v *views) ClientMail(ctx context.Context, clinic, key string) (web.ClientMail, error) {
	s, err := v.a.clientState(ctx, runner.Ref{Clinic: clinic, Key: key})
	if err != nil {
		return web.ClientMail{}, err
	}
	p, now := &s.Profile, v.a.clock.Now()
	m := web.ClientMail{Language: p.Speaks(), OptedOut: p.OptedOut.Get(), Flagged: s.Flagged(now)}
	if rest := p.Rest.Get(); rest.On && now.Before(rest.Until) {
		m.RestsUntil = rest.Until
	}
	if n := s.NewAddress; n != nil && now.Before(n.Until) {
		m.AddressUntil = n.Until
	}
	return m, nil
}

// Resources are the clinic's services that fit a client and these reasons.
func (v *views) Resources(ctx context.Context, clinic, key string, reasons []string) ([]web.Resource, error) {
	s, err := v.a.clientState(ctx, runner.Ref{Clinic: clinic, Key: key})
	if err != nil {
		return nil, err
	}
	c, ok := v.a.clinics.byID[clinic]
	if !ok {
		return nil, web.ErrUnknown
	}
	now := v.a.clock.Now()
	speaks := s.Profile.Speaks()
	return webResources(c.current.ResourcesForAny(reasons, speaks, s.Profile.Programmes.Get(), s.Flagged(now), now), speaks), nil
}

// webResources are services as a page in a language lists them.
func webResources(services []workflows.Resource, speaks string) []web.Resource {
	language, _, _ := strings.Cut(strings.ToLower(speaks), "-")
	var out []web.Resource
	for _, r := range services {
		_, translated := r.Translations[language]
		out = append(out, web.Resource{
			Translated: translated,
			Name:       r.Title, About: r.About, Phone: r.Reach.Phone, Address: r.Reach.Address, URL: r.Reach.URL, Hours: r.Hours, Cost: r.Cost,
		})
	}
	return out
}
