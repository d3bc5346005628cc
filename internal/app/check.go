package app

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mooring-care/mooring/workflows"
)

// mailIsSlow is how long a mail may well lie unread: a policy that counts in
// minutes cannot rely on it.
const mailIsSlow = time.Hour

// Warnings are what is in order by the letter of a clinic's folder, and yet a
// person should look at, each in one line.
func Warnings(c *workflows.Clinic) []string {
	var out []string
	for _, w := range c.Drafts {
		out = append(out, fmt.Sprintf("the workflow %s is a draft and sends nothing: nobody has approved it; have it read, and run mooring workflow approve", w.Name))
	}
	for _, id := range slices.Sorted(maps.Keys(c.Policies)) {
		shortest := mailIsSlow
		for _, r := range c.Policies[id].Rungs {
			shortest = min(shortest, r.Within)
		}
		if shortest < mailIsSlow {
			out = append(out, fmt.Sprintf("the policy %s gives people %d minutes, and mail is all that reaches them; it may lie unread for longer, so agree on a telephone or a pager beside it",
				id, int(shortest.Minutes())))
		}
	}
	return out
}
