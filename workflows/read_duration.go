package workflows

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxDuration bounds every span that a file can state.
const maxDuration = 2 * 365 * 24 * time.Hour

// durationUnits are the letters of a span, largest first: the order they must
// stand in.
var durationUnits = [...]struct {
	letter byte
	length time.Duration
}{
	{'w', 7 * 24 * time.Hour},
	{'d', 24 * time.Hour},
	{'h', time.Hour},
	{'m', time.Minute},
}

// ParseDuration reads a span such as "30m", "3h", "2d", "1w" or "1d12h": whole
// numbers, each with its unit, larger units first. A day is 24 hours. The span
// is positive and at most two years.
func ParseDuration(s string) (time.Duration, error) {
	wrong := func() (time.Duration, error) {
		return 0, fmt.Errorf("%#q is not a duration; write one such as 30m, 3h, 2d, 1w or 1d12h", shorten(s))
	}
	tooLong := func() (time.Duration, error) {
		return 0, fmt.Errorf("%#q is too long; at most two years are allowed", shorten(s))
	}
	if s == "" {
		return wrong()
	}
	var total time.Duration
	rest, unit := s, 0
	for rest != "" {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if digits == 0 || digits == len(rest) {
			return wrong()
		}
		n, err := strconv.ParseInt(rest[:digits], 10, 64)
		if err != nil {
			return tooLong()
		}
		for unit < len(durationUnits) && durationUnits[unit].letter != rest[digits] {
			unit++
		}
		if unit == len(durationUnits) {
			return wrong()
		}
		// Compared before multiplying, so that nothing overflows.
		if n > int64((maxDuration-total)/durationUnits[unit].length) {
			return tooLong()
		}
		total += time.Duration(n) * durationUnits[unit].length
		rest = rest[digits+1:]
		unit++
	}
	if total == 0 {
		return 0, fmt.Errorf("%#q is no time at all; write a duration above zero, such as 30m", s)
	}
	return total, nil
}

// FormatDuration writes a span the way ParseDuration reads it, in days, hours
// and minutes; seconds are cut off.
func FormatDuration(d time.Duration) string {
	var b strings.Builder
	for _, u := range durationUnits[1:] {
		if n := d / u.length; n > 0 {
			fmt.Fprintf(&b, "%d%c", n, u.letter)
			d %= u.length
		}
	}
	if b.Len() == 0 {
		return "0m"
	}
	return b.String()
}
