package workflows

import (
	"slices"
	"time"
)

// ResourcesForAny chooses as ResourcesFor does what fits any of several reasons, none
// meaning that no reason is known: what fits the first one comes first, nothing comes
// twice, and there are MaxListed at most. A client with a safety flag hears only of
// what the clinic lets them be shown.
func (c *Clinic) ResourcesForAny(reasons []string, language string, programmes []string, flagged bool, now time.Time) []Resource {
	if flagged {
		safe := *c
		safe.Resources = slices.DeleteFunc(slices.Clone(c.Resources), func(s Resource) bool { return !s.WhenFlagged })
		c = &safe
	}
	if len(reasons) == 0 {
		reasons = []string{""}
	}
	var out []Resource
	for _, reason := range reasons {
		for _, s := range c.ResourcesFor(reason, language, programmes, now) {
			if !slices.ContainsFunc(out, func(x Resource) bool { return x.Title == s.Title }) {
				out = append(out, s)
			}
		}
	}
	return out[:min(len(out), MaxListed)]
}
